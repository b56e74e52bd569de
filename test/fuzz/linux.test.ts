import { describe, expect, test } from 'vitest';
import { Btf } from '../../core/linux/btf.ts';
import { Kallsyms } from '../../core/linux/kallsyms.ts';
import type { Kernel } from '../../core/linux/kernel.ts';
import { readKernelLog } from '../../core/linux/printk.ts';
import { Stretch } from '../../core/linux/stretch.ts';
import { isComplete, kernelOffset, parseVmcoreinfo } from '../../core/linux/vmcoreinfo.ts';
import { BtfImage } from '../support/linux/btf-image.ts';
import { FakeKernel } from '../support/linux/fake-kernel.ts';
import {
  AMD_GENERATIONS,
  amdKernel,
  INTEL_GENERATIONS,
  intelKernel,
} from '../support/linux/iommu-kernels.ts';
import { kallsymsImage, type TableOrder } from '../support/linux/kallsyms-image.ts';
import {
  DESCS,
  INFOS,
  RING,
  TEXT,
  writeLogBuffer,
  writeRing,
} from '../support/linux/printk-image.ts';
import { findKernels, openKernel } from '../support/linux/kernels.ts';

/** More cases by FAULTLINE_FUZZ=10 (ten times as many). */
const SCALE = Number(process.env['FAULTLINE_FUZZ'] ?? 1);

/** A seeded source of numbers below a bound (mulberry32). */
function random(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}

/** Values that break length checks more often than chance does. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff];

function mutate(bytes: Uint8Array, next: (bound: number) => number): Uint8Array {
  const out = bytes.slice();
  for (let i = 1 + next(6); i > 0; i--) {
    const at = next(out.length);
    const kind = next(4);
    if (kind === 0) out[at] ^= 1 << next(8);
    else if (kind === 1) out[at] = EDGES[next(EDGES.length)];
    else if (kind === 2) out.fill(EDGES[next(EDGES.length)], at, at + 1 + next(16));
    else out.copyWithin(at, next(out.length), next(out.length));
  }
  return out;
}

/** Runs cases; a case that throws is told by its number, which is its seed. */
function cases(count: number, one: (next: (bound: number) => number, seed: number) => void): void {
  for (let seed = 0; seed < count * SCALE; seed++)
    try {
      one(random(seed), seed);
    } catch (error) {
      throw new Error(`case ${seed}: ${String(error)}`, { cause: error });
    }
}

function everything(kernel: Kernel): number {
  kernel.units();
  kernel.devices();
  kernel.domains();
  kernel.dmesg();
  kernel.panic();
  kernel.resources();
  kernel.crashReservation();
  kernel.remappingStructures();
  for (const module of kernel.modules().slice(0, 2)) kernel.moduleReader(module);
  kernel.checks();
  return kernel.findings.length + kernel.incomplete.length;
}

