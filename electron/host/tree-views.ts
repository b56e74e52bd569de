import { randomUUID } from 'node:crypto';
import { hex } from '../../core/format/hex.ts';
import { rightsText } from '../../core/iommu/leaves.ts';
import { parsePath } from '../../core/iommu/path.ts';
import type { TreeNode } from '../../core/iommu/unit.ts';
import { Failure } from '../../core/memory/failure.ts';
import type { TreeRow } from '../../core/protocol/contract.ts';
import { FlatTree, type FlatRow } from '../../core/session/flat-tree.ts';
import { mayContain } from '../../core/session/tree-paths.ts';
import { formerMeaning } from '../../core/session/view-fields.ts';
import type { FindingIndex } from './findings.ts';
import { LastLook, type Difference } from './last-look.ts';
import type { Journal } from './journal.ts';
import type { State, States } from './states.ts';
import type { World, Worlds } from './worlds.ts';

/** Views of the tables that may be open at a time. */
const MAX_TREES = 64;

export interface TreeParts {
  readonly worlds: Worlds;
  readonly journal: Journal;
  readonly findings: () => FindingIndex;
  readonly driver: (bdf: string) => string | undefined;
  /** Grows whenever tables may have changed. */
  readonly generation: () => number;
  readonly states: States;
}

interface Tree {
  readonly flat: FlatTree;
  generation: number;
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
    const { flat, look } = tree;
    const rows = flat.rows(from, to);
    const other = this.#other(tree);
    return { total: flat.total, rows: rows.map((row) => this.#row(row, look, other)) };
  }

  expand(
    id: string,
    path: string,
    open: boolean,
    subtree: boolean,
  ): { total: number; index: number } {
    const { flat } = this.#tree(id);
    const index = flat.expand(path, open, subtree);
    if (index === undefined) throw noRow(path);
    return { total: flat.total, index };
  }

  reveal(id: string, path: string): { total: number; index: number } {
    const { flat, pinned } = this.#tree(id);
    let index = flat.reveal(path);
    const unit = this.#parts.worlds.units().find(({ facts }) => facts.name === path.split('/')[0]);
    const entry = index === undefined ? unit?.entry(path) : undefined;
    if (entry) {
      pinned.add(path);
      flat.replace(this.#roots());
      index = flat.reveal(path);
    }
    return { total: flat.total, index: index ?? -1 };
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
    const units = new Map(this.#parts.worlds.units().map((unit) => [unit.facts.name, unit]));
    return look.changes(this.#parts.generation(), (path) =>
      units.get(path.split('/')[0])?.entry(path),
    );
  }

  /** What is there now counts as looked at. */
  seen(id: string): void {
    this.#tree(id).look.forget();
  }

  #make(all: boolean, pinned: Set<string>, look: LastLook): Tree {
    const flat = new FlatTree(this.#roots(), (node) => this.#children(node, all, pinned));
    return { flat, generation: this.#parts.generation(), pinned, look, against: undefined };
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
    if (tree.generation !== generation) {
      tree.generation = generation;
      tree.flat.replace(this.#roots());
    }
    return tree;
  }

  #roots(): TreeNode[] {
    return this.#parts.worlds.units().map((unit) => unit.tree());
  }

  /** Children that are shown: those that are set, were set before a change, or were asked for. */
  #children(node: TreeNode, all: boolean, pinned: ReadonlySet<string>): readonly TreeNode[] {
    const shown = node.children(all);
    if (all) return shown;
    const wanted = [...this.#parts.journal.paths(), ...pinned].filter(
      (path) => path !== node.path && mayContain(node, path),
    );
    if (wanted.length === 0) return shown;
    const every = node.children(true);
    const place = new Map(every.map((child, index) => [child.path, index]));
    const rows = shown.map((child) => ({ child, at: place.get(child.path) ?? -1 }));
    for (const path of wanted) {
      if (rows.some(({ child }) => child.path === path)) continue;
      const at = every.findIndex((child) => standsFor(child, path));
      if (at < 0) continue;
      const child = [every[at], ...insideRun(every[at])].find((each) => each.path === path);
      if (child) rows.push({ child, at });
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
    look: LastLook,
    other: State | undefined,
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
      expandable: node.childCount > 0 || expanded,
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
      changed: this.#former(node, look, other),
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

/** Whether a row is an entry's own, or a run of entries that it is one of. */
function standsFor(row: TreeNode, path: string): boolean {
  return row.path === path || insideRun(row).some((child) => child.path === path);
}

function insideRun(row: TreeNode): readonly TreeNode[] {
  return row.kind === 'run' ? row.children(true) : [];
}

function noRow(path: string): Failure {
  return new Failure(
    'usage',
    `No row stands at ${path}.`,
    'The tables may have changed since it was shown.',
    'Look at the entries above it.',
  );
}
