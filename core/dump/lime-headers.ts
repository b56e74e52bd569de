import type { Image } from './image.ts';
import { readSome, u64, viewOf } from './image.ts';

/** Bytes of the header before each range; LiME's and AVML's differ in magic and version alone. */
export const RANGE_HEADER = 32;

const LIME_MAGIC = 0x4c69_4d45;
const AVML_MAGIC = 0x4c4d_5641;

/** One range of physical memory in a LiME or AVML file. */
export interface RangeHeader {
  readonly format: 'lime' | 'avml';
  readonly version: number;
  /** First address, and the one after the last (the file stores the last itself). */
  readonly start: number;
  readonly end: number;
  /** Offset of the header. */
  readonly at: number;
}

/** Which of the two formats these first bytes are, in a version that is known. */
export function rangeFormat(head: Uint8Array): 'lime' | 'avml' | undefined {
  if (head.length < RANGE_HEADER) return undefined;
  const view = viewOf(head);
  const magic = view.getUint32(0, true);
  const version = view.getUint32(4, true);
  if (magic === LIME_MAGIC && version === 1) return 'lime';
  return magic === AVML_MAGIC && version === 2 ? 'avml' : undefined;
}

/** Physical addresses of x86 have at most 52 bits. */
const ADDRESS_LIMIT = 2 ** 52;

/**
 * Reads the header at an offset (LiME, doc/README: magic, version, s_addr, e_addr, 8 reserved
 * bytes, all little-endian).
 * @returns why there is none, in words, when there is none.
 */
export function readRangeHeader(image: Image, at: number): RangeHeader | string {
  const bytes = readSome(image, at, RANGE_HEADER);
  if (bytes.length < RANGE_HEADER) return 'the file ends within a range header';
  const format = rangeFormat(bytes);
  if (!format) return 'there is no range header where one should be';
  const view = viewOf(bytes);
  const start = u64(view, 8);
  const end = u64(view, 16) + 1;
  if (start >= end || end > ADDRESS_LIMIT) return 'a range header has impossible addresses';
  return { format, version: view.getUint32(4, true), start, end, at };
}
