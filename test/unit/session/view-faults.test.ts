import { describe, expect, test } from 'vitest';
import type { FaultRecord } from '../../../core/iommu/fault.ts';
import type { FaultRow } from '../../../core/protocol/contract.ts';
import { FilterValueField } from '../../../core/protocol/contract-faults.ts';
import { compileFilter } from '../../../core/session/fault-filter.ts';
import { FaultTable, type FaultWorld } from '../../../core/session/fault-table.ts';
import { FilterError } from '../../../core/session/filter-syntax.ts';

const WORLD: FaultWorld = {
  driver: (bdf) => (bdf === '02:00.0' ? 'hpsa' : undefined),
  unit: (bdf) => (bdf.startsWith('02') ? 'dmar1' : 'dmar0'),
  verdict: (record) =>
    record.reason === 6
      ? { id: 'not-mapped', title: 'Not mapped', severity: 'error' }
      : { id: 'permission', title: 'Permission missing', severity: 'warning' },
  knownVerdict: () => undefined,
  phase: ({ vendor }) => (vendor === 'amd' ? 'take-over' : 'IOMMU bring-up'),
};

function fault(record: Partial<FaultRecord>): FaultRecord {
  return { line: 1, kernel: 0, vendor: 'intel', type: 'dma', ...record };
}

const HPSA = fault({
  line: 10,
  time: 13.72,
  bdf: '02:00.0',
  access: 'read',
  address: 0xfff0_0000n,
  reason: 6,
  reasonName: 'PTE Read access is not set',
});
const EDU = fault({
  line: 11,
  time: 20,
  bdf: '00:06.0',
  access: 'write',
  address: 0xdead_000n,
  reason: 5,
  domain: 7,
});
const REMAP = fault({
  line: 12,
  time: 21,
  bdf: '00:06.0',
  type: 'interrupt',
  reason: 0x22,
  kernel: 1,
});
const AMD = fault({
  vendor: 'amd',
  type: 'event',
  event: 'IO_PAGE_FAULT',
  bdf: '0001:03:00.0',
  flags: 0x20n,
  flagNames: ['RW'],
});
const ALL = { HPSA, EDU, REMAP, AMD };

