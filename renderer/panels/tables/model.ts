import type { CallAnswer, TreeRow } from '../../../core/protocol/contract.ts';
import type { EngineApi } from '../../engine/api.ts';
import { asFailure, isCancelled } from '../../engine/failure.ts';
import type { Notices } from '../../state/notices.ts';
import { RowWindow } from '../../state/rows.ts';
import type { Store } from '../../state/store.ts';
import { createStore } from '../../state/store.ts';
import { SUBTREE_CUT } from '../../wording.ts';

export interface TreeState {
  readonly selected: number;
  /** Path of the selected row. */
  readonly path: string | undefined;
  /** Also entries that are not present. */
  readonly all: boolean;
  /** The state beside the tree: rows say what differs there. */
  readonly against: string | undefined;
}

/** What the session keeps of the tree. */
export interface KeptTree {
  readonly all: boolean;
  /** Paths of rows. */
  readonly unfolded: readonly string[];
}

/** After the last row was unfolded or folded, what is unfolded is asked for, ms. */
const PAUSE = 300;

/** A view of the tables with its own expansion, held by the engine. */
export class TreeModel {
  readonly rows: RowWindow<TreeRow>;
  readonly state: Store<TreeState>;
  /** What another tree of the same tables is to show again. */
  readonly kept: Store<KeptTree>;
  readonly #engine: EngineApi;
  readonly #notices: Notices;
  #tree: Promise<string> | undefined;
  #wanted = '';
  #last: Promise<void> = Promise.resolve();
  #asking: ReturnType<typeof setTimeout> | undefined;

  constructor(engine: EngineApi, notices: Notices, all: boolean) {
    this.#engine = engine;
    this.#notices = notices;
    this.kept = createStore<KeptTree>({ all, unfolded: [] });
    this.state = createStore<TreeState>({ selected: -1, path: undefined, all, against: undefined });
    this.rows = new RowWindow(async (from, to, signal) => {
      const tree = await this.#open();
      return engine.call('tree.rows', { tree, from, to }, signal);
    });
  }

