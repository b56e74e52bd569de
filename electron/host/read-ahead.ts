import { readSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

/** What a half is: to be filled, being filled, or full (perhaps of nothing: the file's end). */
const FREE = 0;
const TAKEN = 1;
const FULL = 2;
/** Words of the control block: by half its state, the bytes in it, and the block to put there. */
const STATE = 0;
const LENGTH = 2;
const BLOCK = 4;
/** Changes when there is something to do for the thread. */
const CALL = 6;
const STOP = 7;
const WORDS = 8;
/** In place of a length: reading failed, and the reader has to see for itself. */
const FAILED = -1;

/** Fills two halves of shared memory with a file's blocks in turn. */
export interface ReadAhead {
  /**
   * Waits for the next block: it is in the half whose turn it is. What was in the other half is
   * still there.
   * @returns its length, 0 at the end of the file
   */
  next(): number;
  /** The half that was given before the last one may be filled again. */
  release(): void;
  /** Ends the thread. */
  end(): void;
}

/**
 * Reads a file from its beginning in a second thread, which is ahead by a block. Until that has
 * come up, and whenever it is late, the blocks are read here.
 * @param halves of the same length, in shared memory
 */
export function readAhead(fd: number, halves: readonly [Uint8Array, Uint8Array]): ReadAhead {
  const control = new Int32Array(new SharedArrayBuffer(WORDS * 4));
  control[BLOCK + 1] = 1;
  const size = halves[0].length;
  const worker = new Worker(`(${fill.toString()})()`, {
    eval: true,
    workerData: { fd, halves, control },
  });
  worker.unref();
  // Without the thread everything is read here.
  worker.on('error', () => undefined);
  let number = 0;
  const call = (): void => {
    Atomics.add(control, CALL, 1);
    Atomics.notify(control, CALL);
  };
  const readHere = (half: number): number => {
    let done = 0;
    while (done < size) {
      const read = readSync(fd, halves[half], done, size - done, number * size + done);
      if (read === 0) break;
      done += read;
    }
    return done;
  };
  return {
    next() {
      const half = number & 1;
      let length = FAILED;
      if (Atomics.compareExchange(control, STATE + half, FREE, TAKEN) !== FREE) {
        while (Atomics.load(control, STATE + half) !== FULL)
          Atomics.wait(control, STATE + half, TAKEN);
        length = control[LENGTH + half];
      }
      if (length === FAILED) length = readHere(half);
      number++;
      return length;
    },
    release() {
      const half = number & 1;
      // The half of block number - 2, if there was one, is free for block number.
      if (number < 2) return;
      control[BLOCK + half] = number;
      Atomics.store(control, STATE + half, FREE);
      call();
    },
    end() {
      Atomics.store(control, STOP, 1);
      call();
    },
  };
}

/** Runs in the thread, alone: it sees nothing of this module. */
function fill(): void {
  const { readSync: read } = process.getBuiltinModule('node:fs');
  const { fd, halves, control } = process.getBuiltinModule('node:worker_threads').workerData as {
    fd: number;
    halves: readonly [Uint8Array, Uint8Array];
    control: Int32Array;
  };
  // The words and states named above.
  const [LENGTHS, BLOCKS, CALLS, STOPS] = [2, 4, 6, 7];
  while (Atomics.load(control, STOPS) === 0) {
    const calls = Atomics.load(control, CALLS);
    let idle = true;
    for (const half of [0, 1]) {
      if (Atomics.compareExchange(control, half, 0, 1) !== 0) continue;
      idle = false;
      const into = halves[half];
      const at = control[BLOCKS + half] * into.length;
      let done = 0;
      try {
        for (let length = -1; length !== 0 && done < into.length; done += length)
          length = read(fd, into, done, into.length - done, at + done);
      } catch {
        done = -1;
      }
      control[LENGTHS + half] = done;
      Atomics.store(control, half, 2);
      Atomics.notify(control, half);
    }
    if (idle) Atomics.wait(control, CALLS, calls);
  }
}
