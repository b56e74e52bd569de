import { z } from 'zod';
import { Access, BdfText, Count, Hex, Path, RightsText, Window } from './schema.ts';

/**
 * Who reaches what: the reverse of a walk, and the address map. Both stand on one index of all
 * mappings, built in one sweep when it is first asked for; the calls wait for it, and cancelling
 * the last of them pauses the sweep.
 */

/** One way to reach the physical range that was asked about, cut to it. */
export const ReverseItem = z.object({
  unit: z.string(),
  bdf: BdfText,
  pasid: Count.optional(),
  driver: z.string().optional(),
  domain: Count.optional(),
  iova: Hex,
  pa: Hex,
  size: Hex,
  rights: RightsText,
  /** The device is not translated at all. */
  untranslated: z.boolean(),
});
export type ReverseItem = z.infer<typeof ReverseItem>;

/** What a mapping leads to. */
export const MapTarget = z.enum(['crash-kernel', 'kernel-text', 'mmio', 'memory', 'unknown']);
export type MapTarget = z.infer<typeof MapTarget>;

/** A device's input address space. */
export const StripItem = z.object({
  unit: z.string(),
  bdf: BdfText,
  pasid: Count.optional(),
  driver: z.string().optional(),
  translation: z.string(),
  domain: Count.optional(),
  /** Path of the entry that decides. */
  path: Path,
  /** Bytes that are mapped. */
  mapped: Hex,
  /** First and last mapped address; absent when nothing is. */
  first: Hex.optional(),
  last: Hex.optional(),
  targets: z.array(MapTarget),
  /** Some page is mapped by another domain too. */
  shared: z.boolean(),
  /** Spans whose tables could not be read. */
  unreadable: Count,
  faults: Count,
});
export type StripItem = z.infer<typeof StripItem>;

/** A mapped region of a strip; both addresses included. */
export const MapRegion = z.object({
  from: Hex,
  to: Hex,
  /** Bytes mapped between the two: fewer than the span where the region is many. */
  mapped: Hex,
  /** Contiguous ranges that the region stands for. */
  ranges: Count,
  /** Output address of `from`, when the region is one range. */
  pa: Hex.optional(),
  /** Rights of any of it. */
  rights: RightsText,
  targets: z.array(MapTarget),
  shared: z.boolean(),
});
export type MapRegion = z.infer<typeof MapRegion>;

/** Faults at about one place of a strip. */
export const MapPin = z.object({
  from: Hex,
  to: Hex,
  count: Count,
  /** Number of the first of them, `#n`. */
  fault: Count,
  accesses: z.array(Access),
});
export type MapPin = z.infer<typeof MapPin>;

export const PhysicalItem = z.object({
  kind: z.enum(['memory', 'reserved', 'firmware', 'mmio', 'crash-kernel', 'kernel-text']),
  name: z.string(),
  from: Hex,
  to: Hex,
  depth: Count,
});
export type PhysicalItem = z.infer<typeof PhysicalItem>;

/** Regions of one answer at most. */
export const MAX_PIXELS = 4096;

const Device = { unit: z.string(), bdf: BdfText, pasid: Count.optional() };
const View = { from: Hex, to: Hex, pixels: z.number().int().min(1).max(MAX_PIXELS) };

export const mapCalls = {
  /** Every (device, PASID, address, access) that reaches a physical range. */
  reverse: {
    request: z.object({
      /** The unit whose memory is meant; the capture's without it. */
      unit: z.string().optional(),
      address: Hex,
      /** Bytes; the page of the address without it. */
      length: Hex.optional(),
      ...Window,
    }),
    answer: z.object({
      total: Count,
      /** There are more than `total`, which is as many as are listed. */
      more: z.boolean(),
      from: Count,
      rows: z.array(ReverseItem),
      notes: z.array(z.string()),
      incomplete: z.array(z.string()),
    }),
  },
  /** The devices whose address spaces can be shown, those with mappings or faults first. */
  'map.strips': {
    request: z.object({ unit: z.string().optional(), ...Window }),
    answer: z.object({
      total: Count,
      from: Count,
      strips: z.array(StripItem),
      /** Last address that some device maps, or that is memory. */
      last: Hex,
      incomplete: z.array(z.string()),
    }),
  },
  /** A device's regions between two addresses (both included), as many as there are pixels. */
  'map.regions': {
    request: z.object({ ...Device, ...View }),
    answer: z.object({
      regions: z.array(MapRegion),
      unreadable: z.array(z.object({ from: Hex, to: Hex, why: z.string() })),
      /** Every region is one range. */
      exact: z.boolean(),
    }),
  },
  /**
   * The next thing of a device's address space by its first address: a region, or a mark (faults, a
   * span that could not be read, pages that another domain maps too).
   */
  'map.step': {
    request: z.object({
      ...Device,
      way: z.enum(['next', 'previous']),
      what: z.enum(['region', 'mark']),
      /** Where to go on from; absent: the first thing of all, or the last. */
      at: Hex.optional(),
    }),
    answer: z.object({
      found: z
        .discriminatedUnion('kind', [
          z.object({ kind: z.literal('region'), region: MapRegion }),
          z.object({ kind: z.literal('fault'), pin: MapPin }),
          z.object({ kind: z.literal('unreadable'), from: Hex, to: Hex, why: z.string() }),
        ])
        .optional(),
    }),
  },
  /** The device's faults between two addresses, those of one pixel together. */
  'map.faults': {
    request: z.object({ ...Device, ...View }),
    answer: z.object({ pins: z.array(MapPin) }),
  },
  /** What stands in the physical address space between two addresses. */
  'map.physical': {
    request: z.object({ unit: z.string().optional(), ...View }),
    answer: z.object({
      regions: z.array(PhysicalItem),
      /** A kernel or a listing told what is memory; else only what the source holds is known. */
      complete: z.boolean(),
      /** Regions narrower than a pixel that are left out. */
      hidden: Count,
    }),
  },
} as const;
