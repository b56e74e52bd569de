/** Inputs of the window's benchmark: a domain of 10 million leaves, a million faults. */
import {
  existsSync,
  ftruncateSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/captures.ts';
import { elfHead, once, WORK } from './machine.ts';

const PAGE = 4096;
const ENTRIES = 512;
export const LEAVES = 10_000_000;
export const FAULTS = 1_000_000;
/** Frames that the dump's one segment covers: tables, and nothing else. */
const FRAMES = (256 << 20) / PAGE;
const ROOT_FRAME = 0x1000;
const READ_WRITE = 3n;

export interface WindowInputs {
  readonly elf: string;
  readonly registers: string;
  readonly log: string;
}

/** Makes the files once; they stay in build/bench. */
export function windowInputs(): WindowInputs {
  mkdirSync(WORK, { recursive: true });
  const inputs: WindowInputs = {
    elf: join(WORK, 'ten-million.elf'),
    registers: join(WORK, 'ten-million.json'),
    log: join(WORK, 'million-faults.log'),
  };
  const registers = {
    '0x008': '0x22260206',
    '0x00c': '0x00d2008c',
    '0x010': '0x00f00f4a',
    '0x01c': '0xc0000000',
    '0x020': `0x${(ROOT_FRAME * PAGE).toString(16)}`,
  };
  writeFileSync(
    inputs.registers,
    JSON.stringify({ vendor: 'intel', units: [{ base: '0xfed90000', registers }] }),
  );
  once(inputs.elf, writeTables);
  once(inputs.log, writeFaults);
  return inputs;
}

/** An ELF core of one segment; frames that hold no table are holes of the file, and read as zero. */
function writeTables(fd: number): void {
  writeSync(fd, elfHead(FRAMES * PAGE));
  const write = (frame: number, words: BigUint64Array): void => {
    writeSync(fd, new Uint8Array(words.buffer), 0, PAGE, PAGE + frame * PAGE);
  };
  let next = ROOT_FRAME;
  const table = (): [number, BigUint64Array] => [next++, new BigUint64Array(ENTRIES)];
  const address = (frame: number): bigint => BigInt(frame) << 12n;
  const [rootFrame, root] = table();
  const [contextFrame, context] = table();
  const [topFrame, top] = table();
  root[0] = address(contextFrame) | 1n;
  // 00:02.0 in domain 1, 39-bit second stage.
  context[2 * 0x10] = address(topFrame) | 1n;
  context[2 * 0x10 + 1] = (1n << 8n) | 1n;
  let left = LEAVES;
  for (let index3 = 0; left > 0; index3++) {
    const [frame2, level2] = table();
    top[index3] = address(frame2) | READ_WRITE;
    for (let index2 = 0; index2 < ENTRIES && left > 0; index2++) {
      const [frame1, level1] = table();
      level2[index2] = address(frame1) | READ_WRITE;
      for (let index1 = 0; index1 < ENTRIES && left > 0; index1++, left--)
        // Every second leaf jumps, so that no run folds them.
        level1[index1] = address(((LEAVES - left) * 7919) % 0x80000) | READ_WRITE;
      write(frame1, level1);
    }
    write(frame2, level2);
  }
  write(topFrame, top);
  write(contextFrame, context);
  write(rootFrame, root);
  // The last byte of the segment, so that the file is as long as its header says.
  writeSync(fd, Buffer.alloc(1), 0, 1, PAGE + FRAMES * PAGE - 1);
}

/** A storm: 64 devices, four reasons, addresses that never come twice. */
function writeFaults(fd: number): void {
  const reasons = [
    '0x05] PTE Write access is not set',
    '0x06] PTE Read access is not set',
    '0x02] Present bit in context entry is clear',
    '0x01] Present bit in root entry is clear',
  ];
  writeSync(fd, '[    0.000000] Linux version 6.1.0 (bench)\n[    0.100000] DMAR: IOMMU enabled\n');
  for (let done = 0; done < FAULTS; done += 10_000) {
    const lines = Array.from({ length: 10_000 }, (_, index) => {
      const n = done + index;
      const device = (n % 64).toString(16).padStart(2, '0');
      const at = (0x1000_0000 + n * PAGE).toString(16);
      const time = (1 + n / 5000).toFixed(6).padStart(12);
      const direction = n % 4 === 0 ? 'Write' : 'Read';
      return `[${time}] DMAR: [DMA ${direction} NO_PASID] Request device [${device}:00.0] fault addr 0x${at} [fault reason ${reasons[n % 4]}\n`;
    });
    writeSync(fd, lines.join(''));
  }
}

const GIBIBYTE = 2 ** 30;
const PT_LOAD = 1;
const HEADER = 56;

/**
 * A dump of 60 GiB as the capture's machine would leave it with 60 GiB more of memory: the capture's
 * own headers, notes and pages, and segments of 4 GiB each above 4 GiB, which are holes of the
 * file. Undefined where the captures are not here.
 */
export function largeVmcore(): string | undefined {
  const capture = join(ROOT, 'build/captures/intel-6.1/vmcore');
  if (!existsSync(capture)) return undefined;
  mkdirSync(WORK, { recursive: true });
  const path = join(WORK, 'sixty-gib.vmcore');
  once(path, (fd) => writeLarge(fd, readFileSync(capture)));
  return path;
}

/** ELF core, System V ABI: the program headers stand behind the file's, 56 bytes each. */
function writeLarge(fd: number, old: Buffer): void {
  const at = Number(old.readBigUInt64LE(32));
  const count = old.readUInt16LE(56);
  const headers = Array.from({ length: count }, (_, index) =>
    Buffer.from(old.subarray(at + index * HEADER, at + (index + 1) * HEADER)),
  );
  // What the file held moves by a page: the headers become more.
  for (const header of headers)
    header.writeBigUInt64LE(header.readBigUInt64LE(8) + BigInt(PAGE), 8);
  // The kernel's direct map: virtual minus physical address of the last segment.
  const last = headers.at(-1)!;
  const direct = last.readBigUInt64LE(16) - last.readBigUInt64LE(24);
  const size = 4 * GIBIBYTE;
  let end = Math.ceil((old.length + PAGE) / PAGE) * PAGE;
  for (let physical = size; physical < 64 * GIBIBYTE; physical += size, end += size) {
    const header = Buffer.alloc(HEADER);
    header.writeUInt32LE(PT_LOAD, 0);
    header.writeUInt32LE(7, 4);
    header.writeBigUInt64LE(BigInt(end), 8);
    header.writeBigUInt64LE(direct + BigInt(physical), 16);
    header.writeBigUInt64LE(BigInt(physical), 24);
    header.writeBigUInt64LE(BigInt(size), 32);
    header.writeBigUInt64LE(BigInt(size), 40);
    headers.push(header);
  }
  const head = Buffer.from(old.subarray(0, at));
  head.writeUInt16LE(headers.length, 56);
  writeSync(fd, Buffer.concat([head, ...headers]), 0);
  for (let from = at + count * HEADER; from < old.length;)
    from += writeSync(fd, old, from, Math.min(1 << 24, old.length - from), from + PAGE);
  ftruncateSync(fd, end);
}
