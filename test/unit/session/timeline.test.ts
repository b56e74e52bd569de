import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeviceLines } from '../../../core/log/device-lines.ts';
import { LineTimes } from '../../../core/log/line-times.ts';
import { LogParser } from '../../../core/log/parser.ts';
import type { KernelRecord, PhaseRecord } from '../../../core/log/records.ts';
import type { LineMark } from '../../../core/protocol/contract.ts';
import { TimeAxis } from '../../../core/session/timeline/axis.ts';
import { FaultColumns } from '../../../core/session/timeline/fault-columns.ts';
import {
  itemCount,
  itemsOf,
  rowOf,
  selected,
  stepIn,
} from '../../../core/session/timeline/items.ts';
import { lanesOf, overviewOf } from '../../../core/session/timeline/lanes.ts';
import { Story, type TimelineSource } from '../../../core/session/timeline/story.ts';
import type { SessionFault } from '../../../core/session/view-fault.ts';
import { captureBytes } from '../../support/captures.ts';

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** What the engine would hold of a log. */
function sourceOf(bytes: Uint8Array, receivedAt?: (line: number) => number): TimelineSource {
  const kernels: KernelRecord[] = [];
  const phases: PhaseRecord[] = [];
  const marks: Omit<LineMark, 'fault'>[] = [];
  const faults: SessionFault[] = [];
  const parser = new LogParser({
    onKernel: (record) => (kernels[record.kernel] = record),
    onPhase: (record) => phases.push(record),
    onFault: (record, ordinal) =>
      faults.push({ n: faults.length + 1, console: 'c', ordinal, record }),
    onMark: ({ line, severity, text }) =>
      marks.push({ line, kind: 'note', severity, text: text ?? '' }),
  });
  parser.push(bytes);
  parser.end();
  marks.sort((a, b) => a.line - b.line);
  const times = new LineTimes();
  times.push(bytes);
  const devices = new DeviceLines();
  devices.push(bytes);
  const columns = new FaultColumns();
  columns.take(faults, 'c', () => 'dmar0');
  return {
    kernels,
    phases,
    times,
    receivedAt: receivedAt ?? (() => undefined),
    faults: columns,
    fault: (n) => faults[n - 1],
    marks,
    devices: devices.found,
    writes: [{ line: 524, text: 'c' }],
    notes: [
      { line: 512, text: 'first fault' },
      { line: 558, time: 3.25, text: 'tables copied' },
    ],
    units: ['dmar0'],
  };
}

const storyOf = (
  source: TimelineSource,
  clocks: 'best' | 'apart' | 'panic' | 'received' = 'best',
) => new Story(source, new TimeAxis(source, clocks));

const LOG = captureBytes('intel-6.1', 'console.log');

describe('time stamps of lines', () => {
  test.each([
    ['[   16.113870] DMAR: x', 16.11387],
    ['[    0.000000] Linux', 0],
    ['<6>[    1.500000] with a level', 1.5],
    ['6,1234,2500000,-;netconsole', 2.5],
    ['no stamp 1.000000]', undefined],
    ['[   12.34] not the kernel’s', undefined],
    ['[99999999999.000000] too large', undefined],
  ])('%s', (line, time) => {
    const times = new LineTimes();
    times.push(bytesOf(`${line}\n`));
    expect(times.at(1, 1)).toBe(time);
  });

  test('a line without one has the stamp before it, of its own kernel', () => {
    const times = new LineTimes();
    times.push(bytesOf('[    5.000000] a\nb\nc\n[    0.100000] d\n'));
    expect([times.at(3, 1), times.at(3, 3), times.at(4, 3)]).toEqual([5, undefined, 0.1]);
  });

  test('pieces of any size give the same times', () => {
    const whole = new LineTimes();
    whole.push(LOG);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9000 }), { maxLength: 30 }), (sizes) => {
        const parts = new LineTimes();
        let from = 0;
        for (const size of sizes) parts.push(LOG.subarray(from, (from += size)));
        parts.push(LOG.subarray(from));
        expect(parts.lines).toBe(whole.lines);
        for (let line = 1; line <= whole.lines; line += 37)
          expect(parts.at(line, 1)).toBe(whole.at(line, 1));
      }),
      { numRuns: 20 },
    );
  });

  test('three million lines keep their shape in bounded room', () => {
    const times = new LineTimes();
    const block = Array.from(
      { length: 1000 },
      (_, index) => `[    ${String(index % 10)}.000000] x\n`,
    ).join('');
    for (let turn = 0; turn < 3000; turn++) times.push(bytesOf(block));
    let kept = 0;
    times.each(1, times.lines + 1, () => kept++);
    expect(times.lines).toBe(3_000_000);
    expect(kept).toBeLessThanOrEqual(1 << 20);
    expect(kept * times.stride).toBeGreaterThanOrEqual(times.lines);
  });
});

