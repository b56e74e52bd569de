import { hex, hexByte } from '../format/hex.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import type { FaultItem } from '../protocol/schema.ts';

export type Verdict = NonNullable<FaultItem['verdict']>;

/** A fault of the session: the record, its number, and the console that told it. */
export interface SessionFault {
  /** Counts the session's faults from 1. */
  readonly n: number;
  readonly console: string | undefined;
  /** Counts the faults of that console from 0. */
  readonly ordinal: number;
  readonly record: FaultRecord;
}

/** A fault as the list shows it. */
export function faultItem(
  { n, console, record }: SessionFault,
  about: { readonly driver?: string; readonly unit?: string; readonly verdict?: Verdict } = {},
): FaultItem {
  return {
    n,
    line: record.line,
    console,
    time: record.time,
    kernel: record.kernel,
    vendor: record.vendor,
    type: record.type,
    access: record.access,
    bdf: record.bdf,
    driver: record.driver ?? about.driver,
    unit: about.unit,
    pasid: record.pasid,
    address: record.address === undefined ? undefined : hex(record.address),
    reason: record.reason,
    reasonName: record.reasonName,
    event: record.event,
    domain: record.domain,
    flags: record.flags === undefined ? undefined : hex(record.flags),
    flagNames: record.flagNames && [...record.flagNames],
    index: record.index,
    verdict: about.verdict,
  };
}

/** A fault in a line: `00:06.0 read 0x1f00000, reason 0x06 PTE Read access is not set`. */
export function faultText(record: FaultRecord): string {
  const { bdf, access, type, address, index, reason, reasonName, event } = record;
  const where =
    address === undefined ? (index === undefined ? undefined : `index ${index}`) : hex(address);
  const code = reason === undefined ? event : `reason ${hexByte(reason)}`;
  return [
    [bdf, access ?? type, where].filter((part) => part !== undefined).join(' '),
    [code, reasonName].filter((part) => part !== undefined).join(' '),
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** How a fault counts in the rate chart and in a group: its access, or an interrupt request. */
export function accessKind(record: FaultRecord): 'read' | 'write' | 'interrupt' {
  if (record.type === 'interrupt') return 'interrupt';
  return record.access ?? 'read';
}
