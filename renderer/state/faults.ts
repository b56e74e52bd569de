import type {
  CallRequest,
  FaultGrouping,
  FaultRow,
  FaultsAnswer,
} from '../../core/protocol/contract.ts';
import type { FaultItem } from '../../core/protocol/schema.ts';
import type { Connection } from '../engine/connection.ts';
import { findFetched } from '../ui/type-ahead.ts';
import { FaultFolds, NO_FOLDS, type KeptFolds } from './fault-folds.ts';
import { digitsOf, faultOf, rowKey, rowName, selectionOf } from './fault-row.ts';
import { RowWindow } from './rows.ts';
import type { SelectionBus } from './selection.ts';
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
  /** While following, another row was chosen: rows when it was; the list stands still. */
  readonly held: number | undefined;
  /** The last filter text that was understood. */
  readonly valid: string;
  /** Row of the selection; -1 when the selected fault is in no row here. */
  readonly selected: number;
  /** Digits of the longest address that was seen in a row. */
  readonly digits: number;
  /** What the last answer said about all rows. */
  readonly summary: Omit<FaultsAnswer, 'rows' | 'from' | 'total'> | undefined;
}

interface Kept extends KeptFolds {
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
  ...NO_FOLDS,
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
  readonly #folds = new FaultFolds();
  /** Questions that were asked, and the newest one that was answered. */
  #turn = 0;
  #told = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #untouched = true;
  /** The row that is to be selected when the rows come in their new order. */
  #sought: string | undefined;
  #steps: Promise<void> = Promise.resolve();
  /** The part of the filter that the rows are asked with. */
  #asked = '';
  /** The rows are others than before, and the selected fault was not looked for yet. */
  #moved = false;

  constructor(engine: Connection, bus: SelectionBus, view: ViewModel) {
    this.#engine = engine;
    this.#bus = bus;
    this.#view = view;
    this.state = createStore<FaultsState>({
      ...USUAL,
      follow: false,
      held: undefined,
      valid: '',
      selected: -1,
      digits: 0,
      summary: undefined,
    });
    this.rows = new RowWindow((from, to, signal) => this.#fetch(from, to, signal));
    engine.link.subscribe(() => this.#relink());
    this.#relink();
    this.rows.state.subscribe(() => void this.#arrived());
  }

  /** Takes what the session's view was saved with. */
  restore(): void {
    const { folded, whole, ...kept } = this.#view.panel<Kept>('faults', USUAL);
    this.#asked = kept.filter;
    this.state.set((old) => ({ ...old, ...kept, valid: kept.filter }));
    this.#untouched = true;
    this.#folds.restore({ folded, whole });
    this.state.set((old) => ({ ...old, digits: 0 }));
    this.rows.reset();
  }

  /**
   * @param asked what of it counts now: a word that may become a field's name is no text to look
   * for while it is typed
   */
  setFilter(filter: string, asked = filter): void {
    const same = asked === this.#asked;
    this.#asked = asked;
    this.state.set((old) => ({ ...old, filter, ...(same ? {} : { selected: -1 }) }));
    if (same) return;
    this.#again();
    this.#keep();
  }

  /** The same faults stand in other rows: the selected one is looked for when they are here. */
  #again(): void {
    this.#moved = true;
    this.rows.refresh();
  }

  /** Adds a term to what is filtered by already. */
  addTerm(term: string): void {
    const { filter } = this.state.get();
    const old = filter.trim();
    if (old === '') this.setFilter(term);
    else this.setFilter(/\bor\b|\|\|/.test(old) ? `(${old}) ${term}` : `${old} ${term}`);
  }

  setGroup(group: FaultGrouping): void {
    this.state.set((old) => ({ ...old, group, follow: false, held: undefined, selected: -1 }));
    this.#folds.restore(NO_FOLDS);
    this.#again();
    this.#keep();
  }

  /** Another order; the selected row stays the selected one. */
  setSort(sort: FaultSort, reverse = false): void {
    const row = this.rows.row(this.state.get().selected);
    this.#sought = row && rowKey(row);
    this.state.set((old) => ({
      ...old,
      sort,
      reverse,
      follow: false,
      held: undefined,
      selected: -1,
    }));
    this.#again();
    this.#keep();
  }

  toggleRate(): void {
    this.state.set((old) => ({ ...old, rate: !old.rate }));
    this.#keep();
  }

  /**
   * Follow shows faults in the order they come and keeps the newest in view. A row that is chosen
   * meanwhile holds the list, until Follow is asked for again or the last row is chosen.
   */
  toggleFollow(): void {
    const { held, follow: was } = this.state.get();
    const follow = held !== undefined || !was;
    const kept = this.#view.panel<Kept>('faults', USUAL);
    this.state.set((old) => ({
      ...old,
      follow,
      held: undefined,
      group: follow ? 'none' : kept.group,
      sort: follow ? 'order' : kept.sort,
      reverse: !follow && kept.reverse,
      selected: -1,
    }));
    this.#again();
  }

  /** Folds or opens the group in a row; gives all faults that a row stands for rows of their own. */
  toggle(index: number, open?: boolean): void {
    const row = this.rows.row(index);
    if (row?.kind === 'more') return this.#showAll(row.key);
    if (row?.kind !== 'group' || row.expanded === open) return;
    if (row.expanded) this.#folds.fold(row.key);
    else this.#folds.open(row.key);
    this.#reshape();
  }

  /** Opens the group in a row, and every group in it, with all of their faults. */
  expandAll(index: number): void {
    const row = this.rows.row(index);
    if (row?.kind === 'more') return this.#showAll(row.key);
    if (row?.kind !== 'group') return;
    this.#folds.openAll(row.key);
    this.#reshape();
  }

  #showAll(group: string): void {
    this.#folds.showAll(group);
    this.#reshape();
  }

  /** Other faults have rows than before. */
  #reshape(): void {
    this.rows.refresh();
    this.#keep();
  }

