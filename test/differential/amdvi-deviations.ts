/**
 * Where QEMU 7.2's AMD-Vi unit does not do what the specification says: by rule, each with its
 * reason, and what the unit does with a request instead, as measured. The test accepts what the
 * specification predicts; where QEMU does otherwise, it must be what stands here, by a rule.
 */
import { decodeDte } from '../../core/amdvi/dte.ts';
import type { EventName } from '../../core/amdvi/events.ts';
import {
  encodedPages,
  hostEntryLayout,
  levelShift,
  sizeFits,
} from '../../core/amdvi/page-table.ts';
import { bits, reservedSet } from '../../core/bits/layout.ts';
import type { Words } from '../../core/bits/layout.ts';
import type { WalkRequest, WalkResult } from '../../core/iommu/unit.ts';
import type { PhysicalMemory } from '../../core/memory/physical.ts';
import { readWords } from '../../core/memory/physical.ts';

/** What becomes of a request: it reaches an address, or it is refused with or without an event. */
export type Prediction =
  | { readonly pa: bigint }
  | { readonly refused: EventName | undefined }
  | { readonly undecided: true };

export const QEMU_DEVIATIONS = {
  'event suppression': 'QEMU does not know SA: it decides on an event all the same',
  'device table size': 'QEMU reads entries beyond the size of the device table',
  'reserved bits of the DTE':
    'QEMU judges bits of its own choice in all four words, whatever V and IV say',
  'exclusion range': 'QEMU has the registers, but nothing is excluded',
  'special ranges': "QEMU translates HyperTransport's special ranges like any other address",
  'TV = 0': 'QEMU forwards the request untranslated, by IR and IW of the DTE',
  'no host table: rights': 'QEMU refuses by IR and IW of a DTE with Mode 0 without an event',
  'guest tables': 'QEMU knows no guest translation: GV, GLX and GIoV are ignored',
  'absent entry': 'QEMU refuses at an entry of zeros without an event',
  'leaf: PR': 'QEMU uses a leaf with PR = 0 if another of its bits is set',
  'leaf: rights': "QEMU refuses by a leaf's rights without an event",
  'reserved bits of entries': 'QEMU does not judge reserved bits of page table entries',
  'address width': 'QEMU ignores address bits above those that Mode translates',
  'skipped levels': 'QEMU ignores address bits of skipped levels',
  'next level': 'QEMU follows a NextLevel that is not lower than the level of its table',
  'page sizes': 'QEMU takes any page size that a NextLevel 7 entry encodes, at every level',
} as const;
export type Deviation = keyof typeof QEMU_DEVIATIONS;

export interface QemuUnit {
  readonly memory: PhysicalMemory;
  readonly deviceTable: bigint;
  /** Device table entries by the size field. */
  readonly capacity: number;
  /** Bits for which a device table entry is refused, in its four words. */
  readonly illegalBits: readonly bigint[];
  /** First and last address of the exclusion range; nothing when it is off. */
  readonly exclusion: readonly [bigint, bigint] | undefined;
}

export interface QemuWalk {
  readonly prediction: Prediction;
  /** The rules that were met, whether or not they changed the outcome. */
  readonly rules: ReadonlySet<Deviation>;
  /** Where entries were read. */
  readonly read: readonly bigint[];
}

const ADDRESS = 0x000f_ffff_ffff_f000n;
/** A walk that reads more entries than this goes round in circles: QEMU would never end. */
const MOST_ENTRIES = 32;
/** Reserved bits of the DTE's first word; those of the second are none (48882 §2.2.2.1). */
const RESERVED = (1n << 63n) | (3n << 2n);
/** System management and port I/O (48882 §2.1.2). */
const SPECIAL = [
  [0xfd_f910_0000n, 0xfd_f91f_ffffn],
  [0xfd_fc00_0000n, 0xfd_fdff_ffffn],
] as const;

/** What the specification says of a request, from our walk. */
export function predictionOf(walk: WalkResult): Prediction {
  if (walk.result === 'translated') return { pa: walk.pa };
  if (walk.result === 'fault')
    return { refused: walk.silent === true ? undefined : (walk.name as EventName) };
  return { undecided: true };
}

export function same(a: Prediction, b: Prediction): boolean {
  if ('pa' in a && 'pa' in b) return a.pa === b.pa;
  if ('refused' in a && 'refused' in b) return a.refused === b.refused;
  return 'undecided' in a && 'undecided' in b;
}

/** What QEMU 7.2 does with a request. */
export function qemuWalk(unit: QemuUnit, request: WalkRequest): QemuWalk {
  return new Walk(unit, request).run();
}

class Walk {
  readonly #unit: QemuUnit;
  readonly #request: WalkRequest;
  readonly #rules = new Set<Deviation>();
  readonly #read: bigint[] = [];

