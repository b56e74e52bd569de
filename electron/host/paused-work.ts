import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long one turn may take, ms: other calls are answered between turns. */
const TURN = 10;

/**
 * Long work in small steps that goes on only while somebody waits for it: everybody who waits
 * pushes it forward, so that it pauses where it is when the last of them has gone, and whoever
 * asks next goes on from there.
 */
export class PausedWork<S, T> {
  readonly #steps: Generator<S, T>;
  readonly #progress: (step: S) => void;
  #ended: { readonly value: T } | { readonly error: unknown } | undefined;

  /** @param progress called with the last step of each turn */
  constructor(steps: Generator<S, T>, progress: (step: S) => void = () => {}) {
    this.#steps = steps;
    this.#progress = progress;
  }

  /** @throws the signal's reason when it aborts; what the work threw, to everybody. */
  async get(signal: AbortSignal): Promise<T> {
    for (;;) {
      if (this.#ended) {
        if ('error' in this.#ended) throw this.#ended.error;
        return this.#ended.value;
      }
      signal.throwIfAborted();
      this.#turn();
      await nextTurn();
    }
  }

  #turn(): void {
    const until = performance.now() + TURN;
    try {
      for (;;) {
        const step = this.#steps.next();
        if (step.done) {
          this.#ended = { value: step.value };
          return;
        }
        if (performance.now() >= until) {
          this.#progress(step.value);
          return;
        }
      }
    } catch (error) {
      this.#ended = { error };
    }
  }
}
