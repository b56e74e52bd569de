import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { app } from 'electron';

/** The switch that makes the program the command line, without a window. */
const SWITCH = '--cli';

/**
 * What stands behind `--cli` (and a `--` after it, which keeps Chromium from reading what
 * follows); undefined when the program was started as the app.
 * @param argv as the process got it
 */
export function commandLineOf(argv: readonly string[]): string[] | undefined {
  const end = argv.indexOf('--');
  const at = argv.indexOf(SWITCH);
  if (at < 1 || (end >= 0 && end < at)) return undefined;
  const rest = argv.slice(at + 1);
  return rest[0] === '--' ? rest.slice(1) : rest;
}

/**
 * Runs a command in this process: the packaged program can't be used as Node (its fuse is off),
 * and its archive holds the command line. No window, no lock: the app may be running beside it.
 */
export async function runCommandLine(args: readonly string[], root: string): Promise<void> {
  if (args[0] === 'serve') {
    process.stderr.write(
      'faultline serve: the packaged app has a window of its own. Its program can not start the engine of browser mode. Install the npm package for that, or start the app.\n',
    );
    app.exit(2);
    return;
  }
  const entry = join(root, 'dist/cli/faultline.mjs');
  process.argv = [process.execPath, entry, ...args];
  // The module has loaded when its command has ended.
  await import(pathToFileURL(entry).href);
  app.exit(Number(process.exitCode ?? 0));
}
