import { hex } from '../../../core/format/hex.ts';
import { isKnown, PAGE_SIZE, type PhysicalMemory } from '../../../core/memory/physical.ts';
import { Failure } from '../../../core/memory/failure.ts';
import type { CallHandlers, CallOutput } from '../../../core/protocol/server.ts';
import type { Workbench } from '../workbench.ts';

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
      return { pages: readPages(world.memory, BigInt(address), length) };
    },
  };
}

/** The bytes asked for, page by page, with what is known of each. */
function readPages(
  memory: PhysicalMemory,
  address: bigint,
  length: number,
): CallOutput<'memory.read'>['pages'] {
  const end = address + BigInt(length) > END ? END : address + BigInt(length);
  const pages: CallOutput<'memory.read'>['pages'] = [];
  for (let at = address; at < end;) {
    const next = (at / PAGE + 1n) * PAGE;
    const stop = next < end ? next : end;
    const pfn = Number(at / PAGE);
    const page = memory.page(pfn);
    pages.push({
      address: hex(at),
      provenance: isKnown(page) ? memory.provenance(pfn) : page,
      note: memory.describe(pfn),
      bytes: isKnown(page)
        ? Buffer.from(
            page.subarray(Number(at % PAGE), Number(at % PAGE) + Number(stop - at)),
          ).toString('base64')
        : undefined,
    });
    at = stop;
  }
  return pages;
}
