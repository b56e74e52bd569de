import { hex } from '../format/hex.ts';
import { decodeText, type VirtualMemory } from './paging.ts';
import { Stretch } from './stretch.ts';
import type { Vmcoreinfo } from './vmcoreinfo.ts';

/** One record of the kernel's log. */
export interface KernelMessage {
  readonly sequence: number;
  /** Nanoseconds since boot. */
  readonly time: bigint;
  /** 0 (emergency) to 7 (debug); undefined when the layout does not tell. */
  readonly level: number | undefined;
  readonly facility: number | undefined;
  /** `C1` for processor 1, `T42` for the thread 42, as CONFIG_PRINTK_CALLER prints them. */
  readonly caller: string | undefined;
  /** Of a device's message: `pci`, and `+pci:0000:02:00.0`. */
  readonly subsystem: string | undefined;
  readonly device: string | undefined;
  /** May hold several lines. */
  readonly text: string;
}

/** Bounds on what a ring's own numbers may say. */
const MAX_COUNT_BITS = 24;
const MAX_SIZE_BITS = 30;
const MAX_RECORDS = 1 << 22;

/** Descriptor states in the top two bits of state_var (kernel/printk/printk_ringbuffer.h). */
const COMMITTED = 1n;
const FINALIZED = 2n;
const ID_BITS = 62;
const ID_MASK = (1n << 62n) - 1n;
/** Bytes of the id in front of each text. */
const BLOCK_ID = 8;

/** caller_id with this bit is a processor, else a thread. */
const CALLER_IS_CPU = 0x80000000;

/**
 * The kernel's log, oldest first: from the ring buffer of 5.10 and later (commit 896fbe20b4e2),
 * or from the plain log buffer before it. Records whose pages are missing are left out and
 * noted.
 */
export function readKernelLog(memory: VirtualMemory, info: Vmcoreinfo): KernelMessage[] {
  return memory.notes.within('dmesg', () => {
    if (info.symbol('prb') !== undefined) return readRing(memory, info);
    if (info.symbol('log_buf') !== undefined) return readLogBuffer(memory, info);
    memory.notes.missing('VMCOREINFO does not tell where the kernel keeps its log.');
    return [];
  });
}

/** Lines as the kernel prints them: each line of a record with the time in front. */
export function messageLines(message: KernelMessage): string[] {
  const prefix = `[${stamp(message.time)}] `;
  return message.text.split('\n').map((line) => prefix + line);
}

/** `    0.000000`: seconds in at least five places, and microseconds. */
export function stamp(time: bigint): string {
  const micros = time / 1000n;
  const seconds = String(micros / 1000000n).padStart(5);
  return `${seconds}.${String(micros % 1000000n).padStart(6, '0')}`;
}

/** Reads offsets and sizes by VMCOREINFO; one that is missing makes the whole layout unknown. */
class Layout {
  readonly #info: Vmcoreinfo;
  missing: string | undefined;

  constructor(info: Vmcoreinfo) {
    this.#info = info;
  }

  offset(member: string): number {
    return this.#take(this.#info.offset(member), `OFFSET(${member})`);
  }

  size(type: string): number {
    return this.#take(this.#info.size(type), `SIZE(${type})`);
  }

  #take(value: number | undefined, key: string): number {
    if (value === undefined || value > 4096) this.missing ??= key;
    return value ?? 0;
  }
}

function ringLayout(layout: Layout, info: Vmcoreinfo) {
  const textLength = layout.offset('printk_info.text_len');
  const caller = layout.offset('printk_info.caller_id');
  return {
    descRing: layout.offset('printk_ringbuffer.desc_ring'),
    textRing: layout.offset('printk_ringbuffer.text_data_ring'),
    countBits: layout.offset('prb_desc_ring.count_bits'),
    descs: layout.offset('prb_desc_ring.descs'),
    infos: layout.offset('prb_desc_ring.infos'),
    headId: layout.offset('prb_desc_ring.head_id'),
    tailId: layout.offset('prb_desc_ring.tail_id'),
    descSize: layout.size('prb_desc'),
    state: layout.offset('prb_desc.state_var'),
    begin: layout.offset('prb_desc.text_blk_lpos') + layout.offset('prb_data_blk_lpos.begin'),
    next: layout.offset('prb_desc.text_blk_lpos') + layout.offset('prb_data_blk_lpos.next'),
    sizeBits: layout.offset('prb_data_ring.size_bits'),
    data: layout.offset('prb_data_ring.data'),
    infoSize: layout.size('printk_info'),
    sequence: layout.offset('printk_info.seq'),
    time: layout.offset('printk_info.ts_nsec'),
    textLength,
    caller,
    // facility (8 bits), flags (5) and level (3) stand between text_len (16) and caller_id and
    // have no lines of their own.
    facility: caller === textLength + 4 ? textLength + 2 : undefined,
    device: info.offset('printk_info.dev_info'),
    subsystemAt: info.offset('dev_printk_info.subsystem') ?? 0,
    subsystemLength: lengthOf(info, 'printk_info_subsystem'),
    deviceAt: info.offset('dev_printk_info.device') ?? 0,
    deviceLength: lengthOf(info, 'printk_info_device'),
  };
}

