/** Ends within this time count together, ms. */
const WINDOW = 60_000;
/** The second end within the window blames what is open; one more than this gives up. */
const MAX_RESTARTS = 4;

/** What to do after the engine ended by itself. */
export interface Verdict {
  /** Ends within the last minute, this one included. */
  readonly ends: number;
  /** It ends again and again: it is not started any more. */
  readonly giveUp: boolean;
  /** What is open may be to blame: the next engine starts without it. */
  readonly blame: boolean;
}

/** Counts how often an engine ended by itself, for whoever starts it again. */
export class Restarts {
  #ends: number[] = [];

  /** @param now a steady clock, ms */
  ended(now: number): Verdict {
    this.#ends = [...this.#ends.filter((end) => now - end < WINDOW), now];
    const ends = this.#ends.length;
    return { ends, giveUp: ends > MAX_RESTARTS, blame: ends > 1 };
  }
}
