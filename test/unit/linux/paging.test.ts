import { describe, expect, test } from 'vitest';
import { Stretch } from '../../../core/linux/stretch.ts';
import { FakeKernel } from '../../support/linux/fake-kernel.ts';

const C_BIT = 1n << 47n;

describe.each([
  ['4 levels', { fiveLevels: false }, 0xffff888000000000n],
  ['5 levels', { fiveLevels: true }, 0xff11000000000000n],
  ['4 levels, SME', { fiveLevels: false, smeMask: C_BIT }, 0xffffc90000000000n],
  ['5 levels, SME', { fiveLevels: true, smeMask: C_BIT }, 0xffa0000000000000n],
] as const)('VirtualMemory: %s', (_, options, base) => {
  const kernel = new FakeKernel(options);
  const va = base + 0x12345000n;
  kernel.map(va, 0x7777000n);
  kernel.map(base + 0x40200000n, 0x8a00000n, 0x200000n);
  kernel.map(base + 0x80000000n, 0x140000000n, 0x40000000n);

  test.each([
    ['4 KiB page', va + 0x123n, 0x7777123n],
    ['2 MiB page', base + 0x40200000n + 0x12345n, 0x8a12345n],
    ['1 GiB page', base + 0x80000000n + 0x1234567n, 0x141234567n],
    ['not mapped', base + 0x7000000000n, undefined],
  ])('%s', (_, address, expected) => expect(kernel.virtual().translate(address)).toBe(expected));

  test('PAT (bit 12 of a large entry) is no part of the address', () => {
    kernel.map(base + 0x40400000n, 0xaa00000n, 0x200000n, 0x1002n);
    expect(kernel.virtual().translate(base + 0x40400008n)).toBe(0xaa00008n);
  });

  test('reads across pages that are apart in memory', () => {
    kernel.map(va + 0x1000n, 0x3000000n);
    kernel.memory.write(0x7777ffcn, Uint8Array.of(1, 2, 3, 4));
    kernel.memory.write(0x3000000n, Uint8Array.of(5, 6, 7, 8, 0));
    const memory = kernel.virtual();
    expect(memory.u64(va + 0xffcn)).toBe(0x0807060504030201n);
    expect(memory.text(va + 0xffcn, 100)).toBe('\x01\x02\x03\x04\x05\x06\x07\x08');
  });
});

describe('VirtualMemory', () => {
  test('the image is found by phys_base alone, negative or not', () => {
    for (const physBase of [-0x7a00000n, 0x22800000n]) {
      const kernel = new FakeKernel({ physBase });
      kernel.writeWord(kernel.stext + 0x100n, 0x1234n);
      expect(kernel.virtual().u64(kernel.stext + 0x100n)).toBe(0x1234n);
    }
  });

  test('a table page that is missing is named, once, with what it was needed for', () => {
    const kernel = new FakeKernel();
    kernel.map(0xffff888000001000n, 0x5000n);
    kernel.map(0xffff888000002000n, 0x6000n);
    // The third table of the walk: the first is in the image, tables are made from 0x100000 on.
    kernel.memory.lose(0x101000n, 'failed');
    const memory = kernel.virtual();
    const read = (va: bigint): bigint | undefined =>
      memory.notes.within('dmar0', () => memory.u64(va));
    expect([read(0xffff888000001000n), read(0xffff888000002000n)]).toEqual([undefined, undefined]);
    expect(memory.notes.incomplete).toMatchObject([{ address: 0x101000n, at: 'dmar0' }]);
    expect(memory.notes.incomplete[0].text).toContain('damaged');
  });

  test('with a table page missing, the direct map still translates', () => {
    const kernel = new FakeKernel();
    kernel.map(0xffff888000001000n, 0x5000n);
    kernel.memory.lose(0x101000n);
    const memory = kernel.virtual();
    memory.directMap = { from: 0xffff888000000000n, to: 0xffffc88000000000n };
    expect(memory.translate(0xffff888000005008n)).toBe(0x5008n);
  });

  test('a pointer that is no kernel address, or that is not mapped, is a finding', () => {
    const memory = new FakeKernel().virtual();
    expect(memory.u64(0x7fff12345678n)).toBeUndefined();
    expect(memory.u64(0xffff888000000000n)).toBeUndefined();
    expect(memory.notes.findings.map((finding) => finding.id)).toEqual([
      'bad-pointer',
      'bad-pointer',
    ]);
    expect(memory.notes.incomplete).toEqual([]);
  });

  test('a table that points to itself ends as every walk does', () => {
    const kernel = new FakeKernel();
    const root = kernel.physical(kernel.root);
    kernel.memory.writeWord(root + 8n * 0x111n, root | 3n);
    expect(kernel.virtual().translate(0xffff888000000000n)).toBeUndefined();
  });

  test('mappedRuns joins what has equal rights and tells code from data', () => {
    const kernel = new FakeKernel();
    const NX = 1n << 63n;
    const at = (offset: bigint): bigint => kernel.stext + offset;
    kernel.map(at(0n), kernel.physical(at(0n)), 0x200000n, 0n);
    kernel.map(at(0x200000n), kernel.physical(at(0x200000n)), 0x200000n, 0n);
    for (let page = 0n; page < 3n; page++)
      kernel.map(at(0x400000n + page * 0x1000n), 0x1000n, 0x1000n, NX);
    kernel.map(at(0x403000n), 0x1000n, 0x1000n, NX | 2n);
    expect(kernel.virtual().mappedRuns(kernel.stext, at(0x800000n))).toEqual([
      { from: at(0n), to: at(0x400000n), writable: false, executable: true },
      { from: at(0x400000n), to: at(0x403000n), writable: false, executable: false },
      { from: at(0x403000n), to: at(0x404000n), writable: true, executable: false },
    ]);
  });
});

describe('Stretch', () => {
  test('reads pages when they are asked for, and says which bytes it does not have', () => {
    const kernel = new FakeKernel();
    const from = kernel.stext + 0xff0n;
    kernel.write(from, new Uint8Array(0x3000).fill(7));
    kernel.memory.lose(kernel.physical(kernel.stext + 0x2000n));
    const stretch = new Stretch(kernel.virtual(), from, 0x3000);
    expect(stretch.ensure(0, 0x1010)).toBe(true);
    expect([...stretch.bytes.subarray(0x100f, 0x1011)]).toEqual([7, 0]);
    expect(stretch.ensure(0x100f, 0x1011)).toBe(false);
    expect(stretch.ensureFrom(0)).toBe(0x1010);
    expect(stretch.ensure(0x2010, 0x3000)).toBe(true);
    expect(stretch.ensure(0x2fff, 0x3001)).toBe(false);
    expect(stretch.from(0x2010).ensure(0, 0xff0)).toBe(true);
  });
});