test('devices are found with their groups, whatever the pieces', () => {
  const lines = new DeviceLines();
  for (let at = 0; at < LOG.length; at += 1000) lines.push(LOG.subarray(at, at + 1000));
  const whole = new DeviceLines();
  whole.push(LOG);
  expect(lines.found).toEqual(whole.found);
  expect(whole.found.filter(({ bdf }) => bdf === '00:06.0').map(({ text }) => text)).toEqual([
    expect.stringMatching(/^group \d+$/),
    expect.stringMatching(/^group \d+$/),
  ]);
});

describe('the axis of a boot and its crash kernel', () => {
  const source = sourceOf(LOG);

  test('kernels stand apart when nothing says how they lie', () => {
    const axis = new TimeAxis(source, 'best');
    expect(axis.clocks).toBe('apart');
    expect(axis.possible).toEqual(['apart', 'panic']);
    expect(axis.kernels.map(({ kernel, line }) => [kernel, line])).toEqual([
      [0, 1],
      [1, 558],
    ]);
    const [first, second] = axis.kernels;
    expect(second.start).toBeGreaterThan(first.end);
  });

  test('aligned at the panic, the second clock begins where the first said it', () => {
    const axis = new TimeAxis(source, 'panic');
    expect(axis.kernels[1].base).toBeCloseTo(22.259501, 6);
    expect(axis.place(512, undefined)).toBeCloseTo(16.11387, 6);
    expect(axis.clockAt(22.26 + 3)).toMatchObject({ kernel: 1 });
  });

  test('received times say how long the way between them took', () => {
    // The crash kernel's lines came 30 s after the first kernel's.
    const receivedAt = (line: number): number =>
      (source.times.at(line, 1) ?? 0) + (line < 558 ? 1 : 31);
    const axis = new TimeAxis(sourceOf(LOG, receivedAt), 'best');
    expect(axis.clocks).toBe('received');
    expect(axis.kernels.map(({ base }) => base)).toEqual([0, 30]);
  });

  test('a file that was read at once was received by nobody', () => {
    expect(
      new TimeAxis(
        sourceOf(LOG, () => 0),
        'best',
      ).possible,
    ).not.toContain('received');
  });

  test('a log without stamps shows order only', () => {
    const plain = bytesOf('one\ntwo\nDMAR: DRHD: handling fault status reg 2\nfour\n');
    const axis = new TimeAxis(sourceOf(plain), 'best');
    expect(axis.stamped).toBe(false);
    expect([axis.start, axis.end]).toEqual([1, 4]);
    expect(axis.place(3, undefined)).toBe(3);
  });

  test('nothing at all is an axis too', () => {
    const axis = new TimeAxis(sourceOf(bytesOf('')), 'best');
    expect(axis.end).toBeGreaterThan(axis.start);
  });
});

describe('lanes', () => {
  const story = storyOf(sourceOf(LOG), 'panic');
  const view = { from: story.axis.start, to: story.axis.end, bins: 200 };
  const lanes = lanesOf(story, view, '00:06.0');
  const lane = (id: string) => lanes.find((each) => each.id === id)!;
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

  test('stand in their order', () => {
    expect(lanes.map(({ name }) => name)).toEqual([
      'Phases',
      'Console',
      'dmar0',
      'Interrupts',
      'Invalidations',
      'Probes',
      'Domain 00:06.0',
      'Notes',
    ]);
  });

  test('count every fault and every line once', () => {
    const dmar0 = lane('dmar0');
    expect(dmar0.count).toBe(3);
    expect(dmar0.bars.map(({ tone, values }) => [tone, sum(values)])).toEqual([
      ['read', 1],
      ['write', 2],
    ]);
    const console = lane('console');
    expect(sum(console.bars[0].values)).toBe(console.count);
    const overview = overviewOf(story, 64);
    expect(sum(overview.faults)).toBe(3);
    expect(sum(overview.lines)).toBe(console.count);
  });

  test('the overview has the phases too', () => {
    const { phases } = overviewOf(story, 64);
    expect(phases.length).toBe(lane('phases').spans.filter(({ kind }) => kind === 'phase').length);
    for (const { from, to } of phases) expect(to).toBeGreaterThanOrEqual(from);
  });

  test('phases are the boot’s stages, one behind the other', () => {
    const phases = lane('phases').spans.filter(({ kind }) => kind === 'phase');
    const names = phases.map(({ text }) => text);
    expect(names).toEqual([
      'boot',
      'IOMMU bring-up',
      'running',
      'crash',
      'panic',
      'boot',
      'IOMMU bring-up',
      'take-over',
      'IOMMU bring-up',
      'take-over',
      'running',
      'saving the dump',
    ]);
    for (const { from, to } of phases) expect(to).toBeGreaterThanOrEqual(from);
  });

  test('invalidations are the queue’s and the cache’s messages', () => {
    expect(lane('invalidations').marks.map(({ text }) => text)).toContain(
      'DMAR: dmar0: Using Queued invalidation',
    );
  });

  test('the device’s domains follow each other, copied before its new group', () => {
    const texts = lane('domain').spans.map(({ text }) => text);
    expect(texts).toHaveLength(3);
    expect(texts[1]).toBe('domain copied');
  });

  test('what was sent and what was noted stand where they belong', () => {
    expect(lane('probes').marks).toMatchObject([{ line: 524, text: 'c' }]);
    const [first, copied] = lane('notes').marks;
    expect(first).toMatchObject({ line: 512, text: 'first fault', time: 16.11387 });
    // Pinned to a moment of the second clock, which begins at the panic.
    expect(copied.at).toBeCloseTo(22.259501 + 3.25, 6);
  });

  test('a part of the axis shows that part', () => {
    const part = lanesOf(story, { from: 16.5, to: 17, bins: 10 }, undefined);
    expect(part.find(({ id }) => id === 'dmar0')?.bars.map(({ tone }) => tone)).toEqual(['write']);
  });
});

