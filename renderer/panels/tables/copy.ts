import type { TextTable } from '../../../core/format/table-text.ts';
import type { CallAnswer, TreeRow } from '../../../core/protocol/contract.ts';
import type { FindingItem } from '../../../core/protocol/schema.ts';
import { withoutCommas } from '../../format/prose.ts';
import type { CopyForm } from '../../ui/table-export.ts';

/** Something that could not be read, and where. */
export type NotRead = CallAnswer<'findings.list'>['incomplete'][number];

/** A row of the tree in the forms of `Copy as`; addresses plain. */
export function rowCopies(row: TreeRow, link: string): readonly CopyForm[] {
  const decoded = withoutCommas(row.decoded);
  return [
    ...(row.pointsTo === undefined ? [] : [{ title: 'Points to', text: row.pointsTo }]),
    {
      title: 'Row',
      text: [row.label, row.pointsTo ?? '', decoded].filter((part) => part !== '').join('\t'),
    },
    { title: 'Path', text: row.path },
    { title: 'Link', text: link },
    { title: 'JSON', text: JSON.stringify({ ...row, decoded }, undefined, 2) },
  ];
}

/** A row's meaning beside the marks of its rights, which it does not repeat. */
export function meaning({ decoded, rights }: Pick<TreeRow, 'decoded' | 'rights'>): string {
  const said = ` · ${rights}`;
  return rights && decoded.endsWith(said) ? decoded.slice(0, -said.length) : decoded;
}

/** Of a former meaning the parts that differ: `DID 7` of `DID 7 · second-stage · 3-level`. */
export function formerParts(now: string, former: string): string {
  const parts = new Set(now.split(' · '));
  const differing = former.split(' · ').filter((part) => !parts.has(part));
  return differing.length === 0 ? former : differing.join(' · ');
}

/** Rows of the tree as they are opened, as a table of plain values. */
export function treeTable(rows: readonly TreeRow[], cut?: string): TextTable {
  return {
    name: 'Tables',
    columns: [
      'path',
      'depth',
      'entry',
      'device',
      'pointsTo',
      'rights',
      'present',
      'decoded',
      'was',
    ],
    rows: rows.map((row) => [
      row.path,
      row.depth,
      row.label,
      row.note,
      row.pointsTo,
      row.rights,
      row.present,
      withoutCommas(row.decoded),
      row.changed,
    ]),
    cut,
  };
}

/** Findings, and what could not be read, as a table of plain values. */
export function findingTable(
  findings: readonly FindingItem[],
  incomplete: readonly NotRead[],
): TextTable {
  return {
    name: 'Findings',
    columns: ['severity', 'id', 'at', 'text'],
    rows: [
      ...findings.map(({ severity, id, at, text }) => [severity, id, at, text]),
      ...incomplete.map(({ text, at }) => ['not read', undefined, at, text]),
    ],
  };
}
