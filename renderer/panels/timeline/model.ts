import type {
  TimelineAnswer,
  TimelineClocks,
  TimelineItem,
} from '../../../core/protocol/contract-timeline.ts';
import type { CallAnswer } from '../../../core/protocol/contract.ts';
import type { WireFailure } from '../../../core/protocol/wire.ts';
import { asFailure, isCancelled } from '../../engine/failure.ts';
import type { EngineApi } from '../../engine/api.ts';
import { RowWindow } from '../../state/rows.ts';
import type { Selection, SelectionBus } from '../../state/selection.ts';
import type { Store } from '../../state/store.ts';
import { createStore } from '../../state/store.ts';
import type { ViewModel } from '../../state/view.ts';
import type { Range } from './axis.ts';
import { clamped, panned, showing, zoomed } from './axis.ts';

export type Readout = CallAnswer<'timeline.select'>;

export interface TimelineState {
  readonly console: string | undefined;
  readonly clocks: TimelineClocks;
  /** What shows; undefined: everything. */
  readonly range: Range | undefined;
  readonly answer: TimelineAnswer | undefined;
  readonly failure: WireFailure | undefined;
  readonly loading: boolean;
  /** The lane that the keys move in. */
  readonly lane: string;
  /** What is current: mirrored in words for who does not see the canvas. */
  readonly item: TimelineItem | undefined;
  /** Where the selection of another panel stands. */
  readonly cursor: number | undefined;
  readonly selected: Range | undefined;
  readonly readout: Readout | undefined;
  /** The list shows in place of the lanes. */
  readonly asList: boolean;
  readonly device: string | undefined;
}

interface StepHow {
  /** From the lane's end instead of what is current. */
  readonly fromEnd?: boolean;
  /** Selects up to there. */
  readonly extend?: boolean;
}

interface Kept {
  readonly clocks: TimelineClocks;
  readonly asList: boolean;
}

const USUAL: Kept = { clocks: 'best', asList: false };
const PANEL = 'timeline';

/** The timeline's question to the engine, what shows of its answer, and what is current in it. */
export class TimelineModel {
  readonly state: Store<TimelineState>;
  readonly rows: RowWindow<TimelineItem>;
  readonly #engine: EngineApi;
  readonly #bus: SelectionBus;
  readonly #view: ViewModel;
  #bins = 0;
  /** A question is on its way; when it is answered, a newer one is asked. */
  #asking = false;
  #stale = false;
  #readouts = 0;
  #steps: Promise<void> = Promise.resolve();

