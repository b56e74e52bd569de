import { commandLayout } from '../amdvi/commands.ts';
import { DTE } from '../amdvi/dte.ts';
import { pageFaultMeaning } from '../amdvi/events.ts';
import { decode, valueOf, type Layout } from '../bits/layout.ts';
import { hex, hexByte } from '../format/hex.ts';
import type { DumpedEntry, FaultRecord } from '../iommu/fault.ts';
import { descriptorLayout } from '../vtd/descriptors.ts';
import { pagingLayout } from '../vtd/paging.ts';
import { FSTS } from '../vtd/registers-faults.ts';
import {
  CONTEXT_ENTRY,
  PASID_DIRECTORY_ENTRY,
  PASID_TABLE_ENTRY,
  ROOT_ENTRY,
  SCALABLE_CONTEXT_ENTRY,
  SCALABLE_ROOT_ENTRY,
} from '../vtd/tables.ts';
import type { PhaseRecord } from './records.ts';

/** Names of the bits that are set in a fault status register: `PPF, FRI 1`. */
export function statusNames(status: number): string[] {
  const names = decode(FSTS.layout, [BigInt(status)])
    .filter(({ field, value }) => field.kind === 'flag' && value !== 0n)
    .map(({ field }) => field.name);
  // The index of the record counts only while one is pending.
  if (names.includes('PPF')) names.push(`FRI ${(status >>> 8) & 0xff}`);
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
      : `${hexByte(record.reason)} (${record.reason}) ${record.reasonName}`;
  return `${who}${pasid} ${what}: ${reason}`;
}

/** PGTT of a PASID table entry (VT-d 4.1 §9.6) for first-stage tables. */
const FIRST_STAGE_ONLY = 1n;

/** The layout of an entry that a kernel dumped; undefined where it depends on what is not known. */
function dumpLayout(entry: DumpedEntry, dump: readonly DumpedEntry[]): Layout | undefined {
  const scalable = dump.some((each) => each.what === 'scalable mode root entry');
  switch (entry.what) {
    case 'DTE':
      return DTE;
    case 'CMD':
      return entry.words.length === 2 ? commandLayout(entry.words) : undefined;
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
    case 'pte': {
      const table = dump.find((each) => each.what === 'pasid table entry');
      if (scalable && !table) return undefined;
      const type = table ? valueOf(PASID_TABLE_ENTRY, table.words, 'PGTT') : 0n;
      const stage = type === FIRST_STAGE_ONLY ? 'first' : 'second';
      const { level = 0 } = entry;
      return level < 1 || level > 5 ? undefined : pagingLayout(stage, level, entry.words[0] ?? 0n);
    }
    default:
      return undefined;
  }
}

/**
 * The fields of a dumped entry that are not zero, as `P=1 TT=0x2`. Only the bits that the words
 * cover: the kernel prints half of some entries.
 * @param dump all that was dumped with it: it tells the mode of the unit and the kind of table.
 */
export function describeDump(entry: DumpedEntry, dump: readonly DumpedEntry[]): string {
  const of = dumpLayout(entry, dump);
  return of ? fieldsOf(of, entry.words) : '';
}

/** The fields of a VT-d invalidation descriptor that are not zero, behind its name. */
function describeDescriptor(words: readonly bigint[]): string {
  const of = descriptorLayout(words, 16);
  return `${of.name}: ${fieldsOf(of, words)}`;
}

/** A phase line in a few words, for a tip. */
export function describePhase({ phase, event, details }: PhaseRecord): string {
  const { status, qw0, qw1 } = details;
  if (phase === 'status' && typeof status === 'bigint')
    return statusNames(Number(status)).join(', ');
  if (event.startsWith('queue-') && typeof qw0 === 'bigint' && typeof qw1 === 'bigint')
    return describeDescriptor([qw0, qw1]);
  return event;
}

function fieldsOf(of: Layout, words: readonly bigint[]): string {
  const known = words.length * 64;
  return decode(of, words)
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
