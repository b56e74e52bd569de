import { z } from 'zod';
import { Base64, BdfText, Count, Hex, Path } from './schema.ts';

/** Whose addresses are meant: physical ones where it is left out. */
export const Space = z.discriminatedUnion('kind', [
  /** The captured kernel's. */
  z.object({ kind: z.literal('virtual') }),
  /** Those that a device's requests bear, as its unit translates them. */
  z.object({ kind: z.literal('iova'), bdf: BdfText, pasid: Count.optional() }),
]);
export type Space = z.infer<typeof Space>;

/** Memory: its bytes by physical, virtual or a device's addresses, search, symbols. */
export const memoryCalls = {
  /**
   * Memory for the hex view. What is not known or not mapped is told with its whole extent, and
   * what comes behind it follows: so many bytes are looked at beside gaps.
   */
  'memory.read': {
    request: z.object({
      unit: z.string().optional(),
      space: Space.optional(),
      address: Hex,
      length: z.number().int().min(1).max(65_536),
    }),
    answer: z.object({
      pages: z.array(
        z.object({
          address: Hex,
          provenance: z.enum([
            'present',
            'zero',
            'excluded',
            'absent',
            'failed',
            'pending',
            /** No page stands there: the tables of the space say so. */
            'unmapped',
          ]),
          note: z.string(),
          /** Where `address` is in physical memory, in a space that is mapped. */
          physical: Hex.optional(),
          /** The page of a table of the space that is not known, so that nothing can be translated. */
          table: Hex.optional(),
          bytes: Base64.optional(),
          /** Bytes from `address` on of which the same is unknown; beside `bytes` absent. */
          length: Hex.optional(),
          /** The gap goes on: only so far was it looked at. */
          atLeast: z.boolean().optional(),
          /** makedumpfile's level, of a page that its filter left out. */
          level: Count.optional(),
        }),
      ),
      /** Where the view goes on; absent at the end of the address space. */
      next: Hex.optional(),
      /** What is looked at: `vmcore, ELF`. */
      source: z.string(),
    }),
  },
  /**
   * Looks for bytes from an address on, for about a second: a view goes on from `next`
   * until there is none. Cancelling stops it.
   */
  'memory.search': {
    request: z.object({
      /** The unit whose memory is meant; the capture's without it. */
      unit: z.string().optional(),
      space: Space.optional(),
      kind: z.enum(['bytes', 'text', 'u64']),
      value: z.string().max(1024),
      from: Hex,
      /** Addresses of one answer. */
      most: z.number().int().min(1).max(1000),
    }),
    answer: z.object({
      found: z.array(Hex),
      /** Bytes of one find. */
      length: Count,
      /** Where to go on; absent at the end of memory. */
      next: Hex.optional(),
      /** Pages looked at, and those of which the content is not known. */
      pages: Count,
      unknown: Count,
    }),
  },
  /**
   * The tables that have entries in some pages: root, context, PASID, device and interrupt tables,
   * queues, page tables. The first question of a session looks through all of them.
   */
  'memory.tables': {
    request: z.object({
      unit: z.string().optional(),
      /** Physical addresses of the pages. */
      pages: z.array(Hex).max(64),
    }),
    answer: z.object({
      tables: z.array(
        z.object({
          /** One of the entries; the others' paths follow from its own. */
          path: Path,
          address: Hex,
          /** Bits of an entry. */
          width: Count,
          /** The table's part within the page, `to` excluded. */
          from: Hex,
          to: Hex,
        }),
      ),
      /** There were more tables than are remembered: what is not named may be one. */
      cut: z.boolean(),
    }),
  },
  /** What some entries mean, in a line each; a path that names none is left out. */
  'memory.entries': {
    request: z.object({ paths: z.array(Path).max(16) }),
    answer: z.object({
      entries: z.array(z.object({ path: Path, layout: z.string(), text: z.string() })),
    }),
  },
  /** The virtual address of a kernel's symbol, or of an address as it is typed. */
  'memory.symbol': {
    request: z.object({ text: z.string().min(1).max(512) }),
    answer: z.object({
      address: Hex,
      /** The symbol's name, where it was one. */
      name: z.string().optional(),
    }),
  },
} as const;
