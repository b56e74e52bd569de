import type { Progress, Steps } from '../../core/memory/steps.ts';
import type { Job } from './jobs.ts';
import { PausedWork, tellPart } from './paused-work.ts';

interface Run<T> {
  readonly stamp: string;
  readonly work: PausedWork<Progress, T>;
  /** Aborted when the answer is out of date. */
  readonly over: AbortController;
  /** As soon as it is there. */
  answer?: T;
}

/**
 * Answers that take long to make, by what was asked: made once however many ask, paused while
 * nobody waits, and kept until what they were made of changed.
 */
export class KeptAnswers<T> {
  readonly #runs = new Map<string, Run<T>>();
  readonly #stamp: () => string;
  readonly #job: () => Job;
  readonly #most: number;

  /**
   * @param stamp what all answers depend on: another stamp makes them out of date
   * @param job shows the work while somebody waits for it
   * @param most answers that are kept at a time; the oldest goes first
   */
  constructor(stamp: () => string, job: () => Job, most = 4) {
    this.#stamp = stamp;
    this.#job = job;
    this.#most = most;
  }

  /** @throws Failure of kind `cancelled` when the signal aborts; whatever the work throws. */
  async get(key: string, make: () => Steps<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      const run = this.#current(key, make);
      const over = run.over.signal;
      try {
        return (run.answer = await run.work.get(AbortSignal.any([signal, over])));
      } catch (error) {
        if (signal.aborted) throw error;
        if (!over.aborted) {
          this.#drop(key, run);
          throw error;
        }
        // What it was made of changed in the meantime: it is made anew.
      }
    }
  }

  /** The answer when it is there already, without waiting a turn. */
  now(key: string): T | undefined {
    const run = this.#runs.get(key);
    return run?.stamp === this.#stamp() ? run.answer : undefined;
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
    const work = new PausedWork(make(), { begin: this.#job, tell: tellPart });
    const run: Run<T> = { stamp, work, over: new AbortController() };
    this.#runs.set(key, run);
    for (const [oldest, each] of this.#runs) {
      if (this.#runs.size <= this.#most) break;
      if (each !== run && each.work.idle) this.#drop(oldest, each);
    }
    return run;
  }

  #drop(key: string, run: Run<T>): void {
    run.over.abort();
    if (this.#runs.get(key) === run) this.#runs.delete(key);
  }
}
