import type { TreeNode } from '../iommu/unit.ts';
import { Failure } from '../memory/failure.ts';
import { mayContain } from './tree-paths.ts';

/** A row of the expanded tree. */
export interface FlatRow {
  readonly node: TreeNode;
  readonly depth: number;
  readonly expanded: boolean;
  /** 1-based place among its siblings, and how many there are. */
  readonly position: number;
  readonly setSize: number;
}

/** The children of a node that a tree shows. */
export type ChildrenOf = (node: TreeNode) => readonly TreeNode[];

/** Levels of rows; the deepest real tree has 12. */
const MAX_DEPTH = 32;
/** Nodes that one view may have expanded. */
const MAX_BRANCHES = 200_000;
/** Rows that the expansion of a whole subtree may add (ui.md, section 6). */
const MAX_SUBTREE_ROWS = 10_000;
/** Tree nodes kept between requests; others are made again when asked for. */
const MAX_KEPT = 200_000;
/** Nodes that a search for a path may look at. */
const MAX_SEARCHED = 400_000;
/** Rows served last, by path: what a person clicks is among them. */
const MAX_SERVED = 4096;

/** An expanded node. Only these are held; all other rows are made for the window asked for. */
interface Branch {
  readonly node: TreeNode | undefined;
  readonly parent: Branch | undefined;
  /** Place among the parent's children. */
  readonly index: number;
  readonly depth: number;
  /** Children. */
  readonly count: number;
  /** Rows below it. */
  rows: number;
  /** Expanded children by their place; kept in ascending order. */
  open: Branch[];
}

interface Place {
  readonly branch: Branch;
  readonly index: number;
}

/**
 * The rows of an expanded tree without holding them: any window of rows is answered in the
 * order of its own length, whatever the number of rows.
 */
export class FlatTree {
  readonly #childrenOf: ChildrenOf;
  readonly #kept = new Map<Branch, readonly TreeNode[]>();
  #keptNodes = 0;
  #served = new Map<string, Place>();
  #roots: readonly TreeNode[];
  #top: Branch;
  #branches = 0;

  constructor(roots: readonly TreeNode[], childrenOf: ChildrenOf) {
    this.#childrenOf = childrenOf;
    this.#roots = roots;
    this.#top = topBranch(roots);
  }

  /** Rows in the tree as it is expanded now. */
  get total(): number {
    return this.#top.rows;
  }

  /** Rows `from` (included) to `to` (excluded), cut to what there is. */
  rows(from: number, to: number): FlatRow[] {
    const out: FlatRow[] = [];
    const end = Math.min(to, this.total);
    if (from < end) this.#collect(this.#top, from, end, out);
    return out;
  }

