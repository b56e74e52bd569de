import { describe, expect, it } from 'vitest';
import { MAX_RUN, PageCache } from '../../../core/memory/page-cache.ts';
import { PAGE_SIZE } from '../../../core/memory/physical.ts';

const SLAB = 64 * PAGE_SIZE;

function fill(cache: PageCache, pfn: number): Uint8Array {
  const page = cache.reserve(1);
  page.fill(pfn & 0xff);
  cache.put(pfn, page);
  return page;
}

describe('PageCache', () => {
  it('gives back what was put, and nothing else', () => {
    const cache = new PageCache(4 * SLAB);
    const page = fill(cache, 7);
    expect(cache.get(7)).toEqual(page);
    expect(cache.get(7)!.buffer).toBe(page.buffer);
    expect(cache.get(8)).toBeUndefined();
    expect(cache.get(7 + 64)).toBeUndefined();
    expect(cache.has(7)).toBe(true);
    expect(cache.has(71)).toBe(false);
  });

  it('keeps neighbours of one group apart when they are far from the last page asked for', () => {
    const cache = new PageCache(4 * SLAB);
    const far = 2 ** 40;
    fill(cache, 1);
    fill(cache, far + 1);
    expect(cache.get(1)![0]).toBe(1);
    expect(cache.get(far + 1)![0]).toBe((far + 1) & 0xff);
    expect(cache.get(far)).toBeUndefined();
  });

  it('hands out views that start at a multiple of 8', () => {
    const cache = new PageCache(4 * SLAB);
    for (let count = 1; count <= MAX_RUN; count++) {
      const run = cache.reserve(count);
      expect(run.byteOffset % 8).toBe(0);
      expect(run.length).toBe(count * PAGE_SIZE);
    }
  });

  it('never holds more than its limit, whatever passes through', () => {
    const cache = new PageCache(32 * SLAB);
    expect(cache.limit).toBe(32 * SLAB);
    for (let pfn = 0; pfn < 9000; pfn++) {
      fill(cache, pfn);
      expect(cache.bytes).toBeLessThanOrEqual(cache.limit);
    }
    expect(cache.get(8999)![0]).toBe(8999 & 0xff);
    expect(cache.get(6900)).toBeUndefined();
  });

  it('keeps every page while there is room', () => {
    const cache = new PageCache(32 * SLAB);
    for (let pfn = 0; pfn < 32 * 64; pfn++) fill(cache, pfn);
    for (let pfn = 0; pfn < 32 * 64; pfn++) expect(cache.get(pfn)![0]).toBe(pfn & 0xff);
  });

  it('does not let a sweep over all memory drive out what is used', () => {
    const cache = new PageCache(32 * SLAB);
    const used = Array.from({ length: 300 }, (_, index) => 1_000_000 + index * 17);
    for (const pfn of used) fill(cache, pfn);
    for (let pfn = 0; pfn < 20_000; pfn++) {
      fill(cache, pfn);
      if (pfn % 1000 === 0) for (const each of used) cache.get(each);
    }
    const kept = used.filter((pfn) => cache.get(pfn) !== undefined);
    expect(kept.length).toBe(used.length);
  });

  it('does not take pages that were read ahead for used ones', () => {
    const cache = new PageCache(32 * SLAB);
    const used = 1_000_000;
    fill(cache, used);
    cache.get(used);
    for (let pfn = 0; pfn < 4000; pfn += 32) {
      const run = cache.reserve(32);
      for (let at = 0; at < 32; at++)
        cache.put(pfn + at, run.subarray(at * PAGE_SIZE, (at + 1) * PAGE_SIZE), at > 0);
      for (let at = 1; at < 32; at++) cache.get(pfn + at);
    }
    expect(cache.has(used)).toBe(true);
    expect(cache.has(100)).toBe(false);
  });

  it('keeps what is asked for again and again while others pass through', () => {
    const cache = new PageCache(4 * SLAB);
    fill(cache, 1_000_000);
    for (let pfn = 0; pfn < 5000; pfn++) {
      fill(cache, pfn);
      expect(cache.get(1_000_000)![0]).toBe(1_000_000 & 0xff);
    }
    expect(cache.bytes).toBeLessThanOrEqual(cache.limit);
  });

  it('leaves a view that was handed out as it was, also after it was forgotten', () => {
    const cache = new PageCache(2 * SLAB);
    const views = Array.from({ length: 2000 }, (_, pfn) => fill(cache, pfn));
    expect(cache.get(1500)).toBeUndefined();
    views.forEach((view, pfn) => expect(view.every((byte) => byte === (pfn & 0xff))).toBe(true));
  });

  it('gives a reservation that came to nothing to the next one', () => {
    const cache = new PageCache(4 * SLAB);
    const first = cache.reserve(1);
    cache.release(first);
    expect(cache.reserve(1).byteOffset).toBe(first.byteOffset);
  });

  it('is empty after clear', () => {
    const cache = new PageCache(4 * SLAB);
    fill(cache, 3);
    cache.clear();
    expect(cache.get(3)).toBeUndefined();
    expect(cache.bytes).toBe(0);
  });

  it('works with a budget of nothing', () => {
    const cache = new PageCache(0);
    for (let pfn = 0; pfn < 300; pfn++) fill(cache, pfn);
    expect(cache.get(299)![0]).toBe(299 & 0xff);
    expect(cache.bytes).toBeLessThanOrEqual(cache.limit);
  });
});
