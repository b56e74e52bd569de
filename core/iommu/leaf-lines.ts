import type { LeafBatch } from './leaves.ts';

/**
 * The lines of `leafLines` as bytes, for digests over millions of leaves: digits are written where
 * they belong, and no text is made in between.
 */

/** A line has three numbers of at most 16 digits, the rights, and what stands between them. */
const LONGEST_LINE = 3 * 16 + 6;
const DIGITS = new TextEncoder().encode('0123456789abcdef');
const ZERO = 48;
const BLANK = 32;
const NEWLINE = 10;
const SMALL_R = 114;
const SMALL_W = 119;
/** Of a page frame number, what is above its lower 28 bits. */
const HIGH = 2 ** 28;

let buffer = new Uint8Array(0);

/** @returns bytes that are valid until the next call. */
export function leafLineBytes({ count, iova, pa, pages, rights }: LeafBatch): Uint8Array {
  if (buffer.length < count * LONGEST_LINE) buffer = new Uint8Array(count * LONGEST_LINE);
  let at = 0;
  for (let i = 0; i < count; i++) {
    at = address(iova[i], at);
    buffer[at++] = BLANK;
    at = address(pa[i], at);
    buffer[at++] = BLANK;
    at = address(pages[i], at);
    buffer[at++] = BLANK;
    const granted = rights[i];
    if (granted & 1) buffer[at++] = SMALL_R;
    if (granted & 2) buffer[at++] = SMALL_W;
    buffer[at++] = NEWLINE;
  }
  return buffer.subarray(0, at);
}

/** A page frame number as its address: three zeros behind, but `0` for 0. @returns what follows. */
function address(frame: number, from: number): number {
  let at = from;
  if (frame === 0) {
    buffer[at++] = ZERO;
    return at;
  }
  const high = Math.floor(frame / HIGH);
  const low = frame - high * HIGH;
  let shift = 24;
  if (high > 0) at = digits(high, at);
  else shift = (31 - Math.clz32(low)) & ~3;
  for (; shift >= 0; shift -= 4) buffer[at++] = DIGITS[(low >>> shift) & 15];
  buffer[at++] = ZERO;
  buffer[at++] = ZERO;
  buffer[at++] = ZERO;
  return at;
}

/** A number of at most 32 bits, without zeros in front. */
function digits(value: number, from: number): number {
  let at = from;
  for (let shift = (31 - Math.clz32(value)) & ~3; shift >= 0; shift -= 4)
    buffer[at++] = DIGITS[(value >>> shift) & 15];
  return at;
}
