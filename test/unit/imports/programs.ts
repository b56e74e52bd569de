import { spawnSync } from 'node:child_process';

/** Whether a program of the machine can be run; a test that needs it skips otherwise. */
export function has(program: string): boolean {
  const there = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  if (!there) console.log(`skipped: needs the program ${program}`);
  return there;
}
