import { writeSync } from 'node:fs';
import type { Io } from './io.ts';

/** The process's own streams; Ctrl-C aborts the signal once, and ends the process the second time. */
export function createIo(): Io {
  const abort = new AbortController();
  process.on('SIGINT', () => {
    if (abort.signal.aborted) process.exit(130);
    abort.abort();
  });
  // A reader that went away (`| head`) ends the output, not the world.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
  });
  return {
    out: (text) => writeAll(1, text),
    note: (text) => writeAll(2, `${text}\n`),
    colour: process.stdout.isTTY && !process.env['NO_COLOR'],
    progress: process.stderr.isTTY,
    signal: abort.signal,
  };
}

/** Writes synchronously, so that large outputs are not buffered in memory; waits where a pipe is full. */
function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  let done = 0;
  while (done < bytes.length) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') process.exit(0);
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
