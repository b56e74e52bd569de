/** AMD-Vi interrupts that were refused: the event beside the device's interrupt remapping table. */
import { reservedSet, valueOf } from '../bits/layout.ts';
import { decodeDte, DTE, pointsToInterruptTable } from '../amdvi/dte.ts';
import { FLAG } from '../amdvi/events.ts';
import type { InterruptResult } from '../amdvi/interrupts.ts';
import type { AmdUnit } from '../amdvi/unit.ts';
import { parseBdf, type Bdf } from '../format/bdf.ts';
import { hex } from '../format/hex.ts';
import { plural } from '../format/size.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import type { Evidence } from '../iommu/finding.ts';
import type { Entry, InterruptEntry, Unit } from '../iommu/unit.ts';
import { servingUnit } from './dma.ts';
import { ownerGone } from './interrupt.ts';
import { sameKernel, undecided, type ExplainContext, type Judgement } from './judgement.ts';
import { meaningOf } from './meaning.ts';
import type { VerdictId } from './verdicts.ts';

/** Indexes that a message can name: bits 10:0 of its data (48882 §2.2.5). */
const INDEXES = 1 << 11;
/** Flags of the event that the table decides. */
const DECIDED = FLAG.PR | FLAG.PE | FLAG.RZ;
/** Entries that stand as evidence. */
const EVIDENCE_LIMIT = 4;

/** What the unit would do with each message that the device could send. */
interface Outcomes {
  /** Refused with the very flags of the event. */
  readonly agreeing: readonly Refused[];
  /** Refused, and said otherwise or not at all. */
  readonly otherwise: readonly Refused[];
  /** Remapped. */
  readonly enabled: readonly InterruptEntry[];
  /** Messages of which nobody can tell: a page of the table is missing. */
  readonly unknown: number;
}

type Refused = Extract<InterruptResult, { readonly result: 'aborted' }> & {
  readonly index: number;
};

/**
 * Explains an interrupt that an AMD-Vi unit refused. The event names the device and not the entry,
 * so every message that the device could send is put to the table: the verdict is what all those
 * have in common that the unit would refuse with the same flags.
 */
export function explainAmdInterrupt(
  fault: FaultRecord,
  context: ExplainContext,
  dumped: readonly Evidence[],
): Judgement {
  const meaning = `The unit says: ${meaningOf(fault) ?? 'an interrupt was refused'}. `;
  const bdf = fault.bdf === undefined ? undefined : parseBdf(fault.bdf);
  const unit = bdf && servingUnit(context.units, bdf, fault.unit);
  const entry = unit?.entry(`${unit.facts.name}/${fault.bdf}/dte`);
  if (!unit || !entry)
    return undecided(`${meaning}The device's entry in the device table is not at hand.`, unit);
  const about = { fault, context, unit, dumped, entry, meaning };
  const dte = decodeDte(entry.words);
  if (!dte.interruptValid)
    return judge(about, {
      verdict: 'interrupt-stale-cache',
      text: 'The entry lets interrupts of this device through unmapped (IV = 0): the unit answered from an older entry.',
      tablesSay: 'IV = 0: not remapped',
      agrees: undefined,
      field: 'IV',
    });
  const wrong = reservedSet(DTE, entry.words).filter((each) => each.pieces[0].low >= 128);
  if (wrong.length > 0)
    return judge(about, {
      verdict: 'reserved-bits',
      text: `The interrupt half of the entry at ${hex(entry.address)} has bits set that must be 0 (${wrong.map(({ name }) => name).join(', ')}).`,
      tablesSay: 'reserved bits set',
      agrees: fault.event === 'ILLEGAL_DEV_TABLE_ENTRY',
      field: wrong[0].name,
    });
  if (!pointsToInterruptTable(dte)) return notRemapped(about, dte.interruptControl);
  return fromTable(about, bdf, dte.interruptCapacity, dte.unmappedIgnored);
}

interface About {
  readonly fault: FaultRecord;
  readonly context: ExplainContext;
  readonly unit: Unit;
  readonly dumped: readonly Evidence[];
  readonly entry: Entry;
  readonly meaning: string;
}

