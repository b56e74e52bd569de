import { describe, expect, it, vi } from 'vitest';
import type { TimelineAnswer, TimelineItem } from '../../../core/protocol/contract-timeline.ts';
import {
  clamped,
  panned,
  placeAt,
  restarts,
  rulerTicks,
  selectedWords,
  showing,
  timelineSummary,
  xOf,
  zoomed,
} from '../../../renderer/panels/timeline/axis.ts';
import { TimelineModel } from '../../../renderer/panels/timeline/model.ts';
import { SelectionBus } from '../../../renderer/state/selection.ts';
import type { ViewModel } from '../../../renderer/state/view.ts';
import { NOT_ALIGNED, NO_STAMPS } from '../../../renderer/wording.ts';
import { FakeEngine, settled } from './fake-engine.ts';

const WHOLE = { from: 0, to: 40 };

/** Two kernels: 0 to 22 s, then 0 to 12 s from 26 on. */
const ANSWER: TimelineAnswer = {
  console: 'c1',
  stamped: true,
  clocks: 'received',
  possible: ['apart', 'panic', 'received'],
  kernels: [
    { kernel: 0, line: 1, base: 0, start: 0, end: 22 },
    { kernel: 1, line: 558, base: 26, start: 26, end: 38 },
  ],
  start: 0,
  end: 40,
  from: 0,
  to: 40,
  lanes: [
    { id: 'phases', name: 'Phases', count: 4, spans: [], bars: [], marks: [] },
    { id: 'dmar0', name: 'dmar0', count: 3, spans: [], bars: [], marks: [] },
    { id: 'interrupts', name: 'Interrupts', count: 0, spans: [], bars: [], marks: [] },
  ],
  overview: { faults: [], lines: [], phases: [], probes: [] },
};

describe('the axis', () => {
  it('keeps a range inside the whole', () => {
    expect(clamped({ from: -5, to: 5 }, WHOLE)).toEqual({ from: 0, to: 10 });
    expect(clamped({ from: 35, to: 45 }, WHOLE)).toEqual({ from: 30, to: 40 });
    expect(clamped({ from: -50, to: 90 }, WHOLE)).toEqual(WHOLE);
    expect(clamped({ from: 3, to: 3 }, WHOLE).to).toBeGreaterThan(3);
  });

  it('zooms around a place that stays where it is', () => {
    const range = { from: 10, to: 20 };
    const closer = zoomed(range, WHOLE, 0.5, 12);
    expect(closer).toEqual({ from: 11, to: 16 });
    expect(xOf(12, closer, 100)).toBe(xOf(12, range, 100));
    expect(panned(range, WHOLE, 0.25)).toEqual({ from: 12.5, to: 22.5 });
  });

  it('moves only for what is not in view', () => {
    const range = { from: 10, to: 20 };
    expect(showing(range, WHOLE, 15)).toBe(range);
    expect(showing(range, WHOLE, 30)).toEqual({ from: 25, to: 35 });
  });

  it('finds a place by its pixel', () => {
    expect(placeAt(xOf(13.7, WHOLE, 800), WHOLE, 800)).toBeCloseTo(13.7);
  });

  it('labels each kernel’s part in its own clock', () => {
    const labels = rulerTicks(ANSWER, WHOLE, 800);
    expect(labels.filter(({ at }) => at < 24).map(({ text }) => text)).toContain('10 s');
    expect(labels.find(({ at }) => at === 26)?.text).toBe('0 s');
    expect(restarts(ANSWER.kernels)).toEqual([{ at: 26, name: 'second kernel' }]);
  });

  it('counts lines where there are no stamps', () => {
    const lines = rulerTicks({ ...ANSWER, stamped: false }, { from: 1, to: 101 }, 400);
    expect(lines.map(({ text }) => text)).toContain('line 50');
  });
});

describe('words', () => {
  it.each([
    [
      { kernel: 1, time: 13.703 },
      { kernel: 1, time: 13.744 },
      0.041,
      true,
      'Selected 13.703–13.744 s, 41 ms',
    ],
    [
      { kernel: 0, time: 22.25 },
      { kernel: 1, time: 0.5 },
      4.25,
      true,
      'Selected first kernel 22.250 s – second kernel 0.500 s, 4.3 s',
    ],
    // How long the way between two clocks took is not known.
    [
      { kernel: 0, time: 22.25 },
      { kernel: 1, time: 0.5 },
      4.25,
      false,
      'Selected first kernel 22.250 s – second kernel 0.500 s',
    ],
  ])('%o to %o', (from, to, span, aligned, words) => {
    expect(selectedWords(from, to, { span, aligned, stamped: true })).toBe(words);
  });

  it('a log without stamps has lines', () => {
    const [from, to] = [
      { kernel: 0, time: 3.2 },
      { kernel: 0, time: 9.9 },
    ];
    expect(selectedWords(from, to, { span: 6.7, aligned: false, stamped: false })).toBe(
      'Selected lines 4–9',
    );
  });

  it('says what is not known, exactly', () => {
    expect(NOT_ALIGNED).toBe("First kernel's clock isn't aligned; align at panic");
    expect(NO_STAMPS).toBe('This log has no time stamps; lanes show order only.');
    expect(timelineSummary(ANSWER)).toBe('first kernel, then second kernel: Phases 4, dmar0 3');
  });
});

