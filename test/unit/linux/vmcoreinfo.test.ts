import { describe, expect, test } from 'vitest';
import {
  isComplete,
  kernelOffset,
  parseVmcoreinfo,
  rootSymbol,
  vmcoreinfoSteps,
} from '../../../core/linux/vmcoreinfo.ts';
import type { Kernel } from '../../../core/linux/kernel.ts';
import type { Failure } from '../../../core/memory/failure.ts';
import { FakeKernel } from '../../support/linux/fake-kernel.ts';
import { FakeMemory } from '../../support/linux/fake-memory.ts';
import { findKernels, openKernel, scanVmcoreinfo } from '../../support/linux/kernels.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The note as the kernel builds it in vmcoreinfo_note: name size, descriptor size, type, name. */
function note(text: string): Uint8Array {
  const out = new Uint8Array(24 + text.length + 4);
  const view = new DataView(out.buffer);
  view.setUint32(0, 11, true);
  view.setUint32(4, text.length, true);
  out.set(encode('VMCOREINFO\0'), 12);
  out.set(encode(text), 24);
  return out;
}

describe('parseVmcoreinfo', () => {
  const text = [
    'OSRELEASE=6.1.0-50-amd64',
    'PAGESIZE=4096',
    'SYMBOL(_stext)=ffffffffb9800000',
    'SYMBOL(swapper_pg_dir)=ffffffffbb210000',
    'OFFSET(uts_namespace.name)=0',
    'SIZE(page)=64',
    'NUMBER(phys_base)=-440401920',
    'NUMBER(VMALLOC_START)=0xffa0000000000000',
    'KERNELOFFSET=38800000',
    'CRASHTIME=1795300163',
    '',
  ].join('\n');
  const info = parseVmcoreinfo(text)!;

  test.each([
    ['release', info.release, '6.1.0-50-amd64'],
    ['symbol, hexadecimal without 0x', info.symbol('_stext'), 0xffffffffb9800000n],
    ['number, negative', info.number('phys_base'), -440401920n],
    ['number, hexadecimal with 0x', info.number('VMALLOC_START'), 0xffa0000000000000n],
    ['offset', info.offset('uts_namespace.name'), 0],
    ['size', info.size('page'), 64],
    ['KASLR', kernelOffset(info), 0x38800000n],
    ['root: swapper_pg_dir where there is no init_top_pgt', rootSymbol(info), 0xffffffffbb210000n],
    ['crash time', info.crashTime, 1795300163],
    ['what is not there', info.symbol('kallsyms_names'), undefined],
  ])('%s', (_, got, expected) => expect(got).toBe(expected));

  test('ends at the first NUL, as the buffer in the kernel is filled with zeros', () => {
    expect(parseVmcoreinfo(`${text}\0\0SYMBOL(x)=1\n`)?.symbol('x')).toBeUndefined();
  });

  test.each([
    ['no OSRELEASE', 'PAGESIZE=4096\n'],
    ['the format string of .rodata', 'OSRELEASE=%s\nPAGESIZE=%ld\n'],
    ['nothing', ''],
  ])('is none: %s', (_, wrong) => expect(parseVmcoreinfo(wrong)).toBeUndefined());

  test.each([
    ['SYMBOL(_stext)=xyz', 'symbol', '_stext'],
    ['NUMBER(phys_base)=1e9', 'number', 'phys_base'],
    ['SYMBOL(_stext)=11112222333344445', 'symbol', '_stext'],
  ] as const)('a value that is none is unknown: %s', (line, kind, name) => {
    expect(parseVmcoreinfo(`OSRELEASE=x\n${line}\n`)![kind](name)).toBeUndefined();
  });

  test('is complete with every line that a reader needs', () => {
    expect(isComplete(new FakeKernel().info())).toBe(true);
  });

  test.each([
    'PAGESIZE',
    'NUMBER(phys_base)',
    'KERNELOFFSET',
    'SYMBOL(_stext)',
    'SYMBOL(init_top_pgt)',
  ])('is not complete without %s', (key) => {
    const kernel = new FakeKernel();
    kernel.lines.delete(key);
    expect(isComplete(kernel.info())).toBe(false);
  });
});