  /**
   * Expands or folds the row of a path.
   * @param subtree also everything below, within a bound of rows
   * @returns the row's index, and whether the bound left rows folded; undefined when the path names
   *   no row that could be seen
   */
  expand(
    path: string,
    open: boolean,
    subtree = false,
  ): { readonly index: number; readonly cut: boolean } | undefined {
    const place = this.#place(path);
    if (!place) return undefined;
    const branch = this.#openAt(place);
    const budget = { rows: MAX_SUBTREE_ROWS, cut: false };
    if (!open) {
      if (branch) this.#fold(branch);
    } else if (subtree) this.#openBelow(place, budget);
    else this.#unfold(place);
    return { index: this.#rowOf(place), cut: budget.cut };
  }

  /** Expands everything above a path. @returns its row's index, or undefined. */
  reveal(path: string): number | undefined {
    const place = this.#find(path);
    return place && this.#rowOf(place);
  }

  /** Paths of the rows that are expanded, those above before those below. @param most of them */
  unfolded(most: number): string[] {
    const paths: string[] = [];
    let level = this.#top.open;
    while (level.length > 0) {
      for (const { node } of level) {
        if (paths.length >= most) return paths;
        paths.push(node!.path);
      }
      level = level.flatMap(({ open }) => open);
    }
    return paths;
  }

  /** Expands rows as another tree of these tables had them; one that is not there stays away. */
  unfold(paths: readonly string[]): void {
    const wanted = new Set(paths);
    let level = [this.#top];
    while (level.length > 0 && wanted.size > 0) {
      const next: Branch[] = [];
      for (const branch of level)
        for (const [index, { path }] of this.#children(branch).entries()) {
          if (!wanted.delete(path)) continue;
          const opened = this.#unfold({ branch, index });
          if (opened) next.push(opened);
        }
      level = next;
    }
  }

  /** Takes a new state of the same tree: what was expanded and still is there stays so. */
  replace(roots: readonly TreeNode[]): void {
    const old = this.#top;
    this.#kept.clear();
    this.#keptNodes = 0;
    this.#served.clear();
    this.#branches = 0;
    this.#roots = roots;
    this.#top = topBranch(roots);
    this.#restore(old, this.#top);
  }

  /** Expands what another tree of the same tables has expanded. */
  adopt(other: FlatTree): void {
    this.#restore(other.#top, this.#top);
  }

  #collect(branch: Branch, from: number, to: number, out: FlatRow[]): void {
    const children = this.#children(branch);
    // `row` is the first row of child `index`, counted below this branch.
    let row = 0;
    let index = 0;
    const { open } = branch;
    let next = 0;
    while (row < to && index < branch.count) {
      const opened = open[next];
      const upTo = opened ? opened.index : branch.count;
      // Children up to the next expanded one have a row each.
      if (index < upTo) {
        if (row + (upTo - index) <= from) {
          row += upTo - index;
          index = upTo;
          continue;
        }
        const skip = Math.max(0, from - row);
        row += skip;
        index += skip;
        for (; index < upTo && row < to; index++, row++)
          this.#emit(branch, children, index, false, out);
        continue;
      }
      if (row >= from) this.#emit(branch, children, index, true, out);
      row++;
      if (row + opened.rows > from && row < to)
        this.#collect(opened, Math.max(0, from - row), to - row, out);
      row += opened.rows;
      index++;
      next++;
    }
  }

  #emit(
    branch: Branch,
    children: readonly TreeNode[],
    index: number,
    expanded: boolean,
    out: FlatRow[],
  ): void {
    const node = children[index];
    out.push({
      node,
      depth: branch.depth,
      expanded,
      position: index + 1,
      setSize: branch.count,
    });
    if (this.#served.size >= MAX_SERVED) this.#served.clear();
    this.#served.set(node.path, { branch, index });
  }

  #children(branch: Branch): readonly TreeNode[] {
    if (!branch.node) return this.#roots;
    const kept = this.#kept.get(branch);
    if (kept) {
      this.#kept.delete(branch);
      this.#kept.set(branch, kept);
      return kept;
    }
    const children = this.#childrenOf(branch.node);
    this.#keep(branch, children);
    return children;
  }

  #keep(branch: Branch, children: readonly TreeNode[]): void {
    this.#kept.set(branch, children);
    this.#keptNodes += children.length;
    for (const [oldest, nodes] of this.#kept) {
      if (this.#keptNodes <= MAX_KEPT || oldest === branch) break;
      this.#kept.delete(oldest);
      this.#keptNodes -= nodes.length;
    }
  }

