import type { VirtualMemory } from './paging.ts';
import { Stretch } from './stretch.ts';

/**
 * The compressed names of kallsyms (scripts/kallsyms.c of the kernel): for each symbol a length,
 * then that many token codes; a code indexes token_index, which points into token_table. The
 * first character of the expanded text is the symbol's type letter of nm(1).
 */
export interface Tokens {
  /** Expanded text by code, 0 to 255. */
  readonly text: readonly string[];
}

/** Longest name that a kernel accepts (KSYM_NAME_LEN), with its type letter and room to spare. */
const MAX_CODES = 1024;
/** token_index holds 16-bit offsets; the last token may reach a little further. */
const MAX_TOKEN = 256;

/** Every 256th symbol has its offset in the markers. */
export const MARKER_STEP = 256;

/** The tokens that compressed symbol names are made of, by their number. */
export function makeTokens(text: readonly Uint8Array[]): Tokens {
  const decoder = new TextDecoder('latin1');
  return { text: text.map((token) => decoder.decode(token)) };
}

/** Reads the tokens; undefined when a page is missing or the index is none. */
export function readTokens(
  memory: VirtualMemory,
  tableAddress: bigint,
  indexAddress: bigint,
): Tokens | undefined {
  const index = memory.read(indexAddress, 512);
  if (!index) return undefined;
  const offsets = new DataView(index.buffer, index.byteOffset, 512);
  let last = 0;
  for (let code = 0; code < 256; code++) last = Math.max(last, offsets.getUint16(code * 2, true));
  const table = new Stretch(memory, tableAddress, last + MAX_TOKEN);
  const text: Uint8Array[] = [];
  for (let code = 0; code < 256; code++) {
    const from = offsets.getUint16(code * 2, true);
    let to = from;
    while (to - from < MAX_TOKEN && table.ensure(to, to + 1) && table.bytes[to] !== 0) to++;
    if (to - from === MAX_TOKEN) return undefined;
    text.push(table.bytes.subarray(from, to));
  }
  return makeTokens(text);
}

export interface NameScan {
  /** Symbols gone through: the count, unless a page was missing or the bytes are damaged. */
  readonly done: number;
  /** Offset behind the last of them. */
  readonly end: number;
  /** Offset of every 256th symbol, as the markers hold it. */
  readonly markers: Uint32Array;
}

/**
 * Goes through all names in one pass. A name is expanded only when all its tokens occur in one of
 * the wanted names, the first at its beginning and the last at its end.
 *
 * @param wide lengths above 127 take two bytes (ULEB128), as since Linux 6.1 (commit
 *   73bbb94466fd)
 * @param found gets the index of each symbol whose name is a key
 */
export function scanNames(
  names: Stretch,
  count: number,
  tokens: Tokens,
  wide: boolean,
  found: ReadonlyMap<string, number[]>,
): NameScan {
  const filter = filters(tokens, [...found.keys()]);
  const slots = Math.ceil(count / MARKER_STEP);
  // One more, for what nextCandidate writes behind the last.
  const markers = new Uint32Array(slots + 1);
  const cursor: Cursor = { at: 0, index: 0, from: 0 };
  let done = 0;
  let end = 0;
  while (done < count) {
    const limit = names.ensureFrom(end);
    // A name that begins before this ends before the limit; near the end of what is there, the
    // names are taken one by one.
    const until = Math.max(limit - MAX_CODES - 2, end + 1);
    const candidate = nextCandidate(names.bytes, until, count, wide, filter, markers, cursor);
    if (cursor.at > limit || cursor.at === end) break;
    end = cursor.at;
    done = cursor.index;
    if (candidate)
      found.get(expand(names.bytes, cursor.from, end, tokens).slice(1))?.push(done - 1);
  }
  return { done, end, markers: markers.subarray(0, slots) };
}

interface Cursor {
  /** Offset of the next name. */
  at: number;
  /** Its index. */
  index: number;
  /** Where the codes of the name before it begin. */
  from: number;
}

/**
 * Moves behind the next name that passes the filter. This is the loop that takes the time, so it
 * has no branch that is rarely taken: such a one would throw away the code made for the others.
 * @returns false when there is none before `end`, or the bytes are damaged
 */
function nextCandidate(
  bytes: Uint8Array,
  end: number,
  count: number,
  wide: boolean,
  { first, last, inside }: Filters,
  markers: Uint32Array,
  cursor: Cursor,
): boolean {
  const twoBytes = wide ? 1 : 0;
  let { at, index, from } = cursor;
  let wanted = 0;
  while (wanted === 0 && at < end && index < count) {
    const length = bytes[at];
    const second = (length >> 7) & twoBytes;
    from = at + 1 + second;
    const codes = (length & (0xff >> second)) | ((bytes[at + 1] * second) << 7);
    if (codes === 0 || codes > MAX_CODES) break;
    const to = from + codes;
    // Every 256th name has a marker; the names before it write there too, and it comes last.
    markers[(index + MARKER_STEP - 1) >> 8] = at;
    wanted = first[bytes[from]] & last[bytes[to - 1]];
    for (let i = from + 1; wanted !== 0 && i < to; i++) wanted &= inside[bytes[i]];
    at = to;
    index++;
  }
  cursor.at = at;
  cursor.index = index;
  cursor.from = from;
  return wanted !== 0;
}

/**
 * What each token can be in the wanted names, as masks with a bit for each name (bits are shared
 * when there are more than 32: a filter may let too much through, never too little).
 */
interface Filters {
  /** Names that begin with the token behind its first character, the type letter. */
  readonly first: Int32Array;
  /** Names that end with the token. */
  readonly last: Int32Array;
  /** Names that have the token somewhere. */
  readonly inside: Int32Array;
}

function filters(tokens: Tokens, names: readonly string[]): Filters {
  const first = new Int32Array(256);
  const last = new Int32Array(256);
  const inside = new Int32Array(256);
  const maskOf = (test: (name: string) => boolean): number =>
    names.reduce((mask, name, index) => (test(name) ? mask | (1 << (index & 31)) : mask), 0);
  tokens.text.forEach((token, code) => {
    const tail = token.slice(1);
    first[code] = maskOf((name) => name.startsWith(tail));
    // A name of one token ends with that token, its type letter in front.
    last[code] = maskOf((name) => name.endsWith(token) || name === tail);
    inside[code] = maskOf((name) => name.includes(token));
  });
  return { first, last, inside };
}

/** The text of codes `from` to `to`, its type letter first. */
function expand(bytes: Uint8Array, from: number, to: number, tokens: Tokens): string {
  let text = '';
  for (let i = from; i < to; i++) text += tokens.text[bytes[i]];
  return text;
}

/** Whether an expanded name can begin with this code: a letter of nm(1). */
export function startsWithType(tokens: Tokens, code: number): boolean {
  return /^[a-z]/i.test(tokens.text[code]);
}