  constructor(engine: EngineApi, bus: SelectionBus, view: ViewModel) {
    this.#engine = engine;
    this.#bus = bus;
    this.#view = view;
    this.state = createStore<TimelineState>({
      console: undefined,
      ...USUAL,
      range: undefined,
      answer: undefined,
      failure: undefined,
      loading: false,
      lane: 'phases',
      item: undefined,
      cursor: undefined,
      selected: undefined,
      readout: undefined,
      device: undefined,
    });
    this.rows = new RowWindow(async (from, to, signal) => {
      const { items, ...answer } = await engine.call(
        'timeline.items',
        { ...this.#about(), from, to },
        signal,
      );
      return { ...answer, rows: items };
    });
  }

  /** Takes what the session's view was saved with. */
  restore(): void {
    const { clocks, asList } = this.#view.panel<Kept>(PANEL, USUAL);
    this.state.set((old) => ({ ...old, clocks, asList }));
  }

  /** The panel shows with room for so many bins: asks for what is in them. */
  show(bins: number): void {
    if (bins <= 0) return;
    this.#bins = bins;
    this.refresh();
  }

  /** There may be more than there was. */
  refresh(): void {
    if (this.#bins === 0) return;
    if (this.state.get().asList) this.rows.refresh();
    this.#stale = true;
    if (!this.#asking) void this.#ask();
  }

  setConsole(console: string): void {
    this.state.set((old) => ({
      ...old,
      console,
      range: undefined,
      selected: undefined,
      readout: undefined,
      item: undefined,
      cursor: undefined,
    }));
    this.rows.reset();
    this.refresh();
  }

  setClocks(clocks: TimelineClocks): void {
    this.state.set((old) => ({
      ...old,
      clocks,
      range: undefined,
      selected: undefined,
      readout: undefined,
      item: undefined,
      cursor: undefined,
    }));
    this.#keep();
    this.rows.reset();
    this.refresh();
    this.follow(this.#bus.current);
  }

  toggleList(): void {
    this.state.set((old) => ({ ...old, asList: !old.asList }));
    this.#keep();
    this.refresh();
  }

  /** The whole axis, once it is known. */
  get whole(): Range {
    const { answer } = this.state.get();
    return answer ? { from: answer.start, to: answer.end } : { from: 0, to: 1 };
  }

  get range(): Range {
    return this.state.get().range ?? this.whole;
  }

  setRange(range: Range): void {
    const { from, to } = this.whole;
    const next = clamped(range, this.whole);
    const all = next.from <= from && next.to >= to;
    this.state.set((old) => ({ ...old, range: all ? undefined : next }));
    this.refresh();
  }

  /** @param around the place that stays; absent: what is current, else the middle */
  zoom(factor: number, around?: number): void {
    const { item, cursor } = this.state.get();
    const { from, to } = this.range;
    const known = [around, item?.at, cursor].find(
      (at) => at !== undefined && at >= from && at <= to,
    );
    this.setRange(zoomed(this.range, this.whole, factor, known ?? (from + to) / 2));
  }

  pan(part: number): void {
    this.setRange(panned(this.range, this.whole, part));
  }

  zoomToSelection(): void {
    const { selected } = this.state.get();
    if (selected) this.setRange(selected);
  }

  showAll(): void {
    this.state.set((old) => ({ ...old, range: undefined }));
    this.refresh();
  }

  /** Selects a part of the axis and asks what lies in it. */
  select(range: Range | undefined): void {
    this.state.set((old) => ({ ...old, selected: range, readout: undefined }));
    const turn = ++this.#readouts;
    if (!range) return;
    this.#engine.call('timeline.select', { ...this.#about(), ...range }).then(
      (readout) => {
        if (turn !== this.#readouts) return;
        this.state.set((old) => ({ ...old, readout }));
        const { from, to } = readout;
        this.#bus.publish({
          ...this.#bus.current,
          time: { kernel: from.kernel, from: from.time, toKernel: to.kernel, to: to.time },
          from: PANEL,
        });
      },
      (error: unknown) => this.#failed(error),
    );
  }

  setLane(lane: string): void {
    this.state.set((old) => ({ ...old, lane }));
  }

  /** The lane above or below. */
  moveLane(by: 1 | -1): void {
    const { answer, lane } = this.state.get();
    const ids = answer?.lanes.map(({ id }) => id) ?? [];
    const at = Math.max(0, Math.min(ids.length - 1, ids.indexOf(lane) + by));
    if (ids[at] !== undefined) this.setLane(ids[at]);
  }

  /** The next thing of the lane, or its first or last. @param extend selects up to there */
  step(direction: 'next' | 'previous', how: StepHow = {}): Promise<void> {
    // A key that is pressed before the last one is answered goes on from that answer.
    this.#steps = this.#steps.then(() => this.#step(direction, how));
    return this.#steps;
  }

  async #step(direction: 'next' | 'previous', how: StepHow): Promise<void> {
    const { lane, item, device, selected } = this.state.get();
    const line = how.fromEnd ? undefined : (item?.line ?? this.#bus.current.line);
    try {
      const answer = await this.#engine.call('timeline.step', {
        ...this.#about(),
        lane,
        line,
        direction,
        device,
      });
      if (!answer.item) return;
      if (how.extend && item) {
        const anchor = selected
          ? selected.from === item.at
            ? selected.to
            : selected.from
          : item.at;
        const ends = [anchor, answer.item.at].sort((a, b) => a - b);
        this.select({ from: ends[0], to: ends[1] });
      }
      this.pick(answer.item);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The thing of a lane nearest to a place, when it is no farther than that. */
  async pickNear(lane: string, at: number, within: number): Promise<void> {
    const { device } = this.state.get();
    this.setLane(lane);
    try {
      const { item } = await this.#engine.call('timeline.near', {
        ...this.#about(),
        lane,
        at,
        within,
        device,
      });
      if (item) this.pick(item);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Makes a thing current and tells the other panels. */
  pick(item: TimelineItem): void {
    this.state.set((old) => ({ ...old, item, cursor: item.at }));
    this.setRange(showing(this.range, this.whole, item.at));
    this.#bus.publish(selectionOf(item, this.state.get().answer?.console));
  }

  /** The selection came from another panel: shows where it stands. */
  follow(selection: Selection): void {
    if (selection.bdf !== undefined && selection.bdf !== this.state.get().device) {
      this.state.set((old) => ({ ...old, device: selection.bdf }));
      this.refresh();
    }
    if (selection.from === PANEL || selection.line === undefined) return;
    const { console, answer } = this.state.get();
    const shown = console ?? answer?.console;
    if (selection.console !== undefined && shown !== undefined && selection.console !== shown)
      return;
    this.#engine.call('timeline.place', { ...this.#about(), line: selection.line }).then(
      ({ at }) => {
        this.state.set((old) => ({ ...old, cursor: at, item: undefined }));
        if (this.state.get().range) this.setRange(showing(this.range, this.whole, at));
      },
      (error: unknown) => this.#failed(error),
    );
  }

  #about(): { console: string | undefined; clocks: TimelineClocks } {
    const { console, clocks } = this.state.get();
    return { console, clocks };
  }

  #keep(): void {
    const { clocks, asList } = this.state.get();
    this.#view.remember(PANEL, { clocks, asList } satisfies Kept);
  }

  /** Asks for what shows now; while a question is on its way the newest waits, and no other. */
  async #ask(): Promise<void> {
    this.#asking = true;
    this.state.set((old) => ({ ...old, loading: true }));
    while (this.#stale) {
      this.#stale = false;
      const { range, device } = this.state.get();
      try {
        const answer = await this.#engine.call('timeline.get', {
          ...this.#about(),
          from: range?.from,
          to: range?.to,
          bins: this.#bins,
          overviewBins: this.#bins,
          device,
        });
        this.state.set((old) => ({ ...old, answer, failure: undefined }));
      } catch (error) {
        this.#failed(error);
      }
    }
    this.#asking = false;
    this.state.set((old) => ({ ...old, loading: false }));
  }

  #failed(error: unknown): void {
    if (!isCancelled(error)) this.state.set((old) => ({ ...old, failure: asFailure(error) }));
  }
}

/** What a thing of the timeline says to the other panels. */
function selectionOf(item: TimelineItem, console: string | undefined): Selection {
  return {
    fault: item.fault,
    bdf: item.bdf,
    pasid: item.pasid,
    iova: item.address,
    access: item.access,
    line: item.line,
    console,
    from: PANEL,
  };
}
