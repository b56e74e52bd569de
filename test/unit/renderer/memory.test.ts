import { describe, expect, it } from 'vitest';
import { missingOf } from '../../../renderer/panels/memory/HexCells.tsx';
import {
  entriesIn,
  entriesWithin,
  markAt,
  overlayOf,
  overlayTitle,
  rowNames,
  type TablePlace,
} from '../../../renderer/panels/memory/overlay.ts';
import type { MemoryPage } from '../../../renderer/panels/memory/rows.ts';
import {
  cArray,
  hexRows,
  hexdumpText,
  memoryTable,
  pageRows,
  plainWords,
} from '../../../renderer/panels/memory/rows.ts';
import { missingWords } from '../../../renderer/wording.ts';

const PRESENT = Uint8Array.from({ length: 16 }, (_, at) => (at === 0 || at === 8 ? 1 : 0));
const ABSENT = new Uint8Array(16);

/** A table as the engine tells it: by one of its entries, within the page that it stands in. */
const place = (path: string, address: string, width: number): TablePlace => {
  const page = (BigInt(address) / 4096n) * 4096n;
  const hex = (value: bigint): string => `0x${value.toString(16)}`;
  return { path, address, width, from: hex(page), to: hex(page + 4096n) };
};

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
    // Scalable mode: the upper half of a bus has a table of its own.
    [
      'dmar0/02:11.0/context',
      '0x8100',
      256,
      0x8100n,
      PRESENT,
      '11.0 context entry',
      'context table',
    ],
    ['dmar0/02:11.0/context', '0x8100', 256, 0x8000n, ABSENT, '10.0 not present', 'context table'],
    ['dmar0/02:00.0/pasid.70', '0x9180', 512, 0x9180n, PRESENT, 'PASID 70 entry', 'PASID table'],
    [
      'dmar0/02:00.0/pasid-dir.1',
      '0xa008',
      64,
      0xa000n,
      ABSENT,
      'PASIDs 0–63 not present PASIDs 64–127 not present',
      'PASID directory',
    ],
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
    ['dmar0/queue/3', '0x11b6030', 128, 0x11b6020n, ABSENT, 'descriptor[2]', 'invalidation queue'],
    ['ivhd0/events/0', '0x4000', 128, 0x4010n, PRESENT, 'event[1]', 'event log'],
  ] as const)('%s at %s', (path, address, width, row, bytes, names, title) => {
    const overlay = overlayOf([place(path, address, width)], undefined);
    expect(rowNames(overlay, row, bytes)).toBe(names);
    expect(overlayTitle(overlay, [address], undefined)).toBe(title);
  });

  it.each([
    ['dmar0/02:00.0/L2[1]/L1[4]', '0x5020', 64, 0x5028n, 'dmar0/02:00.0/L2[1]/L1[5]'],
    ['dmar0/bus.02', '0x7020', 128, 0x7030n, 'dmar0/bus.03'],
    ['dmar0/0001:02:01.3/context', '0x80b0', 128, 0x80c0n, 'dmar0/0001:02:01.4/context'],
    ['ivhd0/00:1f.7/dte', '0x201fe0', 256, 0x201fc0n, 'ivhd0/00:1f.6/dte'],
    ['dmar0/02:00.0/pasid.70', '0x9180', 512, 0x9040n, 'dmar0/02:00.0/pasid.65'],
    ['ivhd0/irq/00:14.0/3', '0x6030', 128, 0x6000n, 'ivhd0/irq/00:14.0/0'],
  ] as const)('the paths of its neighbours: %s', (path, address, width, at, wanted) => {
    const overlay = overlayOf([place(path, address, width)], undefined);
    expect(entriesIn(overlay, at, 8n).map((entry) => entry.path)).toEqual([wanted]);
  });

  it('only within the table, and underlines it; the selected entry is accented', () => {
    const path = 'dmar0/02:00.0/L1[4]';
    const overlay = overlayOf([place(path, '0x5020', 64)], {
      path,
      title: 'L1 entry 4',
      address: '0x5020',
      width: 64,
    });
    expect(rowNames(overlay, 0x6000n, PRESENT)).toBe('');
    expect(rowNames(overlay, 0x4ff0n, PRESENT)).toBe('');
    expect(markAt(overlay, 0x5000n, 1n)).toBe('table');
    expect(markAt(overlay, 0x5020n, 1n)).toBe('entry');
    expect(markAt(overlay, 0x4fffn, 1n)).toBeUndefined();
    expect(entriesWithin(overlay, 0x5030n, 254n * 8n)).toBe(254);
  });

  it('of the selected entry before the engine has told its table', () => {
    const selected = {
      path: 'dmar0/02:00.0/L1[4]',
      title: 'L1 entry 4',
      address: '0x5020',
      width: 64,
    };
    expect(rowNames(overlayOf([], selected), 0x5030n, PRESENT)).toBe('L1[6] L1[7]');
    const other = { ...selected, path: 'dmar0/registers' };
    expect(rowNames(overlayOf([], other), 0x5020n, PRESENT)).toBe('L1 entry 4');
    expect(rowNames(overlayOf([], other), 0x5030n, PRESENT)).toBe('');
  });

  it('all of several tables in one view, and says how many', () => {
    const overlay = overlayOf(
      [place('dmar0/bus.02', '0x7020', 128), place('dmar0/02:00.0/context', '0x8000', 128)],
      undefined,
    );
    expect(rowNames(overlay, 0x7000n, ABSENT)).toBe('bus 0x00 not present');
    expect(rowNames(overlay, 0x8010n, PRESENT)).toBe('00.1 context entry');
    expect(overlayTitle(overlay, ['0x7000', '0x8000'], 0x8010n)).toBe('context table and 1 more');
    expect(overlayTitle(overlay, ['0x9000'], undefined)).toBe('no table here');
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
    [page({ provenance: 'unmapped' }), 'not mapped'],
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

describe('a space that is mapped', () => {
  const page = (address: string, physical: string, first: number): MemoryPage => ({
    address,
    physical,
    provenance: 'present',
    note: '',
    bytes: Buffer.from(new Uint8Array(4096).fill(first)).toString('base64'),
  });
  const rows = hexRows(
    [
      page('0xffff8000', '0x5000', 1),
      page('0xffff9000', '0x6000', 2),
      page('0xffffa000', '0x2000', 3),
      { address: '0xffffb000', provenance: 'unmapped', note: '', length: '0x3000' },
      page('0xffffe000', '0x3000', 4),
    ],
    0xffff8000n,
    32_768,
  );

  it('says where pages are in memory, once where they follow each other', () => {
    const said = rows.flatMap((row) => (row.kind === 'page' ? [[row.address, row.physical]] : []));
    expect(said).toEqual([
      [0xffff8000n, 0x5000n],
      [0xffffa000n, 0x2000n],
      [0xffffe000n, 0x3000n],
    ]);
  });

  it('knows the physical address of every row that is mapped', () => {
    for (const row of rows) {
      if (row.kind === 'gap') expect(row.physical).toBeUndefined();
      if (row.kind !== 'bytes') continue;
      const base = [0x5000n, 0x6000n, 0x2000n, undefined, undefined, undefined, 0x3000n];
      const at = row.address - 0xffff8000n;
      expect(row.physical).toBe(base[Number(at / 4096n)]! + (at % 4096n));
    }
  });

  it('copies the page of its own addresses, and exports both', () => {
    const index = rows.findIndex(
      ({ address, kind }) => kind === 'bytes' && address === 0xffffa000n,
    );
    expect(hexdumpText(pageRows(rows, index)).split('\n')).toHaveLength(256);
    expect(hexdumpText(pageRows(rows, index))).toMatch(/^ffffa000  03 03/);
    const table = memoryTable(rows, 8, true);
    expect(table.columns.slice(0, 2)).toEqual(['address', 'physical']);
    expect(table.rows[256 * 2].slice(0, 2)).toEqual(['0xffffa000', '0x2000']);
    expect(memoryTable(rows, 8, false).columns).not.toContain('physical');
  });
});
