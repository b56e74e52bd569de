/**
 * `npm run build`: makes dist/ from the sources. Runs after every `npm ci` (prepare), so that
 * `faultline` and `npm start` work at once.
 *
 *   dist/main/main.mjs          Electron's main process
 *   dist/preload/preload.cjs    what the window is given of it
 *   dist/host/process.mjs       the engine's process, and the workers beside it
 *   dist/cli/faultline.mjs      the command line; each command's modules in files of their own
 *   dist/cli/cache/             their compiled code, which Node keeps there
 *   dist/renderer/              the window; `--no-window` leaves it as it is, since it takes long
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { PACKAGE_ROOT } from './host/package-root.ts';

const at = (path: string): string => join(PACKAGE_ROOT, path);

/** Electron's own modules, and packages that load files of their own beside their code. */
const EXTERNAL = ['electron', 'serialport', '@jitl/quickjs-wasmfile-release-sync', 'amaro'];

const COMMON: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'esm',
  external: EXTERNAL,
  sourcemap: 'linked',
  legalComments: 'none',
  logLevel: 'warning',
  absWorkingDir: PACKAGE_ROOT,
};

/** Packages in CommonJS ask for `require` when they load Node's own modules. */
const REQUIRE =
  "import { createRequire as __faultlineRequire } from 'node:module'; const require = __faultlineRequire(import.meta.url);";

/**
 * Node's own modules as CommonJS has them. Imported as ES modules, all that they export is made at
 * once; of node:fs alone that costs the command line a tenth of its start.
 */
const BUILTINS: Plugin = {
  name: 'builtins',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'builtin' }));
    build.onLoad({ filter: /^/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

/** REQUIRE for the command line, in the same manner. */
const BUILTIN_REQUIRE =
  "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);";

interface Target {
  readonly entries: Readonly<Record<string, string>>;
  readonly options: BuildOptions;
}

const TARGETS: readonly Target[] = [
  {
    entries: { 'main/main': 'electron/main/main.ts' },
    options: { outExtension: { '.js': '.mjs' }, banner: { js: REQUIRE } },
  },
  {
    entries: { 'preload/preload': 'electron/preload/preload.ts' },
    // A sandboxed preload script is CommonJS.
    options: { format: 'cjs', platform: 'browser', outExtension: { '.js': '.cjs' } },
  },
  {
    entries: {
      'host/process': 'electron/host/process.ts',
      'host/engine-thread': 'electron/host/engine-thread.ts',
      'host/script-worker': 'electron/host/script/worker.ts',
    },
    // What only some requests need (scripts, serial ports) is loaded when it is asked for.
    options: {
      splitting: true,
      chunkNames: 'host/chunks/[name]-[hash]',
      outExtension: { '.js': '.mjs' },
      banner: { js: REQUIRE },
    },
  },
  {
    entries: { 'cli/faultline': 'electron/cli/faultline.ts' },
    options: {
      splitting: true,
      chunkNames: 'cli/chunks/[name]-[hash]',
      plugins: [BUILTINS],
      minifyWhitespace: true,
      outExtension: { '.js': '.mjs' },
      banner: { js: BUILTIN_REQUIRE },
    },
  },
];

async function buildTarget({ entries, options }: Target): Promise<void> {
  const there: Record<string, string> = {};
  for (const [name, source] of Object.entries(entries)) {
    if (existsSync(at(source))) there[name] = at(source);
    else console.log(`build: ${source} is not there; dist/${name} is left out`);
  }
  if (Object.keys(there).length === 0) return;
  await build({ ...COMMON, ...options, entryPoints: there, outdir: at('dist') });
}

async function buildWindow(): Promise<void> {
  const config = at('renderer/vite.config.ts');
  if (!existsSync(config)) {
    console.log('build: renderer/vite.config.ts is not there; the window is left out');
    return;
  }
  const { build: buildPages } = await import('vite');
  await buildPages({
    configFile: config,
    root: at('renderer'),
    logLevel: 'warn',
    build: { outDir: at('dist/renderer'), emptyOutDir: true },
  });
}

/** A program of the system: with its interpreter's line, and executable. */
function makeProgram(path: string): void {
  const text = readFileSync(path, 'utf8');
  if (!text.startsWith('#!')) writeFileSync(path, `#!/usr/bin/env node\n${text}`);
  chmodSync(path, 0o755);
}

/** Runs a command once, so that its compiled code is kept before anybody waits for it. */
function warmUp(cli: string): void {
  const sample = at('resources/samples/intel-6.1/vmcore');
  if (existsSync(sample)) spawnSync(process.execPath, [cli, 'tables', sample], { stdio: 'ignore' });
}

const started = performance.now();
for (const part of ['main', 'preload', 'host', 'cli'])
  rmSync(at(`dist/${part}`), { recursive: true, force: true });
await Promise.all(TARGETS.map(buildTarget));
const cli = at('dist/cli/faultline.mjs');
if (existsSync(cli)) {
  makeProgram(cli);
  warmUp(cli);
}
if (!process.argv.includes('--no-window')) await buildWindow();
console.log(`build: dist/ made in ${((performance.now() - started) / 1000).toFixed(1)} s`);
