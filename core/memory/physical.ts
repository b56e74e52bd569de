/**
 * The door through which every decoder reads physical memory. A page is either known (its
 * bytes) or unknown for a stated reason; unknown bytes are never shown as zero.
 */

/** Bytes in a page frame, whatever block size a dump uses on disk. */
export const PAGE_SIZE = 4096;
const PAGE_SHIFT = 12;

/**
 * What is known of a page frame.
 * - `present`: the bytes stand in the source
 * - `zero`: the source says that the page reads as zero
 * - `excluded`: the machine has the page, the dump's filter left it out: content unknown
 * - `absent`: no such memory in this source
 * - `failed`: it should be there, and is damaged or truncated
 * - `pending`: a live source has not fetched it yet; `load` does
 */
export type Provenance = 'present' | 'zero' | 'excluded' | 'absent' | 'failed' | 'pending';

/** The provenances that come without bytes. */
export type UnknownPage = 'excluded' | 'absent' | 'failed' | 'pending';

/** Page frames `from` (included) to `to` (excluded). */
export interface PfnRange {
  readonly from: number;
  readonly to: number;
}

export interface PhysicalMemory {
  /**
   * The bytes of a page frame, or why there are none. The view starts at a multiple of 8 in its
   * buffer, is PAGE_SIZE long, stays valid and must not be written to.
   */
  page(pfn: number): Uint8Array | UnknownPage;
  /**
   * The same for a reader that goes through memory once: the view is valid until the next call
   * only, and the page takes no room in a cache. Ask by `pageOnce`.
   */
  once?(pfn: number): Uint8Array | UnknownPage;
  /** What is known of a page frame, without decompressing it where the source can tell. */
  provenance(pfn: number): Provenance;
  /** Page frames that may be `present` or `zero`, ascending and disjoint. */
  ranges(): Iterable<PfnRange>;
  /** Why a page is not there, or where its bytes stand in the file, in words for a person. */
  describe(pfn: number): string;
  /** Brings pages of a live source to hand; other sources have no such method. */
  load?(pfns: readonly number[], signal?: AbortSignal): Promise<void>;
}

/** The shared page of zeros that every source hands out for `zero` pages. Never written to. */
export const ZERO_PAGE: Uint8Array = new Uint8Array(PAGE_SIZE);

/** Whether a page's bytes are at hand; otherwise it is the word for why not. */
export function isKnown(page: Uint8Array | UnknownPage): page is Uint8Array {
  return typeof page !== 'string';
}

/** A page for a reader that goes through memory once; the view is valid until the next call only. */
export function pageOnce(memory: PhysicalMemory, pfn: number): Uint8Array | UnknownPage {
  return memory.once ? memory.once(pfn) : memory.page(pfn);
}

/** The page frame that holds a physical address. */
export function pfnOf(address: bigint): number {
  return Number(address >> BigInt(PAGE_SHIFT));
}

/** The physical address of a page frame's first byte. */
export function addressOfPfn(pfn: number): bigint {
  return BigInt(pfn) << BigInt(PAGE_SHIFT);
}

/** A page that a reader needed and did not get. */
export interface MissingPage {
  /** Physical address of the page. */
  readonly address: bigint;
  readonly why: UnknownPage;
}

/**
 * Copies `length` bytes from a physical address, across pages.
 * @returns the bytes, or the first page that is not known.
 */
export function readBytes(
  memory: PhysicalMemory,
  address: bigint,
  length: number,
): Uint8Array | MissingPage {
  const out = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const at = address + BigInt(done);
    const page = memory.page(pfnOf(at));
    if (!isKnown(page)) return { address: (at >> 12n) << 12n, why: page };
    const offset = Number(at & 0xfffn);
    const take = Math.min(PAGE_SIZE - offset, length - done);
    out.set(page.subarray(offset, offset + take), done);
    done += take;
  }
  return out;
}

/** Little-endian 64-bit words from an 8-byte-aligned physical address, or the missing page. */
export function readWords(
  memory: PhysicalMemory,
  address: bigint,
  count: number,
): bigint[] | MissingPage {
  const bytes = readBytes(memory, address, count * 8);
  if (!(bytes instanceof Uint8Array)) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, index) => view.getBigUint64(index * 8, true));
}
