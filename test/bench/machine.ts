/**
 * The machine that the benchmarks dump: 1 GiB of memory with a VT-d unit in legacy mode whose four
 * devices have 1,048,576 leaves of 4 KiB each, and filler that compresses as kernel memory does.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { ROOT } from '../support/captures.ts';

export const WORK = join(ROOT, 'build/bench');
const PAGE = 4096;
const MEMORY_PAGES = (1 << 30) / PAGE;
const LEAVES_PER_DEVICE = 1 << 20;
const DEVICES = [0x08, 0x10, 0x18, 0x20];
/** First frame of the tables; frames below are filler. */
const TABLES_AT = 0x1000;
const READ_WRITE = 3n;
/** 39-bit second stage (AW = 1), domain in bits 23:8. */
const contextHigh = (domain: number): bigint => (BigInt(domain) << 8n) | 1n;

/** Table pages by frame: root, context, and three levels for each device. */
function tablePages(): Map<number, BigUint64Array> {
  const pages = new Map<number, BigUint64Array>();
  let next = TABLES_AT;
  const allocate = (): [number, BigUint64Array] => {
    const words = new BigUint64Array(512);
    pages.set(next, words);
    return [next++, words];
  };
  const address = (frame: number): bigint => BigInt(frame) << 12n;
  const [rootFrame, root] = allocate();
  if (rootFrame !== TABLES_AT) throw new Error('the root table must be the first table');
  const [contextFrame, context] = allocate();
  root[0] = address(contextFrame) | 1n;
  for (const [order, devfn] of DEVICES.entries()) {
    const [topFrame, top] = allocate();
    context[2 * devfn] = address(topFrame) | 1n;
    context[2 * devfn + 1] = contextHigh(order + 1);
    let target = 0x2000 + order * 7;
    for (let l3 = 0; l3 < LEAVES_PER_DEVICE / (512 * 512); l3++) {
      const [l2Frame, l2] = allocate();
      top[l3] = address(l2Frame) | READ_WRITE;
      for (let index2 = 0; index2 < 512; index2++) {
        const [l1Frame, l1] = allocate();
        l2[index2] = address(l1Frame) | READ_WRITE;
        for (let index1 = 0; index1 < 512; index1++) {
          l1[index1] = address(target) | (index1 % 16 === 5 ? 1n : READ_WRITE);
          // Mostly neighbours, with jumps: as allocators leave it.
          target =
            0x2000 + ((target - 0x2000 + (index1 % 32 === 0 ? 977 : 1)) % (MEMORY_PAGES - 0x2000));
        }
      }
    }
  }
  return pages;
}

/** Filler like kernel memory: pointers with a common head, counters, zeros. */
function fillerPage(frame: number): Uint8Array {
  const page = new Uint8Array(PAGE);
  const view = new DataView(page.buffer);
  let state = (frame * 2654435761) >>> 0;
  for (let at = 0; at < PAGE; at += 8) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const kind = state >>> 29;
    if (kind < 3) continue;
    view.setUint32(at, kind < 6 ? (state & 0xffffff) * 8 : state & 0xff, true);
    if (kind < 6) view.setUint32(at + 4, 0xffff8880, true);
  }
  return page;
}

function* pagesOf(tables: ReadonlyMap<number, BigUint64Array>): Generator<Uint8Array> {
  for (let frame = 0; frame < MEMORY_PAGES; frame++) {
    const table = tables.get(frame);
    yield table ? new Uint8Array(table.buffer) : fillerPage(frame);
  }
}

export interface BenchFiles {
  readonly elf: string;
  readonly kdump: string;
  readonly registers: string;
  /** A kdump of a machine with 64 GiB whose dump holds the same tables and little else. */
  readonly sparse: string;
}

/** Makes the dumps once; they stay in build/bench. */
export function benchFiles(): BenchFiles {
  mkdirSync(WORK, { recursive: true });
  const files: BenchFiles = {
    elf: join(WORK, 'machine.elf'),
    kdump: join(WORK, 'machine.kdump'),
    registers: join(WORK, 'registers.json'),
    sparse: join(WORK, 'sparse.kdump'),
  };
  writeFileSync(
    files.registers,
    JSON.stringify({
      vendor: 'intel',
      units: [
        {
          base: '0xfed90000',
          registers: {
            '0x008': '0x22260206',
            '0x00c': '0x00d2008c',
            '0x010': '0x00f00f4a',
            '0x01c': '0xc0000000',
            '0x020': `0x${(TABLES_AT * PAGE).toString(16)}`,
          },
        },
      ],
    }),
  );
  if (existsSync(files.elf) && existsSync(files.kdump) && existsSync(files.sparse)) return files;
  console.log('making the dumps (once, about a minute) …');
  const tables = tablePages();
  once(files.elf, (fd) => writeElfCore(fd, tables));
  once(files.kdump, (fd) => writeKdump(fd, MEMORY_PAGES, [...pagesOf(tables)].entries()));
  once(files.sparse, (fd) => writeKdump(fd, (64 * 2 ** 30) / PAGE, sparsePages(tables)));
  return files;
}

