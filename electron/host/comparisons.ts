import { diffSteps, differs } from '../../core/explain/diff/diff.ts';
import { pairUnits } from '../../core/explain/diff/pair.ts';
import type { Steps } from '../../core/memory/steps.ts';
import { parseBdf } from '../../core/format/bdf.ts';
import { parsePath } from '../../core/iommu/path.ts';
import type { Unit } from '../../core/iommu/unit.ts';
import type { ChangedEntry, CompareRow } from '../../core/protocol/contract-compare.ts';
import type { CallOutput } from '../../core/protocol/server.ts';
import {
  changedEntries,
  compareTree,
  type CompareNode,
  type Counts,
} from '../../core/session/compare-tree.ts';
import { entryPlace } from '../../core/session/entry-place.ts';
import { PathCounts } from '../../core/session/path-counts.ts';
import type { State } from './states.ts';
import { addressOfPfn } from '../../core/memory/physical.ts';

/** Missing pages that are told one by one. */
const MAX_GAPS = 64;
/** Rows of one answer: some screens. */
const MAX_ROWS = 4096;
/** Rows that are opened at once, and folds that a view can keep. */
const MAX_SUBTREE_ROWS = 10_000;
const MAX_FLIPPED = 10_000;

type Answer = CallOutput<'compare.rows'>;

interface FlatNode {
  readonly node: CompareNode;
  readonly depth: number;
  readonly expanded: boolean;
  readonly position: number;
  readonly setSize: number;
}

/** Two states and what differs between them. */
export class Comparison {
  readonly #a: State;
  readonly #b: State;
  readonly #roots: readonly CompareNode[];
  readonly #entries: readonly CompareNode[];
  readonly #inB: PathCounts;
  readonly #about: Pick<Answer, 'equal' | 'counts' | 'compared' | 'missing' | 'incomplete'>;
  /** The rows of the folds that were asked for last. */
  #flat: { readonly of: string; readonly rows: readonly FlatNode[] } | undefined;

  private constructor(
    states: readonly [State, State],
    roots: readonly CompareNode[],
    about: Comparison['about'],
    inB: PathCounts,
  ) {
    [this.#a, this.#b] = states;
    this.#roots = roots;
    this.#entries = changedEntries(roots).filter(({ path }) => isInTables(path));
    this.#about = about;
    this.#inB = inB;
  }

  /**
   * Where in B the entries stand that differ, those of page tables too: of a range of mappings its
   * first leaf, of what B has not the entry where its walk ends.
   */
  get differingInB(): PathCounts {
    return this.#inB;
  }

  get about(): Pick<Answer, 'equal' | 'counts' | 'compared' | 'missing' | 'incomplete'> {
    return this.#about;
  }

  /** Compares two states, step by step. */
  static *of(a: State, b: State): Steps<Comparison> {
    const diff = yield* diffSteps(a.units, b.units);
    const roots = compareTree(diff);
    const incomplete = [
      ...(a.investigation?.incomplete() ?? []),
      ...(b.investigation?.incomplete() ?? []),
      ...diff.incomplete,
    ].map(({ text }) => text);
    const about = {
      equal: !differs(diff),
      counts: countsOf(roots),
      compared: diff.compared,
      missing: diff.missing.length,
      incomplete: [...new Set(incomplete)].slice(0, MAX_GAPS),
    };
    return new Comparison([a, b], roots, about, yield* differingIn(a, b, roots));
  }

  rows(
    flipped: readonly string[],
    from: number,
    to: number,
    driver: (bdf: string) => string | undefined,
  ): Answer {
    const of = JSON.stringify(flipped);
    if (this.#flat?.of !== of)
      this.#flat = { of, rows: [...flatten(this.#roots, new Set(flipped), 0)] };
    const { rows } = this.#flat;
    return {
      ...this.#about,
      total: rows.length,
      from,
      rows: rows.slice(from, Math.min(to, from + MAX_ROWS)).map((row) => this.#row(row, driver)),
    };
  }

  /**
   * Opens a row and everything below it, the levels one after the other, so that of more than the
   * bound every part shows its first levels.
   * @param flipped folds that are not as they are at first
   */
  expand(flipped: readonly string[], key: string): { flipped: string[]; cut: boolean } {
    const now = new Set(flipped);
    const top = nodeOf(this.#roots, key);
    let rows = MAX_SUBTREE_ROWS;
    for (let level = top ? [top] : []; level.length > 0;) {
      const next: CompareNode[] = [];
      for (const node of level) {
        const { key: each, children } = node;
        if (children.length === 0) continue;
        const open = isOpenAtFirst(node) !== now.has(each);
        if (children.length > rows || (!open && now.size >= MAX_FLIPPED && !now.has(each)))
          return { flipped: [...now], cut: true };
        if (!open && !now.delete(each)) now.add(each);
        rows -= children.length;
        for (const child of children) next.push(child);
      }
      level = next;
    }
    return { flipped: [...now], cut: false };
  }

  entries(from: number, to: number): CallOutput<'compare.entries'> {
    return {
      total: this.#entries.length,
      from,
      rows: this.#entries.slice(from, Math.min(to, from + MAX_ROWS)).map((node): ChangedEntry => ({
        label: `${node.path?.split('/', 1)[0] ?? ''} ${node.label}`.trim(),
        sign: node.sign,
        ...this.#places(node),
      })),
    };
  }

  #row(
    { node, depth, expanded, position, setSize }: FlatNode,
    driver: (bdf: string) => string | undefined,
  ): CompareRow {
    const { key, kind, label, sign, a, b, counts, children } = node;
    return {
      key,
      depth,
      kind,
      label,
      note: kind === 'entry' ? driver(label.split(' ', 1)[0]) : undefined,
      sign,
      a,
      b,
      counts,
      expandable: children.length > 0,
      expanded,
      setSize,
      position,
      ...this.#places(node),
    };
  }