describe('the model', () => {
  const item = (line: number): TimelineItem => ({
    at: line / 10,
    lane: 'dmar0',
    kernel: 0,
    time: line / 10,
    line,
    text: `fault of line ${line}`,
    severity: 'error',
    fault: line,
    bdf: '00:06.0',
  });
  const view = { panel: (_id: string, usual: object) => usual, remember: vi.fn() };

  async function made(calls: ConstructorParameters<typeof FakeEngine>[0] = {}) {
    const asked: { from?: number; to?: number; bins: number }[] = [];
    const engine = new FakeEngine({
      'timeline.get': (request) => {
        asked.push(request);
        return { ...ANSWER, from: request.from ?? 0, to: request.to ?? 40 };
      },
      'timeline.step': ({ line, direction }) => ({
        item: line === undefined || direction === 'next' ? item((line ?? 99) + 1) : undefined,
      }),
      'timeline.place': ({ line }) => ({ at: line / 10, kernel: 0, row: 0 }),
      'timeline.select': ({ from, to }) => ({
        from: { kernel: 0, time: from },
        to: { kernel: 0, time: to },
        faults: 2,
        items: 2,
      }),
      ...calls,
    });
    await settled();
    const bus = new SelectionBus();
    const model = new TimelineModel(engine.connection, bus, view as unknown as ViewModel);
    return { model, bus, asked };
  }

  it('asks for as many bins as there is room for, and never twice at a time', async () => {
    const { model, asked } = await made();
    model.show(400);
    for (let turn = 0; turn < 20; turn++) model.zoom(0.9);
    await settled();
    // The first question and the newest: what lies between is of no use any more.
    expect(asked.length).toBeLessThanOrEqual(3);
    expect(asked.every(({ bins }) => bins === 400)).toBe(true);
  });

  it('keys lead from thing to thing, publish them and select between them', async () => {
    const { model, bus } = await made();
    model.show(100);
    await settled();
    model.moveLane(1);
    expect(model.state.get().lane).toBe('dmar0');
    await model.step('next', { fromEnd: true });
    expect(bus.current).toMatchObject({ fault: 100, bdf: '00:06.0', console: 'c1', line: 100 });
    await model.step('next', { extend: true });
    await settled();
    expect(model.state.get()).toMatchObject({
      item: { line: 101 },
      selected: { from: 10, to: 10.1 },
      readout: { faults: 2 },
    });
    expect(bus.current.time).toEqual({ kernel: 0, from: 10, toKernel: 0, to: 10.1 });
    await model.step('previous');
    expect(model.state.get().item?.line).toBe(101);
  });

  it('keys that come faster than answers are taken one after the other', async () => {
    const { model } = await made();
    model.show(100);
    await settled();
    void model.step('next', { fromEnd: true });
    void model.step('next', { extend: true });
    await model.step('next', { extend: true });
    await settled();
    expect(model.state.get()).toMatchObject({
      item: { line: 102 },
      selected: { from: 10, to: 10.2 },
    });
  });

  it('follows the selection of other panels, of its own console only', async () => {
    const { model } = await made();
    model.show(100);
    await settled();
    model.follow({ line: 200, console: 'c1', from: 'faults' });
    await settled();
    expect(model.state.get().cursor).toBe(20);
    model.follow({ line: 300, console: 'other', from: 'faults' });
    model.follow({ line: 300, console: 'c1', from: 'timeline' });
    await settled();
    expect(model.state.get().cursor).toBe(20);
  });

  it('brings what is not in view into it', async () => {
    const { model } = await made();
    model.show(100);
    await settled();
    model.setRange({ from: 0, to: 4 });
    model.follow({ line: 200, console: 'c1', from: 'faults' });
    await settled();
    expect(model.range).toEqual({ from: 18, to: 22 });
    model.showAll();
    expect(model.state.get().range).toBeUndefined();
  });

  it('says what failed', async () => {
    const { model } = await made({
      'timeline.get': () => {
        throw new Error('broken');
      },
    });
    model.show(100);
    await settled();
    expect(model.state.get().failure).toBeDefined();
    expect(model.state.get().loading).toBe(false);
  });
});
