import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gutterRow } from '../../../renderer/panels/console/gutter-row.ts';
import { LineMap } from '../../../renderer/panels/console/line-map.ts';
import { keepPlace, keptPlace } from '../../../renderer/panels/console/place.ts';
import { ConsoleRecord } from '../../../renderer/panels/console/record.ts';
import type { Anchor } from '../../../renderer/state/anchors.ts';
import { Anchors } from '../../../renderer/state/anchors.ts';
import type { Selection } from '../../../renderer/state/selection.ts';
import type { ViewModel } from '../../../renderer/state/view.ts';

describe('rows and lines of a terminal', () => {
  it('knows the line of every row, long ones over several', () => {
    const map = new LineMap(1);
    map.begin(2, 1);
    map.begin(3, 4);
    expect([0, 1, 2, 3, 4].map((row) => map.lineAt(row))).toEqual([1, 2, undefined, undefined, 3]);
    expect([0, 1, 2, 3, 4].map((row) => map.lineAround(row))).toEqual([1, 2, 2, 2, 3]);
    expect(map.rowOf(3)).toBe(4);
    expect(map.rowOf(9)).toBeUndefined();
    expect(map.last).toBe(3);
  });

  it('forgets lines whose rows a cleared screen used again', () => {
    const map = new LineMap(1);
    map.begin(2, 1);
    map.begin(3, 2);
    map.begin(4, 0);
    expect(map.rowOf(1)).toBeUndefined();
    expect(map.lineAt(0)).toBe(4);
    expect(map.rowOf(2)).toBe(1);
  });

  it('begins at any line of the record', () => {
    const map = new LineMap(500_000);
    map.begin(500_001, 3);
    expect(map.lineAround(2)).toBe(500_000);
    expect(map.rowOf(500_001)).toBe(3);
    expect(map.rowOf(1)).toBeUndefined();
  });

  it('answers for any lengths of lines', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 300 }),
        (heights) => {
          const map = new LineMap(1);
          let row = heights[0];
          for (let line = 2; line <= heights.length; line++) {
            map.begin(line, row);
            row += heights[line - 1];
          }
          let at = 0;
          for (const [index, height] of heights.entries()) {
            expect(map.rowOf(index + 1)).toBe(at);
            expect(map.lineAround(at + height - 1)).toBe(index + 1);
            at += height;
          }
        },
      ),
    );
  });
});

describe('what is known of lines', () => {
  const record = new ConsoleRecord();
  record.take({
    offset: 0,
    data: '',
    total: 2,
    lines: [
      { line: 1, at: 0.5, kernelTime: 0 },
      { line: 2, at: 0.75, kernelTime: 0.012 },
    ],
    marks: [],
  });
  record.take({
    offset: 4096,
    data: '',
    total: 3,
    lines: [{ line: 3, at: 1.5 }],
    marks: [{ line: 2, kind: 'fault', severity: 'error', text: 'DMA read fault', fault: 1 }],
  });

  it('writes the time column in its three ways', () => {
    expect(record.time(2, 'kernel')).toBe('0.012');
    expect(record.time(2, 'received')).toBe('0.750');
    expect(record.time(2, 'delta')).toBe('+0.250');
    expect(record.time(1, 'delta')).toBe('–');
    expect(record.time(3, 'kernel')).toBe('');
    expect(record.time(9, 'received')).toBe('');
  });

  it('keeps marks and tips', () => {
    expect(record.marks.get(2)?.fault).toBe(1);
    expect(record.tip(2)).toBe('DMA read fault · kernel 0.012000 s · received 0.750000 s');
    expect(record.lines).toBe(3);
    expect([1, 3, 4].map((line) => record.has(line))).toEqual([true, true, false]);
    expect(record.restartAt(3, [1, 3])).toBe('second kernel');
    expect(record.restartAt(1, [1, 3])).toBeUndefined();
  });
});

describe('where a console stands', () => {
  const viewOf = (): ViewModel => {
    const anchors = new Anchors();
    const view = {
      anchor: (list: string) => anchors.get(list),
      keepAnchor: (list: string, anchor: Anchor) => void anchors.set(list, anchor),
    };
    return view as unknown as ViewModel;
  };
  const chosen: Selection = { fault: 1, line: 512, from: 'faults' };

  it.each(['end', 1, 20_000] as const)('is kept: %s', (place) => {
    const view = viewOf();
    keepPlace(view, 'console 1', place, chosen);
    expect(keptPlace(view, 'console 1', chosen)).toBe(place);
    expect(keptPlace(view, 'console 2', chosen)).toBeUndefined();
  });

  it.each(['start', 'session', 'auto'])('is that in a new page, where %s selects', (from) => {
    const view = viewOf();
    view.keepAnchor('console 1', { index: 7 });
    expect(keptPlace(view, 'console 1', { ...chosen, from })).toBe(7);
  });

  it('gives way to what was chosen since, while the console was away', () => {
    const view = viewOf();
    keepPlace(view, 'console 1', 20_000, chosen);
    expect(keptPlace(view, 'console 1', { line: 3, from: 'faults' })).toBeUndefined();
  });
});

describe('the row of the current line', () => {
  it('is the one that stands for it, where it is folded', () => {
    const map = new LineMap(1);
    map.begin(2, 1);
    map.alias(3, 2);
    map.begin(4, 2);
    const record = new ConsoleRecord();
    record.grow(4);
    const parts = { map, record, counts: new Map(), notes: new Map(), starts: [] };
    const current = [0, 1, 2].map(
      (row) => gutterRow({ ...parts, mode: 'kernel', current: 3 }, row).current,
    );
    expect(current).toEqual([false, true, false]);
  });
});
