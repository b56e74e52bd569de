import { reservedSet, valueOf } from '../bits/layout.ts';
import { formatBdf, parseBdf } from '../format/bdf.ts';
import { hex } from '../format/hex.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import type { Evidence } from '../iommu/finding.ts';
import type { Entry, Unit } from '../iommu/unit.ts';
import { IRTE_POSTED } from '../vtd/interrupt-entries.ts';
import { servingUnit } from './dma.ts';
import {
  sameKernel,
  undecided,
  type Check,
  type ExplainContext,
  type Judgement,
} from './judgement.ts';
import { meaningOf } from './meaning.ts';
import { handOffBefore, lineEvidence } from './story.ts';
import type { VerdictId } from './verdicts.ts';

/** VT-d fault reasons of interrupt remapping (VT-d 4.1 §7.1.3, table 23). */
const REQUEST = 0x20;
const BEYOND = 0x21;
const ABSENT = 0x22;
const UNREADABLE = 0x23;
const RESERVED = 0x24;
const COMPATIBILITY = 0x25;
const SOURCE = 0x26;
const POSTED_UNREADABLE = 0x27;
const POSTED_RESERVED = 0x28;
const RANGE = 0x29;

/** Verdicts that the reason alone gives: no entry is asked. */
const WITHOUT_ENTRY: ReadonlyMap<number, { verdict: VerdictId; text: string; say: string }> =
  new Map([
    [
      COMPATIBILITY,
      {
        verdict: 'interrupt-compatibility',
        text: 'The device sent an interrupt in compatibility format, which carries no index, while the unit accepts only remappable ones: an old message address was left in its MSI registers, or its driver wrote a raw one.',
        say: 'not asked: compatibility-format requests name no entry',
      },
    ],
    [
      REQUEST,
      {
        verdict: 'request-blocked',
        text: 'The interrupt message itself has reserved bits set: the address or data in the MSI registers of the device is no message that software composes.',
        say: 'not asked: the message is refused as it is',
      },
    ],
    [
      RANGE,
      {
        verdict: 'request-blocked',
        text: 'The device sent something other than an interrupt message to the interrupt address range (0xfee00000 to 0xfeefffff): its driver gave it that range as a DMA address.',
        say: 'not asked: no entry serves DMA to the interrupt range',
      },
    ],
  ]);

/** Explains a refused VT-d interrupt by the remapping entry that it names. */
export function explainInterrupt(fault: FaultRecord, context: ExplainContext): Judgement {
  const plain = fault.reason === undefined ? undefined : WITHOUT_ENTRY.get(fault.reason);
  if (plain)
    return {
      verdict: plain.verdict,
      text: plain.text,
      tablesSay: plain.say,
      checks: [],
      evidence: [],
      unit: undefined,
      walk: undefined,
    };
  const said = meaningOf(fault);
  const meaning = said ? `The unit says: ${said}. ` : '';
  const bdf = fault.bdf === undefined ? undefined : parseBdf(fault.bdf);
  const units = context.units.filter((unit) => unit.facts.vendor === 'intel');
  const unit = unitOf(units, fault, bdf ?? { id: -1, segment: fault.segment ?? 0 });
  const facts = unit?.facts.vendor === 'intel' ? unit.facts.interrupts : undefined;
  if (!unit || !facts || fault.index === undefined)
    return undecided(
      `${meaning}No interrupt remapping table of this unit is at hand, or the record names no index.`,
      unit,
    );
  const about = { fault, context, unit };
  const { index } = fault;
  const say = `table of ${facts.capacity} entries at ${hex(facts.table)}`;
  if (index >= facts.capacity)
    return judgement(
      about,
      'interrupt-index-beyond',
      `Index ${index} lies beyond the table at ${hex(facts.table)}, which has ${facts.capacity} entries.`,
      say,
      [BEYOND],
    );
  const entry = unit.entry(`${unit.facts.name}/irq/${index}`);
  if (!entry) {
    if (fault.reason === UNREADABLE)
      return judgement(
        about,
        'damaged-table',
        `The unit could not read its table at ${hex(facts.table)}, and the page of entry ${index} is not in this source either.`,
        say,
        [UNREADABLE],
      );
    return undecided(`${meaning}The page of entry ${index} can't be read.`, unit);
  }
  return judgeEntry(about, index, entry, bdf?.id);
}

/** The unit that the log names, or serves the requester; for an I/O APIC the one that knows it. */
function unitOf(
  units: readonly Unit[],
  fault: FaultRecord,
  bdf: { readonly id: number; readonly segment: number },
): Unit | undefined {
  if (units.length > 1 && fault.unit === undefined && fault.index !== undefined) {
    // A source that no table describes (an I/O APIC) is found by the entry that it may use.
    const known = units.some((unit) => unit.devices().devices.some(({ id }) => id === bdf.id));
    const owner = units.find((unit) => {
      const entry = unit.entry(`${unit.facts.name}/irq/${fault.index}`);
      return entry !== undefined && Number(valueOf(entry.layout, entry.words, 'SID')) === bdf.id;
    });
    if (!known && owner) return owner;
  }
  return servingUnit(units, bdf, fault.unit);
}

interface About {
  readonly fault: FaultRecord;
  readonly context: ExplainContext;
  readonly unit: Unit;
}

