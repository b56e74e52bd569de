import { decode, type Layout } from '../bits/layout.ts';
import { hex } from '../format/hex.ts';
import type { DumpedEntry, FaultRecord } from '../iommu/fault.ts';
import { DTE } from '../amdvi/dte.ts';
import { pageFaultMeaning } from '../amdvi/events.ts';
import {
  CONTEXT_ENTRY,
  PASID_DIRECTORY_ENTRY,
  PASID_TABLE_ENTRY,
  ROOT_ENTRY,
  SCALABLE_CONTEXT_ENTRY,
  SCALABLE_ROOT_ENTRY,
} from '../vtd/tables.ts';

/** Bits of the fault status register (VT-d 4.1 §11.4.8.1), by position. */
const STATUS_BITS = ['PFO', 'PPF', 'AFO', 'APF', 'IQE', 'ICE', 'ITE', 'PRO'];

/** Names of the bits that are set in a fault status register: `PPF, FRI 1`. */
export function statusNames(status: number): string[] {
  const names = STATUS_BITS.filter((_, bit) => (status >>> bit) & 1);
  const pending = (status >>> 1) & 1;
  // The index of the record counts only while one is pending.
  if (pending) names.push(`FRI ${(status >>> 8) & 0xff}`);
  return names;
}

/** A fault in one short line, for a tip. */
export function describeFault(record: FaultRecord): string {
  const who = record.bdf ?? record.unit ?? 'unknown device';
  const pasid = record.pasid === undefined ? '' : ` PASID ${record.pasid}`;
  if (record.vendor === 'amd') {
    const meaning =
      record.event === 'IO_PAGE_FAULT' && record.flags !== undefined
        ? pageFaultMeaning(Number(record.flags))
        : (record.flagNames ?? []).join(', ');
    const at = record.address === undefined ? '' : ` ${hex(record.address)}`;
    return `${who}${pasid}${at} ${record.event ?? ''}${meaning ? `: ${meaning}` : ''}`;
  }
  const what =
    record.type === 'interrupt'
      ? `interrupt entry ${record.index}`
      : `${record.access} ${record.address === undefined ? '' : hex(record.address)}`;
  const reason =
    record.reason === undefined
      ? 'the reason is not in the log'
      : `${hex(record.reason)} (${record.reason}) ${record.reasonName}`;
  return `${who}${pasid} ${what}: ${reason}`;
}

/** The layout of an entry that a kernel dumped; undefined where it depends on what is not known. */
function dumpLayout(entry: DumpedEntry, scalable: boolean): Layout | undefined {
  switch (entry.what) {
    case 'DTE':
      return DTE;
    case 'root entry':
      return ROOT_ENTRY;
    case 'scalable mode root entry':
      return SCALABLE_ROOT_ENTRY;
    case 'context entry':
      return scalable ? SCALABLE_CONTEXT_ENTRY : CONTEXT_ENTRY;
    case 'pasid dir entry':
      return PASID_DIRECTORY_ENTRY;
    case 'pasid table entry':
      return PASID_TABLE_ENTRY;
    default:
      return undefined;
  }
}

/**
 * The fields of a dumped entry that are not zero, as `P=1 TT=0x2`. Only the bits that the words
 * cover: the kernel prints half of some entries.
 * @param scalable whether the unit is in scalable mode (its root entry says so).
 */
export function describeDump(entry: DumpedEntry, scalable: boolean): string {
  const of = dumpLayout(entry, scalable);
  if (!of) return '';
  const known = entry.words.length * 64;
  return decode(of, entry.words)
    .filter(
      ({ field, value }) =>
        value !== 0n &&
        field.pieces.every((piece) => piece.high < known) &&
        field.kind !== 'ignored',
    )
    .map(({ field, value }) => {
      const shifted = field.kind === 'address' ? value << BigInt(field.shift) : value;
      return `${field.name}=${shifted < 10n ? shifted : hex(shifted)}`;
    })
    .join(' ');
}
