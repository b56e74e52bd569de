/** VT-d units from what Linux's debugfs lists: facts, and tables as memory. */
import { encode, withField } from '../../bits/layout.ts';
import type { IntelFacts, QueueFacts } from '../../iommu/facts.ts';
import { RegisterWords, type MmioSpace } from '../../memory/mmio.ts';
import { intelFactsFromRegisters } from '../../vtd/facts.ts';
import { RTADDR } from '../../vtd/registers-global.ts';
import { IQA, IQH, IQT } from '../../vtd/registers-queues.ts';
import {
  CONTEXT_ENTRY,
  PASID_DIRECTORY_ENTRY,
  PASID_TABLE_ENTRY,
  ROOT_ENTRY,
  SCALABLE_CONTEXT_ENTRY,
  SCALABLE_ROOT_ENTRY,
} from '../../vtd/tables.ts';
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
import type { Listing } from './unit.ts';
import type { TablePages } from './pages.ts';

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
const PASIDS_PER_TABLE = 64;
const PASID_ENTRY_SIZE = 64;
/** The largest PASID directory: 2^14 entries. */
const DIRECTORY_BYTES = 8 << 14;
/** Levels that a page table can have. */
const LEVELS: ReadonlySet<number> = new Set([3, 4, 5]);
const ENTRY_ADDRESS = 0x000f_ffff_ffff_f000n;
/** A shortest queue, in entries; its size field doubles it. */
const SHORTEST_QUEUE_BYTES = 4096;
/** Bit that Linux sets in every first-stage entry (U/S) and in no second-stage one. */
const USER = 4n;

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
  return [...units.values()].map((parts) => new IntelText(parts, pages, findings).build());
}

/** Puts one unit together. */
class IntelText {
  readonly #parts: Parts;
  readonly #pages: TablePages;
  readonly #findings: ImportFindings;
  readonly #entries = new Set<number>();
  readonly #tablesOnly = new Set<number>();
  readonly #pasids = new Map<number, Set<number>>();
  readonly #pasidTables = new Map<bigint, bigint>();

  constructor(parts: Parts, pages: TablePages, findings: ImportFindings) {
    this.#parts = parts;
    this.#pages = pages;
    this.#findings = findings;
  }

  build(): StatedFacts<IntelFacts> {
    const { name, given, translation, interrupts, queue, domains } = this.#parts;
    const root = this.#root();
    const scalable = root?.scalable ?? false;
    for (const table of domains) this.#pageTable(table);
    const words = this.#registers(root, scalable);
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
      mode: known.mode ?? (root ? (scalable ? 'scalable' : 'legacy') : undefined),
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
    this.#interrupts(facts);
    this.#queue();
    const buses = new Set([...this.#entries].map((id) => id >> 8));
    return {
      facts,
      listing: {
        entries: this.#entries,
        tablesOnly: this.#tablesOnly,
        // The root entry of a bus is listed with its rows alone.
        absent: (id) => facts.translationEnabled === false || buses.has(id >> 8),
        pasid: (id, pasid) => !scalable || (this.#pasids.get(id)?.has(pasid) ?? false),
      },
    };
  }

  /** Root, context and PASID entries as listed, or places for page tables that stand alone. */
  #root(): { address: bigint; scalable: boolean } | undefined {
    const { translation, domains } = this.#parts;
    if (translation?.rootTable !== undefined) {
      this.#pages.table(translation.rootTable, 4096);
      for (const row of translation.rows) {
        const at = `${this.#parts.name}/root`;
        this.#pages.words(row.root.address!, row.root.words, at, row.root.line);
        const context = row.context.address!;
        this.#pages.table(context & ENTRY_ADDRESS, 4096);
        this.#pages.words(context, row.context.words, at, row.context.line);
        this.#entries.add(row.bdf.id);
        if (row.pasidEntry) {
          this.#pasid(row.context.words[0], row.pasid!, row.pasidEntry.words, row.pasidEntry.line);
          this.#listPasid(row.bdf.id, row.pasid!);
        }
      }
      return {
        address: translation.rootTable,
        scalable: translation.rows.some(({ pasid }) => pasid !== undefined),
      };
    }
    const whole = domains.filter((table) => LEVELS.has(levelsOf(table)));
    for (const table of domains.filter((each) => !LEVELS.has(levelsOf(each))))
      this.#findings.add(
        'note',
        'page-table-empty',
        this.#parts.name,
        table.rows.length === 0
          ? `The text lists no mapping of ${table.device}, and nothing tells how many levels its table has.`
          : `The page table of ${table.device} would have ${levelsOf(table)} levels, which no unit has; it is left out.`,
      );
    return whole.length > 0 ? this.#places(whole) : undefined;
  }

  /** Root and context entries that lead to the page tables that a text tells alone. */
  #places(domains: readonly DomainTable[]): { address: bigint; scalable: boolean } {
    const scalable = domains.some((table) => table.pasid !== undefined || isFirstStage(table));
    const root = this.#pages.placeholder(4096);
    this.#pages.table(root, 4096);
    const contexts = new Map<number, bigint>();
    const half = (id: number): number => (scalable ? id >> 7 : id >> 8);
    for (const table of domains) {
      const { id } = table.bdf!;
      this.#tablesOnly.add(id);
      let context = contexts.get(half(id));
      if (context === undefined) {
        context = this.#pages.placeholder(4096);
        contexts.set(half(id), context);
        this.#pages.table(context, 4096);
        const upper = scalable && (id & 0x80) !== 0;
        const words = scalable
          ? encode(SCALABLE_ROOT_ENTRY, {
              [upper ? 'UP' : 'LP']: 1,
              [upper ? 'UCTP' : 'LCTP']: context >> 12n,
            })
          : encode(ROOT_ENTRY, { P: 1, CTP: context >> 12n });
        const at = root + BigInt((id >> 8) * 16 + (upper ? 8 : 0));
        this.#pages.words(at, [words[upper ? 1 : 0]], this.#parts.name, 0);
      }
      this.#context(table, context, scalable);
    }
    return { address: root, scalable };
  }

