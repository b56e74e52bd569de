import { describe, expect, test } from 'vitest';
import { messageLines, readKernelLog, stamp } from '../../../core/linux/printk.ts';
import { FakeKernel } from '../../support/linux/fake-kernel.ts';
import {
  DESCS,
  RING,
  TEXT,
  writeLogBuffer,
  writeRing,
  type FakeRecord,
} from '../../support/linux/printk-image.ts';

const read = (kernel: FakeKernel) => {
  const memory = kernel.virtual();
  return { log: readKernelLog(memory, kernel.info()), notes: memory.notes };
};
const many = (count: number, length = 20): FakeRecord[] =>
  Array.from({ length: count }, (_, i) => ({
    time: BigInt(i) * 1000000n,
    text: `record ${i} `.padEnd(length, '.'),
  }));

describe('the ring of 5.10 and later', () => {
  test.each([88, 112])('every part of a record (printk_info of %i bytes)', (infoSize) => {
    const kernel = new FakeKernel();
    const pci: FakeRecord = {
      time: 806066123n,
      text: 'vgaarb: bridge control possible',
      level: 4,
      facility: 3,
      caller: 0x80000001,
      subsystem: 'pci',
      device: '+pci:0000:00:1f.2',
    };
    writeRing(kernel, [{ time: 0n, text: 'Linux version', level: 5, caller: 7 }, pci], {
      infoSize,
    });
    expect(read(kernel).log).toEqual([
      {
        sequence: 0,
        time: 0n,
        level: 5,
        facility: 0,
        caller: 'T7',
        subsystem: undefined,
        device: undefined,
        text: 'Linux version',
      },
      { ...pci, sequence: 1, caller: 'C1' },
    ]);
  });

  test('wrapped many times: the latest records, in order, none garbled', () => {
    for (const count of [1, 15, 16, 17, 100]) {
      const kernel = new FakeKernel();
      const records = many(count);
      writeRing(kernel, records);
      expect(read(kernel).log.map((each) => each.text)).toEqual(
        records.slice(-16).map((each) => each.text),
      );
    }
  });

  test('a text that did not fit before the end stands at the start', () => {
    for (const length of [33, 57, 100, 161]) {
      const kernel = new FakeKernel();
      const records = many(30, length);
      writeRing(kernel, records, { countBits: 2 });
      expect(read(kernel).log.map((each) => each.text)).toEqual(
        records.slice(-4).map((each) => each.text),
      );
    }
  });

  test('a text whose place was taken by a later one is left empty, not garbled', () => {
    const kernel = new FakeKernel();
    // Sixteen records of 128 bytes in 1 KiB: the eight oldest have lost their text.
    writeRing(kernel, many(16, 120));
    const texts = read(kernel).log.map((each) => each.text);
    expect(texts.slice(0, 8)).toEqual(Array(8).fill(''));
    expect(texts[15]).toMatch(/^record 15 \.+$/);
  });

  test.each([
    [0, 'being written', false],
    [1, 'committed', true],
    [2, 'finalized', true],
    [3, 'reusable', false],
  ])('state %i (%s)', (state, _, shown) => {
    const kernel = new FakeKernel();
    writeRing(kernel, [
      { time: 1n, text: 'a' },
      { time: 2n, text: 'b', state },
    ]);
    expect(read(kernel).log.map((each) => each.text)).toEqual(shown ? ['a', 'b'] : ['a']);
  });

  test('records on a missing page are counted as lost; the others are there', () => {
    const kernel = new FakeKernel();
    writeRing(kernel, many(200, 60), { countBits: 8, sizeBits: 14 });
    kernel.memory.lose(kernel.physical(kernel.stext + TEXT + 0x1000n));
    const { log, notes } = read(kernel);
    expect(log.length).toBeGreaterThan(100);
    expect(log.length).toBeLessThan(200);
    expect(log.at(-1)?.text).toMatch(/^record 199 /);
    expect(notes.incomplete.map((each) => each.text).join(' ')).toMatch(
      /records of the kernel's log stand in pages that are missing/,
    );
  });

  test('damage: sizes that no ring has, and ids that run wild', () => {
    const kernel = new FakeKernel();
    writeRing(kernel, many(3));
    kernel.writeWord(kernel.stext + RING + 24n, 0x123456789n);
    expect(read(kernel).notes.findings[0].id).toBe('bad-log');
    kernel.writeWord(kernel.stext + RING, 63n);
    expect(read(kernel)).toMatchObject({ log: [], notes: { findings: [{ id: 'bad-log' }] } });
    kernel.memory.lose(kernel.physical(kernel.stext + DESCS));
    kernel.writeWord(kernel.stext + RING, 4n);
    expect(read(kernel).log).toEqual([]);
  });

  test('VMCOREINFO without a line that it takes: said, nothing guessed', () => {
    const kernel = new FakeKernel();
    writeRing(kernel, many(3));
    kernel.lines.delete('SIZE(prb_desc)');
    const { log, notes } = read(kernel);
    expect(log).toEqual([]);
    expect(notes.incomplete[0].text).toContain('SIZE(prb_desc)');
  });
});

describe('the log buffer before 5.10', () => {
  test.each([16, 20])('records with a header of %i bytes', (header) => {
    const kernel = new FakeKernel();
    writeLogBuffer(
      kernel,
      [
        { time: 5n, text: 'one', level: 3, facility: 1, caller: 0x80000002 },
        { time: 6n, text: 'two' },
      ],
      { header },
    );
    expect(read(kernel).log).toMatchObject([
      { time: 5n, text: 'one', level: 3, facility: 1, caller: header === 20 ? 'C2' : undefined },
      { time: 6n, text: 'two', level: 6 },
    ]);
  });

  test('wrapped: from the oldest that is left to the latest', () => {
    const kernel = new FakeKernel();
    const records = many(60, 40);
    writeLogBuffer(kernel, records);
    const texts = read(kernel).log.map((each) => each.text);
    expect(texts.length).toBeGreaterThan(10);
    expect(texts).toEqual(records.slice(-texts.length).map((each) => each.text));
  });

  test('damage ends it, and is said', () => {
    const kernel = new FakeKernel();
    writeLogBuffer(kernel, many(5));
    kernel.write(kernel.stext + TEXT + 40n + 8n, Uint8Array.of(1, 0));
    const { log, notes } = read(kernel);
    expect(log).toHaveLength(1);
    expect(notes.incomplete[0].text).toContain('ends after 1 records');
  });
});

test('a kernel that tells neither', () => {
  expect(read(new FakeKernel()).notes.incomplete[0].text).toContain(
    'where the kernel keeps its log',
  );
});

test.each([
  [0n, '    0.000000'],
  [806066999n, '    0.806066'],
  [22259501000n, '   22.259501'],
  [1234567000001000n, '1234567.000001'],
])('stamp of %i ns', (time, text) => expect(stamp(time)).toBe(text));

test('each line of a record has the time in front, as on the console', () => {
  const message = {
    sequence: 0,
    time: 1000n,
    level: 6,
    facility: 0,
    caller: undefined,
    subsystem: undefined,
    device: undefined,
    text: 'a\nb',
  };
  expect(messageLines(message)).toEqual(['[    0.000001] a', '[    0.000001] b']);
});
