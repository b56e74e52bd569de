/** A fault recording register as the fault record that every view knows. */
import type { Words } from '../bits/layout.ts';
import { addressOf, valueOf } from '../bits/layout.ts';
import { formatBdf } from '../format/bdf.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import type { RegisterDefinition } from '../iommu/registers.ts';
import { faultReasonName } from '../vtd/reasons.ts';

/** What stands around a fault where it is printed. */
export interface PrintedAt {
  /** The console's line, from 1. */
  readonly line: number;
  /** Which kernel of the console prints it, from 0. */
  readonly kernel: number;
  /** The fault status register that announced it. */
  readonly status: number;
}

/** @param words of a DMA remapping fault's register */
export function faultRecord(
  { layout }: RegisterDefinition,
  words: Words,
  at: PrintedAt,
): FaultRecord {
  const field = (name: string): number => Number(valueOf(layout, words, name));
  const reason = field('FR');
  return {
    ...at,
    vendor: 'intel',
    type: 'dma',
    access: field('T1') === 1 ? 'read' : 'write',
    bdf: formatBdf(field('SID')),
    address: addressOf(layout, words, 'FI'),
    reason,
    reasonName: faultReasonName(reason),
  };
}
