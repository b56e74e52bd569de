/** Looks for bytes in physical memory, page by page; what is not known holds nothing. */
import {
  addressOfPfn,
  isKnown,
  PAGE_SIZE,
  type PfnRange,
  type UnknownPage,
  ZERO_PAGE,
} from './physical.ts';

/** The longest text or run of bytes that is looked for. */
const MAX_NEEDLE = 256;

export interface Needle {
  readonly bytes: Uint8Array;
  /** Addresses that are a multiple of this: 8 for a 64-bit word, else 1. */
  readonly align: number;
}

/** Pages by number: physical memory, or an address space over it. */
export interface Searched {
  page(frame: number): Uint8Array | UnknownPage;
  /** Pages that may be known, from a number on; an empty range where a search may want to stop. */
  ranges(from?: number): Iterable<PfnRange>;
}

/** One step of a search: a page was looked at, or none of a stretch that holds nothing. */
export interface SearchStep {
  /** The page frame that comes next. */
  readonly next: number;
  /** Pages that were looked at: 1, or 0 where there was none. */
  readonly pages: 0 | 1;
  /** Whether the frame's content is known. */
  readonly known: boolean;
  /** Addresses where the bytes begin, within the page that was looked at or just before. */
  readonly found: readonly bigint[];
}

/**
 * Reads what is to be looked for: `de ad be ef` as bytes, any text, or a 64-bit word such as
 * `0xffff888000000000`.
 * @returns the sentence on what is wrong, when it can't be looked for.
 */
export function readNeedle(kind: 'bytes' | 'text' | 'u64', text: string): Needle | string {
  const needle = bytesOf(kind, text);
  if (typeof needle === 'string') return needle;
  if (needle.bytes.length === 0) return 'Nothing to look for.';
  if (needle.bytes.length > MAX_NEEDLE)
    return `At most ${MAX_NEEDLE} bytes are looked for, and these are ${needle.bytes.length}.`;
  if (needle.bytes.every((byte) => byte === 0))
    return 'Zeros stand in every empty page: look for something else.';
  return needle;
}

function bytesOf(kind: 'bytes' | 'text' | 'u64', text: string): Needle | string {
  if (kind === 'text') return { bytes: new TextEncoder().encode(text), align: 1 };
  const digits = text.trim().replace(/^0x/i, '');
  if (kind === 'bytes') {
    const plain = digits.replace(/[\s,]/g, '');
    if (!/^(?:[0-9a-f]{2})*$/i.test(plain))
      return `Not bytes: "${text}". Write two hex digits for each, such as de ad be ef.`;
    const pairs = plain.match(/../g) ?? [];
    return { bytes: Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16)), align: 1 };
  }
  if (!/^[0-9a-f]{1,16}$/i.test(digits))
    return `Not a 64-bit word: "${text}". Write it as 0xffff888000000000.`;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(`0x${digits}`), true);
  return { bytes, align: 8 };
}

/**
 * Goes through all pages that may be known from an address on, one a step, so that a caller can
 * stop after any. Bytes that cross from one page to the next are found where both are known.
 * @param from address of the first byte: nothing before it is found
 */
export function* searchMemory(
  memory: Searched,
  needle: Needle,
  from: bigint,
): Generator<SearchStep, undefined> {
  const { bytes } = needle;
  const start = Number(from >> 12n);
  let before: { readonly frame: number; readonly page: Uint8Array } | undefined;
  for (const range of memory.ranges(start)) {
    if (range.to <= range.from) yield { next: range.from, pages: 0, known: true, found: [] };
    for (let frame = Math.max(range.from, start); frame < range.to; frame++) {
      const page = memory.page(frame);
      if (!isKnown(page)) {
        before = undefined;
        yield { next: frame + 1, pages: 1, known: false, found: [] };
        continue;
      }
      const found: bigint[] = [];
      if (before?.frame === frame - 1 && bytes.length > 1)
        found.push(...across(before.page, page, needle, frame));
      if (page !== ZERO_PAGE) found.push(...within(page, needle, frame));
      before = { frame, page };
      yield { next: frame + 1, pages: 1, known: true, found: found.filter((at) => at >= from) };
    }
  }
}

function within(page: Uint8Array, { bytes, align }: Needle, frame: number): bigint[] {
  const found: bigint[] = [];
  const last = PAGE_SIZE - bytes.length;
  for (let at = page.indexOf(bytes[0]); at >= 0 && at <= last; at = page.indexOf(bytes[0], at + 1))
    if (at % align === 0 && matches(page, at, bytes)) found.push(addressOfPfn(frame) + BigInt(at));
  return found;
}

/** Bytes that begin in one page and end in the next. */
function across(
  page: Uint8Array,
  next: Uint8Array,
  { bytes, align }: Needle,
  frame: number,
): bigint[] {
  const tail = bytes.length - 1;
  const seam = new Uint8Array(2 * tail);
  seam.set(page.subarray(PAGE_SIZE - tail));
  seam.set(next.subarray(0, tail), tail);
  const found: bigint[] = [];
  const first = addressOfPfn(frame) - BigInt(tail);
  for (let at = 0; at < tail; at++)
    if ((first + BigInt(at)) % BigInt(align) === 0n && matches(seam, at, bytes))
      found.push(first + BigInt(at));
  return found;
}

function matches(page: Uint8Array, at: number, bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index++)
    if (page[at + index] !== bytes[index]) return false;
  return true;
}
