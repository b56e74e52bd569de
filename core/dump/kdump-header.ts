import { Failure } from '../memory/failure.ts';
import type { Image } from './image.ts';
import { readSome, textOf, u64, viewOf } from './image.ts';
import type { Utsname } from './dump.ts';

/**
 * Flags of a page descriptor and, for the dump as a whole, of the header's status
 * (makedumpfile, diskdump_mod.h; zstd since 1.7.0).
 */
export const FLAG_ZLIB = 0x1;
export const FLAG_LZO = 0x2;
export const FLAG_SNAPPY = 0x4;
export const FLAG_ZSTD = 0x20;
/** Of the status alone: the writer ran out of space. */
const STATUS_INCOMPLETE = 0x8;

/** Highest header_version that is known; each one only adds members to the sub-header. */
export const NEWEST_VERSION = 6;

const SIGNATURE = 'KDUMP   ';
const UTSNAME_FIELD = 65;

/** Bytes of the header block and the sub-header that the members take. */
const HEADER_BYTES = 464;
const SUB_HEADER_BYTES = 104;

/** Blocks of 4 KiB to 1 MiB; the block is the page of the machine that was dumped. */
const LARGEST_BLOCK = 1 << 20;

/** A region of the file that the sub-header points to. */
export interface Region {
  readonly offset: number;
  readonly size: number;
}

/** disk_dump_header and kdump_sub_header; what the version does not have is undefined. */
export interface KdumpHeader {
  readonly version: number;
  readonly utsname: Utsname;
  readonly time: number;
  readonly status: number;
  readonly incomplete: boolean;
  readonly blockSize: number;
  readonly subHeaderBlocks: number;
  readonly bitmapBlocks: number;
  /** max_mapnr: 64 bits wide since version 6. In blocks, like every frame number here. */
  readonly maxFrame: number;
  readonly nrCpus: number;
  readonly physBase: bigint;
  readonly dumpLevel: number | undefined;
  /** Frames that this file of a split set holds. */
  readonly split: { readonly from: number; readonly to: number } | undefined;
  readonly vmcoreinfo: Region | undefined;
  readonly notes: Region | undefined;
  readonly eraseinfo: Region | undefined;
  /** Offset of the first bitmap. */
  readonly bitmapAt: number;
  /** Offset of the page descriptors. */
  readonly descriptorsAt: number;
}

/** Whether a file's first bytes are those of a kdump-compressed dump. */
export function isKdump(head: Uint8Array): boolean {
  if (head.length < SIGNATURE.length) return false;
  for (let index = 0; index < SIGNATURE.length; index++)
    if (head[index] !== SIGNATURE.charCodeAt(index)) return false;
  return true;
}

/** Where members stand: `long`, `struct timeval` and alignment differ between the two. */
interface Shape {
  readonly wide: boolean;
  readonly time: number;
  readonly status: number;
}
const LP64: Shape = { wide: true, time: 408, status: 424 };
const ILP32: Shape = { wide: false, time: 404, status: 412 };

/** @throws Failure when it is no kdump header of a shape that is known. */
export function readKdumpHeader(image: Image): KdumpHeader {
  const head = readSome(image, 0, HEADER_BYTES);
  if (!isKdump(head) || head.length < HEADER_BYTES)
    throw unreadable(image, 'its first block is cut off or is not that of a kdump');
  const view = viewOf(head);
  const shape = [LP64, ILP32].find((each) => plausible(view, each, image.size));
  if (!shape) throw unreadable(image, 'its block sizes are impossible for any kind of x86 kernel');
  const version = view.getInt32(8, true);
  const at = (member: number): number => shape.status + 4 * member;
  const blockSize = view.getInt32(at(1), true);
  const subHeaderBlocks = view.getInt32(at(2), true);
  const bitmapBlocks = view.getUint32(at(3), true);
  const sub = readSome(image, blockSize, Math.min(SUB_HEADER_BYTES, subHeaderBlocks * blockSize));
  if (sub.length < 16) throw unreadable(image, 'it ends before its sub-header');
  const members = subHeaderReader(sub, shape, version);
  const headerMax = view.getUint32(at(4), true);
  const bitmapAt = (1 + subHeaderBlocks) * blockSize;
  const maxFrame = members.maxFrame || unwrapped(headerMax, bitmapBlocks * blockSize);
  return {
    version,
    utsname: readUtsname(head),
    time: shape.wide ? u64(view, shape.time) : view.getUint32(shape.time, true),
    status: view.getUint32(shape.status, true),
    incomplete: (view.getUint32(shape.status, true) & STATUS_INCOMPLETE) !== 0,
    blockSize,
    subHeaderBlocks,
    bitmapBlocks,
    nrCpus: view.getInt32(at(9), true),
    ...members,
    maxFrame,
    bitmapAt,
    descriptorsAt: bitmapAt + bitmapBlocks * blockSize,
  };
}

