/**
 * Random AMD-Vi tables for one requester: mostly sound, some damaged, with addresses to try. All
 * tables lie in one region of memory and all pages that they map in another, so that DMA never
 * changes a table (unless damage leads it there).
 */
import type { Layout } from '../../core/bits/layout.ts';
import { encode } from '../../core/bits/layout.ts';
import { DTE } from '../../core/amdvi/dte.ts';
import { levelPages, levelShift, PDE, PTE, TABLE_ENTRIES } from '../../core/amdvi/page-table.ts';
import { FilledMemory } from './filled-memory.ts';
import type { Random } from './random.ts';

/** Memory of the machine. */
export const MEMORY_BYTES = 64 << 20;
const TABLES = 0x10_0000n;
const TABLES_END = 0x40_0000n;
/** Pages that are mapped: from here to what the harness keeps for itself. */
export const DATA = TABLES_END;
const DATA_END = BigInt(MEMORY_BYTES) - 0x1_0000n;
const TRIES = 6;
/** Entries of a NextLevel 7 page that are written; longer runs get the one that is used. */
const LONGEST_RUN = 32;

const DTE_BYTES = 32n;
const PRESENT = 1n;
const NEXT_LEVEL_SIZED = 7n;

export interface Probe {
  readonly address: bigint;
  readonly write: boolean;
}

export interface Scene {
  readonly memory: FilledMemory;
  /** Device table base register: address and size field. */
  readonly deviceTable: bigint;
  /** Exclusion base and limit registers. */
  readonly exclusion: readonly [base: bigint, limit: bigint];
  readonly probes: readonly Probe[];
}

/** Makes the tables and probes of one scene. */
export function makeScene(random: Random, requester: number): Scene {
  return new Builder(random, requester).build();
}

const maskOf = (layout: Layout, kind: string): bigint => {
  let mask = 0n;
  for (const field of layout.fields)
    for (const { high, low } of field.kind === kind ? field.pieces : [])
      mask |= ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);
  return mask;
};
/** Bits of entries that change nothing of a translation: ignored ones, accessed and dirty, U, FC. */
const NEUTRAL = {
  pte: maskOf(PTE, 'ignored') | (0x3n << 5n) | (0x3n << 59n),
  pde: maskOf(PDE, 'ignored') | (1n << 5n),
};

class Builder {
  readonly #random: Random;
  readonly #requester: number;
  readonly #memory = new FilledMemory(MEMORY_BYTES, DATA);
  /** Addresses of the 64-bit words of all entries that were made: damage strikes there. */
  readonly #words: bigint[] = [];
  /** Tables by the address of the entry that leads to them. */
  readonly #tables = new Map<bigint, { readonly table: bigint; readonly level: number }>();
  #nextTable = TABLES;

  constructor(random: Random, requester: number) {
    this.#random = random;
    this.#requester = requester;
  }

  build(): Scene {
    const random = this.#random;
    const mode = random.pick([1, 2, 3, 3, 3, 4, 4, 5, 6, 6]);
    const untranslated = random.chance(6);
    const pages = (this.#requester * Number(DTE_BYTES)) >> 12;
    const deviceTable = this.#page();
    for (let more = 0; more < pages; more++) this.#page();
    const top = this.#page();
    this.#put(
      deviceTable + DTE_BYTES * BigInt(this.#requester),
      this.#deviceEntry(untranslated ? random.pick([0, 0, 7]) : mode, top),
    );
    const addresses = Array.from({ length: TRIES }, () => this.#map(top, mode));
    const probes = addresses.flatMap((address) => this.#probe(address, mode, untranslated));
    if (random.chance(45)) this.#damage();
    const size = random.chance(12) ? 0 : pages + random.below(4);
    return {
      memory: this.#memory,
      deviceTable: deviceTable | BigInt(size),
      exclusion: random.chance(5) ? this.#exclusion(random.pick(addresses)) : [0n, 0n],
      probes,
    };
  }

  #page(): bigint {
    const page = this.#nextTable;
    if (page >= TABLES_END) throw new Error('the scene needs too many tables');
    this.#nextTable += 0x1000n;
    this.#memory.clear(page);
    return page;
  }

  #put(address: bigint, words: readonly bigint[]): void {
    words.forEach((word, at) => {
      this.#memory.writeWord(address + BigInt(8 * at), word);
      this.#words.push(address + BigInt(8 * at));
    });
  }

  #deviceEntry(mode: number, top: bigint): bigint[] {
    const random = this.#random;
    const seldom = (percent: number): number => (random.chance(percent) ? 1 : 0);
    const interrupts: Record<string, number | bigint> = random.chance(20)
      ? {
          IV: 1,
          IntTabLen: random.below(16),
          IntTabRoot: random.bits(46),
          IntCtl: random.below(4),
          GDeviceID: random.bits(16),
          AttrV: random.below(2),
          SnoopAttribute: random.bits(8),
        }
      : {};
    return encode(DTE, {
      V: 1 - seldom(3),
      TV: 1 - seldom(3),
      Mode: mode,
      HostPageTableRoot: top >> 12n,
      HAD: random.chance(30) ? random.below(4) : 0,
      CXLIO: seldom(3),
      'reserved 63': seldom(1),
      PPR: seldom(20),
      GPRP: seldom(20),
      GIoV: seldom(3),
      GV: seldom(4),
      IR: 1 - seldom(5),
      IW: 1 - seldom(5),
      DomainID: random.bits(16),
      I: seldom(20),
      SE: seldom(5),
      SA: seldom(10),
      IoCtl: random.below(3),
      Cache: seldom(10),
      SD: seldom(20),
      EX: random.below(2),
      SysMgt: random.below(4),
      ...interrupts,
    });
  }

