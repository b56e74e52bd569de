import { fieldValue } from '../bits/layout.ts';
import type { WalkResult, WalkStep } from '../iommu/unit.ts';
import type { VerdictId } from './verdicts.ts';

type Fault = Extract<WalkResult, { result: 'fault' }>;

/** VT-d reasons of DMA requests (VT-d §7.1.3), by what they say of the entry that decided. */
const ABSENT = [0x01, 0x02, 0x39, 0x41, 0x51, 0x59];
const DAMAGED = [
  0x03, 0x07, 0x08, 0x09, 0x30, 0x38, 0x40, 0x43, 0x50, 0x58, 0x5b, 0x70, 0x73, 0x78, 0x7b, 0xa0,
  0xa2,
];
const RESERVED = [0x0a, 0x0b, 0x0c, 0x3a, 0x42, 0x52, 0x5a, 0x72, 0x7a, 0xa1];
const BEYOND = [0x04, 0x74, 0x60, 0x80, 0x83, 0x84];
const PAGE = [0x05, 0x06, 0x71, 0x75, 0x76, 0x77, 0x79];
const PERMISSION = [0x81, 0x82, 0x85, 0x86, 0xa3, 0xa4, 0xa5];
const BLOCKED = [
  0x0d, 0x0e, 0x31, 0x32, 0x33, 0x34, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x5c, 0x5d, 0x87, 0x88,
  0x89,
];

const BY_REASON: ReadonlyMap<number, VerdictId | 'page'> = new Map(
  (
    [
      ['entry-absent', ABSENT],
      ['damaged-table', DAMAGED],
      ['reserved-bits', RESERVED],
      ['beyond-width', BEYOND],
      ['page', PAGE],
      ['permission-missing', PERMISSION],
      ['request-blocked', BLOCKED],
    ] as const
  ).flatMap(([verdict, reasons]) => reasons.map((reason) => [reason, verdict] as const)),
);

/** Whether a reason says that a root, context or PASID entry is not present. */
export function saysEntryAbsent(reason: number | undefined): boolean {
  return reason !== undefined && ABSENT.includes(reason);
}

/** Whether a reason says that a table could not be read at all. */
export function saysUnreadable(reason: number | undefined): boolean {
  return reason !== undefined && DAMAGED.includes(reason) && reason !== 0x43 && reason !== 0x5b;
}

/** The verdict that a refused walk over the tables comes to. */
export function classify(vendor: 'intel' | 'amd', result: Fault, address: bigint): VerdictId {
  const last = result.steps.at(-1);
  return vendor === 'intel' ? classifyIntel(result, last) : classifyAmd(result, last, address);
}

function classifyIntel(result: Fault, last: WalkStep | undefined): VerdictId {
  const verdict = BY_REASON.get(result.reason);
  if (verdict !== 'page') return verdict ?? 'damaged-table';
  return last && absent(last) ? 'not-mapped' : 'permission-missing';
}

/** IO_PAGE_FAULT flags as the event has them. */
const PR = 0x10;
const PE = 0x40;
const RZ = 0x80;
/** Address bits below the top table of a mode. */
const bitsOf = (mode: bigint): bigint => 12n + 9n * mode;

function classifyAmd(result: Fault, last: WalkStep | undefined, address: bigint): VerdictId {
  const flags = result.flags ?? 0;
  switch (result.name) {
    case 'ILLEGAL_DEV_TABLE_ENTRY':
      return flags & RZ ? 'reserved-bits' : 'damaged-table';
    case 'DEV_TAB_HARDWARE_ERROR':
    case 'PAGE_TAB_HARDWARE_ERROR':
      return 'damaged-table';
    case 'IO_PAGE_FAULT':
      break;
    default:
      return 'request-blocked';
  }
  if (flags & PR) {
    if (flags & PE) return 'permission-missing';
    return flags & RZ ? 'reserved-bits' : 'damaged-table';
  }
  // A page that is not present, or no way to any: no entry at all, or one that translates nothing.
  if (!last?.entry) return 'entry-absent';
  if (last.entry.layout.name !== 'DTE') return 'not-mapped';
  const mode = field(last, 'Mode') ?? 0n;
  const wide = mode > 0n && mode < 6n && address >> bitsOf(mode) !== 0n;
  if (field(last, 'TV') === 1n && wide) return 'beyond-width';
  return field(last, 'TV') === 1n ? 'request-blocked' : 'entry-absent';
}

function field(step: WalkStep, name: string): bigint | undefined {
  const found = step.entry?.layout.byName.get(name);
  return found && step.entry && fieldValue(step.entry.words, found);
}

/** Whether an entry is not there at all, by the vendors' own field names. */
export function absent(step: WalkStep): boolean {
  const present = field(step, 'P') ?? field(step, 'PR');
  if (present !== undefined) return present === 0n;
  // A second-stage entry has no present bit: it is absent when it grants neither read nor write.
  return field(step, 'R') === 0n && field(step, 'W') === 0n;
}