function notRemapped(about: About, control: number): Judgement {
  const tablesSay = `IntCtl ${control}`;
  if (control === 0)
    return judge(about, {
      verdict: 'request-blocked',
      text: 'The entry aborts all fixed interrupts of this device (IntCtl = 00b), as Linux sets it for devices that it has not given interrupts.',
      tablesSay,
      // It asks no table, so that no entry of one can have been found present.
      agrees: Number(about.fault.flags ?? 0n) & FLAG.PR ? false : undefined,
      field: 'IntCtl',
    });
  if (control === 1)
    return judge(about, {
      verdict: 'interrupt-stale-cache',
      text: 'The entry lets interrupts of this device through unmapped (IntCtl = 01b): the unit answered from an older entry.',
      tablesSay,
      agrees: undefined,
      field: 'IntCtl',
    });
  return judge(about, {
    verdict: 'reserved-bits',
    text: 'The entry has IntCtl = 11b, which is reserved.',
    tablesSay,
    agrees: about.fault.event === 'ILLEGAL_DEV_TABLE_ENTRY',
    field: 'IntCtl',
  });
}

function fromTable(about: About, bdf: Bdf, capacity: number, ignored: boolean): Judgement {
  const { fault, context, unit } = about;
  const flags = Number((fault.flags ?? 0n) & 0xfffn) & DECIDED;
  const found = outcomesOf(unit, bdf.id, flags);
  const table = hex(valueOf(DTE, about.entry.words, 'IntTabRoot') << 6n);
  const length = `IntTabLen ${Math.log2(capacity)}: ${plural(capacity, 'entry', 'entries')}`;
  const some =
    found.enabled.length > 0
      ? ` (${found.enabled
          .slice(0, EVIDENCE_LIMIT)
          .map(({ index, vector }) => `${index}: vector ${hex(vector ?? 0)}`)
          .join(', ')}${found.enabled.length > EVIDENCE_LIMIT ? ', …' : ''})`
      : '';
  const tablesSay = `table at ${table}, ${length}, ${found.enabled.length} enabled${some}`;
  const has = `Its table at ${table} has ${plural(capacity, 'entry', 'entries')}, ${found.enabled.length} of them enabled.`;
  const inTable = found.agreeing.filter(({ index }) => index < capacity);
  if (found.agreeing.length === 0 && found.unknown > 0)
    return undecided(
      `${about.meaning}${plural(found.unknown, 'entry', 'entries')} of the device's interrupt table can't be read.`,
      unit,
      [deviceEntry(about, 'IntTabRoot'), ...about.dumped],
    );
  if (found.agreeing.length === 0) return notRefused(about, found, { tablesSay, has, ignored });
  if (flags & FLAG.PR) return wrongEntry(about, inTable, { tablesSay, has });
  const older = context.tablesOf !== undefined && context.tablesOf < fault.kernel;
  const gone = ownerGone(fault, context);
  if (inTable.length === 0)
    return judge(about, {
      verdict: 'interrupt-index-beyond',
      text: `All ${capacity} entries of its table at ${table} are enabled, so the message named an index beyond the table: the device sent what another kernel's longer table had given it, or its message is damaged.${gone.text}`,
      tablesSay,
      agrees: true,
      field: 'IntTabLen',
      evidence: gone.evidence,
    });
  const left = inTable.filter(({ entry }) => entry?.entry.words.some((word) => word !== 0n));
  return judge(about, {
    verdict: 'interrupt-entry-absent',
    text: `The entry that the device's message names is not enabled${capacity < INDEXES ? ', or lies beyond its table' : ''}: the kernel that owned the interrupt is gone, or freed it while the device still sent it. ${has}${left.length > 0 ? ` ${leftText(left)}` : ''}${older ? ' The table is that of the kernel before the one that printed the event.' : ''}${gone.text}`,
    tablesSay,
    agrees: true,
    field: 'IntTabRoot',
    evidence: [
      ...left.slice(0, EVIDENCE_LIMIT).map((each) => refusedEvidence(each, 'RemapEn', '0')),
      ...gone.evidence,
    ],
  });
}

function leftText(left: readonly Refused[]): string {
  const indexes = left.slice(0, EVIDENCE_LIMIT).map(({ index }) => String(index));
  const more = left.length > EVIDENCE_LIMIT ? ' and others' : '';
  return left.length === 1
    ? `Entry ${indexes[0]} was enabled once: its other fields are still set.`
    : `Entries ${indexes.join(', ')}${more} were enabled once: their other fields are still set.`;
}

