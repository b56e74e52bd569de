import type { Provenance } from '../../../core/memory/physical.ts';
import type { ChangeableMemory } from '../worlds.ts';

/** After how many pages to look at the clock. */
const A_TURN = 4096;

/** Frames of 52 physical address bits. */
const FRAMES = 2 ** 40;

/** Where a stretch ends of which the same is unknown, as far as there is time to look. */
export function gapFrom(
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
