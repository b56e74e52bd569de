import { writeSync } from 'node:fs';
import type { Io } from './io.ts';

/**
 * The process's own streams. As long as a command has not asked for the signal, Ctrl-C ends the
 * process as it does by default: nothing was found yet. From then on it aborts the signal, and the
 * command prints what it has; a second one ends the process.
 */
export function createIo(): Io {
  let abort: AbortController | undefined;
  // A reader that went away (`| head`) ends the output, not the world.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
  });
  return {
    out: (text) => writeAll(1, text),
    note: (text) => writeAll(2, `${text}\n`),
    colour: process.stdout.isTTY && !process.env['NO_COLOR'],
    progress: process.stderr.isTTY,
    get signal() {
      if (abort) return abort.signal;
      const controller = new AbortController();
      abort = controller;
      process.on('SIGINT', () => {
        if (controller.signal.aborted) process.exit(130);
        controller.abort();
      });
      return controller.signal;
    },
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
