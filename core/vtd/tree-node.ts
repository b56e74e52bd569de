/** What all rows of the VT-d tree share. */
import type { Layout, Words } from '../bits/layout.ts';
import { formatCount } from '../format/size.ts';
import type { IntelFacts } from '../iommu/facts.ts';
import { treeNode } from '../iommu/tree-node.ts';
import type { Entry, TreeNode } from '../iommu/unit.ts';
import type { PhysicalMemory, UnknownPage } from '../memory/physical.ts';
import type { Capabilities } from './capabilities.ts';
import { missingPage } from './findings.ts';

/** What every row needs to read on. */
export interface TreeSource {
  readonly facts: IntelFacts;
  readonly memory: PhysicalMemory;
  readonly capabilities: Capabilities;
}

/** The row that stands for a table whose page is not known. */
export function missingNode(
  path: string,
  what: string,
  address: bigint,
  why: UnknownPage,
): TreeNode {
  const { text } = missingPage(what, path, address, why);
  return treeNode({
    path,
    label: what,
    kind: 'missing',
    decoded: text.slice(text.lastIndexOf(': ') + 2),
    pointsTo: address,
    present: false,
  });
}

/** A table of equal entries as the tree shows it: rows for entries, one row for each empty run. */
export interface EntryTable {
  readonly size: number;
  readonly present: (index: number) => boolean;
  readonly path: (index: number) => string;
  /** The row of one entry, present or not. */
  readonly node: (index: number) => TreeNode;
  /** Path and label of a run of entries that are not present. */
  readonly run: (first: number, last: number) => { readonly path: string; readonly label: string };
}

/** Rows of a table: present entries, and with `all` the others, runs of them as one row. */
export function tableRows(table: EntryTable, all: boolean): TreeNode[] {
  const rows: TreeNode[] = [];
  let empty = -1;
  for (let index = 0; index <= table.size; index++) {
    const present = index === table.size || table.present(index);
    if (!present) {
      if (empty < 0) empty = index;
      continue;
    }
    if (all && empty >= 0) rows.push(emptyRun(table, empty, index - 1));
    empty = -1;
    if (index < table.size) rows.push(table.node(index));
  }
  return rows;
}

/** `6 of 256 present`. */
export function presentOf(present: number, size: number): string {
  return `${formatCount(present)} of ${formatCount(size)} present`;
}

/** How many rows `tableRows` makes of the present entries. */
export function countPresent(table: EntryTable): number {
  let count = 0;
  for (let index = 0; index < table.size; index++) if (table.present(index)) count++;
  return count;
}

function emptyRun(table: EntryTable, first: number, last: number): TreeNode {
  if (first === last) return table.node(first);
  const count = last - first + 1;
  return treeNode({
    ...table.run(first, last),
    kind: 'run',
    decoded: `${formatCount(count)} entries, not present`,
    present: false,
    count: () => count,
    children: () => Array.from({ length: count }, (_, at) => table.node(first + at)),
    child: (path) => {
      for (let index = first; index <= last; index++)
        if (table.path(index) === path) return table.node(index);
      return undefined;
    },
  });
}

/** An entry for a row. */
export function makeEntry(path: string, address: bigint, words: Words, layout: Layout): Entry {
  return { path, address, words, layout };
}
