import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Beside a session's file: the process that writes it. */
const CLAIM = 'engine.pid';

/** Says that this process writes the session of a folder. */
export function claim(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, CLAIM), `${process.pid}\n`, { mode: 0o600 });
}

/** Takes that back. */
export function release(folder: string): void {
  if (claimed(folder) === process.pid) rmSync(join(folder, CLAIM), { force: true });
}

/** The other process that writes a session now; undefined when none does. */
export function owner(folder: string): number | undefined {
  const pid = claimed(folder);
  return pid !== undefined && pid !== process.pid && isAlive(pid) ? pid : undefined;
}

/** Whether some process, alive or not, began to write a session and did not end in order. */
export function isClaimed(folder: string): boolean {
  return claimed(folder) !== undefined;
}

function claimed(folder: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(folder, CLAIM), 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // There, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
