import { hex } from '../../../core/format/hex.ts';
import { isKnown, PAGE_SIZE } from '../../../core/memory/physical.ts';
import { Failure } from '../../../core/memory/failure.ts';
import type { CallHandlers, CallOutput } from '../../../core/protocol/server.ts';
import type { Workbench } from '../workbench.ts';
import type { ChangeableMemory } from '../worlds.ts';
import { originOf, readSpace, spaceOf } from './memory-spaces.ts';
import { gapFrom } from './memory-gaps.ts';

const PAGE = BigInt(PAGE_SIZE);
/** Physical addresses have at most 52 bits. */
const END = 1n << 52n;

/** Memory of the capture, or of a simulated unit. */
export function memoryCalls(bench: Workbench): CallHandlers {
  return {
    'memory.read': ({ unit, space, address, length }) => {
      if (space) return readSpace(bench, spaceOf(bench, space, unit), BigInt(address), length);
      const world = unit === undefined ? bench.worlds.all()[0] : bench.worlds.unit(unit).world;
      if (!world)
        throw new Failure(
          'unreadable',
          'No memory is open.',
          'There is nothing to show.',
          'Open a dump.',
        );
      const { source, level } = originOf(bench, world);
      return { ...readPages(world.memory, BigInt(address), length, level), source };
    },
  };
}

/** Gaps of one answer. */
const MAX_GAPS = 256;
/** How long the ends of gaps are looked for in one answer, ms. */
const SEARCH = 60;

type Pages = CallOutput<'memory.read'>['pages'];

/** The bytes asked for, page by page, with what is known of each; gaps as a whole. */
function readPages(
  memory: ChangeableMemory,
  address: bigint,
  length: number,
  level: number | undefined,
): { readonly pages: Pages; readonly next: string | undefined } {
  const pages: Pages = [];
  const until = performance.now() + SEARCH;
  let left = length;
  let gaps = 0;
  let at = address;
  while (at < END && left > 0 && gaps < MAX_GAPS) {
    const pfn = Number(at / PAGE);
    const page = memory.page(pfn);
    if (!isKnown(page)) {
      const gap = gapFrom(memory, pfn, page, until);
      const end = BigInt(gap.end) * PAGE;
      pages.push({
        address: hex(at),
        provenance: page,
        note: memory.describe(pfn),
        length: hex(end - at),
        atLeast: gap.atLeast || undefined,
        level: page === 'excluded' ? level : undefined,
      });
      gaps++;
      at = end;
      // A gap that has no known end has nothing behind it that could be shown.
      if (gap.atLeast) break;
      continue;
    }
    const offset = Number(at % PAGE);
    const size = Math.min(PAGE_SIZE - offset, left);
    pages.push({
      address: hex(at),
      provenance: memory.provenance(pfn),
      note: memory.describe(pfn),
      bytes: Buffer.from(page.subarray(offset, offset + size)).toString('base64'),
    });
    left -= size;
    at += BigInt(size);
  }
  return { pages, next: at < END ? hex(at) : undefined };
}
