/** How the VT-d decoders read tables: whole pages as 32-bit words, single entries as 64-bit words. */
import type { PhysicalMemory, UnknownPage } from '../memory/physical.ts';
import { isKnown, pfnOf } from '../memory/physical.ts';

/** Address bits of an entry that points somewhere; those above are reserved or mean other things. */
export const ENTRY_ADDRESS = 0x000f_ffff_ffff_f000n;
const WORDS32 = 1024;
/** Frames beyond this have no 52-bit address; a page there is absent whatever the source says. */
const MAX_PFN = 2 ** 40;

/** One page as 32-bit words: entry `i` of 64 bits has its low half at `2 i`, its high half behind. */
export function tableWords(memory: PhysicalMemory, pfn: number): Uint32Array | UnknownPage {
  if (pfn >= MAX_PFN) return 'absent';
  const page = memory.page(pfn);
  if (!isKnown(page)) return page;
  return new Uint32Array(page.buffer, page.byteOffset, WORDS32);
}

/** `count` 64-bit words from an address; they lie within one page, as all VT-d entries do. */
export function entryWords(
  memory: PhysicalMemory,
  address: bigint,
  count: number,
): bigint[] | UnknownPage {
  const table = tableWords(memory, pfnOf(address));
  if (typeof table === 'string') return table;
  return wordsAt(table, Number(address & 0xfffn) >> 3, count);
}

/** `count` 64-bit words of a page from word `index` on. */
export function wordsAt(table: Uint32Array, index: number, count: number): bigint[] {
  const words: bigint[] = [];
  for (let at = 2 * index; words.length < count; at += 2)
    words.push((BigInt(table[at + 1] ?? 0) << 32n) | BigInt(table[at] ?? 0));
  return words;
}

/** The first page frame behind all memory that the source describes. */
export function endOfMemory(memory: PhysicalMemory): number {
  let end = 0;
  for (const { to } of memory.ranges()) if (to > end) end = to;
  return end;
}