type RingLayout = ReturnType<typeof ringLayout>;

function lengthOf(info: Vmcoreinfo, name: string): number {
  const text = info.values.get(`LENGTH(${name})`);
  return text && /^\d{1,3}$/.test(text) ? Number(text) : 0;
}

function readRing(memory: VirtualMemory, info: Vmcoreinfo): KernelMessage[] {
  const reading = new Layout(info);
  const layout = ringLayout(reading, info);
  const ring = memory.u64(info.symbol('prb')!);
  if (reading.missing) {
    memory.notes.missing(`VMCOREINFO has no usable ${reading.missing}; the log can't be read.`);
    return [];
  }
  if (ring === undefined) return [];
  const at = (offset: number): bigint => ring + BigInt(offset);
  const countBits = memory.u32(at(layout.descRing + layout.countBits));
  const sizeBits = memory.u32(at(layout.textRing + layout.sizeBits));
  const descs = memory.u64(at(layout.descRing + layout.descs));
  const infos = memory.u64(at(layout.descRing + layout.infos));
  const data = memory.u64(at(layout.textRing + layout.data));
  const head = memory.u64(at(layout.descRing + layout.headId));
  const tail = memory.u64(at(layout.descRing + layout.tailId));
  if (countBits === undefined || sizeBits === undefined || data === undefined) return [];
  if (descs === undefined || infos === undefined) return [];
  if (head === undefined || tail === undefined) return [];
  if (countBits > MAX_COUNT_BITS || sizeBits > MAX_SIZE_BITS || sizeBits < 3) {
    memory.notes.finding(
      'error',
      'bad-log',
      `The log's ring claims 2^${countBits} records and 2^${sizeBits} bytes; it is damaged.`,
    );
    return [];
  }
  const count = 1 << countBits;
  if (layout.descSize * count > MAX_RECORDS * 256 || layout.infoSize * count > MAX_RECORDS * 256)
    return [];
  const parts: RingParts = {
    layout,
    descs: new Stretch(memory, descs, layout.descSize * count),
    infos: new Stretch(memory, infos, layout.infoSize * count),
    text: new Stretch(memory, data, 2 ** sizeBits),
    sizeBits: BigInt(sizeBits),
  };
  let ids = ((head - tail) & ID_MASK) + 1n;
  if (ids > BigInt(count)) {
    memory.notes.finding(
      'warning',
      'bad-log',
      `The log's ring runs from record ${hex(tail)} to ${hex(head)}, more than its ${count}.`,
    );
    ids = BigInt(count);
  }
  const messages: KernelMessage[] = [];
  let lost = 0;
  for (let i = 0n; i < ids; i++) {
    const message = readRecord(parts, (tail + i) & ID_MASK, count);
    if (message === 'lost') lost++;
    else if (message) messages.push(message);
  }
  if (lost > 0)
    memory.notes.missing(`${lost} records of the kernel's log stand in pages that are missing.`);
  return messages;
}

interface RingParts {
  readonly layout: RingLayout;
  readonly descs: Stretch;
  readonly infos: Stretch;
  readonly text: Stretch;
  readonly sizeBits: bigint;
}

/** One record; undefined when the descriptor holds none, `lost` when its page is missing. */
function readRecord(
  parts: RingParts,
  id: bigint,
  count: number,
): KernelMessage | 'lost' | undefined {
  const { layout, descs, infos } = parts;
  const index = Number(id & BigInt(count - 1));
  const desc = index * layout.descSize;
  const infoAt = index * layout.infoSize;
  if (!descs.ensure(desc, desc + layout.descSize)) return 'lost';
  const state = descs.view.getBigUint64(desc + layout.state, true);
  const kind = state >> BigInt(ID_BITS);
  if ((state & ID_MASK) !== id || (kind !== COMMITTED && kind !== FINALIZED)) return undefined;
  if (!infos.ensure(infoAt, infoAt + layout.infoSize)) return 'lost';
  const text = recordText(parts, id, {
    begin: descs.view.getBigUint64(desc + layout.begin, true),
    next: descs.view.getBigUint64(desc + layout.next, true),
    length: infos.view.getUint16(infoAt + layout.textLength, true),
  });
  if (text === undefined) return 'lost';
  const { view } = infos;
  const flags =
    layout.facility === undefined ? undefined : view.getUint8(infoAt + layout.facility + 1);
  const device = infoAt + (layout.device ?? 0);
  const part = (at: number, length: number): string | undefined =>
    layout.device === undefined || at + length > infoAt + layout.infoSize
      ? undefined
      : untilNul(infos.bytes.subarray(at, at + length)) || undefined;
  return {
    sequence: Number(view.getBigUint64(infoAt + layout.sequence, true)),
    time: view.getBigUint64(infoAt + layout.time, true),
    level: flags === undefined ? undefined : flags >> 5,
    facility: layout.facility === undefined ? undefined : view.getUint8(infoAt + layout.facility),
    caller: callerText(view.getUint32(infoAt + layout.caller, true)),
    subsystem: part(device + layout.subsystemAt, layout.subsystemLength),
    device: part(device + layout.deviceAt, layout.deviceLength),
    text,
  };
}

