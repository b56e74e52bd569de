import type { TextTable } from '../../../core/format/table-text.ts';
import type { CompareRow } from '../../../core/protocol/contract-compare.ts';
import type { CopyForm } from '../../ui/table-export.ts';

/** The rows as they are opened, as a table of plain values. */
export function compareTable(
  rows: readonly CompareRow[],
  names: { readonly a: string; readonly b: string },
  cut?: string,
): TextTable {
  return {
    name: `${names.a} and ${names.b}`,
    columns: ['path', 'what', 'change', names.a, names.b === names.a ? `${names.b} (B)` : names.b],
    rows: rows.map((row) => [
      row.inB ?? row.inA,
      `${'  '.repeat(row.depth)}${row.label}`,
      row.sign,
      row.a,
      row.b,
    ]),
    cut,
  };
}

/** Forms of the selected row for `Copy as…`. */
export function compareForms(row: CompareRow | undefined): readonly CopyForm[] {
  if (!row) return [];
  const path = row.inB ?? row.inA;
  return [
    ...(path === undefined ? [] : [{ title: 'Path', text: path }]),
    { title: 'Row', text: `${row.label}: ${row.a ?? '–'} → ${row.b ?? '–'}` },
  ];
}
