import { bindingOf, keymap } from '../keymap.ts';

/** What is typed within this time belongs together, ms. */
const TOGETHER = 1000;
/** The same where it was asked for by its key: nothing that is typed is a key meanwhile, ms. */
const ASKED = 4000;

/**
 * Names typed into a list. Letters are keys, so a name begins with a character that is none (`0` of
 * `00:07.0`, `b` of `bus`, `r` of `Root table`), or after the key that asks for a name; what
 * follows at once is part of it, keys or not.
 */
export class TypeAhead {
  #text = '';
  #until = Number.NEGATIVE_INFINITY;
  #asked = false;

  /** Whether what is typed now belongs to a name. @param now ms on any clock */
  going(now: number): boolean {
    return now < this.#until;
  }

  /** How long a name that was typed last waits for more, ms. */
  get patience(): number {
    return this.#asked ? ASKED : TOGETHER;
  }

  /** The next characters are a name, whatever they mean as keys. */
  begin(now: number): void {
    this.#text = '';
    this.#asked = true;
    this.#until = now + ASKED;
  }

  /** What is typed next is no part of the name. */
  end(): void {
    this.#until = Number.NEGATIVE_INFINITY;
    this.#asked = false;
  }

  /**
   * Takes a stroke in the key map's notation.
   * @param now ms on any clock
   * @returns the text typed so far; undefined when the stroke is none of a name
   */
  take(stroke: string, now: number): string | undefined {
    const going = this.going(now);
    if (!going) this.end();
    if (going && stroke === 'Backspace') return this.#typed(this.#text.slice(0, -1), now);
    const typed = stroke === 'Space' ? ' ' : stroke.replace(/^Shift\+(?=.$)/, '');
    if (typed.length !== 1 || (!going && (typed === ' ' || isKey(stroke)))) {
      this.end();
      return undefined;
    }
    return this.#typed((going ? this.#text : '') + typed, now);
  }

  #typed(text: string, now: number): string {
    this.#text = text.toLowerCase();
    this.#until = now + this.patience;
    return this.#text;
  }
}

function isKey(stroke: string): boolean {
  // A modal dialog has the keyboard to itself: only its lists have keys.
  const alone = document.querySelector('dialog[open]') !== null;
  return (
    (!alone && keymap.get().leaders.has(stroke)) ||
    bindingOf(stroke, undefined, alone ? ['lists', 'trees'] : ['global', 'lists', 'trees']) !==
      undefined
  );
}

/** Whether a row's name, or a word of it, begins with a text in lower case. */
export function isNamed(name: string | undefined, text: string): boolean {
  const low = name?.toLowerCase();
  if (low === undefined || text === '') return false;
  for (let at = low.indexOf(text); at >= 0; at = low.indexOf(text, at + 1))
    if (at === 0 || /[\s/([_]/.test(low[at - 1])) return true;
  return false;
}

/** Rows that are looked at for a name where not all of them are here. */
const MAX_LOOKED = 8192;

/** Index of the next row of a name, past the last the first; -1 for none. */
export function findNamed(
  count: number,
  from: number,
  text: string,
  nameOf: (index: number) => string | undefined,
): number {
  for (let step = 0; step < count; step++) {
    const index = (from + step) % count;
    if (isNamed(nameOf(index), text)) return index;
  }
  return -1;
}

/** The same where rows come from the engine: those next to the first looked at are fetched. */
export async function findFetched<R>(
  rows: { row(index: number): R | undefined; need(index: number): Promise<R | undefined> },
  count: number,
  from: number,
  text: string,
  nameOf: (row: R) => string,
): Promise<number> {
  for (let step = 0; step < Math.min(count, MAX_LOOKED); step++) {
    const index = (from + step) % count;
    const row = rows.row(index) ?? (await rows.need(index));
    if (row !== undefined && isNamed(nameOf(row), text)) return index;
  }
  return -1;
}