  /** Base and limit around an address: for all devices, or for those whose entry says so. */
  #exclusion(address: bigint): [bigint, bigint] {
    const page = address & 0x000f_ffff_ffff_f000n;
    return [page | 1n | BigInt(this.#random.below(2) << 1), page];
  }

  /** Maps one page somewhere; gives an input address inside it. */
  #map(top: bigint, mode: number): bigint {
    const random = this.#random;
    const leaf = Math.min(mode, random.pick([1, 1, 1, 1, 2, 2, 3, 4]));
    const sized = random.chance(25);
    const log2 = levelShift(leaf) - 12 + (sized ? 1 + random.below(leaf === 6 ? 6 : 8) : 0);
    const within = (1n << BigInt(12 + log2)) - 1n;
    const target = DATA + ((random.bits(26) % (DATA_END - DATA)) & ~0xfn);
    // Neighbours share upper tables: some inputs differ from a fixed one in their low bits only.
    let input = random.bits(Math.min(64, levelShift(mode + 1)));
    if (random.chance(60))
      input =
        (0x0012_3456_7890_0000n & ((1n << BigInt(levelShift(mode + 1))) - 1n) & ~0x1f_ffffn) |
        (input & 0x1f_ffffn);
    input = (input & ~within) | (target & within);
    let [table, level] = [top, mode];
    while (level > leaf) {
      const at = this.#entryAt(table, level, input);
      const known = this.#tables.get(at);
      if (known) ({ table, level } = known);
      else if (this.#memory.readWord(at) !== 0n) return input;
      else {
        const next = random.chance(20) ? leaf + random.below(level - leaf) : level - 1;
        const skipped =
          ((1n << BigInt(levelShift(level))) - 1n) & ~((1n << BigInt(levelShift(next + 1))) - 1n);
        if (!random.chance(10)) input &= ~skipped;
        const to = this.#page();
        this.#put(at, [to | (BigInt(next) << 9n) | this.#extras(NEUTRAL.pde)]);
        this.#tables.set(at, { table: to, level: next });
        [table, level] = [to, next];
      }
    }
    if (level === leaf) this.#leaf(table, level, input, target & ~within, sized ? log2 : 0);
    return input;
  }

  #leaf(table: bigint, level: number, input: bigint, base: bigint, log2: number): void {
    const at = this.#entryAt(table, level, input);
    if (this.#memory.readWord(at) !== 0n) return;
    const extras = this.#extras(NEUTRAL.pte);
    if (log2 === 0) {
      this.#put(at, [base | extras]);
      return;
    }
    // The size stands in the address: ones up to the bit below it.
    const size = ((1n << BigInt(log2 - 1)) - 1n) << 12n;
    const word = base | size | (NEXT_LEVEL_SIZED << 9n) | extras;
    const run = 2 ** log2 / levelPages(level);
    const index = Number((at - table) / 8n);
    const first = run <= LONGEST_RUN ? Math.floor(index / run) * run : index;
    for (let each = first; each < first + Math.min(run, LONGEST_RUN); each++) {
      const place = table + BigInt(8 * each);
      const used = each === index || run <= LONGEST_RUN;
      if (used && each < TABLE_ENTRIES && this.#memory.readWord(place) === 0n)
        this.#put(place, [word]);
    }
  }

  #entryAt(table: bigint, level: number, input: bigint): bigint {
    return table + 8n * ((input >> BigInt(levelShift(level))) & 0x1ffn);
  }

  /** Present with mostly all rights, sometimes fewer; often with bits that change nothing. */
  #extras(neutral: bigint): bigint {
    const random = this.#random;
    const rights = random.chance(90) ? 3n : random.bits(2);
    const present = random.chance(97) ? PRESENT : 0n;
    return present | (rights << 61n) | (random.chance(40) ? random.bits(64) & neutral : 0n);
  }

  #probe(address: bigint, mode: number, untranslated: boolean): Probe[] {
    const random = this.#random;
    const write = random.chance(50);
    if (untranslated) {
      const page = DATA + BigInt(random.below(1024)) * 0x1000n;
      return [{ address: page | (address & 0xff0n), write }];
    }
    const probes = [{ address, write }];
    if (random.chance(25)) {
      // Near misses: one bit off, inside what the levels translate or just beyond it.
      const bit = 12 + random.below(Math.min(52, 9 * mode + 4));
      probes.push({ address: address ^ (1n << BigInt(bit)), write: random.chance(50) });
    }
    if (random.chance(3)) {
      const special = random.pick([0xfd_f910_0000n, 0xfd_fc00_0000n, 0xfe_0000_0000n]);
      probes.push({ address: special | (address & 0x1_fff0n), write: random.chance(50) });
    }
    if (random.chance(4))
      probes.push({ address: random.bits(64) & ~0xfn, write: random.chance(50) });
    return probes;
  }

  /** Strikes some entries: a bit flipped, a pointer led outside memory, an entry cleared. */
  #damage(): void {
    const random = this.#random;
    for (let count = 1 + random.below(3); count > 0; count--) {
      const at = random.pick(this.#words);
      const word = this.#memory.readWord(at);
      const kind = random.below(10);
      const changed =
        kind < 7
          ? word ^ (1n << BigInt(random.below(64)))
          : kind < 9
            ? word | random.pick([0x5_0000_0000n, 0x7fff_f000n, 0x1000_0000n])
            : 0n;
      this.#memory.writeWord(at, changed);
    }
  }
}
