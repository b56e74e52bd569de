/** Tokens and tree of the fault filter language; what the fields mean stands in fault-filter.ts. */

/** A filter text that is not understood: why, and the character it is about. */
export class FilterError extends Error {
  readonly at: number;

  constructor(text: string, at: number) {
    super(text);
    this.at = at;
  }
}

export type Operator = ':' | '!=' | '<' | '<=' | '>' | '>=' | '~';

/** One value of a term: a single one, or a range with both ends included. */
export interface TermValue {
  readonly text: string;
  readonly to: string | undefined;
  readonly at: number;
}

export type FilterTree =
  | { readonly kind: 'all'; readonly of: readonly FilterTree[] }
  | { readonly kind: 'any'; readonly of: readonly FilterTree[] }
  | { readonly kind: 'not'; readonly of: FilterTree }
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'term';
      readonly field: string;
      readonly at: number;
      readonly operator: Operator;
      readonly values: readonly TermValue[];
    };

interface Token {
  readonly kind: 'word' | 'string' | 'operator' | '(' | ')' | 'and' | 'or' | 'not' | 'end';
  readonly text: string;
  readonly at: number;
}

const SYMBOLS: readonly (readonly [string, Token['kind']])[] = [
  ['&&', 'and'],
  ['||', 'or'],
  ['==', 'operator'],
  ['!=', 'operator'],
  ['<=', 'operator'],
  ['>=', 'operator'],
  ['≤', 'operator'],
  ['≥', 'operator'],
  ['≠', 'operator'],
  ['!', 'not'],
  ['(', '('],
  [')', ')'],
  [':', 'operator'],
  ['=', 'operator'],
  ['<', 'operator'],
  ['>', 'operator'],
  ['~', 'operator'],
];
/** Other spellings of the operators. */
const SPELLINGS: Readonly<Record<string, Operator>> = {
  '=': ':',
  '==': ':',
  '≤': '<=',
  '≥': '>=',
  '≠': '!=',
};
const WORDS: ReadonlyMap<string, Token['kind']> = new Map([
  ['and', 'and'],
  ['or', 'or'],
  ['not', 'not'],
]);