describe('the list', () => {
  const story = storyOf(sourceOf(LOG));
  const all = itemsOf(story, 0, itemCount(story));

  test('is in the order of the log, nothing twice', () => {
    expect(all).toHaveLength(itemCount(story));
    for (let row = 1; row < all.length; row++)
      expect(all[row].line).toBeGreaterThanOrEqual(all[row - 1].line);
    expect(all.filter(({ fault }) => fault !== undefined)).toHaveLength(3);
  });

  test('has the same items in any window', () => {
    fc.assert(
      fc.property(fc.nat(all.length), fc.nat(40), (from, count) => {
        expect(itemsOf(story, from, from + count)).toEqual(all.slice(from, from + count));
      }),
    );
  });

  test('knows the row of a line', () => {
    const row = rowOf(story, 512);
    expect(all[row]).toMatchObject({ line: 512 });
    expect(all[row - 1].line).toBeLessThan(512);
  });

  test('steps through a lane and stops at its ends', () => {
    const first = stepIn(story, 'dmar0', undefined, 'next', undefined);
    expect(first).toMatchObject({
      line: 512,
      fault: 1,
      text: expect.stringMatching(/^00:06\.0 read/),
    });
    expect(stepIn(story, 'dmar0', 512, 'next', undefined)).toMatchObject({ fault: 2 });
    expect(stepIn(story, 'dmar0', 512, 'previous', undefined)).toBeUndefined();
    expect(stepIn(story, 'dmar0', undefined, 'previous', undefined)).toMatchObject({ fault: 3 });
    expect(stepIn(story, 'phases', 924, 'next', undefined)?.line).toBe(925);
    expect(stepIn(story, 'no such lane', undefined, 'next', undefined)).toBeUndefined();
  });

  test('a selection tells its ends', () => {
    const part = selected(story, 16, 18);
    expect(part).toMatchObject({ faults: 3, first: { line: 512 }, last: { line: 516 } });
    expect(selected(story, 18.5, 18.6)).toMatchObject({ faults: 0, items: 0, first: undefined });
  });
});

test('each of very many faults is counted in one bin', () => {
  const columns = new FaultColumns();
  const faults = Array.from({ length: 100_000 }, (_, index): SessionFault => ({
    n: index + 1,
    console: 'c',
    ordinal: index,
    record: {
      line: index + 1,
      time: index / 5_000,
      kernel: 0,
      vendor: 'intel',
      type: index % 7 === 0 ? 'interrupt' : 'dma',
      access: index % 2 === 0 ? 'read' : 'write',
      bdf: '02:00.0',
    },
  }));
  columns.take(faults, 'c', () => 'dmar0');
  const source = { ...sourceOf(bytesOf('[    0.000000] a\n[   20.000000] b\n')), faults: columns };
  const story = storyOf(source);
  const lanes = lanesOf(story, { from: 0, to: 20, bins: 1200 }, undefined);
  const counted = lanes
    .flatMap(({ id, bars }) => (id === 'console' ? [] : bars))
    .reduce((sum, { values }) => sum + values.reduce((a, b) => a + b, 0), 0);
  expect(counted).toBe(100_000);
});