describe('scanVmcoreinfo finds the two copies of a kernel and nothing else', () => {
  const text = new FakeKernel().vmcoreinfoText();

  test('vmcoreinfo_data at the start of a page, vmcoreinfo_note behind an ELF note header', () => {
    const memory = new FakeMemory();
    memory.write(0x5000n, encode(text));
    memory.write(0x9000n, note(`${text}CRASHTIME=5\n`));
    expect(
      scanVmcoreinfo(memory).map(({ address, form, info }) => [address, form, info.crashTime]),
    ).toEqual([
      [0x5000n, 'data', undefined],
      [0x9018n, 'note', 5],
    ]);
  });

  test('a note that goes on in the next page', () => {
    const memory = new FakeMemory();
    const long = `${text}${Array.from({ length: 200 }, (_, i) => `NUMBER(filler_${i})=12345\n`).join('')}CRASHTIME=7\n`;
    expect(long.length).toBeGreaterThan(4096);
    memory.write(0x9000n, note(long));
    expect(scanVmcoreinfo(memory)[0].info.crashTime).toBe(7);
  });

  test.each([
    ['a copy in the middle of a page', 0x5010n, encode(text)],
    ['a copy that is cut', 0x5000n, encode(text.slice(0, 60))],
  ])('not %s', (_, address, bytes) => {
    const memory = new FakeMemory();
    memory.write(address, bytes);
    expect(scanVmcoreinfo(memory)).toEqual([]);
  });

  test('goes through a large memory in steps, and says how far it is', () => {
    const memory = new FakeMemory();
    for (let pfn = 1n; pfn < 5000n; pfn++) memory.write(pfn << 12n, new Uint8Array(1));
    const steps = [...vmcoreinfoSteps(memory)];
    expect(steps.length).toBeGreaterThan(3);
    for (const [index, { done, all }] of steps.entries()) {
      expect(all).toBeGreaterThan(4998);
      expect(done).toBeLessThanOrEqual(all);
      expect(done).toBeGreaterThan(steps[index - 1]?.done ?? 0);
    }
  });
});

describe('findKernels', () => {
  /** A kernel with its note in memory; pages of all kernels stand in one machine. */
  function kernelAt(physBase: bigint, slide: bigint, note_: bigint, crashed: boolean): FakeKernel {
    const kernel = new FakeKernel({ physBase, slide, tablesAt: note_ + 0x100000n });
    kernel.write(kernel.stext, new Uint8Array(16));
    kernel.map(kernel.stext, kernel.physical(kernel.stext), 0x200000n, 0n);
    const text = kernel.vmcoreinfoText();
    kernel.memory.write(note_, note(crashed ? `${text}CRASHTIME=9\n` : text));
    kernel.memory.write(note_ + 0x4000n, encode(text));
    return kernel;
  }
  const together = (...kernels: FakeKernel[]): FakeMemory => {
    const memory = new FakeMemory();
    for (const { memory: part } of kernels)
      for (const { from } of part.ranges())
        memory.write(BigInt(from) << 12n, part.page(from) as Uint8Array);
    return memory;
  };

  test('two kernels in one machine: the crashed one first, each once', () => {
    const second = kernelAt(0x10000000n, 0x2000000n, 0x400000n, false);
    const first = kernelAt(0x22800000n, 0x8a00000n, 0x9000n, true);
    const found = findKernels(together(second, first));
    expect(found.map((each) => [each.kernelOffset, each.info.crashTime])).toEqual([
      [0x8a00000n, 9],
      [0x2000000n, undefined],
    ]);
  });

  test('a copy whose kernel is gone is none', () => {
    const kernel = kernelAt(0x22800000n, 0x8a00000n, 0x9000n, true);
    const root = kernel.physical(kernel.root);
    kernel.memory.write(root, new Uint8Array(4096));
    expect(findKernels(kernel.memory)).toEqual([]);
    const opened = openKernel(kernel.memory);
    expect((opened as Failure).line()).toContain('No VMCOREINFO was found');
  });

  test('with a table page missing, the benefit of the doubt', () => {
    const kernel = kernelAt(0x22800000n, 0x8a00000n, 0x9000n, true);
    kernel.memory.lose(kernel.physical(kernel.root));
    expect(findKernels(kernel.memory)).toHaveLength(1);
  });

  test('a note that lacks a line: the memory is asked for a better copy', () => {
    const kernel = kernelAt(0x22800000n, 0x8a00000n, 0x9000n, true);
    const short = kernel.vmcoreinfoText().replace(/^NUMBER\(phys_base\).*\n/m, '');
    expect((openKernel(kernel.memory, { vmcoreinfo: short }) as Kernel).info.crashTime).toBe(9);
    const alone = openKernel(new FakeMemory(), { vmcoreinfo: short });
    expect((alone as Failure).line()).toContain('lacks lines that are needed');
  });
});