  #context(table: DomainTable, context: bigint, scalable: boolean): void {
    const { id } = table.bdf!;
    const levels = levelsOf(table);
    const top = table.pageTable >> 12n;
    if (!scalable) {
      const words = encode(CONTEXT_ENTRY, { P: 1, AW: levels - 2, SSPTPTR: top });
      this.#pages.words(context + BigInt((id & 0xff) * 16), words, this.#parts.name, 0);
      return;
    }
    const pasid = table.pasid ?? 0;
    const address = context + BigInt((id & 0x7f) * 32);
    const known = this.#pasids.get(id);
    const directory = known ? undefined : this.#pages.placeholder(DIRECTORY_BYTES);
    if (directory !== undefined) {
      this.#pages.table(directory, DIRECTORY_BYTES);
      // PDTS 7 is the largest directory; which one there is, is not told.
      const words = encode(SCALABLE_CONTEXT_ENTRY, {
        P: 1,
        PDTS: 7,
        PASIDE: 1,
        PASIDDIRPTR: directory >> 12n,
      });
      this.#pages.words(address, words, this.#parts.name, 0);
      this.#directories.set(id, words[0]);
    }
    const words = isFirstStage(table)
      ? encode(PASID_TABLE_ENTRY, { P: 1, PGTT: 1, FSPM: levels - 4, FSPTPTR: top })
      : encode(PASID_TABLE_ENTRY, { P: 1, PGTT: 2, AW: levels - 2, SSPTPTR: top });
    this.#pasid(this.#directories.get(id)!, pasid, words, 0);
    this.#listPasid(id, pasid);
  }

  readonly #directories = new Map<number, bigint>();

  #listPasid(id: number, pasid: number): void {
    const listed = this.#pasids.get(id) ?? new Set();
    this.#pasids.set(id, listed.add(pasid));
  }

  /** A PASID entry: where its table stands, no text tells; the directory entry leads to a place. */
  #pasid(context: bigint, pasid: number, words: readonly bigint[], line: number): void {
    const directory = context & ENTRY_ADDRESS;
    const entry = directory + BigInt(Math.floor(pasid / PASIDS_PER_TABLE) * 8);
    let table = this.#pasidTables.get(entry);
    if (table === undefined) {
      table = this.#pages.placeholder(4096);
      this.#pasidTables.set(entry, table);
      this.#pages.table(table, 4096);
      this.#pages.table(entry & ENTRY_ADDRESS, 4096);
      const pointer = encode(PASID_DIRECTORY_ENTRY, { P: 1, SMPTBLPTR: table >> 12n });
      this.#pages.words(entry, pointer, this.#parts.name, line);
    }
    const at = table + BigInt((pasid % PASIDS_PER_TABLE) * PASID_ENTRY_SIZE);
    this.#pages.words(at, words, this.#parts.name, line);
  }

  /** Every entry on the way to a listed leaf. */
  #pageTable({ bdf, pageTable, rows }: DomainTable): void {
    const at = `${this.#parts.name}/${bdf ? `${bdf.id}` : 'tables'}`;
    this.#pages.table(pageTable, 4096);
    for (const { iova, path, line } of rows) {
      let table = pageTable;
      for (const { level, entry } of path) {
        const index = (iova >> BigInt(12 + 9 * (level - 1))) & 0x1ffn;
        this.#pages.words(table + index * 8n, [entry], at, line);
        table = entry & ENTRY_ADDRESS;
      }
    }
  }

  #interrupts(facts: IntelFacts): void {
    const rows = this.#parts.interrupts?.rows ?? [];
    if (!facts.interrupts || !this.#parts.interrupts) return;
    const { table, capacity } = facts.interrupts;
    this.#pages.table(table, capacity * IRTE_SIZE);
    for (const { index, entry } of rows)
      this.#pages.words(
        table + BigInt(index * IRTE_SIZE),
        entry.words,
        `${facts.name}/irq/${index}`,
        entry.line,
      );
  }

  #queue(): void {
    const { queue, name } = this.#parts;
    for (const { index, entry } of queue?.rows ?? [])
      if (entry.address !== undefined)
        this.#pages.words(entry.address, entry.words, `${name}/queue/${index}`, entry.line);
  }

  /** Registers whose values the texts print. */
  #registers(root: { address: bigint } | undefined, scalable: boolean): RegisterWords {
    const words = new Map<number, number>();
    const set = (offset: number, value: bigint): void => {
      words.set(offset, Number(value & 0xffff_ffffn));
      words.set(offset + 4, Number(value >> 32n));
    };
    const { translation, queue } = this.#parts;
    if (translation?.enabled && root && translation.rows.length > 0) {
      const table = encode(RTADDR.layout, { RTA: root.address >> 12n, TTM: scalable ? 1 : 0 });
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
}

/** Levels of a table by its first row; 0 without one. */
function levelsOf({ rows }: DomainTable): number {
  return rows[0]?.path[0].level ?? 0;
}

/** First stage or second: by the bits that Linux sets in each. */
function isFirstStage({ rows }: DomainTable): boolean {
  return (
    rows[0]?.path[0].level !== 3 &&
    rows.every(({ path }) => path.every(({ entry }) => (entry & USER) !== 0n))
  );
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
