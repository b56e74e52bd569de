/** VT-d units from what Linux's debugfs lists: facts, and tables as memory. */
import { encode, withField } from '../../bits/layout.ts';
import type { IntelFacts, QueueFacts } from '../../iommu/facts.ts';
import { RegisterWords, type MmioSpace } from '../../memory/mmio.ts';
import { intelFactsFromRegisters } from '../../vtd/facts.ts';
import { RTADDR } from '../../vtd/registers-global.ts';
import { IQA, IQH, IQT } from '../../vtd/registers-queues.ts';
import {
  parseInterruptTranslation,
  parseInvalidationQueue,
  type ImportedQueue,
  type InterruptUnit,
} from '../intel-interrupts.ts';
import {
  parseDmarTranslation,
  parseDomainTranslation,
  type DomainTable,
  type TranslationUnit,
} from '../intel-tables.ts';
import type { ImportFindings } from '../text-lines.ts';
import { IntelTables, type StatedRoot } from './intel-tables.ts';
import type { TablePages } from './pages.ts';
import type { Listing } from './unit.ts';

/** Registers of a unit that were given apart from the texts. */
export interface GivenUnit {
  readonly name?: string | undefined;
  readonly base: bigint | undefined;
  readonly registers: MmioSpace;
}

/** A unit with what its text tells of requesters. */
export interface StatedFacts<T> {
  readonly facts: T;
  readonly listing: Listing;
}

/** Entries of an interrupt remapping table as Linux makes it; IRTA's size where that is known. */
const LINUX_INTERRUPT_ENTRIES = 65_536;
const IRTE_SIZE = 16;
/** A queue of size 0; each further size doubles it (IQA.QS). */
const SHORTEST_QUEUE_BYTES = 4096;

/** What the texts tell of one unit. */
interface Parts {
  readonly name: string;
  given?: GivenUnit;
  translation?: TranslationUnit;
  interrupts?: InterruptUnit;
  queue?: ImportedQueue;
  /** Page tables of devices that this unit's rows name, or of which no unit is told. */
  readonly domains: DomainTable[];
}

/**
 * Puts units together from any of `dmar_translation_struct`, `domain_translation_struct`,
 * `ir_translation_struct` and `invalidation_queue`, with registers where they were given.
 */
export function statedIntel(
  texts: readonly string[],
  given: readonly GivenUnit[],
  pages: TablePages,
  findings: ImportFindings,
): StatedFacts<IntelFacts>[] {
  const units = new Map<string, Parts>();
  const unitOf = (name: string): Parts => {
    let parts = units.get(name);
    if (!parts) units.set(name, (parts = { name, domains: [] }));
    return parts;
  };
  const domains: DomainTable[] = [];
  for (const text of texts) {
    for (const each of parseDmarTranslation(text)) unitOf(each.name).translation ??= each;
    for (const each of parseInterruptTranslation(text)) unitOf(each.name).interrupts ??= each;
    for (const each of parseInvalidationQueue(text)) unitOf(each.name).queue ??= each;
    domains.push(...parseDomainTranslation(text));
  }
  if (units.size === 0 && domains.length === 0) return [];
  for (const [index, each] of given.entries()) unitOf(each.name ?? `dmar${index}`).given = each;
  for (const table of domains) {
    const { bdf } = table;
    if (!bdf) continue;
    const owner = [...units.values()].find(({ translation }) =>
      translation?.rows.some((row) => row.bdf.id === bdf.id),
    );
    const only = units.size === 1 ? [...units.values()][0] : undefined;
    (owner ?? (only?.translation ? undefined : only) ?? unitOf('tables0')).domains.push(table);
  }
  return [...units.values()].map((parts) => factsOf(parts, pages, findings));
}

/** Puts one unit together: its facts, and its tables into the pages. */
function factsOf(
  parts: Parts,
  pages: TablePages,
  findings: ImportFindings,
): StatedFacts<IntelFacts> {
  const { name, given, translation, interrupts, queue, domains } = parts;
  const tables = new IntelTables({ name, translation, domains }, pages, findings);
  const { root } = tables;
  const words = printedRegisters(parts, root);
  const registers = given ? layered(given.registers, words) : words;
  const known = intelFactsFromRegisters(registers, {
    name,
    segment: domains.find(({ bdf }) => bdf)?.bdf?.segment ?? 0,
    base: given?.base,
  });
  const facts: IntelFacts = {
    ...known,
    from: 'file',
    translationEnabled: known.translationEnabled ?? translation?.enabled,
    rootTable: known.rootTable ?? root?.address,
    mode: known.mode ?? root?.mode,
    interrupts:
      known.interrupts ??
      (interrupts?.table === undefined
        ? undefined
        : {
            table: interrupts.table,
            capacity: LINUX_INTERRUPT_ENTRIES,
            extended: isExtended(interrupts),
          }),
    queue: known.queue ?? queueFacts(queue),
  };
  placeInterrupts(interrupts, facts, pages);
  placeQueue(queue, name, pages);
  const buses = new Set([...tables.entries].map((id) => id >> 8));
  return {
    facts,
    listing: {
      entries: tables.entries,
      tablesOnly: tables.tablesOnly,
      // The root entry of a bus is listed with its rows alone.
      absent: (id) => facts.translationEnabled === false || buses.has(id >> 8),
      pasid: (id, pasid) => root?.mode !== 'scalable' || tables.listsPasid(id, pasid),
    },
  };
}