describe('the filter language (ui.md, section 5, Faults)', () => {
  test.each<[string, (keyof typeof ALL)[]]>([
    ['', ['HPSA', 'EDU', 'REMAP', 'AMD']],
    ['bdf == 02:00.0 && reason == 6', ['HPSA']],
    ['bdf:02:00.0', ['HPSA']],
    ['bdf:0000:02:00.0', ['HPSA']],
    ['bdf:0001:03:00.0', ['AMD']],
    ['bus:02', ['HPSA']],
    ['bus:00', ['EDU', 'REMAP']],
    ['unit:dmar1', ['HPSA']],
    ['driver:hpsa', ['HPSA']],
    ['kind:dma,intr', ['HPSA', 'EDU', 'REMAP']],
    ['kind:event', ['AMD']],
    ['access:w', ['EDU']],
    ['access != write', ['HPSA', 'REMAP', 'AMD']],
    ['reason:0x06', ['HPSA']],
    ['reason:34', ['REMAP']],
    ['reason:5,6', ['HPSA', 'EDU']],
    ['reason >= 6', ['HPSA', 'REMAP']],
    ['addr:0xfff00000-0xffffffff', ['HPSA']],
    ['address in 0xfff00000..0xffffffff', ['HPSA']],
    ['addr~0xdeadfff', ['EDU']],
    ['did:7', ['EDU']],
    ['domain == 7', ['EDU']],
    ['t:13.7..14', ['HPSA']],
    ['t > 14', ['EDU', 'REMAP']],
    ['kernel:1', ['REMAP']],
    ['line:10..11', ['HPSA', 'EDU']],
    ['phase:takeover', ['AMD']],
    ['phase:take-over kind:event', ['AMD']],
    ['phase:bring-up,takeover kind:intr', ['REMAP']],
    ['phase != takeover', ['HPSA', 'EDU', 'REMAP']],
    ['access:i', ['REMAP']],
    ['bdf:00:00.0..02:00.0', ['HPSA', 'EDU', 'REMAP']],
    ['reason in 5 .. 6', ['HPSA', 'EDU']],
    ['reason in 5, 6', ['HPSA', 'EDU']],
    ['address in 0xfff00000 .. 0xffffffff', ['HPSA']],
    ['t≥20s t≤20.5', ['EDU']],
    ['reason≠6 access:w', ['EDU']],
    ['pasid:5', []],
    ['event:io_page_fault', ['AMD']],
    ['verdict:mapped', ['HPSA']],
    ['not access:r', ['EDU', 'REMAP', 'AMD']],
    ['!(access:r or access:w)', ['REMAP', 'AMD']],
    ['bdf:00:06.0 || driver:hpsa', ['HPSA', 'EDU', 'REMAP']],
    ['bdf:00:06.0 and kind:dma', ['EDU']],
    ['"not set"', ['HPSA']],
    ['02:00.0', ['HPSA']],
    ['hpsa', ['HPSA']],
    ['RW', ['AMD']],
  ])('%s', (text, expected) => {
    const { passes } = compileFilter(text, WORLD);
    const passed = Object.entries(ALL).filter(([, record]) => passes(record));
    expect(passed.map(([name]) => name)).toEqual(expected);
  });

  test.each([
    ['reason:abc', 7, /reason takes a hex code such as 0x06/],
    ['bdf:2.0', 4, /bdf takes a device/],
    ['colour:red', 0, /there is no field "colour"/],
    ['constructor:1', 0, /there is no field/],
    ['(bdf:02:00.0', 0, /parenthesis/],
    ['bdf:', 4, /needs a value/],
    ['access:x', 7, /access takes r, w or i/],
    ['access:constructor', 7, /access takes r, w or i/],
    ['"open', 0, /quotation/],
    ['kind > dma', 7, /no order/],
    ['verdict > stale', 10, /no order/],
    ['phase~takeover', 6, /no order/],
    ['bdf:02:00.0..x', 4, /bdf takes a device/],
    ['t:soon', 2, /t takes seconds/],
    ['a )', 2, /nothing to close/],
    ['('.repeat(60) + 'a', 50, /too deeply/],
  ])('%s is refused at character %i', (text, at, reason) => {
    let caught: unknown;
    try {
      compileFilter(text, WORLD);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(FilterError);
    expect((caught as FilterError).at).toBe(at);
    expect((caught as FilterError).message).toMatch(reason);
  });
});

const QUERY = {
  filter: '',
  group: 'device-reason',
  folded: [],
  sort: 'order',
  from: 0,
  to: 100,
} as const;

function table(records: readonly FaultRecord[]): FaultTable {
  const made = new FaultTable(WORLD);
  for (const [ordinal, record] of records.entries()) made.add(record, 'console-1', ordinal);
  return made;
}

/** A row in a word: its group, its fault, or how many more there are of a group. */
function nameOf(row: FaultRow): string {
  if (row.kind === 'fault') return `#${row.fault.n}`;
  return row.kind === 'group' ? row.key : `${row.count} more of ${row.key}`;
}

describe('the fault list', () => {
  test('groups have a row of their own, then their faults', () => {
    const answer = table([EDU, HPSA, EDU]).rows({ ...QUERY, folded: [] });
    expect(answer).toMatchObject({ all: 3, passed: 3, total: 5 });
    expect(
      answer.rows.map((row) =>
        row.kind === 'group' ? `${row.key} ×${row.count}, ${row.pages} page` : nameOf(row),
      ),
    ).toEqual(['00:06.0 ×2, 1 page', '#1', '#3', '02:00.0 ×1, 1 page', '#2']);
  });

  test('a device with several reasons has a group for each, and its worst verdict', () => {
    const read = fault({ bdf: '00:06.0', access: 'read', address: 0x1f0_0000n, reason: 6 });
    const answer = table([EDU, read, EDU]).rows({ ...QUERY, folded: [], sort: 'worst' });
    expect(answer.total).toBe(6);
    expect(
      answer.rows.map((row) =>
        row.kind === 'group'
          ? [row.depth, row.key, row.count, row.reasons, row.first.verdict?.id]
          : [row.depth, row.kind === 'fault' && row.fault.n],
      ),
    ).toEqual([
      [0, '00:06.0', 3, 2, 'not-mapped'],
      [1, '00:06.0 dma 6', 1, undefined, 'not-mapped'],
      [2, 2],
      [1, '00:06.0 dma 5', 2, undefined, 'permission'],
      [2, 1],
      [2, 3],
    ]);
  });

  test('folded groups hide their faults, and the window counts what is left', () => {
    const faults = table([EDU, HPSA, EDU]);
    const folded = ['00:06.0'];
    expect(faults.rows({ ...QUERY, folded }).total).toBe(3);
    const [row] = faults.rows({ ...QUERY, folded, from: 2, to: 3 }).rows;
    expect(row).toMatchObject({ kind: 'fault', fault: { n: 2, driver: 'hpsa' } });
  });

  test('of each group a few have rows, and one row stands for the others', () => {
    const read = fault({ bdf: '00:06.0', access: 'read', address: 0x1f0_0000n, reason: 6 });
    const faults = table([EDU, EDU, read, EDU, read, EDU, HPSA, HPSA, HPSA]);
    const names = (more: { few?: number; whole?: string[]; folded?: string[] }): string[] =>
      faults.rows({ ...QUERY, folded: [], ...more }).rows.map(nameOf);
    const few = names({ few: 2 });
    expect(few).toEqual([
      '00:06.0',
      '00:06.0 dma 5',
      '#1',
      '#2',
      '2 more of 00:06.0 dma 5',
      '00:06.0 dma 6',
      '#3',
      '#5',
      '02:00.0',
      // One row for one fault would save nothing.
      '#7',
      '#8',
      '#9',
    ]);
    const all = names({});
    expect(all.filter((name) => name.startsWith('#'))).toHaveLength(9);
    expect(names({ few: 2, whole: ['00:06.0 dma 5'] })).toEqual(all);
    // A device's key stands for all of its reasons.
    expect(names({ few: 1, whole: ['00:06.0', '02:00.0'] })).toEqual(all);
    expect(names({ few: 2, folded: ['00:06.0 dma 5'] })).not.toContain('2 more of 00:06.0 dma 5');
    const [row] = faults.rows({ ...QUERY, folded: [], few: 2, from: 4, to: 5 }).rows;
    expect(row).toMatchObject({ kind: 'more', depth: 2, pages: 1, first: { n: 4 } });
    // A fault without a row stands in the one of the others.
    for (const n of [4, 6])
      expect(faults.place({ ...QUERY, folded: [], few: 2 }, { fault: n })).toBe(4);
    expect(faults.place({ ...QUERY, folded: [], few: 2 }, { row: 4, direction: 1 })).toBe(8);
  });

  test('any window of a grouped list is the same part of the whole list', () => {
    const faults = table([EDU, HPSA, EDU, REMAP, AMD, EDU, HPSA]);
    for (const few of [undefined, 1]) {
      const query = { ...QUERY, few, folded: ['02:00.0', '00:06.0 interrupt 34'] };
      const whole = faults.rows(query);
      for (let from = 0; from < whole.total; from++)
        for (let to = from; to <= whole.total + 1; to++)
          expect(faults.rows({ ...query, from, to }).rows).toEqual(whole.rows.slice(from, to));
    }
  });

  test.each(['order', 'worst', 'count', 'address', 'reason', 'device'] as const)(
    'the order by %s can be turned around, plain and grouped, and back',
    (sort) => {
      const made = table([EDU, HPSA, REMAP, EDU]);
      const keys = (group: 'none' | 'device', reverse: boolean): string[] =>
        made
          .rows({ ...QUERY, group, sort, reverse, folded: ['02:00.0', '00:06.0'] })
          .rows.map(nameOf);
      for (const group of ['none', 'device'] as const) {
        const forth = keys(group, false);
        expect(forth.length).toBeGreaterThan(1);
        expect(keys(group, true)).toEqual([...forth].reverse());
        expect(keys(group, false)).toEqual(forth);
      }
    },
  );

  test('the worst verdict comes first, then the most', () => {
    const rows = table([EDU, EDU, REMAP, HPSA]).rows({ ...QUERY, folded: [], sort: 'worst' }).rows;
    const groups = rows.filter((row) => row.kind === 'group');
    expect(groups.map((row) => row.key)).toEqual([
      '02:00.0',
      '00:06.0',
      '00:06.0 dma 5',
      '00:06.0 interrupt 34',
    ]);
  });

  test('faults that come later are in the same cut', () => {
    const faults = table([EDU]);
    const query = { ...QUERY, group: 'none' as const, folded: [], filter: 'bdf:02:00.0' };
    expect(faults.rows(query).passed).toBe(0);
    faults.add(HPSA, 'console-1', 1);
    expect(faults.rows(query)).toMatchObject({ all: 2, passed: 1, total: 1 });
  });

  test('the values of a field are listed as the filter language writes them', () => {
    const faults = table([EDU, HPSA, EDU, REMAP, AMD]);
    expect(faults.values('bdf').values).toEqual([
      { text: '00:06.0', count: 3 },
      { text: '0001:03:00.0', count: 1 },
      { text: '02:00.0', count: 1 },
    ]);
    expect(faults.values('kind').values.map(({ text }) => text)).toEqual(['dma', 'event', 'intr']);
    expect(faults.values('reason').values).toContainEqual({ text: '0x22', count: 1 });
    // What is offered is understood.
    for (const field of FilterValueField.options)
      for (const { text, count } of faults.values(field).values)
        expect(
          faults.rows({ ...QUERY, group: 'none', folded: [], filter: `${field}:${text}` }),
          `${field}:${text}`,
        ).toMatchObject({ passed: count });
  });

  test.each(['none', 'device-reason', 'device', 'reason', 'page'] as const)(
    'by %s, a fault stands in the row that shows it, or in its folded group’s',
    (group) => {
      const faults = table([EDU, HPSA, EDU, REMAP, AMD, HPSA]);
      const query = { ...QUERY, group, folded: [] };
      const { rows } = faults.rows(query);
      expect(rows.some(({ kind }) => kind === 'fault')).toBe(true);
      for (const [at, row] of rows.entries())
        if (row.kind === 'fault') expect(faults.place(query, { fault: row.fault.n })).toBe(at);
      const folded = rows.flatMap((row) =>
        row.kind === 'group' && row.depth === 0 ? [row.key] : [],
      );
      const closed = faults.rows({ ...query, folded }).rows;
      for (let fault = 1; fault <= faults.size; fault++) {
        const at = faults.place({ ...query, folded }, { fault });
        const row = closed[at!];
        expect(row).toBeDefined();
        if (row.kind === 'fault') expect(row.fault.n).toBe(fault);
      }
      expect(faults.place(query, { fault: 99 })).toBeUndefined();
    },
  );

  test('the next device’s row, and the one before, past all that lies between', () => {
    const faults = table([...Array.from({ length: 600 }, () => EDU), HPSA, HPSA, AMD]);
    const query = { ...QUERY, folded: [] };
    const { rows } = faults.rows({ ...query, to: 1000 });
    const first = rows.flatMap((row, at) => (row.kind === 'group' && row.depth === 0 ? [at] : []));
    const step = (row: number, direction: 1 | -1) => faults.place(query, { row, direction });
    expect(first).toHaveLength(3);
    expect(step(first[0], 1)).toBe(first[1]);
    expect(step(first[0] + 300, 1)).toBe(first[1]);
    expect(step(first[1] + 1, 1)).toBe(first[2]);
    expect(step(first[2] + 1, -1)).toBe(first[1]);
    expect(step(first[1], -1)).toBe(first[0]);
    expect(step(first[2], 1)).toBeUndefined();
    expect(step(first[0], -1)).toBeUndefined();
  });

  test('what a fault’s row need not say again is marked, and groups count their devices', () => {
    const rows = table([EDU, EDU, HPSA]).rows({ ...QUERY, folded: [], group: 'page' }).rows;
    expect(
      rows.map((row) =>
        row.kind === 'group'
          ? ['group', row.devices]
          : row.kind === 'fault' && [row.fault.n, row.sameVerdict],
      ),
    ).toEqual([
      ['group', 1],
      [1, true],
      [2, true],
      ['group', 1],
      [3, true],
    ]);
  });

  test('groups can be filtered by their count', () => {
    const answer = table([EDU, EDU, HPSA]).rows({ ...QUERY, folded: [], filter: 'count>1' });
    expect(answer.rows.filter((row) => row.kind === 'group').map((row) => row.count)).toEqual([2]);
  });

  test('a filter that is not understood says why and where', () => {
    expect(table([EDU]).rows({ ...QUERY, folded: [], filter: 'reason:x' }).filterError).toEqual({
      text: 'reason takes a hex code such as 0x06',
      at: 7,
    });
  });

  test('a console that starts again takes its faults along, and the others close up', () => {
    const faults = new FaultTable(WORLD);
    faults.add(EDU, 'a', 0);
    faults.add(HPSA, 'b', 0);
    faults.clear('a');
    expect(faults.all().map(({ n, record }) => [n, record])).toEqual([[1, HPSA]]);
    expect(faults.numberOf('b', 0)).toBe(1);
    expect(faults.numberOf('a', 0)).toBeUndefined();
  });

  test('a record that grew is shown as it is now', () => {
    const faults = table([EDU]);
    faults.replace(1, { ...EDU, domain: 9 });
    expect(faults.rows({ ...QUERY, folded: [] }).rows[0]).toMatchObject({ first: { domain: 9 } });
  });
});
