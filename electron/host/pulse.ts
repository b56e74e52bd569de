/** Shortest time between two beats, ms: views change at most four times a second (ui.md, 7). */
const GAP = 250;

/**
 * Tells listeners that something changed: at once the first time, then at most once a gap, and
 * always once more after the last change.
 */
export class Pulse {
  readonly #listeners = new Set<() => void>();
  readonly #gap: number;
  #timer: NodeJS.Timeout | undefined;
  #dirty = false;

  constructor(gap = GAP) {
    this.#gap = gap;
  }

  /** @returns a function that takes the listener away. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    this.#dirty = true;
    if (this.#timer) return;
    this.#timer = setTimeout(() => this.#beat(), 0);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #beat(): void {
    this.#timer = undefined;
    if (!this.#dirty) return;
    this.#dirty = false;
    this.#timer = setTimeout(() => this.#beat(), this.#gap);
    for (const listener of this.#listeners) listener();
  }
}