  /** The engine is a new one, or other sources are open: the tree begins anew. */
  restart(): void {
    this.#tree = undefined;
    clearTimeout(this.#asking);
    this.#wanted = '';
    this.state.set((old) => ({ ...old, selected: -1 }));
    this.rows.reset();
    const { path } = this.state.get();
    if (path !== undefined) void this.reveal(path);
  }

  /** Takes what the session kept; the tree is to be begun anew then. */
  restore(kept: KeptTree): void {
    this.kept.set(kept);
    this.state.set((old) => ({ ...old, all: kept.all }));
  }

  select(index: number): TreeRow | undefined {
    const row = this.rows.row(index);
    this.state.set((old) => ({ ...old, selected: index, path: row?.path ?? old.path }));
    return row;
  }

  /** Opens or folds a row; `subtree` opens what is below, up to the engine's bound. */
  async expand(index: number, open: boolean, subtree = false): Promise<void> {
    const row = this.rows.row(index);
    if (!row?.expandable || (row.expanded === open && !subtree)) return;
    await this.#try(async (tree) => {
      const show = this.rows.shown;
      const answer = await this.#engine.call('tree.expand', {
        tree,
        path: row.path,
        open,
        subtree,
        show,
      });
      this.#keepUnfolded(tree);
      const { total, rows } = answer;
      if (rows) this.rows.accept({ total, from: show.from, rows });
      else this.rows.retotal(total);
      await this.rows.fresh(index);
      if (answer.cut) this.#notices.show({ severity: 'note', text: SUBTREE_CUT });
    });
  }

  /**
   * Does one thing after the other: keys come faster than the engine answers, and each must find
   * the tree as the one before left it.
   */
  next(work: () => Promise<void>): void {
    this.#last = this.#last.then(work, work);
  }

  /** Opens the parents of a path and selects its row. */
  async reveal(path: string): Promise<void> {
    if (this.state.get().path === path && this.state.get().selected >= 0) return;
    this.#wanted = path;
    await this.#try(async (tree) => {
      const found = await this.#engine.call('tree.reveal', { tree, path });
      // Another row was asked for, or picked, in the meantime.
      if (this.#wanted !== path) return;
      const { total, index } = found;
      if (index < 0) {
        this.state.set((old) => ({ ...old, selected: -1, path }));
        return;
      }
      this.#keepUnfolded(tree);
      this.rows.retotal(total);
      this.rows.show(index, index + 1);
      await this.rows.need(index);
      // Where no row stands for it, the nearest one above is shown.
      this.state.set((old) => ({ ...old, selected: index, path: found.path ?? path }));
    });
  }

  /** The next finding or change before or behind a path; undefined at the end. */
  async step(
    to: 'finding' | 'change',
    by: 1 | -1,
    from: string | undefined,
  ): Promise<string | undefined> {
    let found: string | undefined;
    await this.#try(async (tree) => {
      found = (await this.#engine.call('tree.step', { tree, to, by, from })).path;
    });
    return found;
  }

  /** Index of the next row whose name begins with a text; -1 for none. */
  async find(text: string, from: number): Promise<number> {
    let found = -1;
    await this.#try(async (tree) => {
      found = (await this.#engine.call('tree.find', { tree, text, from })).index;
      if (found >= 0) await this.rows.need(found);
    });
    return found;
  }

  async showAll(all: boolean): Promise<void> {
    this.state.set((old) => ({ ...old, all, selected: -1 }));
    this.kept.set((old) => ({ ...old, all }));
    await this.#try(async (tree) => {
      const { total } = await this.#engine.call('tree.all', { tree, all });
      this.rows.retotal(total);
    });
    const { path } = this.state.get();
    if (path !== undefined) await this.reveal(path);
  }

  /** Puts another state beside the tree, or takes it away. */
  async compareWith(against: string | undefined): Promise<void> {
    this.state.set((old) => ({ ...old, against }));
    await this.#try(async (tree) => {
      await this.#engine.call('tree.against', { tree, state: against });
      this.rows.refresh();
    });
    // Rows that only the other state has came in between.
    const { path } = this.state.get();
    if (path === undefined) return;
    this.state.set((old) => ({ ...old, selected: -1 }));
    await this.reveal(path);
  }

  /** Entries that changed since this tree showed them first. */
  async changes(signal: AbortSignal): Promise<CallAnswer<'tree.changes'>> {
    const tree = await this.#open();
    return this.#engine.call('tree.changes', { tree }, signal);
  }

  /** What is there now counts as looked at. */
  async seen(): Promise<void> {
    const tree = await this.#open();
    await this.#engine.call('tree.seen', { tree });
    this.rows.refresh();
  }

  /** Index of the parent's row. */
  async parentOf(index: number): Promise<number> {
    const row = this.rows.row(index);
    if (!row) return -1;
    for (let above = index - 1; above >= 0; above--) {
      const each = await this.rows.need(above);
      if (!each) return -1;
      if (each.depth < row.depth) return above;
    }
    return -1;
  }

  close(): void {
    const open = this.#tree;
    this.#tree = undefined;
    open
      ?.then((tree) => this.#engine.call('tree.close', { tree }))
      .catch(() => {
        // The engine that held the tree may be gone; so is the tree then.
      });
  }

  /** Keeps what is unfolded in a tree, once nothing more is for a moment. */
  #keepUnfolded(tree: string): void {
    clearTimeout(this.#asking);
    this.#asking = setTimeout(() => {
      const open = this.#tree;
      this.#engine.call('tree.unfolded', { tree }).then(
        ({ paths }) => {
          if (this.#tree === open) this.kept.set((old) => ({ ...old, unfolded: paths }));
        },
        () => {
          // The engine that held the tree is gone: what was kept before counts.
        },
      );
    }, PAUSE);
  }

  #open(): Promise<string> {
    this.#tree ??= this.#engine
      .call('tree.open', { all: this.state.get().all })
      .then(async ({ tree }) => {
        const { against } = this.state.get();
        // A state that was closed meanwhile leaves the tree as it is.
        if (against !== undefined)
          await this.#engine.call('tree.against', { tree, state: against }).catch(() => {});
        const paths = [...this.kept.get().unfolded];
        if (paths.length > 0) await this.#engine.call('tree.unfold', { tree, paths });
        return tree;
      });
    const opening = this.#tree;
    opening.catch(() => {
      // Another one may be on its way already.
      if (this.#tree === opening) this.#tree = undefined;
    });
    return opening;
  }

  async #try(work: (tree: string) => Promise<void>): Promise<void> {
    try {
      await work(await this.#open());
    } catch (error) {
      if (!isCancelled(error)) this.#notices.fail(asFailure(error));
    }
  }
}