  #openAt({ branch, index }: Place): Branch | undefined {
    return branch.open.find((each) => each.index === index);
  }

  /** @param most children that it may have; a row with more stays folded */
  #unfold(place: Place, most = Number.POSITIVE_INFINITY): Branch | undefined {
    const already = this.#openAt(place);
    if (already) return already;
    const { branch, index } = place;
    const node = this.#children(branch)[index];
    if (branch.depth >= MAX_DEPTH) return undefined;
    if (this.#branches >= MAX_BRANCHES)
      throw new Failure(
        'limit',
        `${MAX_BRANCHES} rows are expanded already, which is the most.`,
        'This row stays folded.',
        'Fold what you no longer need.',
      );
    const children = this.#childrenOf(node);
    if (children.length === 0 || children.length > most) return undefined;
    const opened: Branch = {
      node,
      parent: branch,
      index,
      depth: branch.depth + 1,
      count: children.length,
      rows: children.length,
      open: [],
    };
    this.#keep(opened, children);
    const at = branch.open.findIndex((each) => each.index > index);
    branch.open.splice(at < 0 ? branch.open.length : at, 0, opened);
    this.#branches++;
    grow(branch, opened.rows);
    return opened;
  }

  /** Breadth first: of a subtree that is too large every part shows its first levels. */
  #openBelow(top: Place, budget: { rows: number; cut: boolean }): void {
    let level: Place[] = [top];
    while (level.length > 0) {
      const next: Place[] = [];
      for (const place of level) {
        const { childCount } = this.#children(place.branch)[place.index];
        const opened =
          this.#openAt(place) ??
          (childCount > budget.rows ? undefined : this.#unfold(place, budget.rows));
        if (opened) {
          budget.rows -= opened.count;
          for (let index = 0; index < opened.count; index++) next.push({ branch: opened, index });
        } else if (childCount > 0) {
          budget.cut = true;
          return;
        }
      }
      level = next;
    }
  }

  #fold(branch: Branch): void {
    const { parent } = branch;
    if (!parent) return;
    parent.open = parent.open.filter((each) => each !== branch);
    grow(parent, -branch.rows);
    const forget = (each: Branch): void => {
      this.#branches--;
      this.#keptNodes -= this.#kept.get(each)?.length ?? 0;
      this.#kept.delete(each);
      each.open.forEach(forget);
    };
    forget(branch);
    this.#served.clear();
  }

  #rowOf({ branch, index }: Place): number {
    let row = index;
    for (const each of branch.open) if (each.index < index) row += each.rows;
    return branch.parent
      ? row + 1 + this.#rowOf({ branch: branch.parent, index: branch.index })
      : row;
  }

  #place(path: string): Place | undefined {
    return this.#served.get(path) ?? this.#find(path);
  }

  /** Looks for a path from the top, expanding only what is on the way to it. */
  #find(path: string): Place | undefined {
    const budget = { nodes: MAX_SEARCHED };
    const search = (children: readonly TreeNode[], depth: number): number[] | undefined => {
      const exact = children.findIndex((node) => node.path === path);
      if (exact >= 0) return [exact];
      if (depth >= MAX_DEPTH) return undefined;
      for (const [index, node] of children.entries()) {
        if (budget.nodes <= 0) return undefined;
        if (!mayContain(node, path)) continue;
        const below = this.#childrenOf(node);
        budget.nodes -= below.length;
        const found = search(below, depth + 1);
        if (found) return [index, ...found];
      }
      return undefined;
    };
    const indexes = search(this.#roots, 0);
    if (!indexes) return undefined;
    let branch = this.#top;
    for (const index of indexes.slice(0, -1)) {
      const opened = this.#unfold({ branch, index });
      if (!opened) return undefined;
      branch = opened;
    }
    return { branch, index: indexes.at(-1)! };
  }

  #restore(old: Branch, fresh: Branch): void {
    if (old.open.length === 0) return;
    const children = this.#children(fresh);
    let byPath: Map<string, number> | undefined;
    for (const each of old.open) {
      const path = each.node!.path;
      let index: number | undefined = each.index;
      if (children[index]?.path !== path) {
        byPath ??= new Map(children.map((node, at) => [node.path, at]));
        index = byPath.get(path);
      }
      const opened = index === undefined ? undefined : this.#unfold({ branch: fresh, index });
      if (opened) this.#restore(each, opened);
    }
  }
}

function topBranch(roots: readonly TreeNode[]): Branch {
  return {
    node: undefined,
    parent: undefined,
    index: 0,
    depth: 0,
    count: roots.length,
    rows: roots.length,
    open: [],
  };
}

function grow(branch: Branch, by: number): void {
  for (let each: Branch | undefined = branch; each; each = each.parent) each.rows += by;
}
