import type { CallAnswer } from '../../../core/protocol/contract.ts';
import type { CompareRow } from '../../../core/protocol/contract-compare.ts';
import type { EngineApi } from '../../engine/api.ts';
import type { Notices } from '../../state/notices.ts';
import { RowWindow } from '../../state/rows.ts';
import type { Store } from '../../state/store.ts';
import { createStore } from '../../state/store.ts';
import { textsOf } from '../../state/saved.ts';
import type { ViewModel } from '../../state/view.ts';
import { findFetched } from '../../ui/type-ahead.ts';
import { SUBTREE_CUT } from '../../wording.ts';
import type { Pair } from './states.ts';

type Answer = CallAnswer<'compare.rows'>;

/** What the comparison says as a whole. */
export type Summary = Pick<Answer, 'equal' | 'counts' | 'compared' | 'missing' | 'incomplete'>;

export interface CompareState {
  readonly pair: Required<Pair> | undefined;
  /** Rows that are not folded or open as they are at first. */
  readonly flipped: readonly string[];
  readonly selected: number;
  readonly summary: Summary | undefined;
}

/** Folds that are kept with the session, of the pair that was shown last. */
const FOLDS = 'compare-folds';
const MAX_KEPT = 1000;

/** The tree of what differs between two states, held by the engine. */
export class CompareModel {
  readonly rows: RowWindow<CompareRow>;
  readonly state: Store<CompareState> = createStore<CompareState>({
    pair: undefined,
    flipped: [],
    selected: -1,
    summary: undefined,
  });

  readonly #engine: EngineApi;
  readonly #view: ViewModel;
  readonly #notices: Notices;
  #version = -1;
  #last: Promise<void> = Promise.resolve();

  constructor(engine: EngineApi, view: ViewModel, notices: Notices) {
    this.#engine = engine;
    this.#view = view;
    this.#notices = notices;
    this.rows = new RowWindow(async (from, to, signal) => {
      const { pair, flipped } = this.state.get();
      if (!pair) return { total: 0, from, rows: [] };
      const answer = await engine.call(
        'compare.rows',
        { ...pair, flipped: [...flipped], from, to },
        signal,
      );
      const { equal, counts, compared, missing, incomplete } = answer;
      this.state.set((old) => ({
        ...old,
        summary: { equal, counts, compared, missing, incomplete },
      }));
      return answer;
    });
  }

  /** @param version of the session: the same pair is asked for again when another one came */
  show(pair: Required<Pair> | undefined, version: number): void {
    const { pair: old } = this.state.get();
    const known = this.#version === version;
    this.#version = version;
    if (old?.a === pair?.a && old?.b === pair?.b) {
      if (pair && !known) this.rows.refresh();
      return;
    }
    const flipped = pair ? this.#kept(pair) : [];
    this.state.set({ pair, flipped, selected: -1, summary: undefined });
    this.rows.reset();
  }

  select(index: number): CompareRow | undefined {
    this.state.set((old) => ({ ...old, selected: index }));
    return this.rows.row(index);
  }

  /** Does one thing after the other: keys come faster than the engine answers. */
  next(work: () => Promise<void>): void {
    this.#last = this.#last.then(work, work);
  }

  /** Opens or folds a row. */
  async toggle(index: number, open?: boolean): Promise<void> {
    const row = this.rows.row(index);
    if (!row?.expandable || row.expanded === open) return;
    const { flipped } = this.state.get();
    this.#fold(
      flipped.includes(row.key) ? flipped.filter((key) => key !== row.key) : [...flipped, row.key],
    );
    await this.rows.fresh(index);
  }

  /** Opens a row and everything below it, up to the engine's bound. */
  async expandAll(index: number): Promise<void> {
    const { pair, flipped } = this.state.get();
    const row = this.rows.row(index);
    if (!pair || !row?.expandable) return;
    const answer = await this.#engine.call('compare.expand', {
      ...pair,
      flipped: [...flipped],
      key: row.key,
    });
    this.#fold(answer.flipped);
    await this.rows.fresh(index);
    if (answer.cut) this.#notices.show({ severity: 'note', text: SUBTREE_CUT });
  }

  /** Index of the next row whose name begins with a text; -1 for none. */
  find(text: string, from: number): Promise<number> {
    const { total } = this.rows.state.get();
    return findFetched(this.rows, total, from, text, ({ label, note }) =>
      note === undefined ? label : `${label} ${note}`,
    );
  }

  #fold(flipped: readonly string[]): void {
    const { pair } = this.state.get();
    this.state.set((old) => ({ ...old, flipped }));
    this.#view.remember(FOLDS, { ...pair, flipped: flipped.slice(-MAX_KEPT) });
    this.rows.refresh();
  }

  /** The folds that a pair had when the session was left. */
  #kept(pair: Required<Pair>): readonly string[] {
    const { a, b, flipped } = this.#view.panel<Pair & { flipped?: unknown }>(FOLDS, {});
    return a === pair.a && b === pair.b ? textsOf(flipped) : [];
  }

  /** Index of the row that a row stands under; its own at the top. */
  async parentOf(index: number): Promise<number> {
    const row = this.rows.row(index);
    if (!row) return index;
    for (let above = index - 1; above >= 0; above--) {
      const each = await this.rows.need(above);
      if (!each) break;
      if (each.depth < row.depth) return above;
    }
    return index;
  }

  /** Index of the next entry that differs, in a direction; undefined after the last. */
  async nextEntry(index: number, by: 1 | -1): Promise<number | undefined> {
    const { total } = this.rows.state.get();
    for (let at = index + by; at >= 0 && at < total; at += by) {
      const row = await this.rows.need(at);
      if (row?.kind === 'entry') return at;
    }
    return undefined;
  }
}

/** The sign of a row as a character. */
export const SIGNS = { added: '+', removed: '−', changed: 'Δ', unknown: '?' } as const;

/** `+18 −2 Δ14`; kinds that there are none of are left out. */
export function countsText(counts: Summary['counts']): string {
  return (['added', 'removed', 'changed', 'unknown'] as const)
    .filter((sign) => counts[sign] > 0)
    .map((sign) => `${SIGNS[sign]}${counts[sign].toLocaleString('en-US')}`)
    .join(' ');
}

/** A row's entry in the state that shows it best, with the other state beside it. */
export function entryOf(
  row: Pick<CompareRow, 'inA' | 'inB'>,
  pair: Required<Pair>,
): { readonly entry: string; readonly source: string; readonly against: string } | undefined {
  const inA = row.inA !== undefined && { entry: row.inA, source: pair.a, against: pair.b };
  const inB = row.inB !== undefined && { entry: row.inB, source: pair.b, against: pair.a };
  // What is open to be changed comes first: the other panels show it too.
  if (inA && (pair.a === 'captured' || !inB)) return inA;
  return inB || undefined;
}