function* sparsePages(
  tables: ReadonlyMap<number, BigUint64Array>,
): Generator<[number, Uint8Array]> {
  for (const [frame, words] of [...tables].sort((a, b) => a[0] - b[0]))
    yield [frame, new Uint8Array(words.buffer)];
  for (let frame = MEMORY_PAGES; frame < (64 * 2 ** 30) / PAGE; frame += 4096)
    yield [frame, fillerPage(frame)];
}

/** Makes a file once, whole or not at all. */
export function once(path: string, write: (fd: number) => void): void {
  if (existsSync(path)) return;
  const fd = openSync(`${path}.part`, 'w');
  write(fd);
  closeSync(fd);
  renameSync(`${path}.part`, path);
}

/** The head of an ELF core with one PT_LOAD from physical address 0; its bytes follow at 4096. */
export function elfHead(size: number): Buffer {
  const head = Buffer.alloc(PAGE);
  head.write('\u007fELF\u0002\u0001\u0001', 0, 'latin1');
  head.writeUInt16LE(4, 16);
  head.writeUInt16LE(62, 18);
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt16LE(64, 52);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(1, 56);
  head.writeUInt32LE(1, 64);
  head.writeUInt32LE(7, 68);
  head.writeBigUInt64LE(BigInt(PAGE), 72);
  head.writeBigUInt64LE(BigInt(size), 96);
  head.writeBigUInt64LE(BigInt(size), 104);
  return head;
}

/** One PT_LOAD whose virtual addresses equal the physical ones, so that any reader can address it. */
function writeElfCore(fd: number, tables: ReadonlyMap<number, BigUint64Array>): void {
  writeSync(fd, elfHead(MEMORY_PAGES * PAGE));
  for (const page of pagesOf(tables)) writeSync(fd, page);
}

/** A kdump-compressed file, header version 6, zlib (makedumpfile's diskdump_mod.h). */
function writeKdump(fd: number, frames: number, pages: Iterable<[number, Uint8Array]>): void {
  const bitmapBlocks = Math.ceil(frames / 8 / PAGE);
  const present = Buffer.alloc(bitmapBlocks * PAGE);
  const descriptors: { offset: number; size: number }[] = [];
  const list: [number, Uint8Array][] = [];
  for (const [frame, page] of pages) {
    present[frame >> 3] |= 1 << (frame & 7);
    list.push([frame, page]);
  }
  const descriptorsAt = (2 + 2 * bitmapBlocks) * PAGE;
  let at = descriptorsAt + list.length * 24;
  let chunk: Buffer[] = [];
  let chunkAt = at;
  let chunkLength = 0;
  const flush = (): void => {
    writeSync(fd, Buffer.concat(chunk), 0, chunkLength, chunkAt);
    chunkAt += chunkLength;
    chunk = [];
    chunkLength = 0;
  };
  for (const [, page] of list) {
    const packed = deflateSync(page, { level: 1 });
    descriptors.push({ offset: at, size: packed.length });
    chunk.push(packed);
    chunkLength += packed.length;
    at += packed.length;
    if (chunkLength > 1 << 22) flush();
  }
  flush();
  const header = Buffer.alloc(2 * PAGE);
  header.write('KDUMP   ', 0, 'latin1');
  header.writeInt32LE(6, 8);
  header.write('x86_64', 12 + 4 * 65, 'latin1');
  header.writeUInt32LE(1, 424);
  header.writeInt32LE(PAGE, 428);
  header.writeInt32LE(1, 432);
  header.writeUInt32LE(2 * bitmapBlocks, 436);
  header.writeUInt32LE(frames, 440);
  header.writeInt32LE(1, 460);
  header.writeBigUInt64LE(BigInt(frames), PAGE + 96);
  writeSync(fd, header, 0, header.length, 0);
  writeSync(fd, present, 0, present.length, 2 * PAGE);
  writeSync(fd, present, 0, present.length, 2 * PAGE + present.length);
  const table = Buffer.alloc(descriptors.length * 24);
  for (const [index, { offset, size }] of descriptors.entries()) {
    table.writeBigUInt64LE(BigInt(offset), index * 24);
    table.writeUInt32LE(size, index * 24 + 8);
    table.writeUInt32LE(1, index * 24 + 12);
  }
  writeSync(fd, table, 0, table.length, descriptorsAt);
}
