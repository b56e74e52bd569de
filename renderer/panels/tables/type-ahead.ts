import { bindingOf, keymap } from '../../keymap.ts';

/** What is typed within this time belongs together, ms. */
const TOGETHER = 1000;

/**
 * Names typed into a tree. Letters are keys, so a name begins with a character that is none (`0` of
 * `00:07.0`, `b` of `bus`, `r` of `Root table`); what follows at once is part of it, keys or not.
 */
export class TypeAhead {
  #text = '';
  #at = Number.NEGATIVE_INFINITY;

  /**
   * Takes a stroke in the key map's notation.
   * @param now ms on any clock
   * @returns the text typed so far; undefined when the stroke is none of a name
   */
  take(stroke: string, now: number): string | undefined {
    const going = now - this.#at < TOGETHER;
    const typed = stroke === 'Space' ? ' ' : stroke.replace(/^Shift\+(?=.$)/, '');
    if (typed.length !== 1 || (!going && (typed === ' ' || isKey(stroke)))) {
      this.#at = Number.NEGATIVE_INFINITY;
      return undefined;
    }
    this.#text = going ? this.#text + typed : typed;
    this.#at = now;
    return this.#text.toLowerCase();
  }
}

function isKey(stroke: string): boolean {
  return (
    keymap.get().leaders.has(stroke) ||
    bindingOf(stroke, undefined, ['global', 'lists', 'trees']) !== undefined
  );
}