describe('damaged input ends as an answer, a finding or a failure', () => {
  test('VMCOREINFO: 8,000 cases', () => {
    const kernel = new FakeKernel();
    const text = new TextEncoder().encode(kernel.vmcoreinfoText());
    let opened = 0;
    cases(8000, (next) => {
      const damaged = new TextDecoder('latin1').decode(mutate(text, next));
      const info = parseVmcoreinfo(damaged);
      if (!info) return;
      kernelOffset(info);
      if (!isComplete(info)) return;
      const result = openKernel(kernel.memory, { vmcoreinfo: damaged });
      if (result instanceof Error) return;
      // Looking for symbols that are not there takes a search of the whole image.
      if (opened++ % 200 === 0) result.symbols();
    });
    expect(opened).toBeGreaterThan(1000);
  });

  test('BTF: 8,000 cases', () => {
    const image = new BtfImage();
    const u32 = image.int('unsigned int', 4);
    const list = image.struct('list_head', 16, [{ name: 'next', type: image.pointer(0), at: 0 }]);
    const union = image.union('', 8, [{ name: 'inner', type: u32, at: 0 }]);
    image.struct('node', 64, [
      { name: 'list', type: list, at: 0 },
      { name: '', type: union, at: 16 },
      { name: 'array', type: image.array(u32, 4), at: 32 },
      { name: 'bit', type: image.wrap(8, u32, 'alias'), at: 24 },
    ]);
    const bytes = image.bytes();
    const kernel = new FakeKernel();
    let opened = 0;
    cases(8000, (next) => {
      kernel.write(kernel.stext, mutate(bytes, next));
      const btf = Btf.open(new Stretch(kernel.virtual(), kernel.stext, bytes.length));
      if (!btf) return;
      opened++;
      for (const name of ['node', 'list_head', 'x']) {
        const id = btf.struct(name);
        if (id === undefined) continue;
        btf.sizeOf(id);
        for (const path of ['list.next', 'inner', 'array', 'bit', 'x']) {
          const place = btf.member(id, path);
          if (place) btf.sizeOf(place.type);
        }
      }
      for (let id = 0; id < 12; id++) btf.arrayOf(id);
    });
    expect(opened).toBeGreaterThan(1000);
  });

  test('kallsyms, by VMCOREINFO and by search: 3,000 cases', () => {
    const orders: TableOrder[] = ['old', 'new', 'place-relative', 'absolute', 'unsigned'];
    const made = orders.map((order) => {
      const kernel = new FakeKernel();
      const base = kernel.stext + 0x1000n;
      const symbols = Array.from({ length: 300 }, (_, i) => ({
        type: 't',
        name: i === 7 ? '_stext' : `symbol_${i}_amd_list`,
        address: kernel.stext + BigInt(i === 7 ? 0 : 16 * i),
      }));
      const image = kallsymsImage(symbols, order, base, kernel.stext);
      kernel.map(kernel.stext, kernel.physical(kernel.stext), 0x200000n, 1n << 63n);
      const info = kernel.info();
      for (const name of ['names', 'num_syms', 'token_table', 'token_index', 'offsets'])
        if (image.at[name] !== undefined)
          kernel.symbol(`kallsyms_${name}`, base + BigInt(image.at[name]));
      return { kernel, base, image, told: kernel.info(), searched: info };
    });
    let opened = 0;
    cases(3000, (next) => {
      const { kernel, base, image, told, searched } = made[next(made.length)];
      kernel.write(base, mutate(image.bytes, next));
      const info = next(8) === 0 ? searched : told;
      const symbols = Kallsyms.open(kernel.virtual(), info, ['symbol_3_amd_list']);
      if (!symbols) return;
      opened++;
      symbols.addresses('symbol_250_amd_list');
    });
    expect(opened).toBeGreaterThan(500);
  });

  test('the printk ring and the older log buffer: 6,000 cases', () => {
    const records = Array.from({ length: 40 }, (_, i) => ({
      time: BigInt(i),
      text: `message ${i}\nmore`,
      device: '+pci:0000:00:02.0',
      subsystem: 'pci',
    }));
    const ring = new FakeKernel();
    writeRing(ring, records);
    const buffer = new FakeKernel();
    writeLogBuffer(buffer, records);
    const parts = [RING, DESCS, INFOS, TEXT].map((offset) => {
      const at = ring.stext + offset;
      return { at, bytes: ring.virtual().read(at, 1024)! };
    });
    const text = buffer.virtual().read(buffer.stext + TEXT, 1024)!;
    const pointers = buffer.virtual().read(buffer.stext + 0x90000n, 32)!;
    let messages = 0;
    cases(3000, (next) => {
      const part = parts[next(parts.length)];
      ring.write(part.at, mutate(part.bytes, next));
      messages += readKernelLog(ring.virtual(), ring.info()).length;
      ring.write(part.at, part.bytes);
    });
    cases(3000, (next) => {
      buffer.write(buffer.stext + TEXT, mutate(text, next));
      if (next(3) === 0)
        buffer.write(buffer.stext + 0x90000n + 8n, mutate(pointers.subarray(8), next));
      messages += readKernelLog(buffer.virtual(), buffer.info()).length;
      buffer.write(buffer.stext + 0x90000n, pointers);
    });
    expect(messages).toBeGreaterThan(10_000);
  });

  test('structures, lists and page tables of whole kernels: 1,500 cases', () => {
    const kernels = [
      intelKernel(INTEL_GENERATIONS[1]).made,
      intelKernel(INTEL_GENERATIONS[2]).made,
      amdKernel(AMD_GENERATIONS[0]).made,
      amdKernel(AMD_GENERATIONS[3]).made,
    ].map((made) => {
      const { info } = made.open();
      // Objects with their lists, and the page tables.
      const regions = [
        made.kernel.physical(made.kernel.stext + 0x1c00000n),
        0x100000n,
        0x101000n,
      ].map((at) => ({
        at,
        bytes: (made.kernel.memory.page(Number(at >> 12n)) as Uint8Array).slice(),
      }));
      return { memory: made.kernel.memory, info, regions };
    });
    let notes = 0;
    cases(1500, (next) => {
      const { memory, info, regions } = kernels[next(kernels.length)];
      const region = regions[next(regions.length)];
      memory.write(region.at, mutate(region.bytes, next));
      const kernel = openKernel(memory, { vmcoreinfo: info.text });
      if (!(kernel instanceof Error)) notes += everything(kernel);
      memory.write(region.at, region.bytes);
    });
    expect(notes).toBeGreaterThan(500);
  });

  test('a scan of random pages finds no kernel and fails in words', () => {
    cases(50, (next) => {
      const kernel = new FakeKernel();
      const page = Uint8Array.from({ length: 4096 }, () => next(256));
      page.set(new TextEncoder().encode(kernel.vmcoreinfoText()), next(2) * 3);
      kernel.memory.write(0x5000n, mutate(page, next));
      expect(findKernels(kernel.memory).length).toBeLessThan(2);
    });
  });
});
