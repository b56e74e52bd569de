import { describe, expect, it } from 'vitest';
import type { EntryInfo } from '../../../core/protocol/contract.ts';
import { missingOf } from '../../../renderer/panels/memory/HexCells.tsx';
import {
  entriesWithin,
  inOverlay,
  overlayOf,
  rowNames,
} from '../../../renderer/panels/memory/overlay.ts';
import type { MemoryPage } from '../../../renderer/panels/memory/rows.ts';
import {
  cArray,
  hexRows,
  hexdumpText,
  pageRows,
  plainWords,
} from '../../../renderer/panels/memory/rows.ts';
import { missingWords } from '../../../renderer/wording.ts';

const entry = (path: string, address: string, width: number): EntryInfo => ({
  path,
  title: `title of ${path}`,
  layout: '',
  spec: '',
  width,
  address,
  words: [],
  fields: [],
  findings: [],
  origin: '',
  writable: false,
  mentionedIn: { faults: 0, filter: '', notes: 0 },
});

const PRESENT = Uint8Array.from({ length: 16 }, (_, at) => (at === 0 || at === 8 ? 1 : 0));
const ABSENT = new Uint8Array(16);

describe('the overlay names entries', () => {
  it.each([
    ['dmar0/02:00.0/L2[1]/L1[4]', '0x5020', 64, 0x5020n, PRESENT, 'L1[4] L1[5]', 'L1 table'],
    ['dmar0/bus.02', '0x7020', 128, 0x7020n, PRESENT, 'bus 0x02 root entry', 'root table'],
    ['dmar0/bus.02', '0x7020', 128, 0x7030n, ABSENT, 'bus 0x03 not present', 'root table'],
    [
      'dmar0/02:01.3/context',
      '0x80b0',
      128,
      0x80b0n,
      PRESENT,
      '01.3 context entry',
      'context table',
    ],
    ['dmar0/02:01.3/context', '0x80b0', 128, 0x8000n, ABSENT, '00.0 not present', 'context table'],
    ['ivhd0/00:14.0/dte', '0x201400', 256, 0x201420n, ABSENT, '00:14.1 DTE', 'device table'],
    [
      'dmar0/irq/42',
      '0x12002a0',
      128,
      0x12002b0n,
      PRESENT,
      'IRTE[43]',
      'interrupt remapping table',
    ],
  ])('%s at %s', (path, address, width, row, bytes, names, title) => {
    const overlay = overlayOf(entry(path, address, width));
    expect(overlay.table?.title).toBe(title);
    expect(rowNames(overlay, row, bytes)).toBe(names);
  });

  it('only within the table, and underlines it', () => {
    const overlay = overlayOf(entry('dmar0/02:00.0/L1[4]', '0x5020', 64));
    expect(rowNames(overlay, 0x6000n, PRESENT)).toBe('');
    expect(rowNames(overlay, 0x4ff0n, PRESENT)).toBe('');
    expect(inOverlay(overlay, 0x5000n, 1n)).toBe(true);
    expect(inOverlay(overlay, 0x4fffn, 1n)).toBe(false);
    expect(entriesWithin(overlay, 0x5030n, 254n * 8n)).toBe(254);
  });

  it('of an entry whose table is not known only its own', () => {
    const overlay = overlayOf(entry('dmar0/02:00.0/pasid.0', '0x9040', 512));
    expect(overlay.table).toBeUndefined();
    expect(rowNames(overlay, 0x9040n, PRESENT)).toBe('title of dmar0/02:00.0/pasid.0');
    expect(rowNames(overlay, 0x9050n, PRESENT)).toBe('');
  });
});

describe('what is not there has its exact words', () => {
  const page = (more: Partial<MemoryPage>): MemoryPage => ({
    address: '0x1000',
    provenance: 'absent',
    note: '',
    ...more,
  });
  it.each([
    [page({ provenance: 'excluded', level: 31 }), "page excluded by the dump's filter (level 31)"],
    [page({ provenance: 'excluded' }), "page excluded by the dump's filter"],
    [page({ provenance: 'absent' }), 'not in this dump'],
    [page({ provenance: 'zero' }), 'reads as zero, stored in the dump'],
    [
      page({
        provenance: 'failed',
        note: 'damaged: bad length (zlib, 77 bytes at 0x10 of vmcore)',
      }),
      'page damaged: zlib error',
    ],
    [
      page({
        provenance: 'failed',
        note: 'the file ends before the bitmap says whether this page is in it',
        length: '0x3000',
      }),
      'dump ends here, 0x3000 missing',
    ],
  ])('%j', (shown, words) => {
    expect(missingWords(missingOf(shown))).toBe(words);
  });
});

describe('what is copied of a page', () => {
  const bytes = new Uint8Array(4096);
  bytes.set([0x01, 0x90, 0x2d, 0x3f, 0x01, 0, 0, 0x41]);
  const present: MemoryPage = {
    address: '0x2000',
    provenance: 'present',
    note: '',
    bytes: Buffer.from(bytes).toString('base64'),
  };
  const gap: MemoryPage = {
    address: '0x3000',
    provenance: 'absent',
    note: '',
    length: '0xc0000000',
  };
  const rows = hexRows([present, gap, { ...present, address: '0xc0003000' }], 0x2000n, 8192);

  it('gaps keep their whole size, and what comes behind them follows', () => {
    expect(rows.map(({ kind, address }) => [kind, address])).toEqual([
      ['bytes', 0x2000n],
      ['zeros', 0x2010n],
      ['gap', 0x3000n],
      ['bytes', 0xc0003000n],
      ['zeros', 0xc0003010n],
    ]);
    expect(rows[2]).toMatchObject({ length: 0xc0000000n, atLeast: false });
  });

  it('is the page of the selected row, zeros unfolded', () => {
    const own = pageRows(rows, 1);
    expect(own).toHaveLength(2);
    expect(plainWords(own, 8).split('\n').slice(0, 2)).toEqual([
      '410000013f2d9001 0000000000000000',
      '0000000000000000 0000000000000000',
    ]);
    expect(plainWords(own, 1).split('\n')).toHaveLength(256);
    expect(cArray(own).split('\n')).toHaveLength(256 + 3);
    expect(hexdumpText(own).split('\n')).toEqual([
      '00002000  01 90 2d 3f 01 00 00 41  00 00 00 00 00 00 00 00  |..-?...A........|',
      '00002010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|',
      '*',
    ]);
    expect(pageRows(rows, 2)).toEqual([]);
  });
});
