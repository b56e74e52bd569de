import type { VtdEra } from '../iommu/fault.ts';
import type { Message } from './message.ts';

/**
 * The lines that storms are made of, read from their bytes without a text in between: the kernel's
 * stamp and a status line, a VT-d DMA fault of any era (or half of one), or an IO_PAGE_FAULT that
 * names its device. Whatever differs in a single byte is left to the full reader, which gives the
 * same answer for these.
 */
export interface Quick {
  readonly time: number | undefined;
  readonly message: Message;
}

/** A text as its bytes, four at a time and the rest. */
interface Literal {
  readonly length: number;
  readonly words: Int32Array;
  readonly rest: Uint8Array;
}

function literal(text: string): Literal {
  const all = new TextEncoder().encode(text);
  const words = new Int32Array(all.length >> 2);
  const view = new DataView(all.buffer, all.byteOffset, all.length);
  for (let i = 0; i < words.length; i++) words[i] = view.getInt32(i * 4, true);
  return { length: all.length, words, rest: all.subarray(words.length * 4) };
}

const DMAR = literal('DMAR: ');
const OLD_DMAR = literal('dmar: ');
const STATUS = literal('DRHD: handling fault status reg ');
const TWO_LINE = literal('DMAR:[');
const SECOND_LINE = literal('fault reason ');
const ONE_LINE = literal('[');
const READ = literal('DMA Read');
const WRITE = literal('DMA Write');
const CLOSE = literal(']');
const NO_PASID = literal(' NO_PASID]');
const NEW_PASID = literal(' PASID 0x');
const DEVICE = literal(' Request device [');
const OLD_PASID = literal('] PASID ');
const ADDRESS = literal('] fault addr ');
const ADDRESS_AFTER_PASID = literal(' fault addr ');
const HEX = literal('0x');
const REASON = literal(' [fault reason ');
const SCALABLE = literal(' SM: ');
const EVENT = literal('AMD-Vi: Event logged [IO_PAGE_FAULT device=');
/** Where the event's name stands in EVENT. */
const EVENT_INDEX = 'AMD-Vi: Event logged ['.length;
const DOMAIN = literal(' domain=0x');
const EVENT_ADDRESS = literal(' address=0x');
const FLAGS = literal(' flags=0x');

const BLANK = 32;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const POINT = 46;
const OPEN = 91;
const END = 93;
const SMALL_F = 102;
/** Digits whose value a double holds exactly. */
const EXACT_DIGITS = 13;
const PAGE_OFFSET = 0xfffn;
const NO_VALUE = -1;
const LARGEST_PASID = 0xfffff;
/** FR, the fault reason field, has eight bits. */
const LARGEST_REASON = 0xff;
const ABSENT_PASID = 0xffffffff;

let bytes: Uint8Array = new Uint8Array();
let view = new DataView(bytes.buffer);
let at = 0;
let end = 0;

/**
 * Reads `source[start .. stop)`; `sourceView` is on the same memory.
 * @returns undefined for a line that is not one of these.
 */
export function readQuick(
  source: Uint8Array,
  sourceView: DataView,
  start: number,
  stop: number,
): Quick | undefined {
  bytes = source;
  view = sourceView;
  at = start;
  end = stop;
  const time = stamp();
  if (at === start && bytes[at] === OPEN) return undefined;
  const body = at;
  let message = vtd();
  if (!message) {
    at = body;
    message = pageFault();
  }
  return message && { time, message };
}

/** `[   12.345678] `, if it stands here. */
function stamp(): number | undefined {
  const start = at;
  if (bytes[at] !== OPEN) return undefined;
  at++;
  while (at < end && bytes[at] === BLANK) at++;
  const seconds = decimal(9);
  const first = at + 1;
  if (seconds !== NO_VALUE && bytes[at] === POINT) {
    at++;
    const micro = decimal(6);
    if (micro !== NO_VALUE && at === first + 6 && bytes[at] === END && bytes[at + 1] === BLANK) {
      at += 2;
      // Both are exact, so that the quotient is the number nearest to the digits.
      return (seconds * 1e6 + micro) / 1e6;
    }
  }
  at = start;
  return undefined;
}