  constructor(unit: QemuUnit, request: WalkRequest) {
    this.#unit = unit;
    this.#request = request;
  }

  run(): QemuWalk {
    return { prediction: this.#deviceEntry(), rules: this.#rules, read: this.#read };
  }

  #words(address: bigint, count: number): Words | undefined {
    this.#read.push(address);
    const words = readWords(this.#unit.memory, address, count);
    return 'why' in words ? undefined : words;
  }

  /** Reads or writes, as the two right bits of an entry stand: IR below IW. */
  get #right(): bigint {
    return this.#request.access === 'write' ? 2n : 1n;
  }

  #deviceEntry(): Prediction {
    const { deviceTable, capacity, illegalBits, exclusion } = this.#unit;
    const { id, address } = this.#request;
    if (id >= capacity) this.#rules.add('device table size');
    const words = this.#words(deviceTable + BigInt(32 * id), 4);
    if (!words) return { refused: 'DEV_TAB_HARDWARE_ERROR' };
    const illegal = words.some((word, at) => (word & illegalBits[at]) !== 0n);
    const dte = decodeDte(words);
    if (illegal !== (dte.valid && (words[0] & RESERVED) !== 0n))
      this.#rules.add('reserved bits of the DTE');
    if (illegal) return { refused: 'ILLEGAL_DEV_TABLE_ENTRY' };
    if (!dte.valid) return { pa: address };
    if (exclusion && address >= exclusion[0] && address <= exclusion[1])
      this.#rules.add('exclusion range');
    if (SPECIAL.some(([first, last]) => address >= first && address <= last))
      this.#rules.add('special ranges');
    if (dte.guestValid) this.#rules.add('guest tables');
    if (!dte.translationValid || dte.mode === 0) {
      this.#rules.add(dte.translationValid ? 'no host table: rights' : 'TV = 0');
      const allowed = (bits(words, 62, 61) & this.#right) !== 0n;
      return allowed ? { pa: address } : { refused: undefined };
    }
    if (dte.mode === 7) return { refused: 'ILLEGAL_DEV_TABLE_ENTRY' };
    const width = levelShift(dte.mode + 1);
    if (width < 64 && address >> BigInt(width) !== 0n) this.#rules.add('address width');
    const found = this.#pageTables(words[0], dte.mode);
    if (dte.suppressed && 'refused' in found && found.refused === 'IO_PAGE_FAULT')
      this.#rules.add('event suppression');
    return found;
  }

  /** Follows tables from an entry whose pointer leads to one of `level`; the DTE is the first. */
  #pageTables(from: bigint, fromLevel: number): Prediction {
    const { address } = this.#request;
    let [entry, level] = [from, fromLevel];
    for (let count = 0; count < MOST_ENTRIES; count++) {
      if ((entry & 1n) === 0n || ((entry >> 61n) & this.#right) === 0n)
        return { refused: 'IO_PAGE_FAULT' };
      const index = (address >> BigInt(levelShift(level))) & 0x1ffn;
      const words = this.#words((entry & ADDRESS) + 8n * index, 1);
      if (!words) return { refused: 'PAGE_TAB_HARDWARE_ERROR' };
      [entry] = words;
      if (entry === 0n) {
        this.#rules.add('absent entry');
        return { refused: undefined };
      }
      if (reservedSet(hostEntryLayout(words), words).length > 0)
        this.#rules.add('reserved bits of entries');
      const next = Number(bits(words, 11, 9));
      if (next === 0 || next === 7) return this.#leaf(entry, level, next === 7);
      if (next >= level) this.#rules.add('next level');
      const skipped = (1n << BigInt(levelShift(level))) - (1n << BigInt(levelShift(next + 1)));
      if (skipped > 0n && (address & skipped) !== 0n) this.#rules.add('skipped levels');
      level = next;
    }
    return { undecided: true };
  }

  #leaf(entry: bigint, level: number, sized: boolean): Prediction {
    if ((entry & 1n) === 0n) this.#rules.add('leaf: PR');
    let size = 1n << BigInt(levelShift(level));
    if (sized) {
      const pages = encodedPages(
        Number((entry >> 12n) & 0xfffffn),
        Number((entry >> 32n) & 0xfffffn),
      );
      if (pages === 0 || !sizeFits(pages, level)) this.#rules.add('page sizes');
      // Ones in every address bit: all 52 bits are the page.
      size = pages === 0 ? 1n << 53n : BigInt(pages) << 12n;
    }
    if (((entry >> 61n) & this.#right) === 0n) {
      this.#rules.add('leaf: rights');
      return { refused: undefined };
    }
    const within = size - 1n;
    return { pa: (entry & ADDRESS & ~within) | (this.#request.address & within) };
  }
}
