/** What every part of the decoder needs of a unit: its memory, features and device table. */
import { addressOf, valueOf } from '../bits/layout.ts';
import { formatBdf } from '../format/bdf.ts';
import type { AmdFacts } from '../iommu/facts.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { DTE_SIZE } from './dte.ts';
import { deviceTableEntries } from './facts.ts';
import { DEVICE_TABLE_SEGMENT } from './registers-buffers.ts';
import { CONTROL, EXTENDED_FEATURE, EXTENDED_FEATURE_2 } from './registers-control.ts';
import { EXCLUSION_BASE, EXCLUSION_LIMIT } from './registers-other.ts';
import { OFFSET } from './registers.ts';

/** Requester IDs are 16 bits. */
export const REQUESTER_IDS = 0x10000;

/** A part of the device table: entries for `firstId` and the IDs after it. */
export interface TableSegment {
  readonly firstId: number;
  readonly base: bigint;
  readonly entries: number;
}

/** Addresses that are forwarded without translation. */
export interface ExclusionRange {
  readonly first: bigint;
  readonly last: bigint;
  /** Every device may use it; otherwise those with DTE.EX = 1. */
  readonly allDevices: boolean;
}

export class AmdContext {
  readonly facts: AmdFacts;
  readonly memory: PhysicalMemory;
  /** Address bits 31:12 and 51:32 without SME's, each shifted down. */
  readonly #lowMask: number;
  readonly #highMask: number;

  constructor(facts: AmdFacts, memory: PhysicalMemory) {
    this.facts = facts;
    this.memory = memory;
    this.#lowMask = 0xfffff & ~Number((facts.smeMask >> 12n) & 0xfffffn);
    this.#highMask = 0xfffff & ~Number((facts.smeMask >> 32n) & 0xfffffn);
  }

  /** `02:00.0`, with the segment when it is not 0. */
  bdf(id: number): string {
    return formatBdf(id, this.facts.segment);
  }

  /** Path of an entry below this unit. */
  path(...steps: readonly string[]): string {
    return [this.facts.name, ...steps].join('/');
  }

  /** A table pointer without the encryption bit that SME puts into it. */
  plain(pointer: bigint): bigint {
    return pointer & ~this.facts.smeMask;
  }

  /** Page frame in a page table entry's two words, without SME's bit: what `plain` is for pointers. */
  frame(low: number, high: number): number {
    return (high & this.#highMask) * 0x100000 + ((low >>> 12) & this.#lowMask);
  }

  /** A field of the extended feature register; undefined when the register is not known. */
  feature(name: string): number | undefined {
    const value = this.facts.extendedFeatures;
    return value === undefined ? undefined : Number(valueOf(EXTENDED_FEATURE, [value], name));
  }

  /** A field of extended feature register 2; undefined when the register is not known. */
  feature2(name: string): number | undefined {
    const value = this.facts.registers.read(OFFSET.extendedFeature2, 64)?.value;
    return value === undefined ? undefined : Number(valueOf(EXTENDED_FEATURE_2, [value], name));
  }

  /** A field of the control register; undefined when the register is not known. */
  control(name: string): number | undefined {
    const value = this.facts.control;
    return value === undefined ? undefined : Number(valueOf(CONTROL, [value], name));
  }

  /** Most levels of a host page table: 0 where host translation is not supported. */
  get hostLevels(): number | undefined {
    const hats = this.feature('HATS');
    return hats === undefined ? undefined : hats === 3 ? 0 : 4 + hats;
  }

  /** The device table in its segments (one, unless CONTROL.DevTblSegEn splits it). */
  segments(): TableSegment[] {
    const { deviceTable, capacity, registers } = this.facts;
    if (deviceTable === undefined) return [];
    const bits = Math.min(this.control('DevTblSegEn') ?? 0, 3);
    const count = 1 << bits;
    const span = REQUESTER_IDS >> bits;
    const out: TableSegment[] = [
      {
        firstId: 0,
        base: this.plain(deviceTable),
        entries: Math.min(capacity ?? 0, span),
      },
    ];
    for (let index = 1; index < count; index++) {
      const value = registers.read(OFFSET.deviceTableSegment + 8 * (index - 1), 64)?.value;
      if (value === undefined) continue;
      out.push({
        firstId: index * span,
        base: this.plain(addressOf(DEVICE_TABLE_SEGMENT, [value], 'DevTabBase')),
        entries: Math.min(
          deviceTableEntries(Number(valueOf(DEVICE_TABLE_SEGMENT, [value], 'Size'))),
          span,
        ),
      });
    }
    return out;
  }

  /** Where the entry of a device stands; undefined beyond the device table. */
  dteAddress(id: number): { address: bigint; table: bigint; index: number } | undefined {
    for (const { firstId, base, entries } of this.segments())
      if (id >= firstId && id < firstId + entries)
        return {
          address: base + BigInt(DTE_SIZE * (id - firstId)),
          table: base,
          index: id - firstId,
        };
    return undefined;
  }

  /** The exclusion range that is in force; undefined when none is, or nobody read the registers. */
  exclusion(): ExclusionRange | undefined {
    const base = this.facts.registers.read(OFFSET.exclusionBase, 64)?.value;
    const limit = this.facts.registers.read(OFFSET.exclusionLimit, 64)?.value;
    if (base === undefined || limit === undefined) return undefined;
    if (valueOf(EXCLUSION_BASE, [base], 'ExEn') === 0n) return undefined;
    return {
      first: addressOf(EXCLUSION_BASE, [base], 'ExclusionBase'),
      last: addressOf(EXCLUSION_LIMIT, [limit], 'ExclusionLimit') | 0xfffn,
      allDevices: valueOf(EXCLUSION_BASE, [base], 'Allow') === 1n,
    };
  }

  /** Whether an address lies in the memory of the crash kernel, which its dump never holds. */
  inCrashMemory(address: bigint): boolean {
    const ranges = this.facts.crashMemory ?? [];
    return ranges.some(({ first, last }) => address >= first && address <= last);
  }

  /** What there is to say of a table page that is missing: a sentence after others, or nothing. */
  whyMissing(address: bigint): string {
    return this.inCrashMemory(address)
      ? ' It is the crash kernel’s own: that kernel goes on using the device table, and its dump does not hold its own memory.'
      : '';
  }

  /** Grows when the memory under the unit was changed; 0 for memories that never change. */
  get generation(): number {
    const { memory } = this;
    return 'generation' in memory && typeof memory.generation === 'number' ? memory.generation : 0;
  }

  /**
   * Whether a page that is absent is known not to exist, so that a hardware error can be told: the
   * memory of a simulated machine is whole, that of a dump need not be.
   */
  get memoryIsWhole(): boolean {
    return this.facts.from === 'simulated';
  }
}
