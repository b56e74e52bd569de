/** VT-d tables from what Linux's debugfs lists: root, context and PASID entries, page tables. */
import { encode } from '../../bits/layout.ts';
import {
  CONTEXT_ENTRY,
  PASID_DIRECTORY_ENTRY,
  PASID_TABLE_ENTRY,
  ROOT_ENTRY,
  SCALABLE_CONTEXT_ENTRY,
  SCALABLE_ROOT_ENTRY,
} from '../../vtd/tables.ts';
import { PAGE_SIZE } from '../../memory/physical.ts';
import type { DomainTable, TranslationUnit } from '../intel-tables.ts';
import type { ImportFindings } from '../text-lines.ts';
import type { TablePages } from './pages.ts';

/** What a unit's texts tell of its tables. */
export interface StatedTables {
  readonly name: string;
  readonly translation?: TranslationUnit | undefined;
  /** Page tables of devices. */
  readonly domains: readonly DomainTable[];
}

/** Where a unit's root table stands, and of which form it is. */
export interface StatedRoot {
  readonly address: bigint;
  readonly mode: 'legacy' | 'scalable';
}

const PASIDS_PER_TABLE = 64;
const PASID_ENTRY_SIZE = 64;
/** The largest PASID directory: 2^14 entries. */
const DIRECTORY_BYTES = 8 << 14;
/** Levels that a page table can have. */
const LEVELS: ReadonlySet<number> = new Set([3, 4, 5]);
/** Bits 51:12 of an entry: where the next table stands. */
const ENTRY_ADDRESS = 0x000f_ffff_ffff_f000n;
/** Bit that Linux sets in every first-stage entry (U/S) and in no second-stage one. */
const USER = 4n;

/** Puts the tables of one unit into the pages. */
export class IntelTables {
  /** Where the root table stands; undefined when no table is told. */
  readonly root: StatedRoot | undefined;
  /** Requesters of which a context entry is listed. */
  readonly entries = new Set<number>();
  /** Requesters of which only the page table is listed. */
  readonly tablesOnly = new Set<number>();
  readonly #name: string;
  readonly #pages: TablePages;
  readonly #findings: ImportFindings;
  /** Listed PASIDs by requester. */
  readonly #pasids = new Map<number, Set<number>>();
  /** Places of PASID tables, by the address of the directory entry that leads there. */
  readonly #pasidTables = new Map<bigint, bigint>();
  /** First words of made context entries, by requester: they lead to a PASID directory. */
  readonly #directories = new Map<number, bigint>();

  constructor(stated: StatedTables, pages: TablePages, findings: ImportFindings) {
    this.#name = stated.name;
    this.#pages = pages;
    this.#findings = findings;
    this.root = this.#root(stated);
    for (const table of stated.domains) this.#pageTable(table);
  }

  listsPasid(id: number, pasid: number): boolean {
    return this.#pasids.get(id)?.has(pasid) ?? false;
  }