/** Characters of a word; a colon belongs to it only inside a value (`02:00.0`). */
const WORD = /[\w.,\-[\]/#]/;

/** Characters of a value. */
const VALUE = /[\w:.,\-[\]/#]/;

/** A device on its own is a text to look for, not a field with a value. */
const BDF = /^(?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\b/i;

/** Parentheses and negations inside each other, at most. */
const MAX_DEPTH = 50;

/** Parses a filter text; the empty text lets everything pass. @throws FilterError */
export function parseFilter(text: string): FilterTree {
  const parser = new Parser(text);
  return parser.whole();
}

class Parser {
  readonly #text: string;
  #at = 0;
  #token: Token;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#token = this.#next();
  }

  whole(): FilterTree {
    const first = this.#token;
    if (first.kind === 'end') return { kind: 'all', of: [] };
    const tree = this.#any();
    const rest: Token = this.#token;
    if (rest.kind !== 'end') throw new FilterError(`"${rest.text}" has nothing to close`, rest.at);
    return tree;
  }

  #any(): FilterTree {
    const of = [this.#all()];
    while (this.#take('or')) of.push(this.#all());
    return of.length === 1 ? of[0] : { kind: 'any', of };
  }

  #all(): FilterTree {
    const of = [this.#one()];
    for (;;) {
      if (this.#take('and')) of.push(this.#one());
      else if (['or', ')', 'end'].includes(this.#token.kind)) break;
      else of.push(this.#one());
    }
    return of.length === 1 ? of[0] : { kind: 'all', of };
  }

  #one(): FilterTree {
    if (++this.#depth > MAX_DEPTH)
      throw new FilterError('the filter is nested too deeply', this.#token.at);
    try {
      return this.#inner();
    } finally {
      this.#depth--;
    }
  }

  #inner(): FilterTree {
    const token = this.#token;
    if (this.#take('not')) return { kind: 'not', of: this.#one() };
    if (this.#take('(')) {
      const tree = this.#any();
      if (!this.#take(')')) throw new FilterError('a parenthesis is not closed', token.at);
      return tree;
    }
    if (this.#take('string')) return { kind: 'text', text: token.text };
    if (!this.#take('word'))
      throw new FilterError(
        token.kind === 'end'
          ? 'something is missing at the end'
          : `"${token.text}" needs a field before it`,
        token.at,
      );
    if (this.#token.kind === 'word' && this.#token.text.toLowerCase() === 'in') {
      this.#token = this.#value();
      return this.#term(token, ':');
    }
    if (this.#token.kind !== 'operator') return { kind: 'text', text: token.text };
    const operator = this.#token.text;
    this.#token = this.#value();
    return this.#term(token, SPELLINGS[operator] ?? (operator as Operator));
  }

  #term(field: Token, operator: Operator): FilterTree {
    const value = this.#token;
    if (value.kind !== 'word' && value.kind !== 'string')
      throw new FilterError(`${field.text} needs a value`, value.at);
    this.#token = this.#next();
    const parts = value.kind === 'string' ? [value.text] : value.text.split(',');
    let at = value.at;
    const values = parts.map((part) => {
      const range = /^([^.]+?)(?:\.\.)(.+)$/.exec(part) ?? /^(.+?\..+?)\.\.(.+)$/.exec(part);
      const hyphen = /^([\w.]+)-([\w.]+)$/.exec(part);
      const [from, to] = range ? [range[1], range[2]] : hyphen ? [hyphen[1], hyphen[2]] : [part];
      const made: TermValue = { text: from, to, at };
      at += part.length + 1;
      return made;
    });
    if (values.some((each) => each.text === ''))
      throw new FilterError(`${field.text} has an empty value`, value.at);
    return { kind: 'term', field: field.text.toLowerCase(), at: field.at, operator, values };
  }

  #take(kind: Token['kind']): boolean {
    if (this.#token.kind !== kind) return false;
    this.#token = this.#next();
    return true;
  }

  #skip(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #string(): Token {
    const at = this.#at;
    const end = this.#text.indexOf('"', at + 1);
    if (end < 0) throw new FilterError('a text is not closed by a quotation mark', at);
    this.#at = end + 1;
    return { kind: 'string', text: this.#text.slice(at + 1, end), at };
  }

  #next(): Token {
    this.#skip();
    const at = this.#at;
    const char = this.#text[at];
    if (char === undefined) return { kind: 'end', text: '', at };
    if (char === '"') return this.#string();
    for (const [symbol, kind] of SYMBOLS)
      if (this.#text.startsWith(symbol, at)) {
        this.#at += symbol.length;
        return { kind, text: symbol, at };
      }
    const bdf = BDF.exec(this.#text.slice(at));
    if (bdf) {
      this.#at += bdf[0].length;
      return { kind: 'string', text: bdf[0], at };
    }
    const text = this.#word(WORD);
    return { kind: WORDS.get(text.toLowerCase()) ?? 'word', text, at };
  }

  /** A value: like a word, but a colon belongs to it and words have no other meaning. */
  #value(): Token {
    this.#skip();
    const at = this.#at;
    if (this.#text[at] === undefined) return { kind: 'end', text: '', at };
    if (this.#text[at] === '"') return this.#string();
    if (!VALUE.test(this.#text[at])) return this.#next();
    let text = this.#word(VALUE);
    // The ends of a range and the values of a list may stand apart: `5 .. 7`, `5, 6`.
    for (;;) {
      const apart = /^\s*(\.\.|,)\s*(?=[\w#[])/.exec(this.#text.slice(this.#at));
      const open = /(?:\.\.|,)$/.test(text);
      if (!apart && !(open && /^\s+[\w#[]/.test(this.#text.slice(this.#at)))) break;
      this.#at += apart?.[0].length ?? 0;
      this.#skip();
      text += `${apart?.[1] ?? ''}${this.#word(VALUE)}`;
    }
    return { kind: 'word', text, at };
  }

  #word(of: RegExp): string {
    const at = this.#at;
    while (this.#at < this.#text.length && of.test(this.#text[this.#at])) this.#at++;
    if (this.#at === at) throw new FilterError(`"${this.#text[at]}" has no meaning here`, at);
    return this.#text.slice(at, this.#at);
  }
}
