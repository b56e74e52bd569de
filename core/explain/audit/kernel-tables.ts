/** The page tables that a processor walks, found from their root. */
import { isKnown, type PhysicalMemory } from '../../memory/physical.ts';
import { Intervals } from '../mappings/intervals.ts';

/** Table pages that are followed; a terabyte of direct map in 4 KiB pages has half of that. */
const MAX_TABLES = 1 << 19;
/** Entries of the kernel's half begin here. */
const KERNEL_HALF = 256;
const PRESENT = 1;
const LARGE = 0x80;

/**
 * Frames of the tables under the kernel's half of a top table (those of processes are left out).
 * @param levels 4 or 5
 * @param mask bits that stand in entries beside the address (SME)
 */
export function kernelPageTables(
  memory: PhysicalMemory,
  root: bigint,
  levels: 4 | 5,
  mask = 0n,
): Intervals {
  const clear = Number((mask >> 12n) & 0xff_ffff_ffffn);
  const seen = new Set<number>();
  const queue: { pfn: number; level: number }[] = [{ pfn: Number(root >> 12n), level: levels }];
  for (let next = queue.pop(); next && seen.size < MAX_TABLES; next = queue.pop()) {
    const { pfn, level } = next;
    if (seen.has(pfn)) continue;
    seen.add(pfn);
    if (level === 1) continue;
    const page = memory.page(pfn);
    if (!isKnown(page)) continue;
    const words = new Uint32Array(page.buffer, page.byteOffset, 1024);
    for (let index = level === levels ? KERNEL_HALF : 0; index < 512; index++) {
      const low = words[2 * index];
      if ((low & PRESENT) === 0 || (low & LARGE) !== 0) continue;
      const frame = (words[2 * index + 1] & 0xf_ffff) * 2 ** 20 + (low >>> 12);
      queue.push({ pfn: clear === 0 ? frame : withoutBits(frame, clear), level: level - 1 });
    }
  }
  return new Intervals([...seen].map((pfn) => ({ from: pfn, to: pfn + 1 })));
}

/** A frame number without some of its bits; both may have more than 32. */
function withoutBits(frame: number, clear: number): number {
  return Number(BigInt(frame) & ~BigInt(clear));
}
