import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LARGE } from '../../../core/log/line-buffer.ts';
import { LogCollector, parseLog, SettledFaults } from '../../../core/log/parse.ts';
import { LogParser } from '../../../core/log/parser.ts';
import type { FaultRecord } from '../../../core/iommu/fault.ts';
import { captureBytes } from '../../support/captures.ts';

const encoder = new TextEncoder();

/** Reads a log in chunks of the given sizes, the last one as long as it takes. */
function inChunks(bytes: Uint8Array, sizes: readonly number[], expected?: number): LogCollector {
  const collector = new LogCollector();
  const parser = new LogParser(collector, expected);
  let from = 0;
  for (const size of sizes) {
    parser.push(bytes.subarray(from, from + size));
    from = Math.min(bytes.length, from + size);
  }
  parser.push(bytes.subarray(from));
  parser.end();
  return collector;
}

const told = ({
  faults,
  phases,
  kernels,
  notes,
  marks,
}: LogCollector | ReturnType<typeof parseLog>) => ({
  faults,
  phases,
  kernels,
  notes,
  marks,
});

test.each(['intel-6.1', 'amd-6.1'] as const)(
  '%s: a log that is told to be large reads the same',
  (name) => {
    const bytes = captureBytes(name, 'console.log');
    expect(told(inChunks(bytes, [1000, 100_000], LARGE))).toEqual(told(inChunks(bytes, [])));
  },
);

/** Reads a log as with another thread that fills halves in turn, each with as much as it likes. */
function inHalves(bytes: Uint8Array, sizes: readonly number[]): LogCollector {
  const collector = new LogCollector();
  const parser = new LogParser(collector, bytes.length, true);
  let from = 0;
  for (let turn = 0; from < bytes.length; turn++) {
    const half = parser.halves![turn & 1];
    const length = Math.min(sizes[turn] ?? half.length, half.length, bytes.length - from);
    half.set(bytes.subarray(from, from + length));
    expect(parser.room()).toBe(half);
    // The other half is somebody else's from here on.
    parser.halves![1 - (turn & 1)].fill(turn);
    parser.filled(length);
    from += length;
  }
  parser.end();
  return collector;
}

test.each(['intel-6.1', 'amd-6.1'] as const)('%s: reading ahead gives the same', (name) => {
  const bytes = captureBytes(name, 'console.log');
  const whole = told(parseLog(bytes));
  expect(told(inHalves(bytes, []))).toEqual(whole);
  expect(told(inHalves(bytes, [5000, 1, 70_000, 30_000, 2]))).toEqual(whole);
});

/** Pieces of every kind of line, whole, cut and mangled. */
const PIECES = [
  '[    1.000000] Linux version 6.1.0 (a@b) (gcc) #1 SMP\r\n',
  '[    0.000000] Command line: ro elfcorehdr=507252K nr_cpus=1 reset_devices irqpoll console=ttyS0\n',
  '[    1.500000] DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap d2008c22260206 ecap f00f4a\n',
  '[    9.500000] DMAR-IR: Copied IR table for dmar0 from previous kernel\n',
  '[   16.113477] DMAR: DRHD: handling fault status reg 2\r\n',
  '[   16.113870] DMAR: [DMA Read NO_PASID] Request device [00:06.0] fault addr 0x1f00000 [fault reason 0x06] PTE Read access is not set\r\n',
  'DMAR: [DMA Read NO_PASID] Request device [00:06.0] fault addr 0x1f0',
  '0000 [fault reason 0x06] PTE\n',
  'dmar: DMAR:[DMA Read] Request device [01:00.0] fault addr fff80000 \n',
  'dmar: DMAR:[DMA Read] Request device [01:00.0] fault addr fff80000\n',
  'DMAR:[fault reason 01] Present bit in root entry is clear\n',
  'dmar: INTR-REMAP: Request device [[61:00.0] fault index 42\n',
  '               INTR-REMAP:[fault reason 34] Present field in the IRTE entry is clear\n',
  '> > > AMD-Vi: Event logged [IO_PAGE_FAULT device=00:14.1 domain=0x000d\n> > > address=0x000000000245a0c0 flags=0x0070]\n',
  '[  221.562629] AMD-Vi: Event logged [\n',
  '[  221.565929] IO_PAGE_FAULT device=05:00.0 domain=0x0012 address=0x00000000ff6101b0 flags=0x0070]\n',
  'AMD-Vi: Event logged [ILLEGAL_DEV_TABLE_ENTRY device=06:00.0 address=0x0 flags=0x0080]\n',
  'AMD-Vi: DTE[0]: 7d90000000000003\n',
  'DMAR: Dump dmar0 table entries for IOVA 0x1f00000\n',
  'DMAR: PTE not present at level 2\n',
  '[   22.000000] Kernel panic - not syncing: x\n',
  '\rCopying data                        : [ 45.3 %] /   eta: 2m10s',
  '\r\n',
  '\n',
  '\u001b[31mred\u001b[0m ',
  '[   30.000000] plain\n',
  'x'.repeat(5000),
  '[   31.000000] ** 37 printk messages dropped **\n',
];

