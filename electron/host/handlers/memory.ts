import { hex } from '../../../core/format/hex.ts';
import { isKnown, PAGE_SIZE, type Provenance } from '../../../core/memory/physical.ts';
import { Failure } from '../../../core/memory/failure.ts';
import type { CallHandlers, CallOutput } from '../../../core/protocol/server.ts';
import type { Workbench } from '../workbench.ts';
import type { ChangeableMemory } from '../worlds.ts';

const PAGE = BigInt(PAGE_SIZE);
/** Physical addresses have at most 52 bits. */
const END = 1n << 52n;

/** Physical memory of the capture, or of a simulated unit. */
export function memoryCalls(bench: Workbench): CallHandlers {
  return {
    'memory.read': ({ unit, address, length }) => {
      const world = unit === undefined ? bench.worlds.all()[0] : bench.worlds.unit(unit).world;
      if (!world)
        throw new Failure(
          'unreadable',
          'No memory is open.',
          'There is nothing to show.',
          'Open a dump.',
        );
      const captured = world.machine ? undefined : bench.states.captured();
      return {
        ...readPages(world.memory, BigInt(address), length, {
          level: captured?.investigation?.dump?.facts.dumpLevel,
        }),
        source: captured ? `${captured.name}, ${captured.detail}` : `memory of ${world.name}`,
      };
    },
  };
}

/** Gaps of one answer. */
const MAX_GAPS = 256;
/** How long the ends of gaps are looked for in one answer, ms, and after how many pages to look. */
const SEARCH = 60;
const A_TURN = 4096;

type Pages = CallOutput<'memory.read'>['pages'];

/** The bytes asked for, page by page, with what is known of each; gaps as a whole. */
function readPages(
  memory: ChangeableMemory,
  address: bigint,
  length: number,
  { level }: { readonly level: number | undefined },
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

/** Frames of the physical address space. */
const FRAMES = Number(END / PAGE);

/** Where a stretch ends of which the same is unknown, as far as there is time to look. */
function gapFrom(
  memory: ChangeableMemory,
  pfn: number,
  why: Provenance,
  until: number,
): { readonly end: number; readonly atLeast: boolean } {
  // Behind all that the source speaks of there is nothing of it.
  const none = why === 'absent' && memory.provenance(FRAMES - 1) === 'absent';
  const end = none ? endOf(memory) : FRAMES;
  for (let at = pfn + 1; at < Math.min(FRAMES, end); at++) {
    if (memory.provenance(at) !== why) return { end: at, atLeast: false };
    if (at % A_TURN === 0 && performance.now() > until) return { end: at + 1, atLeast: true };
  }
  return { end: FRAMES, atLeast: false };
}

const ends = new WeakMap<ChangeableMemory, { readonly generation: number; readonly end: number }>();

/** The end of the last frames that a memory may hold; found once for each of its states. */
function endOf(memory: ChangeableMemory): number {
  const known = ends.get(memory);
  if (known?.generation === memory.generation) return known.end;
  let end = 0;
  for (const { to } of memory.ranges()) end = Math.max(end, to);
  ends.set(memory, { generation: memory.generation, end });
  return end;
}
