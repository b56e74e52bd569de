/**
 * Random VT-d tables for one requester: mostly sound, some damaged, with addresses to try. All
 * tables lie in one region of memory and all pages that they map in another, so that DMA never
 * changes a table.
 */
import { encode } from '../../core/bits/layout.ts';
import {
  CONTEXT_ENTRY,
  PASID_DIRECTORY_ENTRY,
  PASID_TABLE_ENTRY,
  ROOT_ENTRY,
  SCALABLE_CONTEXT_ENTRY,
  SCALABLE_ROOT_ENTRY,
} from '../../core/vtd/tables.ts';
import { levelShift } from '../../core/vtd/paging.ts';
import { ModelMemory } from '../support/model-memory.ts';
import type { Random } from './random.ts';

/** Memory of the machine. */
export const MEMORY_BYTES = 64 << 20;
const TABLES = 0x10_0000n;
const TABLES_END = 0x40_0000n;
const DATA = 0x40_0000n;
const DATA_PAGES = 1024;
/** Room for pages of 2 MiB, below the harness's own page at the end of memory. */
const LARGE = 0x80_0000n;
const LARGE_PAGES = 26;
/** Pages there are refused. */
const INTERRUPT_RANGE = 0xfee0_0000n;
const TRIES = 6;

export interface Probe {
  readonly address: bigint;
  readonly write: boolean;
}

export interface Scene {
  readonly memory: ModelMemory;
  /** RTADDR: root table and mode bits. */
  readonly rtaddr: bigint;
  readonly probes: readonly Probe[];
}

export interface SceneOptions {
  readonly scalable: boolean;
  /** Which page tables the requester has; first-stage ones have four levels, in scalable mode. */
  readonly stage: 'first' | 'second';
  /** Whether some pages lie in the interrupt address range: where the unit would not refuse, their
   * requests are interrupts. */
  readonly interruptRange?: boolean;
  /** Address width of the unit. */
  readonly width: 39 | 48;
  /** Requester ID. */
  readonly requester: number;
}

/** Makes the tables and probes of one scene. */
export function makeScene(random: Random, options: SceneOptions): Scene {
  return new Builder(random, options).build();
}

class Builder {
  readonly #random: Random;
  readonly #options: SceneOptions;
  readonly #memory = new ModelMemory(MEMORY_BYTES);
  /** Addresses of the 64-bit words of all entries that were made: damage strikes there. */
  readonly #words: bigint[] = [];
  readonly #tables = new Map<string, bigint>();
  #nextTable = TABLES;

  constructor(random: Random, options: SceneOptions) {
    this.#random = random;
    this.#options = options;
  }

  build(): Scene {
    const random = this.#random;
    const levels = this.#first ? 4 : this.#options.width === 39 ? 3 : random.pick([3, 4, 4]);
    const top = this.#page();
    const passThrough = random.chance(8);
    const rtaddr = this.#options.scalable
      ? this.#scalable(top, levels, passThrough)
      : this.#legacy(top, levels, passThrough);
    const addresses = Array.from({ length: TRIES }, () => this.#map(top, levels));
    const probes = addresses.flatMap((address) => this.#probe(address, levels, passThrough));
    if (random.chance(45)) this.#damage();
    return { memory: this.#memory, rtaddr, probes };
  }

  get #first(): boolean {
    return this.#options.stage === 'first';
  }

  #page(): bigint {
    const page = this.#nextTable;
    if (page >= TABLES_END) throw new Error('the scene needs too many tables');
    this.#nextTable += 0x1000n;
    return page;
  }

  #put(address: bigint, words: readonly bigint[]): void {
    words.forEach((word, at) => {
      this.#memory.writeWord(address + BigInt(8 * at), word);
      this.#words.push(address + BigInt(8 * at));
    });
  }