function vtd(): Message | undefined {
  const start = at;
  const prefix: VtdEra = take(DMAR) ? 'V3' : take(OLD_DMAR) ? 'V2' : 'V1';
  const index = at - start;
  if (take(STATUS)) {
    const value = hexadecimal(8);
    return value === NO_VALUE || at !== end ? undefined : { kind: 'status', index, value };
  }
  if (prefix === 'V3' && take(ONE_LINE)) return oneLine();
  if (!take(TWO_LINE)) return undefined;
  if (prefix === 'V1' && take(SECOND_LINE)) {
    const reason = reasonNumber();
    return reason === NO_VALUE || !quietRest()
      ? undefined
      : { kind: 'vtd-reason', index: 0, interrupt: false, reason };
  }
  const access = take(READ) ? 'read' : take(WRITE) ? 'write' : undefined;
  if (!access || !take(CLOSE) || !take(DEVICE)) return undefined;
  const id = requester();
  if (id === NO_VALUE || !take(ADDRESS)) return undefined;
  const address = page();
  // The line has a blank at its end, which shows that no digit was cut off.
  if (address === undefined || bytes[at] !== BLANK || at + 1 !== end) return undefined;
  if ((address & PAGE_OFFSET) !== 0n) return undefined;
  return fault(prefix, access, undefined, id, undefined, address, undefined);
}

/** Behind `DMAR: [`. */
function oneLine(): Message | undefined {
  const access = take(READ) ? 'read' : take(WRITE) ? 'write' : undefined;
  if (!access) return undefined;
  let pasid = NO_VALUE;
  let modern = true;
  if (take(NEW_PASID)) {
    pasid = hexadecimal(8);
    if (pasid === NO_VALUE || !take(CLOSE)) return undefined;
  } else if (!take(NO_PASID)) {
    if (!take(CLOSE)) return undefined;
    modern = false;
  }
  if (!take(DEVICE)) return undefined;
  const segment = segmentNumber();
  const id = requester();
  if (segment === NO_VALUE || id === NO_VALUE) return undefined;
  let old = false;
  if (!modern && take(OLD_PASID)) {
    old = true;
    pasid = hexadecimal(8);
    if (pasid === NO_VALUE || !take(ADDRESS_AFTER_PASID)) return undefined;
  } else if (!take(ADDRESS)) return undefined;
  if (pasid > LARGEST_PASID && pasid !== ABSENT_PASID) return undefined;
  if (take(HEX) !== modern) return undefined;
  const address = page();
  if (address === undefined || !take(REASON)) return undefined;
  const reason = reasonNumber();
  if (reason === NO_VALUE || !quietRest()) return undefined;
  const era = segment !== undefined ? 'V8' : modern ? 'V7' : old ? 'V5' : 'V4';
  const given = pasid === NO_VALUE || pasid === ABSENT_PASID ? undefined : pasid;
  return fault(era, access, segment, id, given, address, reason);
}

function fault(
  era: VtdEra,
  access: 'read' | 'write',
  segment: number | undefined,
  id: number,
  pasid: number | undefined,
  address: bigint,
  reason: number | undefined,
): Message {
  return {
    kind: 'vtd',
    index: 0,
    interrupt: false,
    era,
    access,
    segment,
    id,
    pasid,
    address,
    entryIndex: undefined,
    reason,
  };
}