describe('streaming', () => {
  test('any chunking gives equal results', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 60 }),
        (pieces, sizes) => {
          const bytes = encoder.encode(pieces.join(''));
          expect(told(inChunks(bytes, sizes))).toEqual(told(parseLog(bytes)));
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each(['intel-6.1', 'intel-5.10', 'amd-7.2-reuse'] as const)(
    '%s in chunks of one byte, seven, a page and a mebibyte',
    (name) => {
      const bytes = captureBytes(name, 'console.log').subarray(0, 120_000);
      const whole = told(parseLog(bytes));
      for (const size of [1, 7, 4096, 1 << 20]) {
        const sizes = Array.from({ length: Math.ceil(bytes.length / size) }, () => size);
        expect(told(inChunks(bytes, sizes))).toEqual(whole);
      }
    },
  );

  test('a fault is told as soon as its line is complete', () => {
    const seen: FaultRecord[] = [];
    const parser = new LogParser({ onFault: (record) => void seen.push(record) });
    const line =
      '[    1.000000] DMAR: [DMA Read NO_PASID] Request device [00:06.0] fault addr 0x1000 [fault reason 0x06] PTE Read access is not set\r';
    parser.push(encoder.encode(line));
    expect(seen).toEqual([]);
    parser.push(encoder.encode('\n'));
    expect(seen).toMatchObject([{ bdf: '00:06.0', line: 1 }]);
  });

  test('what is printed later makes the newest fault grow', () => {
    const grown: (readonly [number, number])[] = [];
    const parser = new LogParser({
      onFaultGrown: (record, ordinal) => void grown.push([ordinal, record.raw?.length ?? 0]),
    });
    parser.push(encoder.encode(PIECES[16] + PIECES[17]));
    expect(grown).toEqual([[0, 1]]);
  });

  test('SettledFaults gives each fault once, when it can grow no more', () => {
    const given: FaultRecord[] = [];
    const settled = new SettledFaults((record) => void given.push(record));
    const parser = new LogParser(settled);
    parser.push(encoder.encode(PIECES[16] + PIECES[17]));
    expect(given).toEqual([]);
    parser.push(encoder.encode(PIECES[5]));
    expect(given).toMatchObject([{ raw: [0x7d90000000000003n] }]);
    parser.end();
    settled.settle();
    expect(given).toHaveLength(2);
  });

  test('records carry the time when their last byte arrived', () => {
    const seen: (number | undefined)[] = [];
    const parser = new LogParser({ onFault: (record) => void seen.push(record.receivedAt) });
    parser.push(encoder.encode(PIECES[4]), 100);
    parser.push(encoder.encode(PIECES[5].slice(0, 40)), 200);
    parser.push(encoder.encode(PIECES[5].slice(40)), 300);
    parser.push(encoder.encode(PIECES[5] + PIECES[5]), 400);
    expect(seen).toEqual([300, 400, 400]);
  });

  test('room and filled take bytes without a copy of the caller’s', () => {
    const collector = new LogCollector();
    const parser = new LogParser(collector);
    const bytes = encoder.encode(PIECES[5]);
    parser.room().set(bytes);
    parser.filled(bytes.length);
    parser.end();
    expect(collector.faults).toHaveLength(1);
    expect(parser.lines).toBe(1);
  });

  test('lines are those of wc -l, and one more where the last has no end', () => {
    expect(parseLog(encoder.encode('a\nb\n')).lines).toBe(2);
    expect(parseLog(encoder.encode('a\nb')).lines).toBe(2);
    expect(parseLog(encoder.encode('')).lines).toBe(0);
  });
});

test('a storm of a million lines is read in bounded memory', () => {
  const pair = encoder.encode(
    Array.from({ length: 1000 }, (_, at) => {
      const stamp = `[${(at / 100).toFixed(6).padStart(12)}] `;
      return `${stamp}dmar: DRHD: handling fault status reg 2\r\n${stamp}dmar: DMAR:[DMA Read] Request device [02:00.0] fault addr ${(at * 4096).toString(16)} \r\n${stamp}DMAR:[fault reason 06] PTE Read access is not set\r\n`;
    }).join(''),
  );
  let faults = 0;
  let reasons = 0;
  const parser = new LogParser({
    onFault: (record) => {
      faults++;
      if (record.reason === 6 && record.status === 2) reasons++;
    },
  });
  const before = process.memoryUsage();
  let peak = 0;
  for (let round = 0; round < 334; round++) {
    parser.push(pair);
    const now = process.memoryUsage();
    peak = Math.max(peak, now.heapUsed + now.arrayBuffers);
  }
  parser.end();
  expect(parser.lines).toBe(1_002_000);
  expect(faults).toBe(334_000);
  expect(reasons).toBe(334_000);
  // Garbage that was not collected yet is in it, too.
  expect(peak - before.heapUsed - before.arrayBuffers).toBeLessThan(128 << 20);
});
