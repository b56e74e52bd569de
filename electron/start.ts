/**
 * `npm start`: the app on the bundled sample, its console replaying; or on the files named.
 * Electron where its program and a display are there, else browser mode at once.
 *
 *   npm start -- [FILE...] [--electron] [--browser] [--port N] [--no-open]
 */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { electronProgram } from './electron-program.ts';
import { PACKAGE_ROOT } from './host/package-root.ts';
import { SAMPLE_SWITCH } from './main/arguments.ts';
import { serve } from './serve/serve.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    electron: { type: 'boolean' },
    browser: { type: 'boolean' },
    port: { type: 'string' },
    'no-open': { type: 'boolean' },
  },
});

/** Why Electron can't be used here; undefined when it can. */
function noElectron(): string | undefined {
  if (!electronProgram(PACKAGE_ROOT)) return "Electron's program is not there";
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  if (process.platform === 'linux' && !DISPLAY && !WAYLAND_DISPLAY) return 'there is no display';
  return undefined;
}

/** With nothing named, it begins with the sample. */
function runElectron(program: string, paths: readonly string[]): void {
  const asked = paths.length > 0 ? paths : [SAMPLE_SWITCH];
  const child = spawn(program, [PACKAGE_ROOT, '--', ...asked], { stdio: 'inherit' });
  child.once('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}

async function runBrowser(paths: readonly string[], sample: boolean): Promise<void> {
  const port = values.port === undefined ? undefined : Number(values.port);
  const served = await serve({
    paths,
    sample,
    port,
    open: !values['no-open'],
    say: (line) => console.log(line),
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void served.close());
  const reason = await served.closed;
  if (reason !== undefined) {
    console.error(reason);
    process.exitCode = 1;
  }
}

const named = positionals.map((path) => resolve(path));

const missing = values.browser ? 'browser mode was asked for' : noElectron();
const program = electronProgram(PACKAGE_ROOT);
if (missing !== undefined && values.electron) {
  console.error(
    `Electron can't be started: ${missing}. \`npx electron --version\` fetches its program; browser mode needs none.`,
  );
  process.exitCode = 1;
} else if (missing === undefined && program) runElectron(program, named);
else {
  console.log(`Browser mode: ${missing}.`);
  await runBrowser(named, named.length === 0);
}