function pageFault(): Message | undefined {
  if (!take(EVENT)) return undefined;
  const segment = segmentNumber();
  const id = requester();
  if (segment === NO_VALUE || id === NO_VALUE || !take(DOMAIN)) return undefined;
  const domain = hexadecimal(EXACT_DIGITS);
  if (domain === NO_VALUE || !take(EVENT_ADDRESS)) return undefined;
  const address = page(16);
  if (address === undefined || !take(FLAGS)) return undefined;
  const flags = hexadecimal(4);
  if (flags === NO_VALUE || !take(CLOSE) || at !== end) return undefined;
  return {
    kind: 'amd',
    index: EVENT_INDEX,
    event: 'IO_PAGE_FAULT',
    unit: undefined,
    driver: undefined,
    segment: segment,
    id,
    pasid: flags & 1 ? domain : undefined,
    domain,
    address,
    flags: BigInt(flags),
    raw: undefined,
    unnamed: false,
  };
}

function take({ length, words, rest }: Literal): boolean {
  if (at + length > end) return false;
  let from = at;
  for (let i = 0; i < words.length; i++, from += 4)
    if (view.getInt32(from, true) !== words[i]) return false;
  for (let i = 0; i < rest.length; i++) if (bytes[from + i] !== rest[i]) return false;
  at += length;
  return true;
}

function digit(byte: number): number {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO;
  return byte >= 97 && byte <= SMALL_F ? byte - 87 : NO_VALUE;
}

/** A hexadecimal number of at most `most` digits. */
function hexadecimal(most: number): number {
  let value = 0;
  const first = at;
  for (; at < end; at++) {
    const next = digit(bytes[at]);
    if (next === NO_VALUE) break;
    if (at - first === most) return NO_VALUE;
    value = value * 16 + next;
  }
  return at === first ? NO_VALUE : value;
}

/** A decimal number of at most `most` digits. */
function decimal(most: number): number {
  let value = 0;
  const first = at;
  for (; at < end && bytes[at] >= ZERO && bytes[at] <= NINE; at++) {
    if (at - first === most) return NO_VALUE;
    value = value * 10 + bytes[at] - ZERO;
  }
  return at === first ? NO_VALUE : value;
}

/** An address; leading zeros may pad it. */
function page(most = EXACT_DIGITS): bigint | undefined {
  const first = at;
  while (at < end && bytes[at] === ZERO) at++;
  if (at > first && digit(bytes[at]) === NO_VALUE) return at - first <= most ? 0n : undefined;
  const padding = at - first;
  const value = hexadecimal(EXACT_DIGITS);
  return value === NO_VALUE || at - first > most || padding > most ? undefined : BigInt(value);
}

/** `0x22]` or `34]`. */
function reasonNumber(): number {
  const value = take(HEX) ? hexadecimal(2) : decimal(3);
  return value !== NO_VALUE && value <= LARGEST_REASON && take(CLOSE) ? value : NO_VALUE;
}

/** `0001:`. @returns undefined where no segment stands. */
function segmentNumber(): number | undefined {
  if (bytes[at + 4] !== COLON) return undefined;
  const first = at;
  const value = hexadecimal(4);
  if (at !== first + 4) return NO_VALUE;
  at++;
  return value;
}

/** `02:1f.7` */
function requester(): number {
  const first = at;
  const bus = hexadecimal(2);
  if (at !== first + 2 || bytes[at] !== COLON) return NO_VALUE;
  at++;
  const device = hexadecimal(2);
  if (at !== first + 5 || device > 31 || bytes[at] !== POINT) return NO_VALUE;
  const fn = bytes[at + 1] - ZERO;
  if (fn < 0 || fn > 7) return NO_VALUE;
  at += 2;
  return (bus << 8) | (device << 3) | fn;
}

/** The reason's words: nothing in them may be the beginning of another message. */
function quietRest(): boolean {
  if (at === end) return true;
  if (!take(SCALABLE) && bytes[at] !== BLANK) return false;
  for (; at < end; at++) {
    const byte = bytes[at];
    if (byte === OPEN || byte === COLON) return false;
    if (byte === SMALL_F && bytes[at + 1] === 97 && bytes[at + 2] === 117) return false;
  }
  return true;
}
