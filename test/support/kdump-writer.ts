import { deflateSync, zstdCompressSync } from 'node:zlib';
import { compress } from 'snappyjs';
import { PAGE_SIZE } from '../../core/memory/physical.ts';
import type { Model, NoteSpec } from './dump-writer.ts';
import { concat, contentOf, highestPfn, noteArea, VMCOREINFO_TEXT } from './dump-writer.ts';

/** A kdump-compressed writer, from makedumpfile's IMPLEMENTATION and diskdump_mod.h. */

export const CODECS = ['none', 'zlib', 'lzo', 'snappy', 'zstd'] as const;
export type Codec = (typeof CODECS)[number];
const CODEC_FLAGS = { none: 0, zlib: 1, lzo: 2, snappy: 4, zstd: 0x20 } as const;

export interface PageDescriptor {
  offset: number;
  size: number;
  flags: number;
}

export interface KdumpSpec {
  readonly version?: number;
  readonly codec?: Codec;
  /** The header of a 64-bit kernel, or that of i386. */
  readonly wide?: boolean;
  readonly blockSize?: number;
  readonly status?: number;
  readonly notes?: readonly NoteSpec[];
  readonly split?: { readonly from: number; readonly to: number };
  /** max_mapnr of the header and of the sub-header. */
  readonly maxMapnr?: { readonly narrow?: number; readonly wide?: number };
  /** Frames of the bitmaps; what the model needs when not given. */
  readonly bitmapFrames?: number;
  /** Changes descriptors before they are written. */
  readonly descriptor?: (descriptor: PageDescriptor, frame: number) => PageDescriptor;
  readonly nodename?: string;
  readonly time?: number;
  /** A dump of old: one bitmap for both. */
  readonly oneBitmap?: boolean;
}

/**
 * LZO1X with literals and runs only: enough for pages whose words repeat. The decoder's other
 * instructions are tested by vectors of lzop.
 */
export function compressLzo(data: Uint8Array): Uint8Array {
  const out: number[] = [];
  const long = (value: number): void => {
    let rest = value;
    for (; rest > 255; rest -= 255) out.push(0);
    out.push(rest);
  };
  const literals = (from: number, to: number): void => {
    const count = to - from;
    if (out.length === 0 && count <= 238) out.push(17 + count);
    else if (count <= 18) out.push(count - 3);
    else {
      out.push(0);
      long(count - 18);
    }
    out.push(...data.subarray(from, to));
  };
  const match = (distance: number, length: number): void => {
    if (length <= 33) out.push(32 | (length - 2));
    else {
      out.push(32);
      long(length - 33);
    }
    out.push(((distance - 1) << 2) & 0xff, (distance - 1) >> 6);
  };
  /** How far the bytes at a place repeat those of 8 bytes before. */
  const repeats = (at: number): number => {
    if (at < 8) return 0;
    let end = at;
    while (end < data.length && data[end] === data[end - 8]) end++;
    return end - at;
  };
  // Before each match stand at least four literals.
  let pending = 0;
  for (let at = 4; at < data.length; at++) {
    const length = repeats(at);
    if (length < 16 || at - pending < 4) continue;
    literals(pending, at);
    match(8, length);
    pending = at + length;
    at = pending + 3;
  }
  const rest = data.length - pending;
  if (rest > 0 && rest < 4 && out.length > 0) throw new Error('the sample ends too soon');
  if (rest > 0) literals(pending, data.length);
  out.push(0x11, 0, 0);
  return Uint8Array.from(out);
}

export function compressPage(page: Uint8Array, codec: Codec): Uint8Array {
  switch (codec) {
    case 'none':
      return page;
    case 'zlib':
      return deflateSync(page, { level: 1 });
    case 'lzo':
      return compressLzo(page);
    case 'snappy':
      return compress(page);
    case 'zstd':
      return zstdCompressSync(page);
  }
}

/** Blocks of a model: with a block size above 4 KiB a block is what its pages are together. */
function blocksOf(model: Model, ratio: number): Map<number, Uint8Array | 'zero' | 'excluded'> {
  if (ratio === 1) return new Map(model);
  const blocks = new Map<number, Uint8Array | 'zero' | 'excluded'>();
  for (const pfn of model.keys()) {
    const frame = Math.floor(pfn / ratio);
    const pages = Array.from({ length: ratio }, (_, index) => model.get(frame * ratio + index));
    if (pages.some((page) => page === undefined || page === 'excluded'))
      blocks.set(frame, 'excluded');
    else if (pages.every((page) => page === 'zero')) blocks.set(frame, 'zero');
    else blocks.set(frame, concat(pages.map((page) => contentOf(page!))));
  }
  return blocks;
}