  /** Selects the next row whose name begins with a text. @returns whether there is one */
  find(text: string, fresh: boolean): Promise<boolean> {
    const found = this.#steps.then(async () => {
      const { selected } = this.state.get();
      const from = fresh ? selected + 1 : Math.max(0, selected);
      const { total } = this.rows.state.get();
      const index = await findFetched(this.rows, total, from, text, rowName);
      if (index >= 0) this.select(index);
      return index >= 0;
    });
    this.#steps = found.then(
      () => undefined,
      () => undefined,
    );
    return found;
  }

  /** Selects a row and publishes its fault. */
  select(index: number, from = 'faults'): void {
    this.#untouched = false;
    this.#sought = undefined;
    const { total } = this.rows.state.get();
    this.state.set((old) => {
      const held = !old.follow || index === total - 1 ? undefined : (old.held ?? total);
      return old.selected === index && old.held === held ? old : { ...old, selected: index, held };
    });
    const row = this.rows.row(index);
    if (row) this.#bus.publish(selectionOf(faultOf(row), from));
  }

  /** A fault of which a row is here. */
  known(fault: number): FaultItem | undefined {
    const index = this.rows.find((row) => faultOf(row).n === fault);
    const row = this.rows.row(index);
    return row && faultOf(row);
  }

  /** The selection came from elsewhere: shows its row when it is here. */
  follow(fault: number): void {
    const { selected } = this.state.get();
    const here = this.rows.row(selected);
    if (here && faultOf(here).n === fault) return;
    const index = this.rows.find((row) => row.kind === 'fault' && row.fault.n === fault);
    this.#show(index);
    // Its row may be far from those that are here, or folded away.
    if (index < 0)
      this.#placeOf(fault).then(
        (row) => {
          if (row !== undefined && this.#bus.current.fault === fault) this.#show(row);
        },
        () => undefined,
      );
  }

  /** The row of a fault; where it shares one, those that share it get rows of their own. */
  async #placeOf(fault: number): Promise<number | undefined> {
    const at = await this.#place({ fault });
    const row = at === undefined ? undefined : await this.rows.need(at);
    if (row?.kind !== 'more' || row.first.n === fault) return at;
    this.#showAll(row.key);
    return await this.#place({ fault });
  }

  /** Selects a row whose fault is selected already. */
  #show(index: number): void {
    const { total } = this.rows.state.get();
    this.state.set((old) => ({
      ...old,
      selected: index,
      held: old.follow ? (old.held ?? total) : undefined,
    }));
  }

  async #place(of: CallRequest<'faults.place'>['of']): Promise<number | undefined> {
    const { valid: filter, group, sort, reverse } = this.state.get();
    const query = { filter, group, sort, reverse, ...this.#folds.question };
    return (await this.#engine.call('faults.place', { query, of })).row;
  }

  /** The first fault of the next device, or of the one before. */
  stepDevice(direction: 1 | -1): Promise<void> {
    return this.#inTurn(() => this.#stepDevice(direction));
  }

  /** Steps that keys ask for faster than they are answered are taken one after the other. */
  #inTurn(step: () => Promise<void>): Promise<void> {
    this.#steps = this.#steps.then(step, step);
    return this.#steps;
  }

  async #stepDevice(direction: 1 | -1): Promise<void> {
    const { selected } = this.state.get();
    if (selected < 0) return this.#step(direction);
    const row = await this.#place({ row: selected, direction });
    if (row === undefined) return;
    await this.rows.need(row);
    this.select(row);
  }

  /** The next fault; from a group's row, the next group. */
  step(direction: 1 | -1): Promise<void> {
    return this.#inTurn(() => this.#step(direction));
  }

  async #step(direction: 1 | -1): Promise<void> {
    const { selected } = this.state.get();
    const { total } = this.rows.state.get();
    const current = this.rows.row(selected);
    for (let step = 1; step <= STEP_WINDOW; step++) {
      const index = selected + step * direction;
      if (index < 0 || index >= total) return;
      const row = await this.rows.need(index);
      if (!row) return;
      if (row.kind === 'more' && current?.kind !== 'group') {
        this.#showAll(row.key);
        const next = direction > 0 ? index : index + row.count - 1;
        if (await this.rows.fresh(next)) this.select(next);
        return;
      }
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
    const { sort, reverse, valid } = this.state.get();
    const answer = await this.#engine.call(
      'faults.rows',
      { filter: valid, group: 'none', sort, reverse, folded: [], from, to },
      signal,
    );
    return { total: answer.total, rows: answer.rows.map(faultOf) };
  }

  #keep(): void {
    const { filter, group, sort, reverse, rate } = this.state.get();
    const kept: Kept = { filter, group, sort, reverse, rate, ...this.#folds.kept };
    this.#view.remember('faults', kept);
  }

  async #fetch(from: number, to: number, signal: AbortSignal) {
    const { group, sort, reverse } = this.state.get();
    const filter = this.#asked;
    const ask = (text: string): Promise<FaultsAnswer> =>
      this.#engine.call(
        'faults.rows',
        { filter: text, group, sort, reverse, ...this.#folds.question, from, to },
        signal,
      );
    // An earlier text's answer may come later, when it was no filter and the last one was asked.
    const turn = ++this.#turn;
    let answer = await ask(filter);
    const { filterError } = answer;
    if (filterError) answer = await ask(this.state.get().valid);
    if (turn < this.#told) return answer;
    this.#told = turn;
    if (!filterError)
      this.state.set((old) => (old.valid === filter ? old : { ...old, valid: filter }));
    const { rows, from: _from, total: _total, ...summary } = answer;
    this.state.set((old) => ({
      ...old,
      digits: Math.max(old.digits, digitsOf(rows)),
      summary: { ...summary, filterError: this.#asked === filter ? filterError : undefined },
    }));
    return answer;
  }

  /** The first row of a session is selected by itself: the answer shows with no further action. */
  async #arrived(): Promise<void> {
    const { total, known, loading } = this.rows.state.get();
    const { follow, held, selected } = this.state.get();
    if (follow && held === undefined && total > 0 && selected !== total - 1) {
      this.state.set((old) => ({ ...old, selected: total - 1 }));
      await this.rows.need(total - 1);
      this.select(total - 1);
      return;
    }
    const { fault } = this.#bus.current;
    if (this.#sought !== undefined) {
      const index = this.rows.find((row) => rowKey(row) === this.#sought);
      this.state.set((old) => ({ ...old, selected: index }));
      // Until then rows of the old order are among them.
      if (loading) return;
      this.#sought = undefined;
    }
    if (this.#moved && known && !loading) {
      this.#moved = false;
      if (this.state.get().selected < 0 && fault !== undefined && !follow) this.follow(fault);
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
