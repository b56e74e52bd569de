import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PathCounts } from '../../../core/session/path-counts.ts';
import { comparePaths, rowAbove } from '../../../core/session/tree-paths.ts';

describe('counts of entries by path', () => {
  test('every row above counts an entry once, and its own row does not count it', () => {
    const counts = new PathCounts(['dmar0/00:07.0/L3[3]/L2[511]', 'dmar0/00:07.0/context']);
    counts.add('dmar0/00:07.0/context');
    expect(counts.below('dmar0')).toBe(2);
    expect(counts.below('dmar0/root')).toBe(2);
    expect(counts.below('dmar0/bus.00')).toBe(2);
    expect(counts.below('dmar0/00:07.0/context')).toBe(1);
    expect(counts.below('dmar0/00:07.0/L3[3]')).toBe(1);
    expect(counts.below('dmar0/00:07.0/L3[3]/L2[511]')).toBe(0);
    expect(counts.below('dmar0/00:07.0/L3[3]/L2[510-511]')).toBe(1);
    expect(counts.below('dmar0/bus.01')).toBe(0);
    expect(counts.below('dmar1')).toBe(0);
  });

  test.each([
    ['dmar0/bus.02', ['dmar0/root']],
    ['dmar0/02:00.0/context', ['dmar0/bus.02']],
    ['ivhd0/02:00.0/dte', ['ivhd0/devices']],
    ['dmar0/02:00.0/L4[0]', ['dmar0/02:00.0/context', 'dmar0/02:00.0/dte']],
    ['dmar0/02:00.0/L4[0]/L3[3]', ['dmar0/02:00.0/L4[0]']],
    ['dmar0/irq/42', ['dmar0/irq']],
    ['ivhd0/irq/00:14.0/3', ['ivhd0/irq/00:14.0']],
    ['dmar0', []],
  ])('%s stands under %j', (path, above) => {
    expect(rowAbove(path)).toEqual(above);
    for (const row of above) expect(new PathCounts([path]).under(row)).toEqual([path]);
  });

  test('paths are ordered as the tree shows them', () => {
    const ordered = [
      'dmar0/00:02.0/context',
      'dmar0/00:1f.0/context',
      'dmar0/09:00.0/L3[3]',
      'dmar0/09:00.0/L3[3]/L2[9]',
      'dmar0/09:00.0/L3[3]/L2[10]',
      'dmar0/09:00.0/L3[20]',
      'dmar0/0a:00.0/context',
      'dmar0/irq/9',
      'dmar0/irq/10',
      'dmar10/00:00.0/context',
    ];
    expect(ordered.toReversed().sort(comparePaths)).toEqual(ordered);
    const path = fc.constantFrom(...ordered);
    fc.assert(
      fc.property(path, path, (a, b) => {
        expect(Math.sign(comparePaths(a, b))).toBe(-Math.sign(comparePaths(b, a)) + 0);
        expect(comparePaths(a, b) === 0).toBe(a === b);
      }),
    );
  });
});
