/**
 * What the kernel itself printed of its tables after a fault: where no tables are at hand, the
 * only ones there are. They were read after the fault, and by the kernel that printed it.
 */
import { reservedSet, valueOf } from '../bits/layout.ts';
import { decodeDte, DTE, MAX_INT_TAB_LEN } from '../amdvi/dte.ts';
import { hex } from '../format/hex.ts';
import type { DumpedEntry, FaultRecord } from '../iommu/fault.ts';
import type { Evidence } from '../iommu/finding.ts';
import { describeDump } from '../log/describe.ts';
import { PASID_TABLE_ENTRY } from '../vtd/tables.ts';
import type { Check, Judgement } from './judgement.ts';
import type { VerdictId } from './verdicts.ts';

/** Every entry that the kernel printed, decoded. */
export function dumpedEvidence(fault: FaultRecord): Evidence[] {
  const dump = fault.dump ?? [];
  return dump
    .filter(({ words }) => words.length > 0)
    .map((each) => {
      const meaning = describeDump(each, dump);
      return {
        what: `${each.what}${each.level === undefined ? '' : ` of level ${each.level}`}, as the kernel printed it`,
        words: each.words,
        ...(meaning === '' ? {} : { meaning }),
      };
    });
}

interface Found {
  readonly verdict: VerdictId;
  readonly text: string;
  readonly tablesSay: string;
  /** Whether that is what the hardware reported; undefined where it can't be compared. */
  readonly agrees: boolean | undefined;
}

/** A judgement by the kernel's own dump; undefined where it printed nothing that decides. */
export function byKernelDump(fault: FaultRecord): Judgement | undefined {
  const dump = fault.dump ?? [];
  const found = fault.vendor === 'amd' ? fromDte(fault, dump) : fromWalk(fault, dump);
  if (!found) return undefined;
  const checks: Check[] = [
    { text: 'what the kernel printed is what the hardware reported', passed: found.agrees },
    {
      text: 'the entries were so when the fault came: the kernel reads them after it',
      passed: undefined,
    },
  ];
  return {
    verdict: found.verdict,
    text: `${found.text} No tables are at hand: this is what the kernel printed of its own.`,
    tablesSay: found.tablesSay,
    checks,
    evidence: dumpedEvidence(fault),
    unit: undefined,
    walk: undefined,
  };
}

/** VT-d reasons that the first entry without its P bit stands for, by what it is. */
const ABSENT: Readonly<Record<string, readonly number[]>> = {
  'root entry': [0x01],
  'scalable mode root entry': [0x39],
  'context entry': [0x02, 0x41],
  'pasid dir entry': [0x51],
  'pasid table entry': [0x59],
};
/** Reasons that a page without rights, or not present, stands for. */
const PAGE = [0x05, 0x06, 0x71, 0x79, 0x85, 0x86];

function fromWalk(fault: FaultRecord, dump: readonly DumpedEntry[]): Found | undefined {
  for (const entry of dump) {
    const reasons = ABSENT[entry.what];
    const word = presence(entry, fault);
    if (!reasons || word === undefined || (word & 1n) === 1n) continue;
    return {
      verdict: 'entry-absent',
      text: `The ${entry.what} of ${fault.bdf ?? 'the device'} is not present (${hex(word)}).`,
      tablesSay: `${entry.what} not present`,
      agrees: fault.reason === undefined ? undefined : reasons.includes(fault.reason),
    };
  }
  return fromPages(fault, dump);
}

/** The word of an entry that holds the P bit for the requester. */
function presence(entry: DumpedEntry, fault: FaultRecord): bigint | undefined {
  if (entry.what !== 'scalable mode root entry') return entry.words[0];
  // Functions from 10.0 up use the upper half.
  const device = Number.parseInt(/:([0-9a-f]{2})\.[0-7]$/.exec(fault.bdf ?? '')?.[1] ?? '', 16);
  return Number.isNaN(device) ? undefined : entry.words[device >= 0x10 ? 1 : 0];
}

function fromPages(fault: FaultRecord, dump: readonly DumpedEntry[]): Found | undefined {
  const access = fault.access ?? 'read';
  const first = isFirstStage(dump);
  for (const entry of dump) {
    if (entry.what !== 'pte' || entry.words.length === 0) continue;
    const [word] = entry.words;
    const present = first ? (word & 1n) === 1n : (word & 3n) !== 0n;
    const allowed = access === 'read' ? (word & 1n) === 1n : (word & 2n) !== 0n;
    if (present && allowed) continue;
    const agrees = fault.reason === undefined ? undefined : PAGE.includes(fault.reason);
    return present
      ? {
          verdict: 'permission-missing',
          text: `The level ${entry.level} entry (${hex(word)}) does not allow a ${access}.`,
          tablesSay: `level ${entry.level}: no ${access}`,
          agrees,
        }
      : {
          verdict: 'not-mapped',
          text: `The level ${entry.level} entry (${hex(word)}) is not present: nothing is mapped at this address.`,
          tablesSay: `level ${entry.level}: not present`,
          agrees,
        };
  }
  return undefined;
}

function isFirstStage(dump: readonly DumpedEntry[]): boolean {
  const table = dump.find(({ what }) => what === 'pasid table entry');
  return table !== undefined && valueOf(PASID_TABLE_ENTRY, table.words, 'PGTT') === 1n;
}

/** ILLEGAL_DEV_TABLE_ENTRY is about the very entry that the kernel prints after it. */
function fromDte(fault: FaultRecord, dump: readonly DumpedEntry[]): Found | undefined {
  const entry = dump.find(({ what, words }) => what === 'DTE' && words.length === 4);
  if (!entry || fault.event !== 'ILLEGAL_DEV_TABLE_ENTRY') return undefined;
  const wrong = reservedSet(DTE, entry.words);
  if (wrong.length > 0)
    return {
      verdict: 'reserved-bits',
      text: `The device table entry has bits set that must be 0 (${wrong.map(({ name }) => name).join(', ')}).`,
      tablesSay: 'reserved bits set',
      agrees: true,
    };
  const dte = decodeDte(entry.words);
  const illegal = [
    ...(dte.valid && dte.translationValid && dte.mode === 7 ? ['Mode is 7'] : []),
    ...(dte.valid && dte.guestValid && dte.guestLevels === undefined
      ? ['GuestPagingMode is reserved']
      : []),
    ...(dte.interruptValid && dte.interruptControl === 3 ? ['IntCtl is 11b'] : []),
    ...(dte.interruptValid && dte.interruptCapacity > 1 << MAX_INT_TAB_LEN
      ? ['IntTabLen is reserved']
      : []),
  ];
  if (illegal.length === 0) return undefined;
  return {
    verdict: 'damaged-table',
    text: `The device table entry has a value that no unit knows: ${illegal.join(', ')}.`,
    tablesSay: illegal.join(', '),
    agrees: true,
  };
}
