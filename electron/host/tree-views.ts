import { randomUUID } from 'node:crypto';
import { hex } from '../../core/format/hex.ts';
import { rightsText } from '../../core/iommu/leaves.ts';
import { parsePath } from '../../core/iommu/path.ts';
import type { Entry, TreeNode } from '../../core/iommu/unit.ts';
import { Failure } from '../../core/memory/failure.ts';
import { MOST_UNFOLDED } from '../../core/protocol/contract-tables.ts';
import type { TreeRow } from '../../core/protocol/contract.ts';
import { FlatTree, type FlatRow } from '../../core/session/flat-tree.ts';
import { PathCounts } from '../../core/session/path-counts.ts';
import { comparePaths, mayContain, rowAbove } from '../../core/session/tree-paths.ts';
import { entryPlace } from '../../core/session/entry-place.ts';
import { formerMeaning } from '../../core/session/view-fields.ts';
import type { Comparison } from './comparisons.ts';
import type { FindingIndex } from './findings.ts';
import { LastLook, type Difference } from './last-look.ts';
import type { Journal } from './journal.ts';
import type { State, States } from './states.ts';
import type { World, Worlds } from './worlds.ts';

/** Views of the tables that may be open at a time. */
const MAX_TREES = 64;
/** Rows that type-ahead goes through, and how many at a time. */
const MAX_LOOKED_AT = 20_000;
const FIND_ROWS = 512;

export interface TreeParts {
  readonly worlds: Worlds;
  readonly journal: Journal;
  readonly findings: () => FindingIndex;
  readonly driver: (bdf: string) => string | undefined;
  /** Grows whenever tables may have changed. */
  readonly generation: () => number;
  readonly states: States;
  /** What differs from another state in the captured one, as far as that is known. */
  readonly compared: (state: string) => Comparison | undefined;
}

interface Tree {
  readonly flat: FlatTree;
  /** Also entries that are not present. */
  readonly all: boolean;
  generation: number;
  /** What differs from the state beside it. */
  differing: PathCounts | undefined;
  /** Entries that are not set and are shown all the same, since they were asked for. */
  readonly pinned: Set<string>;
  /** The state beside it, by its id. */
  against: string | undefined;
  readonly look: LastLook;
}

/** The open views of the tables, each with its own expansion. */
export class TreeViews {
  readonly #parts: TreeParts;
  readonly #trees = new Map<string, Tree>();

  constructor(parts: TreeParts) {
    this.#parts = parts;
  }