  /** Root, context and PASID entries as listed, or places for page tables that stand alone. */
  #root({ translation, domains }: StatedTables): StatedRoot | undefined {
    if (translation?.rootTable !== undefined) {
      this.#pages.table(translation.rootTable, PAGE_SIZE);
      for (const row of translation.rows) {
        const at = `${this.#name}/root`;
        this.#pages.words(row.root.address!, row.root.words, at, row.root.line);
        const context = row.context.address!;
        this.#pages.table(context & ENTRY_ADDRESS, PAGE_SIZE);
        this.#pages.words(context, row.context.words, at, row.context.line);
        this.entries.add(row.bdf.id);
        if (row.pasidEntry) {
          this.#pasid(row.context.words[0], row.pasid!, row.pasidEntry.words, row.pasidEntry.line);
          this.#listPasid(row.bdf.id, row.pasid!);
        }
      }
      return {
        address: translation.rootTable,
        mode: translation.rows.some(({ pasid }) => pasid !== undefined) ? 'scalable' : 'legacy',
      };
    }
    const whole = domains.filter((table) => LEVELS.has(levelsOf(table)));
    for (const table of domains.filter((each) => !LEVELS.has(levelsOf(each))))
      this.#findings.add(
        'note',
        'page-table-empty',
        this.#name,
        table.rows.length === 0
          ? `The text lists no mapping of ${table.device}, and nothing tells how many levels its table has.`
          : `The page table of ${table.device} would have ${levelsOf(table)} levels, which no unit has; it is left out.`,
      );
    return whole.length > 0 ? this.#places(whole) : undefined;
  }

  /** Root and context entries that lead to the page tables that a text tells alone. */
  #places(domains: readonly DomainTable[]): StatedRoot {
    const scalable = domains.some((table) => table.pasid !== undefined || isFirstStage(table));
    const root = this.#pages.placeholder(PAGE_SIZE);
    this.#pages.table(root, PAGE_SIZE);
    const contexts = new Map<number, bigint>();
    const half = (id: number): number => (scalable ? id >> 7 : id >> 8);
    for (const table of domains) {
      const { id } = table.bdf!;
      this.tablesOnly.add(id);
      let context = contexts.get(half(id));
      if (context === undefined) {
        context = this.#pages.placeholder(PAGE_SIZE);
        contexts.set(half(id), context);
        this.#pages.table(context, PAGE_SIZE);
        const upper = scalable && (id & 0x80) !== 0;
        const words = scalable
          ? encode(SCALABLE_ROOT_ENTRY, {
              [upper ? 'UP' : 'LP']: 1,
              [upper ? 'UCTP' : 'LCTP']: context >> 12n,
            })
          : encode(ROOT_ENTRY, { P: 1, CTP: context >> 12n });
        const at = root + BigInt((id >> 8) * 16 + (upper ? 8 : 0));
        this.#pages.words(at, [words[upper ? 1 : 0]], this.#name, 0);
      }
      this.#context(table, context, scalable);
    }
    return { address: root, mode: scalable ? 'scalable' : 'legacy' };
  }

  #context(table: DomainTable, context: bigint, scalable: boolean): void {
    const { id } = table.bdf!;
    const levels = levelsOf(table);
    const top = table.pageTable >> 12n;
    if (!scalable) {
      const words = encode(CONTEXT_ENTRY, { P: 1, AW: levels - 2, SSPTPTR: top });
      this.#pages.words(context + BigInt((id & 0xff) * 16), words, this.#name, 0);
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
      this.#pages.words(address, words, this.#name, 0);
      this.#directories.set(id, words[0]);
    }
    const words = isFirstStage(table)
      ? encode(PASID_TABLE_ENTRY, { P: 1, PGTT: 1, FSPM: levels - 4, FSPTPTR: top })
      : encode(PASID_TABLE_ENTRY, { P: 1, PGTT: 2, AW: levels - 2, SSPTPTR: top });
    this.#pasid(this.#directories.get(id)!, pasid, words, 0);
    this.#listPasid(id, pasid);
  }

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
      table = this.#pages.placeholder(PAGE_SIZE);
      this.#pasidTables.set(entry, table);
      this.#pages.table(table, PAGE_SIZE);
      this.#pages.table(entry & ENTRY_ADDRESS, PAGE_SIZE);
      const pointer = encode(PASID_DIRECTORY_ENTRY, { P: 1, SMPTBLPTR: table >> 12n });
      this.#pages.words(entry, pointer, this.#name, line);
    }
    const at = table + BigInt((pasid % PASIDS_PER_TABLE) * PASID_ENTRY_SIZE);
    this.#pages.words(at, words, this.#name, line);
  }

  /** Every entry on the way to a listed leaf. */
  #pageTable({ bdf, pageTable, rows }: DomainTable): void {
    const at = `${this.#name}/${bdf ? `${bdf.id}` : 'tables'}`;
    this.#pages.table(pageTable, PAGE_SIZE);
    for (const { iova, path, line } of rows) {
      let table = pageTable;
      for (const { level, entry } of path) {
        const index = (iova >> BigInt(12 + 9 * (level - 1))) & 0x1ffn;
        this.#pages.words(table + index * 8n, [entry], at, line);
        table = entry & ENTRY_ADDRESS;
      }
    }
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