/** The interrupt remapping table, where the registers or the text say where it stands. */
function placeInterrupts(
  stated: InterruptUnit | undefined,
  facts: IntelFacts,
  pages: TablePages,
): void {
  if (!facts.interrupts || !stated) return;
  const { table, capacity } = facts.interrupts;
  pages.table(table, capacity * IRTE_SIZE);
  for (const { index, entry } of stated.rows)
    pages.words(
      table + BigInt(index * IRTE_SIZE),
      entry.words,
      `${facts.name}/irq/${index}`,
      entry.line,
    );
}

function placeQueue(queue: ImportedQueue | undefined, name: string, pages: TablePages): void {
  for (const { index, entry } of queue?.rows ?? [])
    if (entry.address !== undefined)
      pages.words(entry.address, entry.words, `${name}/queue/${index}`, entry.line);
}

/** Registers whose values the texts print. */
function printedRegisters(
  { translation, queue }: Parts,
  root: StatedRoot | undefined,
): RegisterWords {
  const words = new Map<number, number>();
  const set = (offset: number, value: bigint): void => {
    words.set(offset, Number(value & 0xffff_ffffn));
    words.set(offset + 4, Number(value >> 32n));
  };
  if (translation?.enabled && root && translation.rows.length > 0) {
    const table = encode(RTADDR.layout, {
      RTA: root.address >> 12n,
      TTM: root.mode === 'scalable' ? 1 : 0,
    });
    set(RTADDR.offset, table[0]);
  }
  const facts = queueFacts(queue);
  if (facts && isQueueSize(facts)) {
    const size = Math.log2(facts.length / SHORTEST_QUEUE_BYTES);
    const wide = facts.descriptor === 32;
    const base = encode(IQA.layout, { IQA: facts.base >> 12n, QS: size, DW: wide ? 1 : 0 });
    set(IQA.offset, base[0]);
    const offset = (which: typeof IQH, name: string, value: number): bigint =>
      withField(which.layout, [0n], name, BigInt(value) >> 4n)[0];
    set(IQH.offset, offset(IQH, 'QH', facts.head!));
    set(IQT.offset, offset(IQT, 'QT', facts.tail!));
  }
  return new RegisterWords(words, 'file', false);
}

/**
 * Extended interrupt mode, where an entry proves it: only there a destination may have bits
 * outside 15:8 (VT-d 4.1 §9.10). The other mode can't be proven by destinations.
 */
function isExtended({ rows }: InterruptUnit): true | undefined {
  return rows.some(({ destination }) => ((destination ?? 0n) & ~0xff00n) !== 0n) || undefined;
}

/** A size that IQA can state, with head and tail in it: else the text is cut or damaged. */
function isQueueSize({ length, head, tail }: QueueFacts): boolean {
  const size = Math.log2(length / SHORTEST_QUEUE_BYTES);
  const within = (offset: number | undefined): boolean => offset !== undefined && offset < length;
  return Number.isInteger(size) && size >= 0 && size < 8 && within(head) && within(tail);
}

/** The queue as the text prints it: every descriptor of it is listed. */
function queueFacts(queue: ImportedQueue | undefined): QueueFacts | undefined {
  if (queue?.base === undefined || queue.rows.length === 0) return undefined;
  const descriptor = queue.rows[0].entry.words.length * 8;
  const last = queue.rows.reduce((most, { index }) => Math.max(most, index), 0);
  return {
    base: queue.base,
    length: (last + 1) * descriptor,
    descriptor,
    head: queue.head === undefined ? undefined : queue.head * descriptor,
    tail: queue.tail === undefined ? undefined : queue.tail * descriptor,
  };
}

/** The first space's values, and the second's where the first has none. */
function layered(first: MmioSpace, second: MmioSpace): MmioSpace {
  return {
    read: (offset, width) => first.read(offset, width) ?? second.read(offset, width),
  };
}
