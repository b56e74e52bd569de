import { describe, expect, it } from 'vitest';
import type { MapRegion, StripItem } from '../../../core/protocol/contract-map.ts';
import { hoverOf, physicalHover } from '../../../renderer/panels/map/hover.ts';
import { showing, zoomed } from '../../../renderer/panels/map/span.ts';
import { selectedIn } from '../../../renderer/panels/map/view.ts';
import { emptyWords } from '../../../renderer/panels/map/words.ts';

const strip: StripItem = {
  unit: 'dmar0',
  bdf: '02:00.0',
  translation: 'second-stage',
  domain: 7,
  path: 'dmar0/02:00.0/context',
  mapped: '0x2000',
  first: '0x10000',
  last: '0x11fff',
  targets: ['memory'],
  shared: false,
  unreadable: 1,
  faults: 1,
};
const region: MapRegion = {
  from: '0x10000',
  to: '0x11fff',
  mapped: '0x2000',
  ranges: 1,
  pa: '0xbdf53000',
  rights: 'rw',
  targets: ['memory'],
  shared: true,
};
/** A page a pixel. */
const SPAN = { from: 0n, to: 0xfffffn };
const WIDTH = 256;
const data = {
  regions: [region],
  unreadable: [{ from: '0x40000', to: '0x4ffff', why: "page excluded by the dump's filter" }],
  pins: [{ from: '0x80000', to: '0x80000', count: 1284, fault: 1, accesses: [] }],
};

describe('what is under the pointer of the address map', () => {
  it.each([
    [
      17,
      '02:00.0: 0x10000–0x11fff, 8 KiB, read and write, to 0xbdf53000, memory, also mapped by another domain, domain 7 of dmar0',
    ],
    [70, "02:00.0: 0x40000–0x4ffff, 64 KiB, page excluded by the dump's filter"],
    [128, '02:00.0: 0x80000 · 1,284 faults'],
    [200, '02:00.0: 0xc8000, not mapped'],
  ])('at %d px: %s', (x, text) => {
    expect(hoverOf(strip, data, SPAN, WIDTH, x).text).toBe(text);
  });

  it('a device that is not translated is not called unmapped', () => {
    const nothing = { regions: [], unreadable: [], pins: [] };
    const through = { ...strip, translation: 'pass-through', first: undefined, last: undefined };
    expect(hoverOf(through, nothing, SPAN, WIDTH, 1).text).toBe(
      '02:00.0: 0x1000, not translated: reaches all memory',
    );
  });

  it('a physical address has its owner, or says that nothing is known', () => {
    const owner = {
      kind: 'firmware',
      name: 'RMRR',
      from: '0xbf000000',
      to: '0xbfffffff',
      depth: 1,
    } as const;
    expect(physicalHover(owner, 0xbf001000n).text).toBe(
      'Physical: 0xbf000000–0xbfffffff, 16 MiB, RMRR',
    );
    expect(physicalHover(undefined, 0x1000n).text).toBe('Physical: 0x1000, nothing is known of it');
  });

  it('a device without mappings says so', () => {
    expect(emptyWords({ ...strip, first: undefined, unreadable: 0 })).toBe(
      'Nothing mapped for this device.',
    );
    expect(emptyWords(strip)).toBeUndefined();
  });
});

describe('the view of the zoom strip', () => {
  it('moves only for what is not in it', () => {
    const span = { from: 0n, to: 0xffffn };
    expect(showing(span, { from: 0x1000n, to: 0x1fffn })).toBe(span);
    expect(showing(span, { from: 0x100000n, to: 0x100fffn })).toEqual({
      from: 0xf8000n,
      to: 0x107fffn,
    });
    // What is larger than the view is shown as a whole.
    const { from, to } = showing(span, { from: 0x100000n, to: 0x2fffffn });
    expect(from <= 0x100000n && to >= 0x2fffffn).toBe(true);
  });

  it('never loses a page that it zooms around', () => {
    let span = { from: 0n, to: (1n << 64n) - 1n };
    const page = { from: 0xfffe8000n, to: 0xfffe8fffn };
    for (let step = 0; step < 60; step++) {
      const anchor = Number(page.from - span.from) / Number(span.to - span.from + 1n);
      span = showing(zoomed(span, 'in', anchor), page);
      expect(span.from <= page.from && page.to <= span.to).toBe(true);
    }
    expect(span).toEqual(page);
  });

  it('finds the selected region, also where it is drawn with others', () => {
    expect(selectedIn([region], '0x10000')).toBe(region);
    expect(selectedIn([region], '0x11000')).toBe(region);
    expect(selectedIn([region], '0x12000')).toBeUndefined();
    expect(selectedIn([region], undefined)).toBeUndefined();
  });
});
