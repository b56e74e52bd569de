import { describe, expect, it } from 'vitest';
import {
  binStretch,
  binWords,
  clockTicks,
  clocksOf,
  nextBin,
  rateTable,
  timeFilter,
  withoutTime,
} from '../../../renderer/panels/faults/rate.ts';

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
    // What is at the ends stays in: 16.11387 is not before 16.114.
    [16.11387, 17.6495, [], 't:16.113..17.650'],
    [16.11387, 16.1139, [], 't:16.113870..16.113900'],
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

/** Ten bins of a second; the second kernel's clock begins at 22 s of the axis. */
const DATA = {
  start: 16,
  end: 26,
  first: 16,
  last: 26,
  untimed: 0,
  read: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  write: [0, 0, 2, 0, 0, 0, 0, 0, 0, 1],
  interrupt: [0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
};

describe('the rate chart by keys', () => {
  it('steps over the bins that hold a fault, and stays at the ends', () => {
    expect(nextBin(DATA, undefined, 1)).toBe(0);
    expect(nextBin(DATA, undefined, -1)).toBe(9);
    expect(nextBin(DATA, 0, 1)).toBe(2);
    expect(nextBin(DATA, 9, -1)).toBe(2);
    expect(nextBin(DATA, 9, 1)).toBe(9);
    expect(nextBin({ ...DATA, read: [], write: [], interrupt: [] }, undefined, 1)).toBeUndefined();
  });

  it('says what a stretch of bins covers, in its kernel’s own clock', () => {
    expect(binStretch(DATA, { from: 2, to: 0 })).toEqual({ from: 16, to: 19 });
    expect(binWords(DATA, { from: 0, to: 2 }, PHASES)).toBe(
      '16.000–19.000 s: 1 read, 2 writes, 1 interrupt',
    );
    expect(binWords(DATA, { from: 9, to: 9 }, PHASES)).toBe('3.000–4.000 s: 1 write');
    expect(binWords(DATA, { from: 4, to: 4 }, [])).toBe('20.000–21.000 s: none');
  });

  it('counts each kernel’s seconds from its own start', () => {
    expect(clocksOf(PHASES)).toEqual([
      { kernel: 0, base: 0 },
      { kernel: 1, base: 22 },
    ]);
    const ticks = clockTicks(DATA, clocksOf(PHASES), 5);
    expect(ticks).toContainEqual({ at: 18, text: '18 s' });
    expect(ticks).toContainEqual({ at: 24, text: '2 s' });
  });

  it('is a table of the bins that hold a fault', () => {
    expect(rateTable(DATA).rows).toEqual([
      ['16.000', '17.000', 1, 0, 0],
      ['18.000', '19.000', 0, 2, 1],
      ['25.000', '26.000', 0, 1, 0],
    ]);
  });
});
