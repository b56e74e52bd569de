import { z } from 'zod';
import { Base64, BdfText, Count, Hex } from './schema.ts';

/** Physical memory: its bytes, search, and addresses of other spaces. */
export const memoryCalls = {
  /**
   * Physical memory as hex view and structure overlay. What is not known is told with its whole
   * extent, and what comes behind it follows: so many bytes are looked at beside gaps.
   */
  'memory.read': {
    request: z.object({
      unit: z.string().optional(),
      address: Hex,
      length: z.number().int().min(1).max(65_536),
    }),
    answer: z.object({
      pages: z.array(
        z.object({
          address: Hex,
          provenance: z.enum(['present', 'zero', 'excluded', 'absent', 'failed', 'pending']),
          note: z.string(),
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
   * Looks for bytes from a physical address on, for about a second: a view goes on from `next`
   * until there is none. Cancelling stops it.
   */
  'memory.search': {
    request: z.object({
      /** The unit whose memory is meant; the capture's without it. */
      unit: z.string().optional(),
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
  /** The physical address of a kernel's virtual address or symbol, or of a device's address. */
  'memory.resolve': {
    request: z.discriminatedUnion('space', [
      z.object({ space: z.literal('virtual'), text: z.string().min(1).max(512) }),
      z.object({
        space: z.literal('iova'),
        unit: z.string().optional(),
        bdf: BdfText,
        pasid: Count.optional(),
        address: Hex,
      }),
    ]),
    answer: z.object({
      physical: Hex,
      /** `linux_banner, virtual 0xffffffff82000080`. */
      label: z.string(),
    }),
  },
} as const;
