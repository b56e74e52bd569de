import { expect } from 'vitest';
import type { Dump, DumpFormat } from '../../core/dump/dump.ts';
import type { OpenOptions } from '../../core/dump/open.ts';
import { openDump } from '../../core/dump/open.ts';
import type { PhysicalMemory, Provenance } from '../../core/memory/physical.ts';
import { PAGE_SIZE, pageOnce, ZERO_PAGE } from '../../core/memory/physical.ts';
import { bytesSource } from '../../core/memory/platform.ts';
import { nodePlatform } from '../../electron/host/platform.ts';
import type { Model, ModelPage } from './dump-writer.ts';
import { contentOf } from './dump-writer.ts';

/** Opens files that stand in memory. */
export function openBytes(
  files: Uint8Array | readonly Uint8Array[],
  options?: Partial<OpenOptions>,
): Dump {
  const list = files instanceof Uint8Array ? [files] : files;
  return openDump(
    list.map((bytes, index) => bytesSource(`part ${index + 1}`, bytes)),
    { platform: nodePlatform, ...options },
  );
}

/** The page frames around everything that a model has, and some far from it. */
function framesToCheck(model: Model): number[] {
  const frames = new Set<number>([0, 2 ** 28, 2 ** 40 - 1]);
  for (const pfn of model.keys()) for (const near of [pfn - 1, pfn, pfn + 1]) frames.add(near);
  frames.delete(-1);
  return [...frames].sort((a, b) => a - b);
}

/** Every page is what the model says, by content and by provenance, asked in any order. */
export function expectModel(
  memory: PhysicalMemory,
  model: Model,
  provenance: (page: ModelPage | undefined, pfn: number) => Provenance,
): void {
  const frames = framesToCheck(model);
  const wrong: string[] = [];
  const check = (pfn: number): void => {
    const page = model.get(pfn);
    const wanted = provenance(page, pfn);
    const said = memory.provenance(pfn);
    const passing = pageOnce(memory, pfn);
    const once = typeof passing === 'string' ? passing : passing.slice();
    const got = memory.page(pfn);
    if (typeof once === 'string' || typeof got === 'string') {
      if (once !== got) wrong.push(`${pfn}: read once it is another`);
    } else if (Buffer.compare(once, got) !== 0) wrong.push(`${pfn}: read once it has other bytes`);
    if (said !== wanted) wrong.push(`${pfn}: ${said} instead of ${wanted}`);
    if (wanted === 'present' || wanted === 'zero') {
      if (typeof got === 'string') wrong.push(`${pfn}: ${got}, no bytes`);
      else if (got.length !== PAGE_SIZE || got.byteOffset % 8 !== 0) wrong.push(`${pfn}: view`);
      else if (Buffer.compare(got, contentOf(page!)) !== 0) wrong.push(`${pfn}: other bytes`);
      else if (wanted === 'zero' && got !== ZERO_PAGE) wrong.push(`${pfn}: not the shared page`);
    } else if (got !== wanted) wrong.push(`${pfn}: page is ${typeof got} instead of ${wanted}`);
    if (memory.describe(pfn).length < 10) wrong.push(`${pfn}: no description`);
  };
  for (const pfn of frames) check(pfn);
  for (const pfn of frames.reverse()) check(pfn);
  expect(wrong.slice(0, 5)).toEqual([]);
}

/** Ranges are ascending and disjoint and hold all known pages. */
export function expectRanges(memory: PhysicalMemory, model: Model): void {
  const inside = new Set<number>();
  let last = -1;
  for (const { from, to } of memory.ranges()) {
    expect(from).toBeGreaterThan(last - 1);
    expect(to).toBeGreaterThan(from);
    last = to;
    for (let pfn = from; pfn < to; pfn++) inside.add(pfn);
  }
  for (const [pfn, page] of model)
    if (page !== 'excluded' && typeof memory.page(pfn) !== 'string')
      expect(inside.has(pfn), `page frame ${pfn} is in a range`).toBe(true);
}

/** Identities of the findings. */
export function findingIds(dump: Dump): string[] {
  return dump.findings.map((finding) => finding.id);
}

export function expectFormat(dump: Dump, format: DumpFormat, flattened = false): void {
  expect(dump.format).toBe(format);
  expect(dump.flattened).toBe(flattened);
}
