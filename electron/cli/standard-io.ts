import { fstatSync, writeSync } from 'node:fs';
import type { Io } from './io.ts';

/**
 * The process's own streams. As long as a command has not asked for the signal, Ctrl-C ends the
 * process as it does by default: nothing was found yet. From then on it aborts the signal, and the
 * command prints what it has; a second one ends the process.
 */
export function createIo(): Io {
  let abort: AbortController | undefined;
  return {
    out: (text) => writeAll(1, text),
    note: (text) => writeAll(2, `${text}\n`),
    colour: isTerminal(1) && !process.env['NO_COLOR'],
    progress: isTerminal(2),
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

/** Asked of the file itself: making Node's stream of it would take longer than many a command. */
function isTerminal(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice() && process.getBuiltinModule('node:tty').isatty(fd);
  } catch {
    return false;
  }
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
      // A reader that went away (`| head`) ends the output, not the world.
      if (code === 'EPIPE') process.exit(0);
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
