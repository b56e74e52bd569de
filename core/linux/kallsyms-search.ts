import { makeTokens, scanNames, startsWithType, type Tokens } from './kallsyms-names.ts';
import { PAGE_SIZE } from '../memory/physical.ts';
import type { MappedRun, VirtualMemory } from './paging.ts';
import { Stretch } from './stretch.ts';

/** Where the tables of kallsyms stand, as far as a search tells. */
export interface KallsymsPlace {
  readonly tokenTable: bigint;
  readonly tokenIndex: bigint;
  readonly numSyms: bigint;
  readonly names: bigint;
  /** From the names on, the pages read by the search at hand. */
  readonly stretch: Stretch;
  readonly count: number;
  readonly tokens: Tokens;
}

/** Symbols that a kernel can have: fewer than the smallest, more than the largest seen by far. */
const MIN_SYMBOLS = 256;
const MAX_SYMBOLS = 1 << 22;
/** How far the names may stand before the tokens; they are about 11 bytes a symbol. */
const NAMES_WITHIN = 64 << 20;
/** Bytes of the image that are searched for tokens at most. */
const IMAGE_LIMIT = 256 << 20;
/** The digits `0` to `9` are tokens of their own, codes 0x30 to 0x39, each with its NUL. */
const DIGITS = 10;
const FIRST_DIGIT = 0x30;
const RUN = DIGITS * 2;
const STRIDE = RUN - 2;
/** Alignment and a neighbour's tail may stand between token_table and token_index. */
const INDEX_WITHIN = 1024;
const MAX_TABLE = 1 << 16;
/** Bytes that the 48 tokens before the digits take at most. */
const MAX_BEFORE_DIGITS = 4096;
/** Candidates for the names whose whole length is walked; each damaged one ends early. */
const MAX_TRIALS = 4096;

/**
 * Finds kallsyms in the kernel image when VMCOREINFO does not tell its place (before Linux 6.0,
 * commits 5fd8fea935a1 and f09bddbd8661): the tokens by the run of digits that every token table
 * holds and by the index that follows from it, the names by the count in front of them and the
 * markers behind them, which must agree byte for byte.
 */
export function searchKallsyms(memory: VirtualMemory, stext: bigint): KallsymsPlace | undefined {
  for (const run of searchOrder(memory, stext)) {
    const length = Math.min(Number(run.to - run.from), IMAGE_LIMIT);
    const image = new Stretch(memory, run.from, length);
    for (const digits of digitRuns(image)) {
      const place = placeAround(image, digits);
      if (place) return place;
    }
  }
  return undefined;
}

/** The image's mapped stretches: read-only data first, where the tables stand. */
function searchOrder(memory: VirtualMemory, stext: bigint): MappedRun[] {
  const runs = memory
    .mappedRuns(stext, stext + BigInt(IMAGE_LIMIT))
    .filter((run) => memory.inImage(run.from) && memory.inImage(run.to - 1n));
  if (runs.length === 0)
    runs.push({ from: stext, to: stext + BigInt(IMAGE_LIMIT), writable: false, executable: false });
  const rank = (run: MappedRun): number => (run.writable ? 2 : 0) + (run.executable ? 1 : 0);
  return runs.sort((a, b) => rank(a) - rank(b));
}

/** Offsets of `0 NUL 1 NUL … 9 NUL`. */
function* digitRuns(image: Stretch): Iterable<number> {
  for (let at = 0; at < image.length;) {
    const limit = image.ensureFrom(at);
    for (let pair = at; (pair = digitPair(image.bytes, pair, limit)) >= 0; pair += STRIDE) {
      const digit = image.bytes[pair] || image.bytes[pair + 1];
      const start = pair + (image.bytes[pair] === 0 ? 1 : 0) - 2 * (digit - 0x30);
      if (isDigitRun(image, start)) yield start;
    }
    if (limit === image.length) return;
    // A run can cross the limit; behind it stands the next step, or a page that is missing.
    at = limit - at > RUN ? limit - RUN : image.pageEnd(limit);
  }
}

/**
 * Offset of the next pair of a digit and a NUL, in steps: of any 18 consecutive places where a
 * run can begin one has such a pair inside itself at each step. -1 when there is none.
 */
function digitPair(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at + 1 < to; at += STRIDE) {
    const low = bytes[at];
    const high = bytes[at + 1];
    const digit = low | high;
    if ((low === 0 || high === 0) && digit >= 0x30 && digit <= 0x39) return at;
  }
  return -1;
}

function isDigitRun(image: Stretch, start: number): boolean {
  if (!image.ensure(start, start + RUN)) return false;
  for (let digit = 0; digit < DIGITS; digit++)
    if (image.bytes[start + 2 * digit] !== 0x30 + digit || image.bytes[start + 2 * digit + 1] !== 0)
      return false;
  return true;
}