  #places(node: CompareNode): { inA?: string; inB?: string } {
    const { path, page, sign } = node;
    if (!isInTables(path)) return {};
    const inA = sign === 'added' ? undefined : placeIn(this.#a.units, path, page);
    const other = inOther(this.#a.units, this.#b.units, path);
    const inB =
      sign === 'removed' || other === undefined ? undefined : placeIn(this.#b.units, other, page);
    return { inA, inB };
  }
}

/** Entries of B that differ from A's, by their paths in B. */
function* differingIn(a: State, b: State, roots: readonly CompareNode[]): Steps<PathCounts> {
  const counts = new PathCounts();
  const entries = changedEntries(roots);
  for (const [done, node] of entries.entries()) {
    if (!isInTables(node.path)) continue;
    const other = inOther(a.units, b.units, node.path);
    if (other === undefined) continue;
    // What has nothing but mappings below it is no entry that differs.
    if (node.sign !== 'changed' || node.children.some(({ kind }) => kind === 'field'))
      counts.add(entryPlace(b.units, other));
    for (const { kind, sign, users, children } of node.children) {
      if (kind !== 'list' || sign === 'unknown') continue;
      for (const user of users) {
        const [bdf, pasid] = user.split(' PASID ');
        const at = `${other.split('/', 1)[0]}/${bdf}${pasid === undefined ? '' : `/pasid.${pasid}`}`;
        for (const { page } of children) {
          const place = page === undefined ? undefined : placeIn(b.units, at, page);
          if (place !== undefined) counts.add(place);
        }
        yield { done, all: entries.length };
      }
    }
  }
  return counts;
}

/** Whether a path can name an entry in memory: units and their registers have none. */
function isInTables(path: string | undefined): path is string {
  return path !== undefined && !/^[^/]+(?:\/registers\/.*)?$/.test(path);
}

/** Down to the entries everything is open at first; what is inside of them is folded. */
function isOpenAtFirst({ kind }: CompareNode): boolean {
  return kind === 'unit' || kind === 'group';
}

/** The node of a key, breadth first. */
function nodeOf(roots: readonly CompareNode[], key: string): CompareNode | undefined {
  let level = roots;
  while (level.length > 0) {
    const found = level.find((node) => node.key === key);
    if (found) return found;
    level = level.flatMap(({ children }) => children);
  }
  return undefined;
}

function* flatten(
  nodes: readonly CompareNode[],
  flipped: ReadonlySet<string>,
  depth: number,
): Generator<FlatNode> {
  for (const [index, node] of nodes.entries()) {
    const expanded = node.children.length > 0 && isOpenAtFirst(node) !== flipped.has(node.key);
    yield { node, depth, expanded, position: index + 1, setSize: nodes.length };
    if (expanded) yield* flatten(node.children, flipped, depth + 1);
  }
}

function countsOf(roots: readonly CompareNode[]): Counts {
  const all = { added: 0, removed: 0, changed: 0, unknown: 0 };
  for (const { counts } of roots)
    for (const sign of Object.keys(all) as (keyof Counts)[]) all[sign] += counts[sign];
  return all;
}

/** A path in the names of A as the unit of the same hardware in B has it. */
function inOther(a: readonly Unit[], b: readonly Unit[], path: string): string | undefined {
  const name = path.split('/', 1)[0];
  const pair = pairUnits(a, b).pairs.find((each) => each.name === name);
  return pair && `${pair.b.facts.name}${path.slice(name.length)}`;
}

/** The entry of a path in a state; of a page the leaf that maps it. */
function placeIn(
  units: readonly Unit[],
  path: string,
  page: number | undefined,
): string | undefined {
  const unit = units.find(({ facts }) => facts.name === path.split('/', 1)[0]);
  if (!unit) return undefined;
  if (page === undefined) {
    const place = entryPlace(units, path);
    return unit.entry(place) ? place : undefined;
  }
  const [, device, pasid] = parsePath(path) ?? [];
  const id = device?.kind === 'device' ? parseBdf(device.bdf)?.id : undefined;
  if (id === undefined) return undefined;
  const lastOf = (number: number | undefined): string | undefined =>
    unit
      .walk({ id, pasid: number, address: addressOfPfn(page), access: 'read' })
      .steps.findLast(({ entry }) => entry)?.entry?.path;
  if (pasid?.kind !== 'pasid') return lastOf(undefined);
  // The tables of a PASID that only requests without one use are not reached by naming it.
  const places = [lastOf(pasid.pasid), lastOf(undefined)];
  return places.find((place) => place?.startsWith(`${path}/`)) ?? places[0];
}
