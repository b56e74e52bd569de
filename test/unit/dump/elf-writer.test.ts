import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { elfCore, noteBytes, type ElfCore } from '../../../core/dump/elf-writer.ts';
import { parseNotes } from '../../../core/dump/notes.ts';
import { openDump } from '../../../core/dump/open.ts';
import { bytesSource } from '../../../core/memory/platform.ts';
import { nodePlatform } from '../../../electron/host/platform.ts';

/** A page whose first bytes are its own frame number. */
function pageOf(pfn: number): Uint8Array {
  const page = new Uint8Array(4096).fill(pfn & 0xff);
  new DataView(page.buffer).setUint32(0, pfn, true);
  return page;
}

function written(core: Omit<ElfCore, 'read'>) {
  const parts = [...elfCore({ ...core, read: pageOf })];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return openDump([bytesSource('written.elf', bytes)], { platform: nodePlatform });
}

const DIRECT = 0xffff888000000000n;
const view = (from: number, to: number, virtual = DIRECT + BigInt(from) * 4096n) => ({
  from,
  to,
  virtual,
});

describe('elfCore', () => {
  test('pages that are written are there, those between exist without content, others do not', () => {
    const dump = written({ notes: [], pages: [3, 4, 9, 20], views: [view(2, 12), view(20, 22)] });
    const told = Array.from({ length: 24 }, (_, pfn) => dump.memory.provenance(pfn)[0]).join('');
    //                  0         1         2
    expect(told).toBe('aaeppeeeepeeaaaaaaaapeaa');
    for (const pfn of [3, 4, 9, 20]) expect(dump.memory.page(pfn)).toEqual(pageOf(pfn));
    expect(dump.findings).toEqual([]);
  });

  test('the image and the direct map show the same bytes, which stand once in the file', () => {
    const image = view(8, 16, 0xffffffff81000000n);
    const dump = written({ notes: [], pages: [9, 10], views: [image, view(0, 32)] });
    const loads = dump.facts.loads!.filter((load) => load.fileSize > 0);
    expect(loads.map((load) => [load.virtual, load.physical, load.fileSize])).toEqual([
      [0xffffffff81001000n, 0x9000n, 0x2000],
      [DIRECT + 0x9000n, 0x9000n, 0x2000],
    ]);
    expect(loads[0].offset).toBe(loads[1].offset);
    expect(dump.memory.page(10)).toEqual(pageOf(10));
  });

  test('a load without bytes has the offset of what follows: readers take it for the end of the headers', () => {
    const dump = written({ notes: [], pages: [5], views: [view(0, 8)] });
    expect(dump.facts.loads!.map((load) => [load.physical, load.offset, load.fileSize])).toEqual([
      [0n, 4096, 0],
      [0x5000n, 4096, 4096],
    ]);
  });

  test('more loads than e_phnum can count (PN_XNUM)', () => {
    const pages = Array.from({ length: 66_000 }, (_, i) => 2 * i + 1);
    const few = { notes: [], pages, views: [view(0, 140_000)] };
    const [head] = elfCore({ ...few, read: pageOf });
    expect(new DataView(head.buffer).getUint16(56, true)).toBe(0xffff);
    const source = {
      name: 'many.elf',
      size: head.length + 4096 * pages.length,
      read(offset: number, into: Uint8Array): number {
        if (offset < head.length) {
          const part = head.subarray(offset, offset + into.length);
          into.set(part);
          return part.length;
        }
        for (let at = 0; at < into.length; at += 4096)
          into.set(pageOf(pages[(offset + at - head.length) / 4096]), at);
        return into.length;
      },
      close() {},
    };
    const dump = openDump([source], { platform: nodePlatform });
    expect(dump.counts()).toEqual({ held: 66_000, excluded: 74_000, missing: 0 });
    expect(dump.memory.page(131_999)).toEqual(pageOf(131_999));
  });

  test('any pages and any views read back', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(60), { maxLength: 30 }),
        fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 20 })), {
          minLength: 1,
          maxLength: 4,
        }),
        (some, ranges) => {
          const views = [
            ...ranges.map(([from, length]) => view(from, from + length)),
            view(100, 101),
          ];
          const covered = (pfn: number): boolean =>
            views.some((each) => pfn >= each.from && pfn < each.to);
          const pages = some.filter(covered).sort((a, b) => a - b);
          const { memory } = written({ notes: [], pages, views });
          for (let pfn = 0; pfn < 90; pfn++)
            expect([pfn, memory.page(pfn)]).toEqual([
              pfn,
              pages.includes(pfn) ? pageOf(pfn) : covered(pfn) ? 'excluded' : 'absent',
            ]);
        },
      ),
    );
  });
});

test('notes read back, whatever their lengths', () => {
  const notes = ['CORE', 'VMCOREINFO', 'X'].map((name, i) => ({
    name,
    type: i,
    desc: Uint8Array.from({ length: 3 * i + 1 }, (_, at) => at),
  }));
  expect(parseNotes(noteBytes(notes))).toEqual({ notes, damage: undefined });
});
