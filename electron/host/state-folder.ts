import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Where sessions are kept: FAULTLINE_STATE, else the XDG state folder (Windows: local
 * application data). Not created here.
 */
export function stateFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
  home = homedir(),
): string {
  if (env['FAULTLINE_STATE']) return env['FAULTLINE_STATE'];
  if (env['XDG_STATE_HOME']) return join(env['XDG_STATE_HOME'], 'faultline');
  if (process.platform === 'win32' && env['LOCALAPPDATA'])
    return join(env['LOCALAPPDATA'], 'Faultline');
  return join(home, '.local', 'state', 'faultline');
}

/** Writes a file so that a crash leaves the old content or the new, never half of it. */
export function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const part = `${path}.${process.pid}.part`;
  writeFileSync(part, text, { mode: 0o600, flush: true });
  renameSync(part, path);
}

/** A file's text, or undefined when there is none. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
