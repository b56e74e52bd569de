/** Page-table rows of the tree: L5 to L1, contiguous pages and empty runs as one row each. */
import { formatCount, formatSize } from '../format/size.ts';
import { loopText, type Finding } from '../iommu/finding.ts';
import type { Rights } from '../iommu/leaves.ts';
import { READ, WRITE, rightsText } from '../iommu/leaves.ts';
import { levelStep } from '../iommu/path.ts';
import type { TreeNode } from '../iommu/unit.ts';
import { treeNode } from '../iommu/tree-node.ts';
import { pfnOf } from '../memory/physical.ts';
import { entryFinding } from './findings.ts';
import type { Stage } from './paging.ts';
import { levelShift, mapsPage, pagingLayout } from './paging.ts';
import { ENTRY_ADDRESS, tableWords, wordsAt } from './reader.ts';
import { pagingReserved } from './reserved.ts';
import type { TreeSource } from './tree-node.ts';
import { makeEntry, missingNode, presentOf } from './tree-node.ts';

const ENTRIES = 512;

/** One table of a device's page tables, as the tree reaches it. */
export interface TableRow {
  readonly stage: Stage;
  readonly level: number;
  readonly address: bigint;
  /** Path of the entry that points here, or of the device. */
  readonly path: string;
  readonly rights: Rights;
  /** Addresses of the tables above this one. */
  readonly above: readonly bigint[];
}

/** Entries `first` to `last` that make one row. */
interface Run {
  readonly first: number;
  readonly last: number;
  readonly kind: 'empty' | 'table' | 'pages';
}

/** The rows of a table. */
export function pagingRows(source: TreeSource, table: TableRow, all: boolean): TreeNode[] {
  const words = tableWords(source.memory, pfnOf(table.address));
  if (typeof words === 'string')
    return [missingNode(table.path, `L${table.level} table`, table.address, words)];
  return runsOf(table, words)
    .filter((run) => all || run.kind !== 'empty')
    .map((run) =>
      run.first === run.last
        ? entryRow(source, table, words, run.first)
        : runRow(source, table, words, run),
    );
}

/** How many rows of a table are present. */
export function countPagingRows(source: TreeSource, table: TableRow): number {
  const words = tableWords(source.memory, pfnOf(table.address));
  if (typeof words === 'string') return 1;
  return runsOf(table, words).filter((run) => run.kind !== 'empty').length;
}

/** `, 12 of 512 present`; nothing of a table whose page is not known. */
function countText(source: TreeSource, table: TableRow): string {
  const words = tableWords(source.memory, pfnOf(table.address));
  if (typeof words === 'string') return '';
  let present = 0;
  for (let index = 0; index < ENTRIES; index++)
    if (kindOf(table, words[2 * index]) !== 'empty') present++;
  return `, ${presentOf(present, ENTRIES)}`;
}

/** Cuts a table into rows: empty runs, contiguous pages with equal rights, single table entries. */
function runsOf(table: TableRow, words: Uint32Array): Run[] {
  const runs: Run[] = [];
  const span = ENTRIES ** (table.level - 1);
  let first = 0;
  while (first < ENTRIES) {
    const kind = kindOf(table, words[2 * first]);
    let last = first;
    if (kind === 'empty')
      while (last + 1 < ENTRIES && kindOf(table, words[2 * last + 2]) === 'empty') last++;
    if (kind === 'pages') while (last + 1 < ENTRIES && continues(table, words, last, span)) last++;
    runs.push({ first, last, kind });
    first = last + 1;
  }
  return runs;
}

function kindOf({ stage, level }: TableRow, low: number): Run['kind'] {
  const present = stage === 'second' ? (low & 3) !== 0 : (low & 1) !== 0;
  if (!present) return 'empty';
  return level === 1 || (level <= 3 && (low & 0x80) !== 0) ? 'pages' : 'table';
}

