import { decode, type Layout, type Words } from '../../bits/layout.ts';
import { hex } from '../../format/hex.ts';

/** A field's value as it is compared and written; null where there is none. */
export type DiffValue = string | number | boolean | null;

/** One decoded field that differs. */
export interface Change {
  /** Path of the entry; a register's is `UNIT/registers/NAME`. */
  readonly path: string;
  readonly field: string;
  readonly a: DiffValue;
  readonly b: DiffValue;
}

/** Something that one state does not hold, so that nothing can be said of it. */
export interface MissingPart {
  readonly side: 'a' | 'b';
  readonly path: string;
  readonly text: string;
}

export type Fields = ReadonlyMap<string, DiffValue>;

/** An entry's fields by the specification's names; addresses as addresses, others as numbers. */
export function layoutFields(
  layout: Layout,
  words: Words,
  without: ReadonlySet<string> = new Set(),
): Map<string, DiffValue> {
  const fields = new Map<string, DiffValue>();
  for (const { field, value, valueName } of decode(layout, words)) {
    if (without.has(field.name)) continue;
    if (field.kind === 'address') fields.set(field.name, hex(value << BigInt(field.shift)));
    else if (valueName !== undefined) fields.set(field.name, valueName);
    else fields.set(field.name, field.width > 32 ? hex(value) : Number(value));
  }
  return fields;
}

/** The fields that differ; one that only one side has is null on the other. */
export function compareFields(path: string, a: Fields, b: Fields): Change[] {
  const changes: Change[] = [];
  for (const field of new Set([...a.keys(), ...b.keys()])) {
    const [left, right] = [a.get(field) ?? null, b.get(field) ?? null];
    if (left !== right) changes.push({ path, field, a: left, b: right });
  }
  return changes;
}
