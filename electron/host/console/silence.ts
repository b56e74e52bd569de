/** Silence that is worth a word, ms. */
export const SILENT_AFTER = 30_000;

/** Tells when nothing has come for a while, and when something comes again. */
export class Silence {
  readonly #say: (silent: boolean) => void;
  readonly #after: number;
  #timer: NodeJS.Timeout | undefined;
  #last = 0;
  #silent = false;

  constructor(say: (silent: boolean) => void, after = SILENT_AFTER) {
    this.#say = say;
    this.#after = after;
  }

  /** Begins to watch. */
  start(): void {
    this.stop();
    this.#last = Date.now();
    this.#watch(this.#after);
  }

  /** Something came. */
  heard(): void {
    if (this.#timer === undefined) return;
    this.#last = Date.now();
    if (!this.#silent) return;
    this.#silent = false;
    this.#say(false);
    this.#watch(this.#after);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#silent = false;
  }

  /** One timer, set anew only when it rings: bytes may come by the thousand. */
  #watch(wait: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const left = this.#last + this.#after - Date.now();
      if (left > 0) return this.#watch(left);
      this.#silent = true;
      this.#say(true);
    }, wait);
    this.#timer.unref();
  }
}
