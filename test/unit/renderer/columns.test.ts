import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Column } from '../../../renderer/ui/columns.ts';
import {
  clampWidth,
  leastTotal,
  nextSort,
  parseTables,
  sortedBy,
  templateOf,
} from '../../../renderer/ui/columns.ts';

const SOURCE: Column = { id: 'source', title: 'Source', width: 158 };
const ACCESS: Column = { id: 'access', title: '', width: 28 };
const REASON: Column = { id: 'reason', title: 'Reason', width: 120, grow: 'rest' };
const VERDICT: Column = { id: 'verdict', title: 'Verdict', width: 110, grow: 188 };
const COLUMNS = [SOURCE, ACCESS, REASON, VERDICT];

describe('the widths of columns', () => {
  it('are the usual ones until a person gives others', () => {
    expect(templateOf(COLUMNS, {})).toBe('158px 28px minmax(120px, 1fr) minmax(110px, 188px)');
    expect(templateOf(COLUMNS, { reason: 300, access: 44 })).toBe(
      '158px 44px 300px minmax(110px, 188px)',
    );
  });

  it('of columns that are not there say nothing', () => {
    expect(templateOf([SOURCE], { gone: 10 })).toBe('158px');
  });

  it('add up to what a table needs before it scrolls sideways', () => {
    expect(leastTotal(COLUMNS, {})).toBe(158 + 28 + 120 + 110);
    expect(leastTotal(COLUMNS, { reason: 300 })).toBe(158 + 28 + 300 + 110);
  });

  it('have a least: 40 px, or the column’s own where that is less', () => {
    expect(clampWidth(SOURCE, 3)).toBe(40);
    expect(clampWidth(ACCESS, 3)).toBe(28);
    expect(clampWidth({ ...SOURCE, least: 90 }, 3)).toBe(90);
  });

  it('stay whole and within their bounds whatever is asked for', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), (width) => {
        const given = clampWidth(SOURCE, width);
        expect(Number.isInteger(given)).toBe(true);
        expect(given).toBeGreaterThanOrEqual(40);
        expect(given).toBeLessThanOrEqual(1600);
      }),
    );
  });
});

describe('sorting by a head', () => {
  it('begins rising, and turns around when it is asked for again', () => {
    const first = nextSort(undefined, 'reason');
    expect(first).toEqual({ column: 'reason', descending: false });
    const second = nextSort(first, 'reason');
    expect(second).toEqual({ column: 'reason', descending: true });
    expect(nextSort(second, 'source')).toEqual({ column: 'source', descending: false });
  });

  it('leaves equal rows as they are, and rows without a key at the end either way', () => {
    const rows = [
      { n: 1, key: 'b' },
      { n: 2, key: undefined },
      { n: 3, key: 'a' },
      { n: 4, key: 'b' },
    ];
    const order = (descending: boolean): number[] =>
      sortedBy(rows, ({ key }) => key, descending).map(({ n }) => n);
    expect(order(false)).toEqual([3, 1, 4, 2]);
    expect(order(true)).toEqual([1, 4, 3, 2]);
  });
});

describe('what is saved of tables', () => {
  it('comes back as it was', () => {
    const saved = {
      faults: { widths: { source: 200 }, sort: { column: 'reason', descending: true } },
      tables: { widths: {} },
    };
    expect(parseTables(JSON.parse(JSON.stringify(saved)))).toEqual(saved);
  });

  it.each([
    ['nothing', undefined],
    ['a number', 7],
    ['a table that is none', { faults: 3 }],
    ['widths that are none', { faults: { widths: { source: '200', count: -4, verdict: null } } }],
    ['a sort without a column', { faults: { sort: { descending: true } } }],
  ])('is left out where it is %s', (_what, saved) => {
    for (const table of Object.values(parseTables(saved))) expect(table).toEqual({ widths: {} });
  });
});
