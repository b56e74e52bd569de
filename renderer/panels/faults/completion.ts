import type { FilterValueField } from '../../../core/protocol/contract-faults.ts';

/**
 * Completion of the filter language. The engine alone judges a filter; here is only what may
 * follow the caret.
 */
export interface Completion {
  /** The words that may stand here. */
  readonly kind: 'field' | 'value';
  /** Field whose value is typed. */
  readonly field: string | undefined;
  /** What is typed of the word, and where it stands in the text. */
  readonly prefix: string;
  readonly start: number;
  readonly end: number;
}

export interface FilterField {
  readonly name: string;
  readonly text: string;
  /** The engine lists this field's values with their counts. */
  readonly listed?: FilterValueField;
}

const listed = (name: FilterValueField, text: string): FilterField => ({
  name,
  text,
  listed: name,
});

/** The fields of the language, as the help lists them. */
export const FIELDS: readonly FilterField[] = [
  listed('bdf', 'device, 02:00.0'),
  listed('bus', 'bus number, 02'),
  listed('unit', 'unit, dmar0'),
  listed('driver', 'driver of the device'),
  listed('kind', 'dma, intr, event'),
  listed('access', 'r, w or i'),
  listed('reason', 'hex code, 0x06'),
  listed('event', 'AMD-Vi event, IO_PAGE_FAULT'),
  listed('addr', 'address or range; addr~ its 4 KiB page'),
  listed('pasid', 'PASID'),
  listed('did', 'domain identifier'),
  { name: 't', text: 'seconds, 13.7..14' },
  listed('phase', 'stage of the boot, takeover'),
  listed('verdict', 'verdict of Explain'),
  { name: 'kernel', text: '0 for the first kernel' },
  { name: 'line', text: 'line of the log' },
  { name: 'count', text: 'faults in the group, count>10' },
];

const WORDS = ['not', 'or'];

/** What may stand at the caret. */
export function completionAt(text: string, caret: number): Completion | undefined {
  const before = text.slice(0, caret);
  // Inside quotes everything is the text that is searched for.
  if ((before.split('"').length - 1) % 2 === 1) return undefined;
  const start = /[^\s()!|&]*$/.exec(before)?.index ?? caret;
  const tail = /^[^\s()!|&]*/.exec(text.slice(caret))?.[0] ?? '';
  const end = caret + tail.length;
  const word = before.slice(start);
  const typed = /^([a-z]+)(:|==|!=|~|>=|<=|>|<)(.*)$/i.exec(word);
  if (!typed) return { kind: 'field', field: undefined, prefix: word, start, end };
  // A comma means any of: the value after the last one is typed.
  const value = typed[3].slice(typed[3].lastIndexOf(',') + 1);
  return {
    kind: 'value',
    field: typed[1].toLowerCase(),
    prefix: value,
    start: caret - value.length,
    end,
  };
}

/** Field names and words that begin like the prefix. */
export function fieldChoices(prefix: string): readonly { text: string; detail: string }[] {
  const low = prefix.toLowerCase();
  return [
    ...FIELDS.map(({ name, text }) => ({ text: `${name}:`, detail: text })),
    ...WORDS.map((word) => ({ text: `${word} `, detail: '' })),
  ].filter(({ text }) => text.startsWith(low));
}

/** The text without the word at the caret, where that may become a field's name or a word of it. */
export function settled(text: string, caret: number): string {
  const at = completionAt(text, caret);
  if (at?.kind !== 'field' || at.prefix === '' || fieldChoices(at.prefix).length === 0) return text;
  return (text.slice(0, at.start) + text.slice(at.end)).trim();
}

/** The text with a choice put in, and where the caret then stands. */
export function complete(
  text: string,
  at: Completion,
  choice: string,
): { readonly text: string; readonly caret: number } {
  const made = text.slice(0, at.start) + choice + text.slice(at.end);
  return { text: made, caret: at.start + choice.length };
}

export interface Token {
  readonly kind: 'field' | 'operator' | 'word' | 'value';
  readonly text: string;
}

/** Pieces of a filter for its colours; joined they are the text again. */
export function tokens(text: string): Token[] {
  const out: Token[] = [];
  const pattern =
    /("[^"]*"?)|([a-z]+)(?=(?::|==|!=|~|>=|<=|>|<))|(\b(?:not|or|and|in)\b)|([:~<>=!&|(),]+)|(\s+)|([^\s:~<>=!&|(),"]+)/gi;
  for (const match of text.matchAll(pattern)) {
    const [whole, quoted, field, word, operator] = match;
    if (quoted !== undefined) out.push({ kind: 'value', text: whole });
    else if (field !== undefined) out.push({ kind: 'field', text: whole });
    else if (word !== undefined) out.push({ kind: 'word', text: whole });
    else if (operator !== undefined) out.push({ kind: 'operator', text: whole });
    else out.push({ kind: 'value', text: whole });
  }
  return out;
}
