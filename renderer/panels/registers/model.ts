import type { TextTable } from '../../../core/format/table-text.ts';
import type { RegisterItem } from '../../../core/protocol/contract.ts';
import type { FieldItem } from '../../../core/protocol/schema.ts';
import type { Sort } from '../../ui/columns.ts';
import { sortedBy } from '../../ui/columns.ts';

/** A row of the register tree: a register, or a field of an open one. */
export type RegisterRow =
  | { readonly kind: 'register'; readonly register: RegisterItem; readonly open: boolean }
  | { readonly kind: 'field'; readonly register: RegisterItem; readonly field: FieldItem };

/** What registers are sorted by, by the columns' ids. */
const SORT_KEYS: Readonly<
  Record<string, ((register: RegisterItem) => string | number) | undefined>
> = {
  register: ({ name }) => name.toLowerCase(),
  offset: ({ offset }) => Number(offset),
};

/** What a row is known by when it stands elsewhere. */
export function rowId(row: RegisterRow): string {
  const { name } = row.register;
  return row.kind === 'field' ? `${name} ${row.field.name}` : name;
}

/**
 * Rows of the tree with the given registers open; fields from the high bits down.
 * @param sort the order of the registers; absent: as the unit has them
 */
export function registerRows(
  registers: readonly RegisterItem[],
  open: ReadonlySet<string>,
  filter: string,
  sort?: Sort,
): readonly RegisterRow[] {
  const low = filter.trim().toLowerCase();
  const rows: RegisterRow[] = [];
  const key = sort && SORT_KEYS[sort.column];
  for (const register of key ? sortedBy(registers, key, sort.descending) : registers) {
    const fits =
      low === '' ||
      [register.name, register.title, register.offset].some((text) =>
        text.toLowerCase().includes(low),
      );
    if (!fits) continue;
    const isOpen = open.has(register.name);
    rows.push({ kind: 'register', register, open: isOpen });
    if (!isOpen) continue;
    const fields = [...register.fields].sort((a, b) => top(b) - top(a));
    for (const field of fields) {
      if (field.kind === 'reserved' && !field.violated) continue;
      rows.push({ kind: 'field', register, field });
    }
  }
  return rows;
}

const top = (field: FieldItem): number => Math.max(...field.pieces.map((piece) => piece.high));

/**
 * Reads what is typed or pasted into the decode box: `NAME=VALUE`, or a value alone, which is then
 * that of the selected register.
 * @returns the parts, or undefined while the text is not complete.
 */
export function readDecode(
  text: string,
  selected?: string,
): { readonly name: string; readonly value: string } | undefined {
  const bare = /^\s*(0x[0-9a-f]{1,32}|\d[0-9a-f]{0,31})\s*$/i.exec(text);
  if (bare)
    return selected === undefined ? undefined : { name: selected, value: plainHex(bare[1]) };
  const match = /^\s*([A-Za-z][\w .-]{0,62}?)\s*[=:\s]\s*(?:0x)?([0-9a-f]{1,32})\s*$/i.exec(text);
  if (!match) return undefined;
  return { name: match[1], value: plainHex(match[2]) };
}

const plainHex = (text: string): string =>
  `0x${BigInt(/^0x/i.test(text) ? text : `0x${text}`).toString(16)}`;

/** `RW`, `W1C`, `RO`: how a field or register can be accessed. */
export function accessMarks(access: readonly NonNullable<FieldItem['access']>[]): string {
  return access.map((each) => (each === 'RW1C' ? 'W1C' : each)).join(' ');
}

/** Reads a register value that a person typed; undefined when it is none or too wide. */
export function readRegisterValue(text: string, width: number): string | undefined {
  const match = /^\s*(?:0x)?([0-9a-f]{1,16})\s*$/i.exec(text);
  if (!match) return undefined;
  const value = BigInt(`0x${match[1]}`);
  return value >> BigInt(width) === 0n ? `0x${value.toString(16)}` : undefined;
}

/** The rows as a table of plain values: registers, and the fields of those that are open. */
export function registerTable(unit: string, rows: readonly RegisterRow[]): TextTable {
  return {
    name: `Registers of ${unit}`,
    columns: ['register', 'offset', 'field', 'bits', 'value', 'decoded', 'was', 'source'],
    rows: rows.map((row) => {
      const { register } = row;
      if (row.kind === 'register')
        return [
          register.name,
          register.offset,
          undefined,
          undefined,
          register.value,
          register.decoded,
          register.was,
          register.source,
        ];
      const { field } = row;
      const bits = field.pieces.map(({ high, low }) => (high === low ? high : `${high}:${low}`));
      return [
        register.name,
        register.offset,
        field.name,
        bits.join(' '),
        register.value === undefined ? undefined : field.value,
        field.text,
        field.was,
        register.source,
      ];
    }),
  };
}
