import { describe, expect, it } from 'vitest';
import { PageCache } from '../../../core/memory/page-cache.ts';
import { PAGE_SIZE } from '../../../core/memory/physical.ts';

const SLAB = 64 * PAGE_SIZE;

function fill(cache: PageCache, pfn: number): Uint8Array {
  const page = cache.allocate(1);
  page.fill(pfn & 0xff);
  cache.put(pfn, page);
  return page;
}

describe('PageCache', () => {
  it('gives back what was put, and nothing else', () => {
    const cache = new PageCache(4 * SLAB);
    const page = fill(cache, 7);
    expect(cache.get(7)).toBe(page);
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
    for (let count = 1; count <= 64; count++) {
      const run = cache.allocate(count);
      expect(run.byteOffset % 8).toBe(0);
      expect(run.length).toBe(count * PAGE_SIZE);
    }
  });

  it('never holds more than its limit, whatever passes through', () => {
    const cache = new PageCache(4 * SLAB);
    expect(cache.limit).toBe(4 * SLAB);
    for (let pfn = 0; pfn < 5000; pfn++) {
      fill(cache, pfn);
      expect(cache.bytes).toBeLessThanOrEqual(cache.limit);
    }
    expect(cache.get(4999)![0]).toBe(4999 & 0xff);
    expect(cache.get(0)).toBeUndefined();
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
    const view = fill(cache, 3);
    for (let pfn = 100; pfn < 2000; pfn++) fill(cache, pfn);
    expect(cache.get(3)).toBeUndefined();
    expect(view.every((byte) => byte === 3)).toBe(true);
  });

  it('gives an allocation that came to nothing to the next one', () => {
    const cache = new PageCache(4 * SLAB);
    const first = cache.allocate(1);
    cache.release(first);
    expect(cache.allocate(1).byteOffset).toBe(first.byteOffset);
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