function judgeEntry(
  about: About,
  index: number,
  entry: Entry,
  requester: number | undefined,
): Judgement {
  const { fault } = about;
  const { layout, words } = entry;
  const number = (name: string): number => Number(valueOf(layout, words, name));
  const evidence = (field: string, meaning: string): Evidence[] => [
    {
      what: `interrupt remapping table entry ${index}`,
      address: entry.address,
      words,
      field,
      meaning,
    },
  ];
  if ((words[0] & 1n) === 0n) return notPresent(about, index, entry, evidence('P', 'not present'));
  const wrong = reservedSet(layout, words);
  if (wrong.length > 0)
    return judgement(
      about,
      'reserved-bits',
      `Entry ${index} at ${hex(entry.address)} has bits set that must be 0 (${wrong.map(({ name }) => name).join(', ')}).`,
      'present, reserved bits set',
      [RESERVED],
      evidence(wrong[0].name, 'must be 0'),
    );
  const source = sourceRule(number('SVT'), number('SID'), number('SQ'), about.unit.facts.segment);
  if (requester !== undefined && !source.allows(requester))
    return judgement(
      about,
      'interrupt-source-failed',
      `Entry ${index} belongs to ${source.text}; the request came from ${fault.bdf}.`,
      `entry of ${source.text}`,
      [SOURCE],
      evidence('SID', source.text),
    );
  if (layout === IRTE_POSTED && postedReason(fault.reason))
    return judgement(
      about,
      'damaged-table',
      `Entry ${index} is posted: the descriptor that it points to ${fault.reason === POSTED_UNREADABLE ? 'could not be read' : 'has reserved bits set'}.`,
      'present, posted',
      [POSTED_UNREADABLE, POSTED_RESERVED],
      evidence('IM', 'posted'),
    );
  const found = judgement(
    about,
    'interrupt-stale-cache',
    `Entry ${index} is present and allows ${fault.bdf ?? 'the requester'}: the unit answered from an older entry in its interrupt entry cache.`,
    `present, vector ${hex(number(layout === IRTE_POSTED ? 'VV' : 'V'))}`,
    undefined,
    evidence('P', 'present'),
  );
  const older = about.context.tablesOf !== undefined && about.context.tablesOf < fault.kernel;
  if (!older) return found;
  return {
    ...found,
    verdict: 'interrupt-entry-absent',
    text: `Entry ${index} is present in the first kernel's table and allows ${fault.bdf ?? 'the requester'}. The kernel that printed the fault had put its own table in place, while the device still sent the interrupt that the first kernel had set up.`,
  };
}

function postedReason(reason: number | undefined): boolean {
  return reason === POSTED_UNREADABLE || reason === POSTED_RESERVED;
}

function notPresent(about: About, index: number, entry: Entry, evidence: Evidence[]): Judgement {
  const old = entry.words.some((word) => word !== 0n);
  const gone = ownerGone(about.fault, about.context);
  const found = judgement(
    about,
    'interrupt-entry-absent',
    `Entry ${index} at ${hex(entry.address)} is not present${old ? ', with the rest of it still set' : ''}: the kernel that owned the interrupt is gone, or freed it while the device still sent it.${gone.text}`,
    'entry not present',
    [ABSENT],
    evidence,
  );
  return { ...found, evidence: [...found.evidence, ...gone.evidence] };
}

/** What the log says of the first kernel's interrupt table, when a crash kernel printed the fault. */
export function ownerGone(
  fault: FaultRecord,
  context: ExplainContext,
): { readonly text: string; readonly evidence: readonly Evidence[] } {
  const handOff = context.story && handOffBefore(context.story, fault);
  if (!handOff?.capture) return { text: '', evidence: [] };
  const taken = handOff.interrupts;
  return {
    text:
      taken?.event === 'interrupt-table-refused'
        ? ' The crash kernel had refused to take over the first kernel’s table.'
        : taken
          ? ' The crash kernel had copied the first kernel’s table, in which this entry was not present either, or freed it since.'
          : ' The crash kernel started with a table of its own, while the device still sent what the first kernel had set up.',
    evidence: taken ? [lineEvidence(taken)] : [],
  };
}

/**
 * Who may use an entry (VT-d 4.1 §5.1.2.1): anybody, the requester of SID but for the function
 * bits that SQ leaves out, or a range of buses.
 */
function sourceRule(
  type: number,
  sid: number,
  qualifier: number,
  segment: number,
): { readonly text: string; allows(id: number): boolean } {
  if (type === 1) {
    const mask = 0xffff & ~[0, 0b100, 0b110, 0b111][qualifier];
    return {
      text: `${formatBdf(sid, segment)}${qualifier === 0 ? '' : ' (some function bits not compared)'}`,
      allows: (id) => (id & mask) === (sid & mask),
    };
  }
  if (type === 2) {
    const [first, last] = [sid >> 8, sid & 0xff];
    return {
      text: `buses ${hex(first)} to ${hex(last)}`,
      allows: (id) => id >> 8 >= first && id >> 8 <= last,
    };
  }
  return { text: 'any requester', allows: () => true };
}

function judgement(
  { fault, context, unit }: About,
  verdict: VerdictId,
  text: string,
  tablesSay: string,
  reasons: readonly number[] | undefined,
  evidence: readonly Evidence[] = [],
): Judgement {
  const checks: Check[] = [sameKernel(fault, context)];
  if (reasons)
    checks.unshift({
      text: 'the entry explains what the hardware reported',
      passed: fault.reason === undefined ? undefined : reasons.includes(fault.reason),
    });
  return { verdict, text, tablesSay, checks, evidence, unit, walk: undefined };
}
