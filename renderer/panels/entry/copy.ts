import type { TextTable } from '../../../core/format/table-text.ts';
import type { EntryInfo } from '../../../core/protocol/contract.ts';
import type { FieldItem } from '../../../core/protocol/schema.ts';
import type { CopyForm } from '../../ui/table-export.ts';
import { cInitialiser, fieldBits } from './bits.ts';

/** An entry and its field in the readout, in the forms of `Copy as`. */
export function entryForms(entry: EntryInfo, field: FieldItem | undefined): readonly CopyForm[] {
  return [
    ...(field ? [{ title: `Field ${field.name}`, text: `${field.name} = ${field.value}` }] : []),
    { title: 'Words', text: entry.words.join(' ') },
    { title: 'C initialiser', text: cInitialiser(entry.words) },
    { title: 'JSON', text: JSON.stringify(entry, undefined, 2) },
  ];
}

/** The fields of an entry as a table of plain values. */
export function entryTable({ title, fields, other }: EntryInfo): TextTable {
  return {
    name: title,
    columns: ['bits', 'field', 'value', 'text', 'meaning', other?.name ?? 'before'],
    rows: fields.map((field) => [
      fieldBits(field),
      field.name,
      field.value,
      field.text,
      field.meaning,
      field.was,
    ]),
  };
}
