import { execFileSync, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../support/captures.ts';

/**
 * The packaged tree, as far as it can be proved without Electron's program: a stand-in takes its
 * place. Needs dist/, which `npm test` builds before.
 */
const BUILT = [
  'main/main.mjs',
  'preload/preload.cjs',
  'host/process.mjs',
  'host/engine-thread.mjs',
  'cli/faultline.mjs',
].every((path) => existsSync(join(ROOT, 'dist', path)));
if (!BUILT) console.log('package tests skip: they need dist/ (npm run build)');

/** The archive format's own package, which comes with electron-builder. */
const asar = createRequire(import.meta.url)('@electron/asar') as {
  readonly listPackage: (archive: string, options: { isPack: boolean }) => string[];
  readonly extractAll: (archive: string, to: string) => void;
};

/** Marks where Electron's fuses stand in its program (@electron/fuses). */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
/** Version of the fuse wire, its length, and nine fuses that are off. */
const FUSE_WIRE = '\u0001\u0009000000000';

const FUSES = [
  'RunAsNode',
  'EnableCookieEncryption',
  'EnableNodeOptionsEnvironmentVariable',
  'EnableNodeCliInspectArguments',
  'EnableEmbeddedAsarIntegrityValidation',
  'OnlyLoadAppFromAsar',
  'LoadBrowserProcessSpecificV8Snapshot',
  'GrantFileProtocolExtraPrivileges',
];

describe.skipIf(!BUILT)('the packaged app', () => {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-package-'));
  const packed = join(folder, 'release/linux-unpacked');
  let files: readonly string[] = [];

  beforeAll(() => {
    const electron = join(folder, 'electron');
    mkdirSync(join(electron, 'resources'), { recursive: true });
    mkdirSync(join(electron, 'locales'));
    const program = join(electron, 'electron');
    writeFileSync(program, `#!/bin/sh\nexit 0\n#${SENTINEL}${FUSE_WIRE}`, 'latin1');
    chmodSync(program, 0o755);
    for (const name of ['LICENSE', 'LICENSES.chromium.html', 'chrome-sandbox', 'version'])
      writeFileSync(join(electron, name), '');
    execFileSync(
      process.execPath,
      [
        join(ROOT, 'node_modules/electron-builder/cli.js'),
        '--linux',
        '--dir',
        '--config=electron-builder.yml',
        `-c.electronDist=${electron}`,
        `-c.directories.output=${join(folder, 'release')}`,
      ],
      { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    files = asar.listPackage(join(packed, 'resources/app.asar'), { isPack: false });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    '/package.json',
    '/LICENSE',
    '/dist/main/main.mjs',
    '/dist/preload/preload.cjs',
    '/dist/host/process.mjs',
    '/dist/host/engine-thread.mjs',
    '/dist/cli/faultline.mjs',
    '/node_modules/serialport/package.json',
    '/resources/scripts/faultline.d.ts',
  ])('holds %s', (path) => {
    expect(files).toContain(path);
  });

  test('holds no sources, no tests, no maps and no package that the window has in it already', () => {
    const unwanted = files.filter(
      (path) =>
        /^\/(core|electron|renderer|test|build)\b/.test(path) ||
        /^\/dist\/.*\.map$/.test(path) ||
        /^\/node_modules\/(monaco-editor|react|electron|vite|typescript)\//.test(path),
    );
    expect(unwanted).toEqual([]);
  });

  test('has native modules and the sample as files of their own', () => {
    const unpacked = join(packed, 'resources/app.asar.unpacked');
    const prebuilt = 'node_modules/@serialport/bindings-cpp/prebuilds';
    expect(existsSync(join(unpacked, prebuilt, `linux-${process.arch}`))).toBe(true);
    const samples = files.filter((each) => each.startsWith('/resources/samples/'));
    expect(samples.length).toBeGreaterThan(0);
    for (const path of samples) expect(existsSync(join(unpacked, path))).toBe(true);
  });

  test('has its fuses set: no Node by the back door, no code but the archive’s', () => {
    const program = readFileSync(join(packed, 'faultline-app'), 'latin1');
    const wire = program.slice(program.indexOf(SENTINEL) + SENTINEL.length + 2);
    const on = FUSES.filter((_, index) => wire[index] === '1');
    expect(on).toEqual([
      'EnableCookieEncryption',
      'EnableEmbeddedAsarIntegrityValidation',
      'OnlyLoadAppFromAsar',
    ]);
  });

  test('holds a command line that runs', () => {
    const out = join(folder, 'extracted');
    asar.extractAll(join(packed, 'resources/app.asar'), out);
    const run = (...args: string[]): string =>
      execFileSync(process.execPath, [join(out, 'dist/cli/faultline.mjs'), ...args], {
        encoding: 'utf8',
      });
    expect(run('--version')).toMatch(/^faultline \d/);
    expect(run('regs', '--decode', 'GSTS=0x80000000', '--json')).toContain('"TES": "0x1"');
  });

  test('runs a command by its own program: `--cli`, as the command in its folder starts it', () => {
    const out = join(folder, 'extracted');
    const entry = join(out, 'dist/main/main.mjs');
    // Electron, as far as a command needs it: the place of the app, and the end of the process.
    const names = [
      ...new Set(
        [...readFileSync(entry, 'utf8').matchAll(/import \{([^}]*)\} from "electron"/g)].flatMap(
          ([, list]) => list.split(',').map((each) => each.trim().split(' as ')[0]),
        ),
      ),
    ].filter((name) => name !== 'app' && name !== '');
    const stub = join(folder, 'electron.mjs');
    writeFileSync(
      stub,
      `export const app = { getAppPath: () => ${JSON.stringify(out)}, exit: (code) => process.exit(code) };
${names.map((name) => `export const ${name} = undefined;`).join('\n')}
`,
    );
    const hook = join(folder, 'hook.mjs');
    writeFileSync(
      hook,
      `import { registerHooks } from 'node:module';
registerHooks({ resolve: (name, context, next) => name === 'electron' ? { url: ${JSON.stringify(pathToFileURL(stub).href)}, shortCircuit: true } : next(name, context) });
`,
    );
    const run = (...args: string[]) =>
      spawnSync(process.execPath, ['--import', hook, entry, '--cli', '--', ...args], {
        encoding: 'utf8',
      });
    expect(run('--version')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^faultline \d/) as string,
    });
    expect(run('regs', '--decode', 'GSTS=0x80000000', '--json').stdout).toContain('"TES": "0x1"');
    expect(run('no-such-command').status).toBe(2);
    expect(run('serve')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Install the npm package') as string,
    });
    const command = readFileSync(join(packed, 'resources/faultline'), 'utf8');
    expect(command).toContain(
      'faultline-app" --ozone-platform=headless --disable-gpu --cli -- "$@"',
    );
    expect(statSync(join(packed, 'resources/faultline')).mode & 0o111).toBe(0o111);
  });

  test('brings the udev rule for serial ports along', () => {
    const rule = readFileSync(join(packed, 'resources/60-faultline-serial.rules'), 'utf8');
    expect(rule).toContain('TAG+="uaccess"');
  });
});
