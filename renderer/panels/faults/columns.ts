import type { Column } from '../../ui/columns.ts';

/** The column of addresses, and what more it needs so that no digit is cut, px. */
const ADDRESS = 108;
const DIGIT = 7.25;
const QUAD_GAP = 3.9;
const PADDING = 12;

/** @param digits of the longest address: kernels print up to 16 */
export function columnsFor(digits: number): readonly Column[] {
  const gaps = Math.max(0, Math.ceil(digits / 4) - 1);
  const needed = Math.ceil((digits + 2) * DIGIT + gaps * QUAD_GAP + PADDING);
  return [
    { id: 'source', title: 'Source · driver', width: 158, sorts: true },
    { id: 'count', title: 'Count', width: 52, end: true, sorts: true },
    { id: 'access', title: '', name: 'Access', width: 28 },
    { id: 'address', title: 'Address', width: Math.max(ADDRESS, needed), sorts: true },
    { id: 'reason', title: 'Reason', width: 120, grow: 'rest', sorts: true },
    { id: 'verdict', title: 'Verdict', width: 110, grow: 188, sorts: true },
  ];
}
