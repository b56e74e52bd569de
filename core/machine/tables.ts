/**
 * Software's side of the tables: builds root, context and second-stage tables in simulated
 * memory (VT-d 4.1 §9), as a driver does. It writes memory and nothing else: telling the unit is
 * the caller's business.
 */
import { addressOf, encode } from '../bits/layout.ts';
import type { Words } from '../bits/layout.ts';
import { formatBdf } from '../format/bdf.ts';
import { levelStep } from '../iommu/path.ts';
import type { Rights } from '../iommu/leaves.ts';
import { READ, WRITE } from '../iommu/leaves.ts';
import { readWords } from '../memory/physical.ts';
import { levelShift, SECOND_STAGE_PAGES, SECOND_STAGE_TABLES } from '../vtd/paging.ts';
import { CONTEXT_ENTRY, ROOT_ENTRY } from '../vtd/tables.ts';
import type { SimulatedMemory } from './memory.ts';
import { hexByte } from '../format/hex.ts';

/** Gives the physical address of a fresh page of zeros. */
export type AllocatePage = () => bigint;

const ENTRY_BYTES = 16n;

/** How a context entry lets a device's requests through. */
export type Attachment =
  | { readonly translation: 'second-stage'; readonly domain: number; readonly tables: DomainTables }
  | { readonly translation: 'pass-through'; readonly domain: number; readonly levels: number };

/** A context entry's words for an attachment. */
export function contextEntry(attachment: Attachment): bigint[] {
  const levels =
    attachment.translation === 'pass-through' ? attachment.levels : attachment.tables.levels;
  return encode(CONTEXT_ENTRY, {
    P: 1,
    TT: attachment.translation === 'pass-through' ? 2 : 0,
    SSPTPTR: attachment.translation === 'pass-through' ? 0n : attachment.tables.top >> 12n,
    AW: levels - 2,
    DID: attachment.domain,
  });
}

/** A root table and the context tables under it. */
export class RootTables {
  /** Physical address of the root table. */
  readonly root: bigint;
  readonly #memory: SimulatedMemory;
  readonly #allocate: AllocatePage;

  constructor(memory: SimulatedMemory, allocate: AllocatePage, root = allocate()) {
    this.#memory = memory;
    this.#allocate = allocate;
    this.root = root;
  }

  /** Physical address of a bus's context table; undefined when its root entry is not present. */
  contextTable(bus: number): bigint | undefined {
    const words = this.#read(this.root + BigInt(bus) * ENTRY_BYTES);
    return words[0] & 1n ? addressOf(ROOT_ENTRY, words, 'CTP') : undefined;
  }

  /** Gives a bus an empty context table. @returns its physical address. */
  addContextTable(bus: number): bigint {
    const table = this.#allocate();
    const words = encode(ROOT_ENTRY, { P: 1, CTP: table >> 12n });
    const text = `root entry of bus ${hexByte(bus)}`;
    this.#memory.writeWords(this.root + BigInt(bus) * ENTRY_BYTES, words, text);
    return table;
  }

  /** Physical address of a device's context entry; undefined when its bus has no table. */
  contextAddress(id: number): bigint | undefined {
    const table = this.contextTable(id >> 8);
    return table === undefined ? undefined : table + BigInt(id & 0xff) * ENTRY_BYTES;
  }

  /** A device's context entry as memory holds it; zeros where its bus has no table. */
  context(id: number): Words {
    const address = this.contextAddress(id);
    return address === undefined ? [0n, 0n] : this.#read(address);
  }

  /** Stores a device's context entry, the high word first: P comes last. */
  setContext(id: number, words: Words): void {
    const table = this.contextTable(id >> 8) ?? this.addContextTable(id >> 8);
    const address = table + BigInt(id & 0xff) * ENTRY_BYTES;
    this.#memory.writeWords(address, words, `context entry of ${formatBdf(id)}`);
  }

  #read(address: bigint): bigint[] {
    const words = readWords(this.#memory, address, 2);
    return Array.isArray(words) ? words : [0n, 0n];
  }
}

/** The second-stage page tables of one domain. */
export class DomainTables {
  /** Physical address of the top table. */
  readonly top: bigint;
  readonly levels: number;
  readonly #memory: SimulatedMemory;
  readonly #allocate: AllocatePage;
  readonly #name: string;

  /** @param name what the event log calls them: `domain 7` */
  constructor(memory: SimulatedMemory, allocate: AllocatePage, levels: number, name: string) {
    this.#memory = memory;
    this.#allocate = allocate;
    this.#name = name;
    this.levels = levels;
    this.top = allocate();
  }

  /** Maps one page; `level` 1, 2 or 3 for 4 KiB, 2 MiB or 1 GiB. Missing tables are made. */
  map(iova: bigint, pa: bigint, rights: Rights, level = 1): void {
    const address = this.entryAddress(iova, level, true);
    const words = encode(SECOND_STAGE_PAGES.get(level)!, {
      R: rights & READ ? 1 : 0,
      W: rights & WRITE ? 1 : 0,
      ADDR: pa >> BigInt(levelShift(level)),
      ...(level > 1 ? { PS: 1 } : {}),
    });
    this.#write(address, words, level, iova);
  }

  /** Clears the entry that maps a page. */
  unmap(iova: bigint, level = 1): void {
    const address = this.entryAddress(iova, level, false);
    if (address !== undefined) this.#write(address, [0n], level, iova);
  }

  /**
   * Physical address of the entry at `level` that an input address uses.
   * @param make tables on the way are made where they are missing
   */
  entryAddress(iova: bigint, level: number, make: true): bigint;
  entryAddress(iova: bigint, level: number, make: boolean): bigint | undefined;
  entryAddress(iova: bigint, level: number, make: boolean): bigint | undefined {
    let table = this.top;
    for (let at = this.levels; at > level; at--) {
      const address = table + BigInt(indexAt(iova, at)) * 8n;
      const words = readWords(this.#memory, address, 1);
      const entry = Array.isArray(words) ? words[0] : 0n;
      const layout = SECOND_STAGE_TABLES.get(at)!;
      if (entry & 3n) {
        table = addressOf(layout, [entry], 'ADDR');
        continue;
      }
      if (!make) return undefined;
      table = this.#allocate();
      this.#write(address, encode(layout, { R: 1, W: 1, ADDR: table >> 12n }), at, iova);
    }
    return table + BigInt(indexAt(iova, level)) * 8n;
  }

  #write(address: bigint, words: Words, level: number, iova: bigint): void {
    const what = `${this.#name} ${levelStep(level, indexAt(iova, level))}`;
    this.#memory.writeWords(address, words, what);
  }
}

/** Index of an input address into the table at `level`. */
function indexAt(iova: bigint, level: number): number {
  return Number((iova >> BigInt(levelShift(level))) & 0x1ffn);
}
