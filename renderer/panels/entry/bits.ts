import type { EntryInfo } from '../../../core/protocol/contract.ts';
import type { FieldItem } from '../../../core/protocol/schema.ts';
import { bitRange, padded, smallBinary } from '../../format/address.ts';
import type { Numbers } from '../../state/view.ts';

/** One cell row of the ruler: 64 bits or 32, high first. */
export interface RulerRow {
  readonly high: number;
  readonly low: number;
  readonly bits: readonly RulerBit[];
  readonly boxes: readonly RulerBox[];
}

export interface RulerBit {
  readonly bit: number;
  readonly set: boolean;
  readonly changed: boolean;
  readonly field: string | undefined;
}

/** A field's part in one row. */
export interface RulerBox {
  readonly field: FieldItem;
  /** Columns from the left, and how many. */
  readonly column: number;
  readonly span: number;
}

const bitOf = (words: readonly string[], bit: number): boolean =>
  ((BigInt(words[Math.floor(bit / 64)] ?? '0x0') >> BigInt(bit % 64)) & 1n) === 1n;

/** Lays an entry out in rows of `columns` bits. */
export function rulerRows(
  entry: Pick<EntryInfo, 'width' | 'words' | 'was' | 'fields'>,
  columns: 64 | 32,
): readonly RulerRow[] {
  const owner = new Array<FieldItem | undefined>(entry.width).fill(undefined);
  for (const field of entry.fields)
    for (const { high, low } of field.pieces)
      for (let bit = Math.max(0, low); bit <= Math.min(high, entry.width - 1); bit++)
        owner[bit] = field;
  const rows: RulerRow[] = [];
  for (let high = entry.width - 1; high >= 0; high -= columns) {
    const low = Math.max(0, high - columns + 1);
    const bits: RulerBit[] = [];
    const boxes: RulerBox[] = [];
    for (let bit = high; bit >= low; bit--) {
      const set = bitOf(entry.words, bit);
      bits.push({
        bit,
        set,
        changed: entry.was !== undefined && bitOf(entry.was, bit) !== set,
        field: owner[bit]?.name,
      });
      const field = owner[bit];
      if (!field) continue;
      const last = boxes.at(-1);
      if (last?.field === field && bit !== high) {
        boxes[boxes.length - 1] = { ...last, span: last.span + 1 };
      } else boxes.push({ field, column: high - bit, span: 1 });
    }
    rows.push({ high, low, bits, boxes });
  }
  return rows;
}

/** Bits of a field as the specifications write them; pieces from the high one down. */
export function fieldBits(field: FieldItem): string {
  return [...field.pieces]
    .sort((a, b) => b.high - a.high)
    .map(({ high, low }) => bitRange(high, low))
    .join(' ');
}

export function fieldWidth(field: FieldItem): number {
  return field.pieces.reduce((sum, { high, low }) => sum + high - low + 1, 0);
}

/** The value in its field's width: `0x000a`, or `10`; an address as an address. */
export function fieldValue(field: FieldItem, numbers: Numbers = 'hex'): string {
  if (field.kind === 'address') return field.text;
  return valueText(field.value, fieldWidth(field), numbers);
}

/** The value in the other bases, for a tip: `10, 0b1010`. */
export function otherBases(field: FieldItem, numbers: Numbers): string | undefined {
  if (field.kind === 'address') return undefined;
  const width = fieldWidth(field);
  const other = valueText(field.value, width, numbers === 'hex' ? 'decimal' : 'hex');
  return [other, smallBinary(field.value, width)].filter((part) => part !== undefined).join(', ');
}

function valueText(value: string, width: number, numbers: Numbers): string {
  return numbers === 'hex' ? padded(value, width) : String(BigInt(value));
}

/** The former or other value in the same form. */
export function formerValue(field: FieldItem, numbers: Numbers = 'hex'): string {
  if (field.was === undefined) return '';
  return field.kind === 'address'
    ? (field.wasText ?? field.was)
    : valueText(field.was, fieldWidth(field), numbers);
}

/** The value as a box of that many columns can hold it. */
export function boxValue(field: FieldItem, span: number, numbers: Numbers = 'hex'): string {
  const width = fieldWidth(field);
  if (width < 3) return String(BigInt(field.value));
  const text = fieldValue(field, numbers);
  return text.length * 6 <= span * 10 ? text : '';
}

/** The name as a box can hold it: with its meaning, alone, or its first letter. */
export function boxName(field: FieldItem, span: number): string {
  if (field.kind === 'reserved' || field.kind === 'ignored') return span >= 6 ? field.kind : '';
  if (span >= 40) return `${field.name} · ${field.meaning.split(/[.;:]/)[0]}`;
  return field.name.length * 6 <= span * 10 ? field.name : field.name.slice(0, span);
}

/**
 * Reads what a person types for a field: `0x1f`, `0b101` or decimal.
 * @returns the value as the contract writes it, or the reason why it is none.
 */
export function readFieldValue(
  text: string,
  width: number,
): { readonly value: string } | { readonly problem: string } {
  const plain = text.trim().replaceAll('_', '');
  if (!/^(?:0x[0-9a-f]+|0b[01]+|\d+)$/i.test(plain))
    return { problem: 'Write a number: 0x1f, 0b11111 or 31.' };
  const value = BigInt(plain);
  const most = (1n << BigInt(width)) - 1n;
  if (value > most)
    return {
      problem: `The field has ${width} ${width === 1 ? 'bit' : 'bits'}: at most 0x${most.toString(16)}.`,
    };
  return { value: `0x${value.toString(16)}` };
}

/** The entry as a C initialiser. */
export function cInitialiser(words: readonly string[]): string {
  return `{ ${words.map((word) => `${word}ULL`).join(', ')} }`;
}
