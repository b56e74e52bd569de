import type { WireFailure } from '../../core/protocol/wire.ts';
import { asFailure, isCancelled } from '../engine/failure.ts';
import type { Store } from './store.ts';
import { createStore } from './store.ts';

/** Rows asked for at a time, and pages kept. */
export const PAGE = 64;
const KEPT = 96;

export interface RowsAnswer<R> {
  readonly total: number;
  readonly from: number;
  readonly rows: readonly R[];
}

export interface RowsState {
  readonly total: number;
  /** Grows whenever a row that may be on the screen changed. */
  readonly turn: number;
  readonly loading: boolean;
  /** At least one answer came since the last reset. */
  readonly known: boolean;
  readonly failure: WireFailure | undefined;
}

interface Page<R> {
  readonly rows: readonly R[];
  readonly generation: number;
}

const NOTHING: RowsState = {
  total: 0,
  turn: 0,
  loading: false,
  known: false,
  failure: undefined,
};

/**
 * A window onto rows that the engine holds: pages are fetched when they come into view, and stay
 * on the screen while newer ones are on their way.
 */
export class RowWindow<R> {
  readonly state: Store<RowsState> = createStore<RowsState>(NOTHING);
  readonly #fetch: (from: number, to: number, signal: AbortSignal) => Promise<RowsAnswer<R>>;
  #pages = new Map<number, Page<R>>();
  readonly #running = new Map<
    number,
    { readonly generation: number; readonly done: Promise<void> }
  >();
  #generation = 0;
  #abort = new AbortController();
  #visible = { from: 0, to: PAGE };

  constructor(fetch: (from: number, to: number, signal: AbortSignal) => Promise<RowsAnswer<R>>) {
    this.#fetch = fetch;
  }

  /** The row at an index, when it is here. */
  row(index: number): R | undefined {
    return this.#pages.get(Math.floor(index / PAGE))?.rows[index % PAGE];
  }

  /** Index of the first row here that fits. */
  find(fits: (row: R) => boolean): number {
    for (const [page, { rows }] of [...this.#pages].sort(([a], [b]) => a - b)) {
      const at = rows.findIndex(fits);
      if (at >= 0) return page * PAGE + at;
    }
    return -1;
  }

  /** Any rows, past what is kept: for a copy of all of them. */
  ask(from: number, to: number, signal: AbortSignal): Promise<RowsAnswer<R>> {
    return this.#fetch(from, to, signal);
  }

  /** Says which rows are on the screen; missing ones are fetched. */
  show(from: number, to: number): void {
    this.#visible = { from: Math.max(0, from), to: Math.max(to, from + 1) };
    this.#load();
  }

  /** A row that may not be here yet. */
  async need(index: number): Promise<R | undefined> {
    const here = this.row(index);
    if (here !== undefined) return here;
    await this.#page(Math.floor(index / PAGE));
    return this.row(index);
  }

  /** The row as it is since the last change, however long that takes. */
  async fresh(index: number): Promise<R | undefined> {
    const page = Math.floor(index / PAGE);
    if (this.#pages.get(page)?.generation !== this.#generation) await this.#page(page);
    return this.row(index);
  }

  /** The same question may have a new answer: what shows stays until it comes. */
  refresh(): void {
    this.#generation++;
    this.#load();
  }

  /** Another question: nothing of the old answer stays. */
  reset(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#generation++;
    this.#pages = new Map();
    this.#running.clear();
    this.state.set((old) => ({ ...NOTHING, turn: old.turn + 1 }));
    this.#load();
  }

  /** The rows of the pages on the screen. */
  get shown(): { readonly from: number; readonly to: number } {
    const { from, to } = this.#visible;
    return { from: from - (from % PAGE), to: Math.ceil(to / PAGE) * PAGE };
  }

  /** Takes rows that another answer told (an expansion), whole pages of them. */
  accept({ total, from, rows }: RowsAnswer<R>): void {
    const generation = ++this.#generation;
    for (let at = 0; at < rows.length; at += PAGE) {
      const page = (from + at) / PAGE;
      const known = this.#pages.get(page);
      this.#pages.set(page, {
        rows: keepEqual(known?.rows, rows.slice(at, at + PAGE)),
        generation,
      });
    }
    this.#forget();
    this.state.set((old) => ({ ...old, total, turn: old.turn + 1, known: true }));
    this.#load();
  }

  /** Takes a total that another answer told (an expansion). */
  retotal(total: number): void {
    this.state.set((old) => ({ ...old, total, turn: old.turn + 1 }));
    this.refresh();
  }

  #load(): void {
    const first = Math.floor(this.#visible.from / PAGE);
    const last = Math.floor((this.#visible.to - 1) / PAGE);
    for (let page = first; page <= last; page++) {
      if (this.#pages.get(page)?.generation !== this.#generation) void this.#page(page);
    }
  }

  /** Fetches a page, once a generation. */
  #page(page: number): Promise<void> {
    const generation = this.#generation;
    const running = this.#running.get(page);
    if (running?.generation === generation) return running.done;
    const done = this.#read(page, generation);
    this.#running.set(page, { generation, done });
    this.state.set((old) => ({ ...old, loading: true }));
    return done;
  }

  async #read(page: number, generation: number): Promise<void> {
    const { signal } = this.#abort;
    try {
      const answer = await this.#fetch(page * PAGE, (page + 1) * PAGE, signal);
      if (signal.aborted) return;
      const known = this.#pages.get(page);
      if (known && known.generation > generation) return;
      this.#pages.set(page, { rows: keepEqual(known?.rows, answer.rows), generation });
      this.#forget();
      this.state.set((old) => ({
        ...old,
        total: generation === this.#generation ? answer.total : old.total,
        turn: old.turn + 1,
        known: true,
        failure: undefined,
      }));
    } catch (error) {
      if (!signal.aborted && !isCancelled(error))
        this.state.set((old) => ({ ...old, failure: asFailure(error) }));
    } finally {
      if (!signal.aborted) {
        if (this.#running.get(page)?.generation === generation) this.#running.delete(page);
        this.state.set((old) => ({ ...old, loading: this.#running.size > 0 }));
      }
    }
  }

  #forget(): void {
    const { from, to } = this.#visible;
    for (const page of this.#pages.keys()) {
      if (this.#pages.size <= KEPT) return;
      if ((page + 1) * PAGE < from || page * PAGE > to) this.#pages.delete(page);
    }
  }
}

/** Newer rows; one that says the same as the row that was in its place is that row still. */
function keepEqual<R>(old: readonly R[] | undefined, next: readonly R[]): readonly R[] {
  if (!old) return next;
  return next.map((row, index) => (same(old[index], row) ? old[index] : row));
}

/** Whether two values of an answer say the same. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) =>
      same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
    )
  );
}
