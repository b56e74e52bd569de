import type { PathStep } from '../iommu/path.ts';
import { parsePath } from '../iommu/path.ts';
import type { TreeNode } from '../iommu/unit.ts';

/** The device step of a path, when it has one right after its unit. */
function deviceOf(steps: readonly PathStep[] | undefined): string | undefined {
  const step = steps?.[1];
  return step?.kind === 'device' ? step.bdf : undefined;
}

/** `02` of `02:00.0` and of `0001:02:00.0`. */
function busOf(bdf: string): string {
  return bdf.slice(-7, -5);
}

/** Words that stand for tables without a device below them. */
const NO_DEVICES = new Set(['irq', 'queue', 'commands', 'events', 'ppr', 'registers']);

/**
 * Whether the row of a node can have the row of `path` below it. Paths name entries from the
 * unit down, while the tree also has rows for tables, buses and runs between: for those the
 * answer is "perhaps".
 */
export function mayContain(node: Pick<TreeNode, 'path' | 'kind'>, path: string): boolean {
  if (path === node.path || path.startsWith(`${node.path}/`)) return true;
  const row = parsePath(node.path);
  const wanted = parsePath(path);
  if (!row || !wanted || !samePart(row[0], wanted[0])) return false;
  if (node.kind === 'run') return runMayContain(row, wanted);
  const device = deviceOf(wanted);
  if (device === undefined) return false;
  const rowDevice = deviceOf(row);
  if (rowDevice !== undefined) {
    // `02:00.0/context` stands above `02:00.0/L4[0]`; a directory entry above its PASIDs.
    const last = row.at(-1)!;
    return rowDevice === device && row.length <= wanted.length && last.kind === 'word';
  }
  const word = row[1];
  if (row.length !== 2 || word.kind !== 'word') return false;
  if (word.name.startsWith('bus.')) return word.name === `bus.${busOf(device)}`;
  return !NO_DEVICES.has(word.name);
}

function samePart(a: PathStep, b: PathStep): boolean {
  return a.kind === 'unit' && b.kind === 'unit' && a.name === b.name;
}

/** A run stands for entries of one table: `L3[3-9]`, or another form that says less. */
function runMayContain(row: readonly PathStep[], wanted: readonly PathStep[]): boolean {
  const at = row.length - 1;
  const run = row[at];
  const step = wanted[at];
  if (!step) return false;
  if (run.kind !== 'level' || run.last === undefined) return true;
  return (
    step.kind === 'level' &&
    step.level === run.level &&
    step.index >= run.index &&
    step.index <= run.last
  );
}

/** The paths of the entries that a run's row stands for; of any other row none. */
export function pathsOfRun(path: string): string[] {
  const match = /^(.*\/L\d)\[(\d{1,3})-(\d{1,3})\]$/.exec(path);
  if (!match) return [];
  const first = Number(match[2]);
  const count = Math.max(0, Number(match[3]) - first + 1);
  return Array.from({ length: count }, (_, index) => `${match[1]}[${first + index}]`);
}

/**
 * The paths of all rows that can stand above an entry's row, itself included: what a finding at
 * `path` is rolled up to. Some of them may not exist; nobody asks for those.
 */
export function pathsAbove(path: string): string[] {
  const parts = path.split('/');
  const above = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  const device = deviceOf(parsePath(path));
  if (device === undefined) return above;
  const unit = parts[0];
  const pasid = /^pasid\.(\d+)$/.exec(parts[2] ?? '');
  const extra = [
    `${unit}/root`,
    `${unit}/devices`,
    `${unit}/bus.${busOf(device)}`,
    `${unit}/${device}/context`,
    `${unit}/${device}/dte`,
    ...(pasid ? [`${unit}/${device}/pasid-dir.${Number(pasid[1]) >> 6}`] : []),
  ];
  return [...new Set([...above, ...extra])];
}

/** The paths that the row right above an entry's row can have; paths of runs are not among them. */
export function rowAbove(path: string): string[] {
  const parts = path.split('/');
  const [unit, second, third] = parts;
  if (parts.length < 2) return [];
  if (second.startsWith('bus.')) return [`${unit}/root`];
  const device = deviceOf(parsePath(path));
  if (device === undefined) return [parts.slice(0, -1).join('/')];
  const at = `${unit}/${device}`;
  if (third === 'context') return [`${unit}/bus.${busOf(device)}`];
  if (third === 'dte') return [`${unit}/devices`];
  if (parts.length === 3) return [`${at}/context`, `${at}/dte`];
  return [parts.slice(0, -1).join('/')];
}

/** What of a path is compared as one: a BDF or a bus as its text, other digits as a number. */
const PARTS = /[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]|bus\.[0-9a-f]{2}|\d+|\D/g;

/**
 * Orders paths as the tree shows them, as far as names tell: numbers by their value, entries
 * behind what they stand below.
 */
export function comparePaths(a: string, b: string): number {
  const [left, right] = [a, b].map((path) => path.match(PARTS) ?? []);
  for (let at = 0; at < left.length && at < right.length; at++) {
    if (left[at] === right[at]) continue;
    const [x, y] = [Number(left[at]), Number(right[at])];
    if (Number.isNaN(x) || Number.isNaN(y)) return left[at] < right[at] ? -1 : 1;
    if (x !== y) return x - y;
  }
  return left.length - right.length;
}