function placeAround(image: Stretch, digits: number): KallsymsPlace | undefined {
  const { bytes } = image;
  // Backwards to the NUL in front of token 0; token 0 may also start later, at an aligned place.
  let at = digits - 1;
  for (let nuls = 0; ; at--) {
    if (digits - at > MAX_BEFORE_DIGITS || !image.ensure(at, at + 1)) return undefined;
    if (bytes[at] === 0 && ++nuls === FIRST_DIGIT + 1) break;
  }
  const firstEnd = bytes.indexOf(0, at + 1);
  for (let start = at + 1; start <= firstEnd; start++) {
    if ((image.address + BigInt(start)) % 4n !== 0n) continue;
    const table = tokensFrom(image, start);
    if (!table) continue;
    const place = namesBefore(image, start, table);
    if (place) return place;
  }
  return undefined;
}

interface TokenPlace {
  readonly tokens: Tokens;
  readonly indexAt: number;
}

/** Reads 256 tokens from `start` and looks for the very index that they must have. */
function tokensFrom(image: Stretch, start: number): TokenPlace | undefined {
  const text: Uint8Array[] = [];
  const offsets: number[] = [];
  let at = start;
  for (let code = 0; code < 256; code++) {
    const from = at;
    while (image.ensure(at, at + 1) && image.bytes[at] !== 0) if (++at - start > MAX_TABLE) return;
    if (!image.ensure(at, at + 1)) return undefined;
    text.push(image.bytes.subarray(from, at));
    offsets.push(from - start);
    at++;
  }
  for (let indexAt = at; indexAt < at + INDEX_WITHIN; indexAt++) {
    if ((image.address + BigInt(indexAt)) % 2n !== 0n) continue;
    if (!image.ensure(indexAt, indexAt + 512)) return undefined;
    if (offsets.every((offset, code) => image.view.getUint16(indexAt + 2 * code, true) === offset))
      return { tokens: makeTokens(text), indexAt };
  }
  return undefined;
}

/** Looks backwards for the count of symbols with its names and markers. */
function namesBefore(
  image: Stretch,
  tableAt: number,
  table: TokenPlace,
): KallsymsPlace | undefined {
  const first = Math.max(0, tableAt - NAMES_WITHIN);
  let end = tableAt - Number((image.address + BigInt(tableAt)) % 4n);
  for (let trials = 0; end > first && trials < MAX_TRIALS;) {
    // A page at a time, so that no more of the image is read than it takes.
    const start = Math.max(first, end - PAGE_SIZE);
    if (!image.ensure(start, end)) break;
    for (let at = end; (at = countBefore(image.view, at, start)) >= 0 && trials < MAX_TRIALS;) {
      const count = image.view.getUint32(at, true);
      const padded = at + 8 - Number((image.address + BigInt(at)) % 8n);
      for (const namesAt of at + 4 === padded ? [padded] : [at + 4, padded]) {
        if (!looksLikeNames(image, namesAt, table.tokens)) continue;
        trials++;
        if (!markersAgree(image, namesAt, count, table.tokens)) continue;
        const address = (offset: number): bigint => image.address + BigInt(offset);
        return {
          tokenTable: address(tableAt),
          tokenIndex: address(table.indexAt),
          numSyms: address(at),
          names: address(namesAt),
          stretch: image.from(namesAt),
          count,
          tokens: table.tokens,
        };
      }
    }
    end = start;
  }
  return undefined;
}

/** Offset of the last word before `end` that could be a count of symbols; -1 for none. */
function countBefore(view: DataView, end: number, start: number): number {
  for (let at = end - 4; at >= start; at -= 4) {
    const count = view.getUint32(at, true);
    if (count >= MIN_SYMBOLS && count <= MAX_SYMBOLS) return at;
  }
  return -1;
}

/** A quick look at the first names: each has a length and begins with a type letter. */
function looksLikeNames(image: Stretch, namesAt: number, tokens: Tokens): boolean {
  let at = namesAt;
  for (let symbol = 0; symbol < 64; symbol++) {
    if (!image.ensure(at, at + 3)) return false;
    let codes = image.bytes[at];
    let from = at + 1;
    if (codes >= 0x80) codes = (codes & 0x7f) | (image.bytes[from++] << 7);
    if (codes === 0 || !startsWithType(tokens, image.bytes[from])) return false;
    at = from + codes;
  }
  return true;
}

/** Whether the markers that stand behind the names are those that the names have. */
function markersAgree(image: Stretch, namesAt: number, count: number, tokens: Tokens): boolean {
  const names = image.from(namesAt);
  return [true, false].some((wide) => {
    const scan = scanNames(names, count, tokens, wide, new Map());
    return (
      scan.done === count && markersStandAt(image, namesAt + scan.end, scan.markers) !== undefined
    );
  });
}

/** The offset, at or little behind `end`, where exactly these markers stand. */
export function markersStandAt(
  image: Stretch,
  end: number,
  markers: Uint32Array,
): number | undefined {
  for (const alignment of [4, 8]) {
    const over = Number((image.address + BigInt(end)) % BigInt(alignment));
    const at = end + (over === 0 ? 0 : alignment - over);
    if (!image.ensure(at, at + 4 * markers.length)) continue;
    if (markers.every((marker, i) => image.view.getUint32(at + 4 * i, true) === marker)) return at;
  }
  return undefined;
}
