/**
 * A fault as a 4.9 kernel tells it, made from what the unit's registers hold.
 */
import type { Words } from '../bits/layout.ts';
import { formatBdf } from '../format/bdf.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import { faultReasonName } from '../vtd/reasons.ts';

/** The line that announces faults: FSTS in hexadecimal. */
export function statusLine(status: bigint): string {
  return `DMAR: DRHD: handling fault status reg ${status.toString(16)}`;
}

/**
 * A fault recording register as a record.
 * @param line the console's line that tells it, from 1
 */
export function faultRecord(words: Words, status: bigint, line: number): FaultRecord {
  const [low, high] = words;
  const reason = Number((high >> 32n) & 0xffn);
  return {
    line,
    kernel: 1,
    vendor: 'intel',
    type: 'dma',
    access: (high >> 62n) & 1n ? 'read' : 'write',
    bdf: formatBdf(Number(high & 0xffffn)),
    address: low & ~0xfffn,
    reason,
    reasonName: faultReasonName(reason),
    status: Number(status),
  };
}

/** The line of one fault: the address without `0x`, the reason in decimal. */
export function faultLine(fault: FaultRecord): string {
  const type = fault.access === 'read' ? 'DMA Read' : 'DMA Write';
  const address = fault.address?.toString(16);
  const code = String(fault.reason).padStart(2, '0');
  return `DMAR: [${type}] Request device [${fault.bdf}] fault addr ${address} [fault reason ${code}] ${fault.reasonName}`;
}
