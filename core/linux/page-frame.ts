import type { VirtualMemory } from './paging.ts';
import type { Vmcoreinfo } from './vmcoreinfo.ts';

/** What the kernel uses a page frame for. */
export type FrameUse =
  | 'slab'
  | 'free'
  | 'page cache'
  | 'anonymous memory'
  | 'huge pages'
  | 'offline'
  | 'allocated by the kernel';

/** The kernel's own record of a page frame. */
export interface PageFrame {
  /** Virtual address of its `struct page`. */
  readonly address: bigint;
  readonly use: FrameUse;
  /** Users that hold the page; of a part of a compound page, those of the whole. */
  readonly references: number;
  /** The hardware found this memory broken. */
  readonly poisoned: boolean;
}

/** Low bits of `section_mem_map` that are flags: memory maps are aligned far above them. */
const SECTION_FLAGS = 0xfffn;
const HAS_MAP = 2n;
const PAGE_BYTES = 4096n;
/** A mapping with bit 0 set is no file's. */
const ANONYMOUS = 1n;

/**
 * The kernel's record of a page frame by the sparse memory model, with the numbers and places that
 * VMCOREINFO gives dump tools for it (Documentation/admin-guide/kdump/vmcoreinfo.rst).
 * @returns undefined when this kernel tells too little, or the record is not in the dump
 */
export function readPageFrame(
  info: Vmcoreinfo,
  memory: VirtualMemory,
  pfn: number,
): PageFrame | undefined {
  return memory.notes.quietly(() => {
    const address = pageAddress(info, memory, BigInt(pfn));
    if (address === undefined) return undefined;
    const own = readRecord(info, memory, address);
    if (!own) return undefined;
    // A part of a compound page says little of itself: its head has the use and the users.
    const head = own.head === undefined ? own : readRecord(info, memory, own.head);
    if (!head) return undefined;
    return {
      address,
      use: useOf(info, head),
      references: head.references,
      poisoned: hasFlag(info, own, 'PG_hwpoison'),
    };
  });
}

interface Record {
  readonly flags: bigint;
  readonly mapping: bigint;
  readonly references: number;
  /** `_mapcount`, which is `page_type` for pages that nobody maps. */
  readonly type: number;
  readonly head: bigint | undefined;
}

function pageAddress(info: Vmcoreinfo, memory: VirtualMemory, pfn: bigint): bigint | undefined {
  const size = info.size('page');
  const roots = info.symbol('mem_section');
  const sectionSize = info.size('mem_section');
  const mapOffset = info.offset('mem_section.section_mem_map');
  const bits = info.number('SECTION_SIZE_BITS');
  if (
    size === undefined ||
    roots === undefined ||
    sectionSize === undefined ||
    sectionSize < 8 ||
    sectionSize > Number(PAGE_BYTES) ||
    mapOffset === undefined ||
    bits === undefined ||
    bits < 12n ||
    bits > 40n
  )
    return undefined;
  const section = pfn >> (bits - 12n);
  // Sections stand by the page below a table of roots (CONFIG_SPARSEMEM_EXTREME).
  const perRoot = PAGE_BYTES / BigInt(sectionSize);
  const root = memory.u64(roots + 8n * (section / perRoot));
  if (root === undefined || root === 0n) return undefined;
  const at = root + (section % perRoot) * BigInt(sectionSize);
  const map = memory.u64(at + BigInt(mapOffset));
  if (map === undefined || (map & HAS_MAP) === 0n) return undefined;
  return BigInt.asUintN(64, (map & ~SECTION_FLAGS) + pfn * BigInt(size));
}

function readRecord(info: Vmcoreinfo, memory: VirtualMemory, at: bigint): Record | undefined {
  const word = (member: string): bigint | undefined => {
    const offset = info.offset(member);
    return offset === undefined ? undefined : memory.u64(at + BigInt(offset));
  };
  const number = (member: string): number | undefined => {
    const offset = info.offset(member);
    return offset === undefined ? undefined : memory.s32(at + BigInt(offset));
  };
  const flags = word('page.flags');
  const references = number('page._refcount');
  const type = number('page._mapcount');
  if (flags === undefined || references === undefined || type === undefined) return undefined;
  const compound = word('page.compound_head') ?? 0n;
  return {
    flags,
    mapping: word('page.mapping') ?? 0n,
    references,
    type,
    head: (compound & 1n) === 1n ? compound - 1n : undefined,
  };
}

function useOf(info: Vmcoreinfo, record: Record): FrameUse {
  if (isType(info, record, 'PAGE_BUDDY_MAPCOUNT_VALUE')) return 'free';
  if (isType(info, record, 'PAGE_OFFLINE_MAPCOUNT_VALUE')) return 'offline';
  if (hasFlag(info, record, 'PG_slab') || isType(info, record, 'PAGE_SLAB_MAPCOUNT_VALUE'))
    return 'slab';
  if (isType(info, record, 'PAGE_HUGETLB_MAPCOUNT_VALUE')) return 'huge pages';
  if (record.references === 0) return 'free';
  // Pages of the kernel use the word of `mapping` for other things: only listed ones have one.
  if (!hasFlag(info, record, 'PG_lru') || record.mapping === 0n) return 'allocated by the kernel';
  return (record.mapping & ANONYMOUS) === 1n ? 'anonymous memory' : 'page cache';
}

function hasFlag(info: Vmcoreinfo, { flags }: Record, name: string): boolean {
  const bit = info.number(name);
  return bit !== undefined && bit >= 0n && bit < 64n && ((flags >> bit) & 1n) === 1n;
}

/** Since 6.12 the type is the top byte alone, and the rest may count. */
function isType(info: Vmcoreinfo, { type }: Record, name: string): boolean {
  const wanted = info.number(name);
  if (wanted === undefined) return false;
  const value = Number(BigInt.asIntN(32, wanted));
  return (value & 0xffffff) === 0 ? type >> 24 === value >> 24 : type === value;
}