/** Writes a kdump-compressed dump of a model. All zero pages share one place, as in the field. */
export function writeKdump(model: Model, spec: KdumpSpec = {}): Uint8Array {
  const version = spec.version ?? 6;
  const wide = spec.wide ?? true;
  const codec = spec.codec ?? 'zlib';
  const blockSize = spec.blockSize ?? 4096;
  const ratio = blockSize / PAGE_SIZE;
  const blocks = blocksOf(model, ratio);
  const frames = Math.ceil(highestPfn(model) / ratio);
  const bitmapFrames = spec.bitmapFrames ?? frames;
  const bitmapBlocks = Math.max(1, Math.ceil(Math.ceil(bitmapFrames / 8) / blockSize));
  const bitmaps = spec.oneBitmap ? 1 : 2;
  const window = spec.split ?? { from: 0, to: frames };
  const dumped = [...blocks.keys()]
    .filter((frame) => blocks.get(frame) !== 'excluded')
    .sort((a, b) => a - b);
  const mine = dumped.filter((frame) => frame >= window.from && frame < window.to);

  const descriptorsAt = (1 + 1 + bitmaps * bitmapBlocks) * blockSize;
  let at = descriptorsAt + mine.length * 24;
  const data: Uint8Array[] = [];
  const store = (bytes: Uint8Array): number => {
    data.push(bytes);
    at += bytes.length;
    return at - bytes.length;
  };
  const zeroAt = store(new Uint8Array(blockSize));
  const descriptors = new Uint8Array(mine.length * 24);
  const descriptorView = new DataView(descriptors.buffer);
  mine.forEach((frame, index) => {
    const block = blocks.get(frame)!;
    let descriptor: PageDescriptor = { offset: zeroAt, size: blockSize, flags: 0 };
    if (block instanceof Uint8Array) {
      const packed = compressPage(block, codec);
      const smaller = packed.length < blockSize;
      const bytes = smaller ? packed : block;
      descriptor = {
        offset: store(bytes),
        size: bytes.length,
        flags: smaller ? CODEC_FLAGS[codec] : 0,
      };
    }
    if (spec.descriptor) descriptor = spec.descriptor(descriptor, frame);
    descriptorView.setBigUint64(index * 24, BigInt(descriptor.offset), true);
    descriptorView.setUint32(index * 24 + 8, descriptor.size, true);
    descriptorView.setUint32(index * 24 + 12, descriptor.flags, true);
  });

  const vmcoreinfo = new TextEncoder().encode(VMCOREINFO_TEXT);
  const notes = noteArea(spec.notes ?? [{ name: 'VMCOREINFO', type: 0, desc: vmcoreinfo }]);
  const eraseinfo = new TextEncoder().encode('erase secret.key size 32\n');
  const vmcoreinfoAt = store(vmcoreinfo);
  const notesAt = store(notes);
  const eraseinfoAt = store(eraseinfo);

  const header = new Uint8Array(blockSize);
  const view = new DataView(header.buffer);
  const text = new TextEncoder();
  header.set(text.encode('KDUMP   '));
  view.setInt32(8, version, true);
  const utsname = [
    'Linux',
    spec.nodename ?? 'rig',
    '6.1.0-test',
    '#1 SMP',
    wide ? 'x86_64' : 'i686',
    '(none)',
  ];
  utsname.forEach((value, index) => header.set(text.encode(value), 12 + index * 65));
  const time = spec.time ?? 1_795_300_163;
  if (wide) view.setBigUint64(408, BigInt(time), true);
  else view.setUint32(404, time, true);
  const status = wide ? 424 : 412;
  const narrowMax = spec.maxMapnr?.narrow ?? frames;
  const flags = spec.status ?? CODEC_FLAGS[codec];
  const members = [flags, blockSize, 1, bitmaps * bitmapBlocks, narrowMax, 0, 0, 0, 0, 2];
  members.forEach((value, index) => view.setUint32(status + 4 * index, value, true));

  const sub = new Uint8Array(blockSize);
  const subView = new DataView(sub.buffer);
  // Members of later versions than the header's hold bytes that must not be believed.
  sub.fill(0x5a, 0, 104);
  let member = 0;
  const u32 = (value: number): void => {
    subView.setUint32(member, value, true);
    member += 4;
  };
  const u64 = (value: number | bigint): void => {
    subView.setBigUint64(member, BigInt.asUintN(64, BigInt(value)), true);
    member += 8;
  };
  const long = (value: number | bigint): void => (wide ? u64(value) : u32(Number(value)));
  long(wide ? -440_401_920n : 0x100_0000);
  if (version >= 1) u32(31);
  if (version >= 2) {
    u32(spec.split ? 1 : 0);
    long(spec.split?.from ?? 0);
    long(spec.split?.to ?? 0);
  }
  const regions = [
    [3, vmcoreinfoAt, vmcoreinfo.length],
    [4, notesAt, notes.length],
    [5, eraseinfoAt, eraseinfo.length],
  ];
  for (const [since, offset, size] of regions) {
    if (version < since) continue;
    u64(offset);
    long(size);
  }
  if (version >= 6) {
    u64(spec.split?.from ?? 0);
    u64(spec.split?.to ?? 0);
    u64(spec.maxMapnr?.wide ?? frames);
  }

  const bitmap = (has: (frame: number) => boolean): Uint8Array => {
    const bytes = new Uint8Array(bitmapBlocks * blockSize);
    for (const frame of blocks.keys()) if (has(frame)) bytes[frame >> 3] |= 1 << (frame & 7);
    return bytes;
  };
  const dumpedBitmap = bitmap((frame) => blocks.get(frame) !== 'excluded');
  const both = spec.oneBitmap ? [dumpedBitmap] : [bitmap(() => true), dumpedBitmap];
  return concat([header, sub, ...both, descriptors, ...data]);
}

/** The files of a split set over the given borders. */
export function writeSplit(
  model: Model,
  borders: readonly number[],
  spec: KdumpSpec = {},
): Uint8Array[] {
  return borders
    .slice(1)
    .map((to, index) => writeKdump(model, { ...spec, split: { from: borders[index], to } }));
}