  open(all: boolean): { tree: string; total: number } {
    if (this.#trees.size >= MAX_TREES)
      throw new Failure(
        'limit',
        `${MAX_TREES} views of the tables are open already.`,
        'No further one was opened.',
        'Close one that is not needed.',
      );
    const tree = randomUUID();
    const made = this.#make(all, new Set(), new LastLook());
    this.#trees.set(tree, made);
    return { tree, total: made.flat.total };
  }

  close(tree: string): void {
    this.#trees.delete(tree);
  }

  rows(id: string, from: number, to: number): { total: number; rows: TreeRow[] } {
    const tree = this.#tree(id);
    const { flat } = tree;
    const rows = flat.rows(from, to);
    const beside = { other: this.#other(tree), changed: this.#changed(tree) };
    return { total: flat.total, rows: rows.map((row) => this.#row(row, tree, beside)) };
  }

  expand(
    id: string,
    path: string,
    open: boolean,
    subtree: boolean,
  ): { total: number; index: number; cut: boolean } {
    const { flat } = this.#tree(id);
    const place = flat.expand(path, open, subtree);
    if (!place) throw noRow(path);
    return { total: flat.total, ...place };
  }

  /** Rows that are unfolded. */
  unfolded(id: string): string[] {
    return this.#tree(id).flat.unfolded(MOST_UNFOLDED);
  }

  /** Unfolds rows as another tree had them; one that is not there stays away. */
  unfold(id: string, paths: readonly string[]): { total: number } {
    const { flat } = this.#tree(id);
    flat.unfold(paths);
    return { total: flat.total };
  }

  /** The row of a path; where none can stand, the nearest one above. */
  reveal(id: string, path: string): { total: number; index: number; path?: string } {
    const { flat, pinned } = this.#tree(id);
    const units = this.#parts.worlds.units();
    const unit = units.find(({ facts }) => facts.name === path.split('/')[0]);
    for (const wanted of [entryPlace(units, path), ...rowsAbove(path)]) {
      let index = flat.reveal(wanted);
      if (index === undefined && unit?.entry(wanted)) {
        pinned.add(wanted);
        flat.replace(this.#roots());
        index = flat.reveal(wanted);
      }
      if (index !== undefined) return { total: flat.total, index, path: wanted };
    }
    return { total: flat.total, index: -1 };
  }

  /** The next finding or change from a path on. */
  step(
    id: string,
    to: 'finding' | 'change',
    by: 1 | -1,
    from: string | undefined,
  ): string | undefined {
    const tree = this.#tree(id);
    const paths =
      to === 'finding'
        ? this.#parts
            .findings()
            .list()
            .map(({ at }) => at)
        : [...(this.#changed(tree)?.paths ?? [])];
    const sorted = [...new Set(paths)].sort(comparePaths);
    if (from === undefined) return sorted.at(by > 0 ? 0 : -1);
    return by > 0
      ? sorted.find((path) => comparePaths(path, from) > 0)
      : sorted.findLast((path) => comparePaths(path, from) < 0);
  }

  /** Index of the next row whose name begins with a text, from a row on; -1 for none. */
  find(id: string, text: string, from: number): number {
    const { flat } = this.#tree(id);
    const wanted = text.toLowerCase();
    const names = ({ label, path }: TreeNode): boolean =>
      label.toLowerCase().startsWith(wanted) ||
      (this.#parts.driver(deviceOf(path) ?? '') ?? '').startsWith(wanted);
    let at = from % Math.max(1, flat.total);
    for (let left = Math.min(flat.total, MAX_LOOKED_AT); left > 0;) {
      const count = Math.min(FIND_ROWS, left, flat.total - at);
      const found = flat.rows(at, at + count).findIndex(({ node }) => names(node));
      if (found >= 0) return at + found;
      left -= count;
      at = (at + count) % flat.total;
    }
    return -1;
  }

  /** Remembers an entry that is about to be changed, whether it was shown or not. */
  remember(entry: Entry): void {
    for (const { look } of this.#trees.values()) look.former(entry);
  }

  showAll(id: string, all: boolean): { total: number } {
    const { flat, pinned, look, against } = this.#tree(id);
    const made = this.#make(all, pinned, look);
    made.flat.adopt(flat);
    made.against = against;
    this.#trees.set(id, made);
    return { total: made.flat.total };
  }

  /** Puts another state beside a tree, or takes it away. @throws Failure when there is none */
  putAgainst(id: string, state: string | undefined): { total: number } {
    const tree = this.#tree(id);
    if (state !== undefined) this.#parts.states.get(state);
    if (tree.against !== state) tree.differing = undefined;
    tree.against = state;
    return { total: tree.flat.total };
  }

  /** The state beside a tree, as long as it is open. */
  #other({ against }: Tree): State | undefined {
    return against === undefined
      ? undefined
      : this.#parts.states.all().find((state) => state.id === against);
  }

  /** Entries that changed since this view showed them first. */
  changes(id: string): { total: number; changes: Difference[] } {
    const { look } = this.#tree(id);
    return look.changes(this.#parts.generation(), this.#entryAt());
  }

  /** The entry of a path as it is now. */
  #entryAt(): (path: string) => Entry | undefined {
    const units = new Map(this.#parts.worlds.units().map((unit) => [unit.facts.name, unit]));
    return (path) => units.get(path.split('/')[0])?.entry(path);
  }

  /** What rows above it count: what differs from the state beside, else what changed here. */
  #changed({ look, against, differing }: Tree): PathCounts | undefined {
    if (against !== undefined) return differing;
    const entryAt = this.#entryAt();
    const seen = look.counts(this.#parts.generation(), entryAt);
    const { journal } = this.#parts;
    if (!journal.canUndo) return seen;
    const counts = new PathCounts(seen.paths);
    for (const path of journal.paths()) {
      const world = this.#world(path);
      const entry = world && entryAt(path);
      if (entry && journal.before(world, entry)) counts.add(path);
    }
    return counts;
  }

  /** What is there now counts as looked at. */
  seen(id: string): void {
    this.#tree(id).look.forget();
  }

  #make(all: boolean, pinned: Set<string>, look: LastLook): Tree {
    const flat = new FlatTree(this.#roots(), (node) =>
      this.#children(node, all, [...pinned, ...(made?.differing?.under(node.path) ?? [])]),
    );
    const { generation } = this.#parts;
    const made: Tree = {
      flat,
      all,
      generation: generation(),
      differing: undefined,
      pinned,
      look,
      against: undefined,
    };
    return made;
  }

  #tree(id: string): Tree {
    const tree = this.#trees.get(id);
    if (!tree)
      throw new Failure(
        'usage',
        'This view of the tables is not open.',
        'The engine may have been started again since.',
        'Open it anew.',
      );
    const generation = this.#parts.generation();
    const { against } = tree;
    // What was known stays until the two are compared anew.
    const differing =
      against === undefined
        ? undefined
        : (this.#parts.compared(against)?.differingInB ?? tree.differing);
    if (tree.generation !== generation || tree.differing !== differing) {
      tree.generation = generation;
      tree.differing = differing;
      tree.flat.replace(this.#roots());
    }
    return tree;
  }

  #roots(): TreeNode[] {
    return this.#parts.worlds.units().map((unit) => unit.tree());
  }

  /** Children that are shown: those that are set, were set before a change, or were asked for. */
  #children(node: TreeNode, all: boolean, pinned: readonly string[]): readonly TreeNode[] {
    const shown = node.children(all);
    // A run shows all that it stands for.
    if (all || node.kind === 'run') return shown;
    const wanted = [...this.#parts.journal.paths(), ...pinned].filter((path) =>
      rowAbove(path).includes(node.path),
    );
    if (wanted.length === 0) return shown;
    const every = node.children(true);
    const place = new Map(every.map((child, index) => [child.path, index]));
    const rows = shown.map((child) => ({ child, at: place.get(child.path) ?? -1 }));
    for (const path of wanted) {
      if (rows.some(({ child }) => child.path === path)) continue;
      let child: TreeNode | undefined;
      const at = every.findIndex((each) => {
        child = each.path === path ? each : inRun(each, path);
        return child !== undefined;
      });
      // What is present has a row already, or is part of one.
      if (child?.present === false) rows.push({ child, at });
    }
    return rows.length === shown.length
      ? shown
      : rows.sort((a, b) => a.at - b.at).map(({ child }) => child);
  }

  #world(path: string): World | undefined {
    const name = path.split('/')[0];
    return this.#parts.worlds
      .all()
      .find((world) => this.#parts.worlds.unitNames(world).includes(name));
  }

  /** What a row's entry said in the state beside the tree, or before it was changed here. */
  #former({ path, entry }: TreeNode, look: LastLook, other: State | undefined): string | undefined {
    if (!entry) return undefined;
    const seen = look.former(entry);
    const { journal, states, worlds } = this.#parts;
    if (other) {
      const { words, note } = states.beside(other, worlds.unit(path.split('/', 1)[0]).unit, entry);
      return words ? formerMeaning(entry.layout, words, entry.words) : note;
    }
    const world = journal.canUndo ? this.#world(path) : undefined;
    const before = (world && journal.before(world, entry)) ?? seen;
    return before && formerMeaning(entry.layout, before, entry.words);
  }

  #row(
    { node, depth, expanded, position, setSize }: FlatRow,
    { look, all }: Tree,
    beside: { readonly other: State | undefined; readonly changed: PathCounts | undefined },
  ): TreeRow {
    const { entry } = node;
    const device = deviceOf(node.path);
    return {
      path: node.path,
      depth,
      label: node.label,
      note: device === undefined ? undefined : this.#parts.driver(device),
      kind: node.kind,
      // An entry that was asked for can stand below a row that has nothing set.
      expandable: node.childCount > 0 || expanded || (all && node.children(true).length > 0),
      expanded,
      setSize,
      position,
      hasEntry: entry !== undefined,
      pointsTo: node.pointsTo === undefined ? undefined : hex(node.pointsTo),
      words: entry?.words.map((word) => hex(word)),
      decoded: node.decoded,
      rights: node.rights === undefined ? undefined : rightsText(node.rights),
      present: node.present,
      findings: this.#parts.findings().rolledUp(node.path, node.findings),
      changed: this.#former(node, look, beside.other),
      changedBelow: beside.changed?.below(node.path) || undefined,
    };
  }
}

/** The device of a row that stands for a whole device: its context or device table entry. */
function deviceOf(path: string): string | undefined {
  const steps = parsePath(path);
  return steps?.length === 3 && steps[1].kind === 'device' && steps[2].kind === 'word'
    ? steps[1].bdf
    : undefined;
}

/** The row of an entry that a run stands for. */
function inRun(row: TreeNode, path: string): TreeNode | undefined {
  return row.kind === 'run' && mayContain(row, path) ? row.child(path) : undefined;
}

/** The rows that can stand above a path, the nearest first. */
function rowsAbove(path: string): string[] {
  const rows: string[] = [];
  for (let next = rowAbove(path); next.length > 0; next = rowAbove(next[0])) rows.push(...next);
  return rows;
}

function noRow(path: string): Failure {
  return new Failure(
    'usage',
    `No row stands at ${path}.`,
    'The tables may have changed since it was shown.',
    'Look at the entries above it.',
  );
}
