import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Steps } from '../../core/memory/steps.ts';
import { Failure } from '../../core/memory/failure.ts';
import type { Job } from './jobs.ts';

/** Longest time without a turn for other calls, ms. */
const SLICE = 20;

/**
 * Does long work in slices, so that the engine stays answerable.
 * @throws Failure of kind `cancelled` when the signal aborts
 */
export async function runSteps<T>(
  steps: Steps<T>,
  signal: AbortSignal,
  progress: (part: number) => void,
): Promise<T> {
  // A turn first: what was asked for may be cancelled, or be out of date, already.
  let since = -Infinity;
  for (;;) {
    const now = performance.now();
    if (now - since > SLICE) {
      await nextTurn();
      if (signal.aborted) throw cancelled();
      since = performance.now();
    }
    const { done, value } = steps.next();
    if (done) return value;
    if (value.all > 0) progress(value.done / value.all);
  }
}

interface Run<T> {
  readonly stamp: string;
  readonly answer: Promise<T>;
  readonly abort: AbortController;
  waiting: number;
  settled: boolean;
}

/**
 * Answers that take long to make, by what was asked: made once however many ask, kept until what
 * they were made of changed, and left off when nobody waits any more.
 */
export class KeptAnswers<T> {
  readonly #runs = new Map<string, Run<T>>();
  readonly #stamp: () => string;
  readonly #job: () => Job;
  readonly #most: number;

  /**
   * @param stamp what all answers depend on: another stamp makes them out of date
   * @param job shows the work while it runs
   * @param most answers that are kept at a time; the oldest goes first
   */
  constructor(stamp: () => string, job: () => Job, most = 4) {
    this.#stamp = stamp;
    this.#job = job;
    this.#most = most;
  }

  /** The answer as far as it is here already. */
  kept(key: string): Promise<T> | undefined {
    const run = this.#runs.get(key);
    return run?.settled && run.stamp === this.#stamp() ? run.answer : undefined;
  }

  /** @throws Failure of kind `cancelled` when the signal aborts; whatever the work throws. */
  async get(key: string, make: () => Steps<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      if (signal.aborted) throw cancelled();
      const run = this.#current(key, make);
      run.waiting++;
      const leave = (): void => {
        if (--run.waiting === 0 && !run.settled) this.#drop(key, run);
      };
      signal.addEventListener('abort', leave, { once: true });
      try {
        return await run.answer;
      } catch (error) {
        // What it was made of changed in the meantime: it is made anew.
        if (signal.aborted || !run.abort.signal.aborted) throw error;
      } finally {
        if (!signal.aborted) run.waiting--;
        signal.removeEventListener('abort', leave);
      }
    }
  }

  /** What the answers were made of changed, or is about to go: work on them stops. */
  forget(): void {
    for (const [key, run] of this.#runs) this.#drop(key, run);
  }

  #current(key: string, make: () => Steps<T>): Run<T> {
    const stamp = this.#stamp();
    const known = this.#runs.get(key);
    if (known?.stamp === stamp) return known;
    if (known) this.#drop(key, known);
    const abort = new AbortController();
    const run: Run<T> = {
      stamp,
      answer: this.#run(make, abort.signal),
      abort,
      waiting: 0,
      settled: false,
    };
    run.answer.then(
      () => (run.settled = true),
      () => {
        if (this.#runs.get(key) === run) this.#runs.delete(key);
      },
    );
    this.#runs.set(key, run);
    for (const [oldest, each] of this.#runs) {
      if (this.#runs.size <= this.#most) break;
      if (each.settled) this.#runs.delete(oldest);
    }
    return run;
  }

  async #run(make: () => Steps<T>, signal: AbortSignal): Promise<T> {
    const job = this.#job();
    try {
      return await runSteps(make(), signal, (part) => job.progress(part));
    } finally {
      job.end();
    }
  }

  #drop(key: string, run: Run<T>): void {
    run.abort.abort();
    if (this.#runs.get(key) === run) this.#runs.delete(key);
  }
}

function cancelled(): Failure {
  return new Failure('cancelled', 'The work was stopped.', 'There is no answer.', 'Ask once more.');
}
