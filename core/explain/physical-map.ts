/** What stands at each physical address: the map that a kernel, a listing or the tables tell of. */
import type { FirmwareRegion } from './regions.ts';
import { framesOf, Intervals } from './mappings/intervals.ts';
import { addressOfPfn } from '../memory/physical.ts';

export type PhysicalKind =
  'memory' | 'reserved' | 'firmware' | 'mmio' | 'crash-kernel' | 'kernel-text';

/** A named range of physical addresses. */
export interface PhysicalRegion {
  readonly kind: PhysicalKind;
  /** `System RAM`, `RMRR`, `PCI Bus 0000:00`. */
  readonly name: string;
  readonly start: bigint;
  /** Last address. */
  readonly end: bigint;
  /** 0 for the widest; a region lies within one of a smaller depth, or over it. */
  readonly depth: number;
}

/** A range as /proc/iomem or the kernel's own tree has it. */
export interface NamedRange {
  readonly name: string;
  readonly start: bigint;
  readonly end: bigint;
  readonly depth: number;
}

/** Regions of one map; a machine has some hundreds. */
const MAX_REGIONS = 20_000;

/** Names that x86 kernels give to what is memory, or was taken out of it by the firmware. */
const KINDS: readonly (readonly [RegExp, PhysicalKind])[] = [
  [/^Crash kernel$/, 'crash-kernel'],
  [/^Kernel (?:code|rodata)$/, 'kernel-text'],
  [/^(?:System RAM|Kernel (?:data|bss)|Persistent Memory)/i, 'memory'],
  [
    /^(?:Reserved|ACPI |Unusable memory|RAM buffer|System ROM|Video ROM|Adapter ROM|Soft Reserved|pnp)/i,
    'reserved',
  ],
];

/** The kind of a range by its name; what is neither memory nor set aside is a device's. */
export function kindOfResource(name: string): PhysicalKind {
  return KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? 'mmio';
}

export interface PhysicalSources {
  /** The kernel's resource tree, flat, or a pasted /proc/iomem. */
  readonly resources: readonly NamedRange[];
  /** Memory set aside for the crash kernel. */
  readonly crash: readonly { readonly start: bigint; readonly end: bigint }[];
  readonly firmware: readonly FirmwareRegion[];
  /** Memory that the source holds: all that is known where there is no tree. */
  readonly held: Iterable<{ readonly from: number; readonly to: number }>;
}

/** The physical address space with an owner for what is known of it. */
export class PhysicalMap {
  /** In order of address, the wider before what lies within it. */
  readonly regions: readonly PhysicalRegion[];
  /** Whether a kernel or a listing told which addresses are memory. */
  readonly complete: boolean;
  readonly #byKind: ReadonlyMap<PhysicalKind, Intervals>;

  constructor(sources: PhysicalSources) {
    const { resources, crash, firmware } = sources;
    const regions: PhysicalRegion[] = resources
      .slice(0, MAX_REGIONS)
      .map((range) => ({ ...range, kind: kindOfResource(range.name) }));
    this.complete = regions.length > 0;
    if (!this.complete)
      for (const { from, to } of sources.held) {
        if (regions.length >= MAX_REGIONS) break;
        const [start, end] = [addressOfPfn(from), addressOfPfn(to) - 1n];
        regions.push({ kind: 'memory', name: 'memory in this source', start, end, depth: 0 });
      }
    for (const { start, end } of crash)
      if (!regions.some((each) => each.kind === 'crash-kernel' && each.start === start))
        regions.push({ kind: 'crash-kernel', name: 'Crash kernel', start, end, depth: 1 });
    for (const { kind, start, end } of firmware)
      regions.push({ kind: 'firmware', name: kind, start, end, depth: 1 });
    this.regions = regions
      .filter(({ start, end }) => end >= start)
      .sort((a, b) => Number(a.start - b.start) || a.depth - b.depth || Number(b.end - a.end));
    const kinds = new Map<PhysicalKind, PhysicalRegion[]>();
    for (const region of this.regions) {
      const list = kinds.get(region.kind);
      if (list) list.push(region);
      else kinds.set(region.kind, [region]);
    }
    this.#byKind = new Map(
      [...kinds].map(([kind, list]) => [kind, new Intervals(list.map(framesOf))]),
    );
  }

  /** Whether frames `from` to `to` (excluded) touch something of a kind. */
  touches(kind: PhysicalKind, from: number, to: number): boolean {
    return this.#byKind.get(kind)?.overlaps(from, to) ?? false;
  }

  /** Whether all of `from` to `to` (excluded) is of a kind. */
  covers(kind: PhysicalKind, from: number, to: number): boolean {
    return this.#byKind.get(kind)?.covers(from, to) ?? false;
  }

  /** The end of the highest memory, exclusive; 0 when none is known. */
  get memoryEnd(): bigint {
    return this.regions.reduce(
      (most, { kind, end }) => (kind === 'memory' && end >= most ? end + 1n : most),
      0n,
    );
  }
}