/** Whether the entry behind `index` maps the next page with the same attributes. */
function continues(table: TableRow, words: Uint32Array, index: number, span: number): boolean {
  const low = words[2 * index];
  const next = words[2 * index + 2];
  if (kindOf(table, next) !== 'pages' || (low & 0xfff) !== (next & 0xfff)) return false;
  const frame = (at: number): number => words[2 * at + 1] * 2 ** 20 + (words[2 * at] >>> 12);
  return frame(index + 1) === frame(index) + span;
}

function ownRights(stage: Stage, low: number): Rights {
  if (stage === 'second') return low & (READ | WRITE);
  return low & 1 ? READ | (low & WRITE) : 0;
}

function entryRow(
  source: TreeSource,
  table: TableRow,
  words: Uint32Array,
  index: number,
): TreeNode {
  const { stage, level } = table;
  const value = wordsAt(words, index, 1);
  const path = `${table.path}/${levelStep(level, index)}`;
  const layout = pagingLayout(stage, level, value[0]);
  const entry = makeEntry(path, table.address + BigInt(8 * index), value, layout);
  const label = levelStep(level, index);
  const own = ownRights(stage, words[2 * index]);
  if (own === 0)
    return treeNode({ path, label, kind: 'entry', decoded: 'not present', entry, present: false });
  const page = mapsPage(level, value[0]);
  const rights = table.rights & own;
  const findings: Finding[] = [];
  if (value[0] & pagingReserved(source.capabilities, stage, level, page)) {
    const text = 'Reserved bits are set; the hardware refuses accesses through this entry.';
    findings.push({ id: 'reserved-bits', ...entryFinding('error', path, text, entry) });
  }
  const shown = rightsText(rights) || 'no rights';
  const target = value[0] & ENTRY_ADDRESS;
  if (page) {
    const size = 1n << BigInt(levelShift(level));
    const pointsTo = target & ~(size - 1n);
    const decoded = `${formatSize(size)} page · ${shown}`;
    return treeNode({ path, label, kind: 'leaf', decoded, entry, pointsTo, rights, findings });
  }
  const above = [...table.above, table.address];
  const parts = { path, label, kind: 'entry', entry, pointsTo: target, rights } as const;
  const back = above.indexOf(target);
  if (back >= 0) {
    // The last of them is the table that the entry stands in.
    const text = loopText(level + above.length - 1 - back, target);
    findings.push({ id: 'table-loop', ...entryFinding('error', path, text, entry) });
    return treeNode({ ...parts, findings, decoded: text });
  }
  const below = { stage, level: level - 1, address: target, path, rights, above };
  return treeNode({
    ...parts,
    findings,
    decoded: () => `L${level - 1} table${countText(source, below)} · ${shown}`,
    count: () => countPagingRows(source, below),
    children: (all) => pagingRows(source, below, all),
  });
}

function runRow(source: TreeSource, table: TableRow, words: Uint32Array, run: Run): TreeNode {
  const { first, last } = run;
  const count = last - first + 1;
  const path = `${table.path}/L${table.level}[${first}-${last}]`;
  const label = `L${table.level}[${first}–${last}]`;
  const children = (): TreeNode[] =>
    Array.from({ length: count }, (_, at) => entryRow(source, table, words, first + at));
  const shared = { path, label, kind: 'run', count: () => count, children } as const;
  if (run.kind === 'empty')
    return treeNode({
      ...shared,
      decoded: `${formatCount(count)} entries, not present`,
      present: false,
    });
  const head = entryRow(source, table, words, first);
  const size = formatSize(1n << BigInt(levelShift(table.level)));
  return treeNode({
    ...shared,
    decoded: `${formatCount(count)} pages of ${size}, contiguous · ${rightsText(head.rights ?? 0) || 'no rights'}`,
    entry: head.entry,
    pointsTo: head.pointsTo,
    rights: head.rights,
    findings: head.findings,
  });
}