function plausible(view: DataView, shape: Shape, size: number): boolean {
  const blockSize = view.getInt32(shape.status + 4, true);
  const subHeaderBlocks = view.getInt32(shape.status + 8, true);
  return (
    blockSize >= 4096 &&
    blockSize <= LARGEST_BLOCK &&
    (blockSize & (blockSize - 1)) === 0 &&
    subHeaderBlocks >= 1 &&
    (1 + subHeaderBlocks) * blockSize <= Math.max(size, 2 * blockSize)
  );
}

function readUtsname(head: Uint8Array): Utsname {
  const [sysname, nodename, release, version, machine, domainname] = Array.from(
    { length: 6 },
    (_, index) =>
      textOf(head.subarray(12 + index * UTSNAME_FIELD, 12 + (index + 1) * UTSNAME_FIELD)),
  );
  return { sysname, nodename, release, version, machine, domainname };
}

/**
 * max_mapnr of versions up to 5 has 32 bits and wraps at 16 TiB (makedumpfile 8e12417); the
 * bitmaps, two halves of a bit per frame, say how often.
 */
function unwrapped(max: number, bitmapBytes: number): number {
  const frames = (bitmapBytes / 2) * 8;
  const wraps = frames > max ? Math.floor((frames - max) / 2 ** 32) : 0;
  return max + wraps * 2 ** 32;
}

/** The members of kdump_sub_header, each if the header version has it. */
function subHeaderReader(sub: Uint8Array, shape: Shape, version: number) {
  const bytes = new Uint8Array(SUB_HEADER_BYTES);
  bytes.set(sub);
  const view = viewOf(bytes);
  const { wide } = shape;
  const long = (at: number): number => (wide ? u64(view, at) : view.getUint32(at, true));
  const since = <T>(first: number, value: () => T): T | undefined =>
    version >= first ? value() : undefined;
  const region = (at: number): Region | undefined => {
    const offset = u64(view, at);
    const size = long(at + 8);
    return offset > 0 && size > 0 ? { offset, size } : undefined;
  };
  // offset and size of a region: off_t and unsigned long, the latter of the machine's width
  const regions = wide ? { at: 32, step: 16 } : { at: 20, step: 12 };
  const wideAt = regions.at + 3 * regions.step;
  const isSplit = version >= 2 && view.getInt32(wide ? 12 : 8, true) !== 0;
  const narrow = wide ? [16, 24] : [12, 16];
  return {
    physBase: wide ? view.getBigInt64(0, true) : BigInt(view.getUint32(0, true)),
    dumpLevel: since(1, () => view.getInt32(wide ? 8 : 4, true)),
    split: isSplit
      ? version >= 6
        ? { from: u64(view, wideAt), to: u64(view, wideAt + 8) }
        : { from: long(narrow[0]), to: long(narrow[1]) }
      : undefined,
    vmcoreinfo: since(3, () => region(regions.at)),
    notes: since(4, () => region(regions.at + regions.step)),
    eraseinfo: since(5, () => region(regions.at + 2 * regions.step)),
    maxFrame: since(6, () => u64(view, wideAt + 16)),
  };
}

function unreadable(image: Image, why: string): Failure {
  return new Failure(
    'unreadable',
    `${image.name} can't be read as a kdump: ${why}.`,
    'Without its header nothing of the dump can be found.',
    'Copy the dump again and compare the sizes.',
  );
}
