import { appendFileSync, renameSync, statSync } from 'node:fs';

/** A larger log is put aside, and a new one begins: one of before is enough. */
const MOST = 1 << 20;

/** Writes down what ended without being asked to. It never fails: nobody is left to hear of it. */
export function crashLog(path: string): (line: string) => void {
  return (line) => {
    try {
      if (sizeOf(path) > MOST) renameSync(path, `${path}.1`);
      appendFileSync(path, `${new Date().toISOString()} ${line}\n`);
    } catch {
      // The disk is full, or the folder has gone.
    }
  };
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
