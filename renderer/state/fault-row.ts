import { hexByte } from '../../core/format/hex.ts';
import type { FaultRow } from '../../core/protocol/contract.ts';
import type { FaultItem } from '../../core/protocol/schema.ts';
import type { Selection } from './selection.ts';

/** What a row is found by when its name is typed. */
export function rowName(row: FaultRow): string {
  const { bdf = '', driver = '', address = '', reason, n } = faultOf(row);
  const code = reason === undefined ? '' : hexByte(reason);
  if (row.kind === 'more') return '';
  if (row.kind === 'fault') return `#${n} ${address} ${bdf}`;
  return row.depth === 1 ? code : `${bdf} ${driver} ${code} ${address}`;
}

/** What a row is known by, wherever it stands. */
export function rowKey(row: FaultRow): string {
  if (row.kind === 'fault') return `#${row.fault.n}`;
  return row.kind === 'more' ? `more ${row.key}` : row.key;
}

/** The fault of a row; the first of those that have no row of their own stands for them. */
export function faultOf(row: FaultRow): FaultItem {
  return row.kind === 'fault' ? row.fault : row.first;
}

/** Digits of the longest address among the rows. */
export function digitsOf(rows: readonly FaultRow[]): number {
  return rows.reduce((most, row) => Math.max(most, (faultOf(row).address?.length ?? 2) - 2), 0);
}

/** What a fault selects in the other panels. */
export function selectionOf(fault: FaultItem, from: string): Selection {
  return {
    fault: fault.n,
    bdf: fault.bdf,
    pasid: fault.pasid,
    iova: fault.address,
    access: fault.access,
    line: fault.line,
    console: fault.console,
    from,
  };
}
