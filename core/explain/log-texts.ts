/**
 * Texts of a log that the knowledge base asks for: lines of drivers that the log parser has no
 * rule for. Every text is looked for in one pass over the bytes, whatever the chunks.
 */
import type { FoundText } from './story.ts';

/** Lines that are kept of one text. */
const MAX_LINES = 1000;
/** Bytes of a line that are looked at; kernel lines are shorter. */
const MAX_LINE = 4096;

export class LogTexts {
  readonly #texts: readonly string[];
  readonly #found: number[][];
  readonly #decoder = new TextDecoder('latin1');
  #rest = '';
  #line = 1;

  /** @param texts plain texts, compared with case */
  constructor(texts: readonly string[]) {
    this.#texts = [...new Set(texts)];
    this.#found = this.#texts.map(() => []);
  }

  /** Takes the next bytes of the log. */
  push(bytes: Uint8Array): void {
    if (this.#texts.length === 0) return;
    const text = this.#rest + this.#decoder.decode(bytes);
    const end = text.lastIndexOf('\n') + 1;
    this.#look(text.slice(0, end));
    // A line that never ends is looked at in pieces that overlap.
    const rest = text.slice(end);
    if (rest.length > 2 * MAX_LINE) {
      this.#look(rest);
      this.#rest = rest.slice(-MAX_LINE);
    } else this.#rest = rest;
  }

  /** The log is at its end. */
  end(): void {
    this.#look(this.#rest);
    this.#rest = '';
  }

  /** Texts that were found. */
  found(): FoundText[] {
    return this.#texts
      .map((text, index) => ({ text, lines: this.#found[index] }))
      .filter(({ lines }) => lines.length > 0);
  }

  #look(block: string): void {
    const places: { readonly offset: number; readonly text: number }[] = [];
    for (const [index, text] of this.#texts.entries()) {
      let room = MAX_LINES - this.#found[index].length;
      let at = block.indexOf(text);
      for (; at >= 0 && room > 0; room--) {
        places.push({ offset: at, text: index });
        at = block.indexOf(text, at + text.length);
      }
    }
    places.sort((a, b) => a.offset - b.offset);
    let at = 0;
    let line = this.#line;
    for (const place of places) {
      for (let newline = block.indexOf('\n', at); newline >= 0 && newline < place.offset;) {
        line++;
        at = newline + 1;
        newline = block.indexOf('\n', at);
      }
      const lines = this.#found[place.text];
      if (lines.length < MAX_LINES && lines.at(-1) !== line) lines.push(line);
    }
    let newlines = 0;
    for (let next = block.indexOf('\n', at); next >= 0; next = block.indexOf('\n', next + 1))
      newlines++;
    this.#line = line + newlines;
  }
}
