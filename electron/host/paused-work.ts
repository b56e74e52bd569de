import { setImmediate as nextTurn } from 'node:timers/promises';
import { Failure } from '../../core/memory/failure.ts';
import type { Progress } from '../../core/memory/steps.ts';
import type { Job } from './jobs.ts';

/** How long one turn may take, ms: other calls are answered between turns. */
const TURN = 10;

/** How long work shows in the status bar while somebody waits for it. */
export interface Shown<S> {
  readonly begin: () => Job;
  /** Called with the last step of each turn. */
  readonly tell: (job: Job, step: S) => void;
}

/** Tells a job how far its steps are. */
export function tellPart(job: Job, { done, all }: Progress): void {
  if (all > 0) job.progress(done / all);
}

/**
 * Long work in small steps that goes on only while somebody waits for it: it pauses where it is
 * when the last of them has gone, and whoever asks next goes on from there.
 */
export class PausedWork<S, T> {
  readonly #steps: Generator<S, T>;
  readonly #shown: Shown<S>;
  readonly #waiting = new Set<{ readonly signal: AbortSignal }>();
  #job: Job | undefined;
  #last: S | undefined;
  /** The turn that everybody waits for. */
  #turn: Promise<void> | undefined;
  #ended: { readonly value: T } | { readonly error: unknown } | undefined;

  constructor(steps: Generator<S, T>, shown: Shown<S>) {
    this.#steps = steps;
    this.#shown = shown;
  }

  /** Whether nobody waits for it. */
  get idle(): boolean {
    return this.#waiting.size === 0;
  }

  /** @throws Failure of kind `cancelled` when the signal aborts; what the work threw, to everybody */
  async get(signal: AbortSignal): Promise<T> {
    const waiter = { signal };
    this.#waiting.add(waiter);
    try {
      for (;;) {
        if (this.#ended) {
          if ('error' in this.#ended) throw this.#ended.error;
          return this.#ended.value;
        }
        if (signal.aborted) throw cancelled();
        this.#job ??= this.#begin();
        await untilAborted((this.#turn ??= this.#next()), signal);
      }
    } finally {
      this.#waiting.delete(waiter);
      if (this.idle) {
        this.#job?.end();
        this.#job = undefined;
      }
    }
  }

  #begin(): Job {
    const job = this.#shown.begin();
    if (this.#last !== undefined) this.#shown.tell(job, this.#last);
    return job;
  }

  async #next(): Promise<void> {
    // A turn of the others first: what was asked for may be cancelled, or out of date, by then.
    try {
      await nextTurn();
      // A person may have stopped it: it stands still, and keeps what it has.
      await this.#job?.going();
    } finally {
      this.#turn = undefined;
    }
    if ([...this.#waiting].every(({ signal }) => signal.aborted)) return;
    const until = performance.now() + TURN;
    try {
      for (;;) {
        const step = this.#steps.next();
        if (step.done) {
          this.#ended = { value: step.value };
          return;
        }
        this.#last = step.value;
        if (performance.now() >= until) break;
      }
    } catch (error) {
      this.#ended = { error };
      return;
    }
    if (this.#job) this.#shown.tell(this.#job, this.#last);
  }
}

/** Waits for a promise, but no longer than until a signal aborts. */
export async function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const aborted = Promise.withResolvers<void>();
  const abort = (): void => aborted.resolve();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function cancelled(): Failure {
  return new Failure('cancelled', 'The work was stopped.', 'There is no answer.', 'Ask once more.');
}
