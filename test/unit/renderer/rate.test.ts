import { describe, expect, it } from 'vitest';
import { timeFilter, withoutTime } from '../../../renderer/panels/faults/rate.ts';

/** Two kernels: the second's clock begins at 22 s of the chart. */
const PHASES = [
  { kernel: 0, time: 1, at: 1 },
  { kernel: 0, time: 20, at: 20 },
  { kernel: 1, time: 3, at: 25 },
  { kernel: 1 },
];

describe('a stretch of the rate chart as a filter', () => {
  it.each([
    [13, 14, PHASES.slice(0, 2), 't:13.000..14.000'],
    [13, 14, PHASES, 'kernel:0 t:13.000..14.000'],
    [23, 24.5, PHASES, 'kernel:1 t:1.000..2.500'],
    [20, 24, PHASES, '(kernel:0 t:20.000..22.000 or kernel:1 t:0.000..2.000)'],
    [13, 14, [], 't:13.000..14.000'],
  ])('%f to %f', (from, to, phases, filter) => {
    expect(timeFilter(from, to, phases)).toBe(filter);
  });

  it.each([
    ['bdf:02:00.0 t:1.000..2.000', 'bdf:02:00.0'],
    ['kernel:1 t:1.000..2.500', ''],
    [
      'access:w (kernel:0 t:20.000..22.000 or kernel:1 t:0.000..2.000) reason:5',
      'access:w reason:5',
    ],
    ['access:w', 'access:w'],
  ])('%s without it', (filter, rest) => {
    expect(withoutTime(filter)).toBe(rest);
  });
});
