/** Waits between tries, s; the last one again and again. */
const WAITS = [1, 2, 4, 8, 15, 30];

export interface ReconnectParts {
  /** Opens the port again. @throws when it does not open. */
  readonly open: () => Promise<void>;
  /** Seconds until the next try; undefined when a try is under way or none will be made. */
  readonly waiting: (seconds: number | undefined) => void;
}

/** Tries to open a port that was lost, less and less often, until it opens or is told to stop. */
export class Reconnecting {
  readonly #parts: ReconnectParts;
  #tries = 0;
  #left = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: ReconnectParts) {
    this.#parts = parts;
    this.#wait();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#parts.waiting(undefined);
  }

  #wait(): void {
    this.#left = WAITS[Math.min(this.#tries, WAITS.length - 1)];
    this.#parts.waiting(this.#left);
    this.#timer = setInterval(() => {
      this.#left--;
      if (this.#left > 0) return this.#parts.waiting(this.#left);
      clearInterval(this.#timer);
      void this.#try();
    }, 1000);
    this.#timer.unref();
  }

  async #try(): Promise<void> {
    this.#parts.waiting(undefined);
    this.#tries++;
    try {
      await this.#parts.open();
    } catch {
      // What the port says of itself is no news: it was lost, and the next try says when.
      if (!this.#stopped) this.#wait();
    }
  }
}
