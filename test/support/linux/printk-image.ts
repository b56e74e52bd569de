import type { FakeKernel } from './fake-kernel.ts';

export interface FakeRecord {
  readonly time: bigint;
  readonly text: string;
  readonly level?: number;
  readonly facility?: number;
  readonly caller?: number;
  readonly subsystem?: string;
  readonly device?: string;
  /** Descriptor state: 2 (finalized) when not given. */
  readonly state?: number;
}

export interface RingOptions {
  readonly countBits?: number;
  readonly sizeBits?: number;
  /** Bytes of printk_info: 88, or 112 with PRINTK_EXECUTION_CTX. */
  readonly infoSize?: number;
}

const OFFSETS: readonly (readonly [string, number])[] = [
  ['printk_ringbuffer.desc_ring', 0],
  ['printk_ringbuffer.text_data_ring', 48],
  ['prb_desc_ring.count_bits', 0],
  ['prb_desc_ring.descs', 8],
  ['prb_desc_ring.infos', 16],
  ['prb_desc_ring.head_id', 24],
  ['prb_desc_ring.tail_id', 32],
  ['prb_desc.state_var', 0],
  ['prb_desc.text_blk_lpos', 8],
  ['prb_data_blk_lpos.begin', 0],
  ['prb_data_blk_lpos.next', 8],
  ['prb_data_ring.size_bits', 0],
  ['prb_data_ring.data', 8],
  ['printk_info.seq', 0],
  ['printk_info.ts_nsec', 8],
  ['printk_info.text_len', 16],
  ['printk_info.caller_id', 20],
  ['dev_printk_info.subsystem', 0],
  ['dev_printk_info.device', 16],
];
const DESC = 24;
const ID_MASK = (1n << 62n) - 1n;

/** Places of the parts in the image, from `_stext`. */
export const RING = 0x100000n;
export const DESCS = 0x110000n;
export const INFOS = 0x120000n;
export const TEXT = 0x140000n;

/**
 * Writes records the way the kernel's ring holds them (Documentation in printk_ringbuffer.c):
 * data blocks aligned to 8 bytes, never across the end, the oldest overwritten.
 */
export function writeRing(
  kernel: FakeKernel,
  records: readonly FakeRecord[],
  options: RingOptions = {},
): void {
  const { countBits = 4, sizeBits = 10, infoSize = 88 } = options;
  const at = (offset: bigint): bigint => kernel.stext + offset;
  const deviceAt = infoSize === 112 ? 44 : 24;
  for (const [key, value] of OFFSETS) kernel.line(`OFFSET(${key})`, String(value));
  kernel.line('OFFSET(printk_info.dev_info)', String(deviceAt));
  kernel.line('SIZE(prb_desc)', String(DESC));
  kernel.line('SIZE(printk_info)', String(infoSize));
  kernel.line('LENGTH(printk_info_subsystem)', '16');
  kernel.line('LENGTH(printk_info_device)', '48');
  kernel.symbol('prb', at(0x90000n));
  kernel.writeWord(at(0x90000n), at(RING));

  const count = 1 << countBits;
  const size = 1n << BigInt(sizeBits);
  // Where ids and positions begin, so that wrapping comes early (prb_init, DESC0_ID and BLK0_LPOS).
  const firstId = (0n - BigInt(count) - 1n) & ID_MASK;
  let position = BigInt.asUintN(64, 0n - size);
  const text = new Uint8Array(Number(size));
  const descs = new Uint8Array(DESC * count);
  const infos = new Uint8Array(infoSize * count);
  const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer);
  records.forEach((record, i) => {
    const id = (firstId + 1n + BigInt(i)) & ID_MASK;
    const slot = Number(id & BigInt(count - 1));
    const bytes = new TextEncoder().encode(record.text);
    let begin = 1n;
    let next = 1n;
    if (bytes.length > 0) {
      const need = BigInt(8 + Math.ceil(bytes.length / 8) * 8);
      begin = position;
      next = BigInt.asUintN(64, begin + need);
      const wraps = begin / size !== BigInt.asUintN(64, next - 1n) / size;
      // A block that does not fit before the end stands at the start.
      if (wraps) next = BigInt.asUintN(64, (begin / size + 1n) * size + need);
      const from = wraps ? 0 : Number(begin % size);
      view(text).setBigUint64(from, id, true);
      text.set(bytes, from + 8);
      position = next;
    }
    const state = BigInt(record.state ?? 2);
    view(descs).setBigUint64(DESC * slot, (state << 62n) | id, true);
    view(descs).setBigUint64(DESC * slot + 8, begin, true);
    view(descs).setBigUint64(DESC * slot + 16, next, true);
    const info = infoSize * slot;
    infos.fill(0, info, info + infoSize);
    view(infos).setBigUint64(info, BigInt(i), true);
    view(infos).setBigUint64(info + 8, record.time, true);
    view(infos).setUint16(info + 16, bytes.length, true);
    infos[info + 18] = record.facility ?? 0;
    infos[info + 19] = (record.level ?? 6) << 5;
    view(infos).setUint32(info + 20, record.caller ?? 0, true);
    infos.set(new TextEncoder().encode(record.subsystem ?? ''), info + deviceAt);
    infos.set(new TextEncoder().encode(record.device ?? ''), info + deviceAt + 16);
  });
  const last = (firstId + BigInt(records.length)) & ID_MASK;
  const oldest = BigInt(Math.max(0, records.length - count));
  const ring = new Uint8Array(80);
  const words = view(ring);
  words.setUint32(0, countBits, true);
  words.setBigUint64(8, at(DESCS), true);
  words.setBigUint64(16, at(INFOS), true);
  words.setBigUint64(24, last, true);
  words.setBigUint64(32, (firstId + 1n + oldest) & ID_MASK, true);
  words.setUint32(48, sizeBits, true);
  words.setBigUint64(56, at(TEXT), true);
  kernel.write(at(RING), ring);
  kernel.write(at(DESCS), descs);
  kernel.write(at(INFOS), infos);
  kernel.write(at(TEXT), text);
}

