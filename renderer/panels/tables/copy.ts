import type { TreeRow } from '../../../core/protocol/contract.ts';

/** A row of the tree in the forms of `Copy as`; addresses plain. */
export function rowCopies(row: TreeRow, link: string): readonly { title: string; text: string }[] {
  return [
    ...(row.pointsTo === undefined ? [] : [{ title: 'Points to', text: row.pointsTo }]),
    {
      title: 'Row',
      text: [row.label, row.pointsTo ?? '', row.decoded].filter((part) => part !== '').join('\t'),
    },
    { title: 'Path', text: row.path },
    { title: 'Link', text: link },
    { title: 'JSON', text: JSON.stringify(row, undefined, 2) },
  ];
}

/** Of a former meaning the parts that differ: `DID 7` of `DID 7 · second-stage · 3-level`. */
export function formerParts(now: string, former: string): string {
  const parts = new Set(now.split(' · '));
  const differing = former.split(' · ').filter((part) => !parts.has(part));
  return differing.length === 0 ? former : differing.join(' · ');
}
