import type { FaultGrouping, FaultRow, FaultsAnswer } from '../../core/protocol/contract.ts';
import type { FaultItem } from '../../core/protocol/schema.ts';
import type { Connection } from '../engine/connection.ts';
import { RowWindow } from './rows.ts';
import type { Selection, SelectionBus } from './selection.ts';
import type { Store } from './store.ts';
import { createStore } from './store.ts';
import type { ViewModel } from './view.ts';

export type FaultSort = 'order' | 'worst' | 'count' | 'address' | 'reason' | 'device';

export interface FaultsState {
  /** As typed. */
  readonly filter: string;
  readonly group: FaultGrouping;
  readonly sort: FaultSort;
  /** The order is turned around. */
  readonly reverse: boolean;
  readonly rate: boolean;
  /** The newest fault stays in view. */
  readonly follow: boolean;
  /** Row of the selection; -1 when the selected fault is in no row here. */
  readonly selected: number;
  /** What the last answer said about all rows. */
  readonly summary: Omit<FaultsAnswer, 'rows' | 'from' | 'total'> | undefined;
}

interface Kept {
  readonly filter: string;
  readonly group: FaultGrouping;
  readonly sort: FaultSort;
  readonly reverse: boolean;
  readonly rate: boolean;
}

const USUAL: Kept = {
  filter: '',
  group: 'device-reason',
  sort: 'worst',
  reverse: false,
  rate: true,
};

/** Least time between two looks at new faults, ms: charts and counts move at 4 Hz at most. */
const LOOK_EVERY = 250;
const STEP_WINDOW = 200;

/** The list of faults: its question to the engine, its rows, its selected row. */
export class FaultsModel {
  readonly state: Store<FaultsState>;
  readonly rows: RowWindow<FaultRow>;
  /** Grows when there may be new faults, for the chart. */
  readonly pulse: Store<number> = createStore(0);
  readonly #engine: Connection;
  readonly #bus: SelectionBus;
  readonly #view: ViewModel;
  /** The last filter text that was understood: its results stay while another is typed. */
  #valid = '';
  #folded: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #untouched = true;
  /** The row that is to be selected when the rows come in their new order. */
  #sought: string | undefined;