  #legacy(top: bigint, levels: number, passThrough: boolean): bigint {
    const random = this.#random;
    const [root, contexts] = [this.#page(), this.#page()];
    const { requester } = this.#options;
    this.#put(
      root + BigInt(16 * (requester >> 8)),
      encode(ROOT_ENTRY, { P: 1, CTP: contexts >> 12n }),
    );
    const type = passThrough ? 2 : random.chance(4) ? random.below(4) : 0;
    this.#put(
      contexts + BigInt(16 * (requester & 0xff)),
      encode(CONTEXT_ENTRY, {
        P: 1,
        FPD: random.chance(5) ? 1 : 0,
        TT: type,
        SSPTPTR: top >> 12n,
        AW: random.chance(4) ? random.below(8) : levels - 2,
        'ignored 70:67': random.bits(4),
        DID: random.bits(16),
      }),
    );
    return root;
  }

  #scalable(top: bigint, levels: number, passThrough: boolean): bigint {
    const random = this.#random;
    const [root, contexts, directory, pasids] = [0, 0, 0, 0].map(() => this.#page());
    const { requester } = this.#options;
    const upper = (requester & 0x80) !== 0;
    const pointer: Record<string, number | bigint> = upper
      ? { UP: 1, UCTP: contexts >> 12n }
      : { LP: 1, LCTP: contexts >> 12n };
    this.#put(root + BigInt(16 * (requester >> 8)), encode(SCALABLE_ROOT_ENTRY, pointer));
    this.#put(
      contexts + BigInt(32 * (requester & 0x7f)),
      encode(SCALABLE_CONTEXT_ENTRY, {
        P: 1,
        FPD: random.chance(3) ? 1 : 0,
        DTE: random.chance(10) ? 1 : 0,
        PASIDE: random.chance(10) ? 1 : 0,
        PRE: random.chance(10) ? 1 : 0,
        PDTS: random.below(8),
        PASIDDIRPTR: directory >> 12n,
      }),
    );
    this.#put(
      directory,
      encode(PASID_DIRECTORY_ENTRY, {
        P: 1,
        FPD: random.chance(3) ? 1 : 0,
        SMPTBLPTR: pasids >> 12n,
      }),
    );
    this.#put(
      pasids,
      encode(PASID_TABLE_ENTRY, {
        P: 1,
        FPD: random.chance(3) ? 1 : 0,
        AW: random.chance(4) ? random.below(8) : levels - 2,
        PGTT: passThrough ? 4 : random.chance(6) ? random.below(8) : this.#first ? 1 : 2,
        SSPTPTR: this.#first ? 0 : top >> 12n,
        FSPTPTR: this.#first ? top >> 12n : 0,
        FSPM: this.#first && random.chance(3) ? random.below(4) : 0,
        DID: random.bits(16),
        PWSNP: random.below(2),
        PGSNP: random.below(2),
      }),
    );
    return root | (1n << 10n);
  }

  /** Maps one page somewhere; gives an input address inside it. */
  #map(top: bigint, levels: number): bigint {
    const random = this.#random;
    const leafLevel = random.pick([1, 1, 1, 1, 2, 2, 3]);
    let input = random.bits(12 + 9 * levels) & ~0xfn;
    // Neighbours share upper tables: some inputs differ from a fixed one in their low bits only.
    if (random.chance(50))
      input =
        (0x1234_5678_9000n & ((1n << BigInt(12 + 9 * levels)) - 1n) & ~0x1f_ffffn) |
        (input & 0x1f_ffffn);
    let output: bigint;
    if (leafLevel === 1) output = DATA + BigInt(random.below(DATA_PAGES)) * 0x1000n;
    else if (leafLevel === 2) output = LARGE + BigInt(random.below(LARGE_PAGES)) * 0x20_0000n;
    else {
      output = 0n;
      input = (input & ~0x3fff_ffffn) | (DATA + BigInt(random.below(DATA_PAGES)) * 0x1000n);
    }
    let table = top;
    let name = '';
    if (this.#options.interruptRange && leafLevel < 3 && random.chance(3)) output = INTERRUPT_RANGE;
    if (this.#first) input = BigInt.asUintN(64, BigInt.asIntN(48, input));
    for (let level = levels; level >= leafLevel; level--) {
      const index = (input >> BigInt(levelShift(level))) & 0x1ffn;
      name += `/${index}`;
      const at = table + 8n * index;
      const ignored = random.chance(30) ? this.#ignored() : 0n;
      if (level === leafLevel) {
        const size = level > 1 ? 0x80n | this.#attribute() : 0n;
        this.#put(at, [output | size | ignored | this.#rights()]);
        break;
      }
      const current = this.#memory.readWord(at);
      if (current & (this.#first ? 7n : 3n)) {
        // The way is taken: by a table to share, or by a large page that stays.
        const known = this.#tables.get(name);
        if (known === undefined) break;
        table = known;
        continue;
      }
      const next = this.#page();
      this.#tables.set(name, next);
      this.#put(at, [next | ignored | this.#rights()]);
      table = next;
    }
    return input;
  }

  /** Mostly all rights; sometimes some or none. */
  #rights(): bigint {
    const bits = this.#first ? 3 : 2;
    return this.#random.chance(88) ? (1n << BigInt(bits)) - 1n : this.#random.bits(bits);
  }

  /** Bits that hardware ignores in every entry, and those that it sets itself. */
  #ignored(): bigint {
    const random = this.#random;
    if (this.#first)
      // 63:52, 11 to 8, dirty, accessed, PCD and PWT.
      return (random.bits(12) << 52n) | (random.bits(4) << 8n) | (random.bits(4) << 3n);
    return (random.bits(10) << 52n) | (random.bits(1) << 63n) | (random.bits(4) << 3n);
  }

  /** PAT of a large first-stage page. */
  #attribute(): bigint {
    return this.#first ? this.#random.bits(1) << 12n : 0n;
  }

  #probe(address: bigint, levels: number, passThrough: boolean): Probe[] {
    const random = this.#random;
    const write = random.chance(50);
    if (passThrough) {
      const page = DATA + BigInt(random.below(DATA_PAGES)) * 0x1000n;
      return [{ address: page | (address & 0xff0n), write }];
    }
    const probes = [{ address, write }];
    if (random.chance(25)) {
      // Near misses: one bit off, inside the width or just beyond it.
      const bit = random.below(12 + 9 * levels + 4 - 12) + 12;
      probes.push({ address: address ^ (1n << BigInt(bit)), write: random.chance(50) });
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
            ? word | (random.pick([0x5_0000_0000n, 0x7fff_f000n, 0x1000_0000n]) & ~0xfffn)
            : 0n;
      this.#memory.writeWord(at, changed);
    }
  }
}