/** Writes the log buffer of kernels before 5.10, `header` bytes in front of each text. */
export function writeLogBuffer(
  kernel: FakeKernel,
  records: readonly FakeRecord[],
  options: { readonly size?: number; readonly header?: number } = {},
): void {
  const { size = 1024, header = 16 } = options;
  const at = (offset: bigint): bigint => kernel.stext + offset;
  const buffer = new Uint8Array(size);
  const view = new DataView(buffer.buffer);
  const starts: number[] = [];
  let next = 0;
  let first = 0;
  for (const record of records) {
    const bytes = new TextEncoder().encode(record.text);
    const length = Math.ceil((header + bytes.length) / 8) * 8;
    if (next + length + header > size) {
      // The rest is marked as unused, and the log goes on at the start.
      buffer.fill(0, next, Math.min(size, next + header));
      while (starts.length > 0 && starts[0] >= next) starts.shift();
      next = 0;
    }
    while (starts.length > 0 && starts[0] >= next && starts[0] < next + length + header)
      starts.shift();
    view.setBigUint64(next, record.time, true);
    view.setUint16(next + 8, length, true);
    view.setUint16(next + 10, bytes.length, true);
    view.setUint16(next + 12, 0, true);
    buffer[next + 14] = record.facility ?? 0;
    buffer[next + 15] = (record.level ?? 6) << 5;
    if (header >= 20) view.setUint32(next + 16, record.caller ?? 0, true);
    buffer.set(bytes, next + header);
    starts.push(next);
    next += length;
  }
  first = starts[0] ?? 0;
  kernel.line('SIZE(printk_log)', String(header));
  kernel.line('OFFSET(printk_log.ts_nsec)', '0');
  kernel.line('OFFSET(printk_log.len)', '8');
  kernel.line('OFFSET(printk_log.text_len)', '10');
  kernel.line('OFFSET(printk_log.dict_len)', '12');
  const words: readonly (readonly [string, bigint])[] = [
    ['log_buf', at(TEXT)],
    ['log_buf_len', BigInt(size)],
    ['log_first_idx', BigInt(first)],
    ['log_next_idx', BigInt(next)],
  ];
  words.forEach(([name, value], i) => {
    kernel.symbol(name, at(0x90000n + BigInt(8 * i)));
    kernel.writeWord(at(0x90000n + BigInt(8 * i)), value);
  });
  kernel.write(at(TEXT), buffer);
}