  constructor(engine: Connection, bus: SelectionBus, view: ViewModel) {
    this.#engine = engine;
    this.#bus = bus;
    this.#view = view;
    this.state = createStore<FaultsState>({
      ...USUAL,
      follow: false,
      selected: -1,
      summary: undefined,
    });
    this.rows = new RowWindow((from, to, signal) => this.#fetch(from, to, signal));
    engine.link.subscribe(() => this.#relink());
    this.#relink();
    this.rows.state.subscribe(() => void this.#arrived());
  }

  /** Takes what the session's view was saved with. */
  restore(): void {
    const kept = this.#view.panel<Kept>('faults', USUAL);
    this.#valid = kept.filter;
    this.state.set((old) => ({ ...old, ...kept }));
    this.#untouched = true;
    this.#folded = [];
    this.rows.reset();
  }

  setFilter(filter: string): void {
    this.state.set((old) => ({ ...old, filter, selected: -1 }));
    this.rows.refresh();
    this.#keep();
  }

  /** Adds a term to what is filtered by already. */
  addTerm(term: string): void {
    const { filter } = this.state.get();
    const old = filter.trim();
    if (old === '') this.setFilter(term);
    else this.setFilter(/\bor\b|\|\|/.test(old) ? `(${old}) ${term}` : `${old} ${term}`);
  }

  setGroup(group: FaultGrouping): void {
    this.state.set((old) => ({ ...old, group, follow: false, selected: -1 }));
    this.#folded = [];
    this.rows.refresh();
    this.#keep();
  }

  /** Another order; the selected fault stays the selected one where it is among the first rows. */
  setSort(sort: FaultSort, reverse = false): void {
    const row = this.rows.row(this.state.get().selected);
    this.#sought = row && rowKey(row);
    this.state.set((old) => ({ ...old, sort, reverse, follow: false, selected: -1 }));
    this.rows.refresh();
    this.#keep();
  }

  toggleRate(): void {
    this.state.set((old) => ({ ...old, rate: !old.rate }));
    this.#keep();
  }

  /** Follow shows faults in the order they come and keeps the newest in view. */
  toggleFollow(): void {
    const follow = !this.state.get().follow;
    const kept = this.#view.panel<Kept>('faults', USUAL);
    this.state.set((old) => ({
      ...old,
      follow,
      group: follow ? 'none' : kept.group,
      sort: follow ? 'order' : kept.sort,
      reverse: !follow && kept.reverse,
      selected: -1,
    }));
    this.rows.refresh();
  }

  /** Folds or opens the group in a row. */
  toggle(index: number, open?: boolean): void {
    const row = this.rows.row(index);
    if (row?.kind !== 'group' || row.expanded === open) return;
    this.#folded = row.expanded
      ? [...this.#folded, row.key]
      : this.#folded.filter((key) => key !== row.key);
    this.rows.refresh();
  }

  /** Selects a row and publishes its fault. */
  select(index: number, from = 'faults'): void {
    this.#untouched = false;
    this.#sought = undefined;
    this.state.set((old) => (old.selected === index ? old : { ...old, selected: index }));
    const row = this.rows.row(index);
    if (row) this.#bus.publish(selectionOf(faultOf(row), from));
  }

  /** The selection came from elsewhere: shows its row when it is here. */
  follow(fault: number): void {
    const { selected } = this.state.get();
    const here = this.rows.row(selected);
    if (here && faultOf(here).n === fault) return;
    const index = this.rows.find((row) => row.kind === 'fault' && row.fault.n === fault);
    this.state.set((old) => ({ ...old, selected: index }));
  }

  /** The next fault; from a group's row, the next group. */
  async step(direction: 1 | -1): Promise<void> {
    const { selected } = this.state.get();
    const { total } = this.rows.state.get();
    const current = this.rows.row(selected);
    for (let step = 1; step <= STEP_WINDOW; step++) {
      const index = selected + step * direction;
      if (index < 0 || index >= total) return;
      const row = await this.rows.need(index);
      if (!row) return;
      const fits =
        current?.kind === 'group'
          ? row.kind === 'group'
          : row.kind === 'fault' || (row.kind === 'group' && !row.expanded);
      if (fits) return this.select(index);
    }
  }

  /** Faults one by one, as the filter and the order have them: for a copy of all. */
  async plain(
    from: number,
    to: number,
    signal: AbortSignal,
  ): Promise<{ readonly total: number; readonly rows: readonly FaultItem[] }> {
    const { sort, reverse } = this.state.get();
    const answer = await this.#engine.call(
      'faults.rows',
      { filter: this.#valid, group: 'none', sort, reverse, folded: [], from, to },
      signal,
    );
    return { total: answer.total, rows: answer.rows.map(faultOf) };
  }

  #keep(): void {
    const { filter, group, sort, reverse, rate } = this.state.get();
    this.#view.remember('faults', { filter, group, sort, reverse, rate } satisfies Kept);
  }

  async #fetch(from: number, to: number, signal: AbortSignal) {
    const { filter, group, sort, reverse } = this.state.get();
    const ask = (text: string): Promise<FaultsAnswer> =>
      this.#engine.call(
        'faults.rows',
        { filter: text, group, sort, reverse, folded: this.#folded, from, to },
        signal,
      );
    let answer = await ask(filter);
    const { filterError } = answer;
    if (!filterError) this.#valid = filter;
    else answer = await ask(this.#valid);
    const { rows: _rows, from: _from, total: _total, ...summary } = answer;
    this.state.set((old) => ({
      ...old,
      summary: { ...summary, filterError: old.filter === filter ? filterError : undefined },
    }));
    return answer;
  }

  /** The first row of a session is selected by itself: the answer shows with no further action. */
  async #arrived(): Promise<void> {
    const { total, known, loading } = this.rows.state.get();
    const { follow, selected } = this.state.get();
    if (follow && total > 0 && selected !== total - 1) {
      this.state.set((old) => ({ ...old, selected: total - 1 }));
      await this.rows.need(total - 1);
      this.select(total - 1);
      return;
    }
    if (this.#sought !== undefined) {
      const index = this.rows.find((row) => rowKey(row) === this.#sought);
      this.state.set((old) => ({ ...old, selected: index }));
      // Until then rows of the old order are among them.
      if (!loading) this.#sought = undefined;
      return;
    }
    if (!this.#untouched || !known || total === 0) return;
    if (this.#bus.current.fault !== undefined) {
      // A fault shows already; from now on what is selected is somebody's choice.
      this.#untouched = false;
      return;
    }
    const top = this.rows.row(0);
    if (top) this.select(0, 'auto');
  }

  #relink(): void {
    if (this.#engine.link.get().state !== 'open') return;
    this.#engine.subscribe('faults.changes', {}, () => this.#look());
  }

  #look(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.pulse.set((old) => old + 1);
      this.rows.refresh();
    }, LOOK_EVERY);
  }
}

/** What a row is known by, wherever it stands. */
export function rowKey(row: FaultRow): string {
  return row.kind === 'group' ? row.key : `#${row.fault.n}`;
}

/** The fault of a row; a group's first stands for it. */
export function faultOf(row: FaultRow): FaultItem {
  return row.kind === 'group' ? row.first : row.fault;
}

function selectionOf(fault: FaultItem, from: string): Selection {
  return {
    fault: fault.n,
    bdf: fault.bdf,
    pasid: fault.pasid,
    iova: fault.address,
    access: fault.access,
    line: fault.line,
    console: fault.console,
    from,
  };
}
