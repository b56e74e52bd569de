/**
 * Finds lines of interest in bytes while looking at one place in six.
 *
 * An anchor is a text of at least nine bytes; nine of them in a row are its window. However a
 * window stands, one of the places that are six bytes apart is where one of its six runs of four
 * bytes (grams) begins. The search goes through those places and asks a table whether their gram
 * is one of a window's, then another one about the eight bytes around it; few pass, and only there
 * windows are compared. No step waits for the one before, so that a processor does several at once.
 */
import { SLOTS, slotOf, slotOfPair, type ByteSearch, type SearchTables } from './byte-search.ts';
import { chooseWindows, GRAM, STRIDE, WINDOW } from './windows.ts';

export class AnchorScanner {
  /** Where the last `scan` found windows: offsets of their last bytes, in order. */
  readonly hits: Int32Array;
  /** Which windows those are. */
  readonly found: Uint16Array;
  /** By window: the anchors (indices into the constructor's list) that it stands for. */
  readonly anchorsOf: readonly (readonly number[])[];
  /** What a search must be made with. */
  readonly tables: SearchTables = { grams: new Uint8Array(SLOTS), pairs: new Uint8Array(SLOTS) };
  /** By slot: first and one past the last of its grams in the arrays below. */
  readonly #bucket = new Uint16Array(SLOTS + 1);
  /** By gram, those at a window's end first within a slot: its window, and where it begins there. */
  readonly #windows: Uint16Array;
  readonly #offsets: Uint8Array;
  /** By window: its first four bytes, the next four, and the last. */
  readonly #heads: Int32Array;
  readonly #middles: Int32Array;
  readonly #lasts: Uint8Array;

  /**
   * @param block bytes in the largest piece that is scanned at once.
   * @throws RangeError when an anchor is shorter than nine bytes.
   */
  constructor(anchors: readonly string[], block: number) {
    const chosen = chooseWindows(anchors);
    const texts = [...new Set(chosen)];
    this.hits = new Int32Array(block);
    this.found = new Uint16Array(block);
    this.anchorsOf = texts.map((text) =>
      chosen.flatMap((window, anchor) => (window === text ? [anchor] : [])),
    );
    const windows = texts.map((text) => new TextEncoder().encode(text));
    this.#heads = Int32Array.from(windows, (window) => word(window, 0));
    this.#middles = Int32Array.from(windows, (window) => word(window, GRAM));
    this.#lasts = Uint8Array.from(windows, (window) => window[WINDOW - 1]);
    const grams = windows
      .flatMap((bytes, window) =>
        Array.from({ length: STRIDE }, (_, at) => ({ window, at, slot: slotOf(word(bytes, at)) })),
      )
      // A gram that stands late in its window is of a window that ends early.
      .sort((a, b) => a.slot - b.slot || b.at - a.at);
    this.#windows = Uint16Array.from(grams, (gram) => gram.window);
    this.#offsets = Uint8Array.from(grams, (gram) => gram.at);
    for (const bytes of windows)
      for (const at of [0, 1])
        this.tables.pairs[slotOfPair(word(bytes, at), word(bytes, at + 4))] = 1;
    const counts = new Uint16Array(SLOTS);
    for (const { slot } of grams) {
      this.tables.grams[slot] = 1;
      counts[slot]++;
    }
    for (let at = 0; at < SLOTS; at++) this.#bucket[at + 1] = this.#bucket[at] + counts[at];
  }

  /**
   * Finds the windows that end in bytes `[from .. to)` of a search that was made with `tables`;
   * they may begin up to eight bytes before `from`.
   * @returns how many stand in `hits` and `found`.
   */
  scan(search: ByteSearch, from: number, to: number): number {
    const first = Math.max(0, from - WINDOW + 1);
    const last = to - GRAM;
    if (last < first) return 0;
    const { view, places } = search;
    const { hits, found } = this;
    const bucket = this.#bucket;
    const offsets = this.#offsets;
    const windows = this.#windows;
    const middles = this.#middles;
    const length = search.candidates(first, last + 1);
    let count = 0;
    for (let i = 0; i < length; i++) {
      const at = places[i];
      const slot = slotOf(view.getInt32(at, true));
      const stop = bucket[slot + 1];
      for (let gram = bucket[slot]; gram < stop; gram++) {
        const window = windows[gram];
        const start = at - offsets[gram];
        const end = start + WINDOW - 1;
        if (start < 0 || end < from || end >= to) continue;
        if (
          middles[window] !== view.getInt32(start + GRAM, true) ||
          this.#heads[window] !== view.getInt32(start, true) ||
          this.#lasts[window] !== view.getUint8(end)
        )
          continue;
        hits[count] = end;
        found[count++] = window;
      }
    }
    return count;
  }
}

/** The four bytes from `at` on as one number of 32 bits. */
function word(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}