/** No message of the device would be refused in the way that the event tells. */
function notRefused(
  about: About,
  found: Outcomes,
  say: { readonly tablesSay: string; readonly has: string; readonly ignored: boolean },
): Judgement {
  const { context, fault } = about;
  const older = context.tablesOf !== undefined && context.tablesOf < fault.kernel;
  const silent = found.otherwise.filter(({ event }) => event === undefined);
  const why =
    say.ignored && silent.length > 0
      ? 'The entry has IG = 1, so that interrupts without an enabled entry leave no event; this one did.'
      : silent.length > 0
        ? 'The entries that refuse an interrupt say that no event is logged (SupIOPF = 1); this one was.'
        : 'No message that the device could send would be refused so.';
  if (older)
    return judge(about, {
      verdict: 'interrupt-entry-absent',
      text: `The first kernel's table would not refuse it: ${say.has} The kernel that printed the event had put its own table in place, while the device still sent an interrupt that the first kernel had set up.`,
      tablesSay: say.tablesSay,
      agrees: undefined,
      field: 'IntTabRoot',
    });
  return judge(about, {
    verdict: 'interrupt-stale-cache',
    text: `${why} ${say.has} The unit answered from an older entry that it still held.`,
    tablesSay: say.tablesSay,
    agrees: undefined,
    field: say.ignored && silent.length > 0 ? 'IG' : 'IntTabRoot',
    evidence: silent
      .filter(({ entry }) => entry)
      .slice(0, EVIDENCE_LIMIT)
      .map((each) => refusedEvidence(each, 'SupIOPF', each.text)),
  });
}

/** An enabled entry refuses the interrupt for what it holds. */
function wrongEntry(
  about: About,
  refused: readonly Refused[],
  say: { readonly tablesSay: string; readonly has: string },
): Judgement {
  const [first] = refused;
  const one = refused.length === 1 && first.entry;
  return judge(about, {
    verdict: 'reserved-bits',
    text: one
      ? `Entry ${first.index} at ${hex(one.entry.address)} (vector ${hex(one.vector ?? 0)}) is enabled and can't be used: ${first.text} ${say.has}`
      : `${refused.length} enabled entries of the device's table can't be used, and the event does not say which of them was asked for. ${say.has}`,
    tablesSay: say.tablesSay,
    agrees: true,
    field: 'IntTabRoot',
    evidence: refused
      .slice(0, EVIDENCE_LIMIT)
      .map((each) => refusedEvidence(each, wrongField(each.entry), each.text)),
  });
}

/** The field of an enabled entry for which it is refused. */
function wrongField(found: InterruptEntry | undefined): string {
  if (!found) return 'RemapEn';
  const { layout, words } = found.entry;
  const [bits] = reservedSet(layout, words);
  if (bits) return bits.name;
  return layout.width === 32 && valueOf(layout, words, 'GuestMode') === 1n
    ? 'GuestMode'
    : 'IntType';
}

function refusedEvidence({ index, entry }: Refused, field: string, meaning: string): Evidence {
  return {
    what: `interrupt remapping table entry ${index}`,
    address: entry?.entry.address,
    words: entry?.entry.words,
    field,
    meaning,
  };
}

/** Puts every message to the table; nothing where the unit is none of AMD's. */
function outcomesOf(unit: Unit, id: number, flags: number): Outcomes {
  const agreeing: Refused[] = [];
  const otherwise: Refused[] = [];
  const enabled: InterruptEntry[] = [];
  let unknown = 0;
  for (let index = 0; index < INDEXES; index++) {
    const result = (unit as Partial<AmdUnit>).interrupt?.(id, index);
    if (result === undefined || result.result === 'unknown') unknown++;
    else if (result.result === 'remapped') enabled.push(result.entry);
    else if (result.result === 'aborted') {
      const agrees = result.event === 'IO_PAGE_FAULT' && (result.flags & DECIDED) === flags;
      (agrees ? agreeing : otherwise).push({ ...result, index });
    }
  }
  return { agreeing, otherwise, enabled, unknown };
}

function deviceEntry({ entry }: About, field: string): Evidence {
  const dte = decodeDte(entry.words);
  return {
    what: 'device table entry',
    address: entry.address,
    words: entry.words,
    field,
    meaning: dte.interruptValid
      ? `IV 1, IntCtl ${dte.interruptControl}, IntTabLen ${Math.log2(dte.interruptCapacity)}`
      : 'IV 0',
  };
}

function judge(
  about: About,
  found: {
    readonly verdict: VerdictId;
    readonly text: string;
    readonly tablesSay: string;
    /** Whether the tables explain the event; undefined where that can't be told. */
    readonly agrees: boolean | undefined;
    readonly field: string;
    readonly evidence?: readonly Evidence[];
  },
): Judgement {
  const { fault, context, unit, dumped } = about;
  return {
    verdict: found.verdict,
    text: found.text,
    tablesSay: found.tablesSay,
    checks: [
      { text: 'the tables explain what the hardware reported', passed: found.agrees },
      sameKernel(fault, context),
    ],
    evidence: [deviceEntry(about, found.field), ...(found.evidence ?? []), ...dumped],
    unit,
    walk: undefined,
  };
}