/** A record's text; '' when it has none, undefined when its page is missing. */
function recordText(
  parts: RingParts,
  id: bigint,
  block: { begin: bigint; next: bigint; length: number },
): string | undefined {
  const { text, sizeBits } = parts;
  const { begin, next, length } = block;
  // An odd position marks a record without data.
  if ((begin & 1n) !== 0n || length === 0) return '';
  const wraps = begin >> sizeBits !== BigInt.asUintN(64, next - 1n) >> sizeBits;
  const mask = (1n << sizeBits) - 1n;
  const from = wraps ? 0 : Number(begin & mask);
  const end = Number(next & mask) || text.length;
  const room = Math.min(wraps ? Number(next & mask) : end - from, text.length - from) - BLOCK_ID;
  const take = Math.min(length, room);
  if (take <= 0) return '';
  if (!text.ensure(from, from + BLOCK_ID + take)) return undefined;
  if (text.view.getBigUint64(from, true) !== id) return '';
  return decodeText([text.bytes.subarray(from + BLOCK_ID, from + BLOCK_ID + take)]);
}

function callerText(id: number): string {
  return id >= CALLER_IS_CPU ? `C${id - CALLER_IS_CPU}` : `T${id}`;
}

function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decodeText([end < 0 ? bytes : bytes.subarray(0, end)]);
}

/**
 * The log buffer before 5.10: records one after the other from log_first_idx to log_next_idx; one
 * of length 0 says that the next one is at the start.
 */
function readLogBuffer(memory: VirtualMemory, info: Vmcoreinfo): KernelMessage[] {
  const layout = new Layout(info);
  const header = layout.size('printk_log');
  const time = layout.offset('printk_log.ts_nsec');
  const lengthAt = layout.offset('printk_log.len');
  const textLengthAt = layout.offset('printk_log.text_len');
  const number = (name: string): number | undefined => {
    const address = info.symbol(name);
    return address === undefined ? undefined : memory.u32(address);
  };
  const buffer = memory.u64(info.symbol('log_buf')!);
  const size = number('log_buf_len');
  const first = number('log_first_idx');
  const next = number('log_next_idx');
  if (layout.missing || buffer === undefined || size === undefined) return [];
  if (first === undefined || next === undefined || size > 2 ** MAX_SIZE_BITS) return [];
  const log = new Stretch(memory, buffer, size);
  const messages: KernelMessage[] = [];
  let at = first;
  let wrapped = first <= next;
  while (messages.length < MAX_RECORDS && !(at === next && wrapped)) {
    const end = at + header;
    if (at >= size || (end <= size && !log.ensure(at, end))) break;
    const length = end <= size ? log.view.getUint16(at + lengthAt, true) : 0;
    if (length === 0) {
      if (wrapped) break;
      wrapped = true;
      at = 0;
      continue;
    }
    const textLength = log.view.getUint16(at + textLengthAt, true);
    if (length < header + textLength || !log.ensure(end, end + textLength)) break;
    // dict_len follows text_len, then facility and flags:5, level:3; thread or processor only
    // where the header has room for it (CONFIG_PRINTK_CALLER).
    messages.push({
      sequence: messages.length,
      time: log.view.getBigUint64(at + time, true),
      level: log.view.getUint8(at + textLengthAt + 5) >> 5,
      facility: log.view.getUint8(at + textLengthAt + 4),
      caller: header >= 20 ? callerText(log.view.getUint32(at + 16, true)) : undefined,
      subsystem: undefined,
      device: undefined,
      text: decodeText([log.bytes.subarray(end, end + textLength)]),
    });
    at += length;
  }
  if (at !== next)
    memory.notes.missing(
      `The kernel's log ends after ${messages.length} records: what follows is missing or damaged.`,
    );
  return messages;
}
