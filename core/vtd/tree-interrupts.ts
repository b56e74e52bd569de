/** Rows of the interrupt remapping table and of the invalidation queue. */
import { decode } from '../bits/layout.ts';
import { formatBdf } from '../format/bdf.ts';
import { hex } from '../format/hex.ts';
import { formatCount } from '../format/size.ts';
import type { Entry, TreeNode } from '../iommu/unit.ts';
import { treeNode } from '../iommu/tree-node.ts';
import { interruptEntry, interruptPath, interruptRowOf } from './interrupts.ts';
import { pfnOf } from '../memory/physical.ts';
import { queueCapacity, queueEntry } from './queue.ts';
import { tableWords } from './reader.ts';
import type { EntryTable, TreeSource } from './tree-node.ts';
import { countPresent, presentOf, tableRows } from './tree-node.ts';
import { checkReservedFields } from './checks.ts';

/** Looks at entries of a table page by page: what is asked for comes in order. */
function presence(
  { memory }: TreeSource,
  table: bigint,
  bytes: number,
  holds: (words: Uint32Array, at: number) => boolean,
): (index: number) => boolean {
  const perPage = 4096 / bytes;
  let page = -1;
  let words: Uint32Array | undefined;
  return (index) => {
    const wanted = Math.floor(index / perPage);
    if (wanted !== page) {
      page = wanted;
      const read = tableWords(memory, pfnOf(table) + wanted);
      words = typeof read === 'string' ? undefined : read;
    }
    return words !== undefined && holds(words, ((index % perPage) * bytes) / 4);
  };
}

/** The interrupt remapping table; undefined where none is known. */
export function interruptTableNode(source: TreeSource): TreeNode | undefined {
  const { facts, memory } = source;
  if (!facts.interrupts) return undefined;
  const { table: pointsTo, capacity } = facts.interrupts;
  const read = (index: number): Entry | undefined => interruptEntry(facts, memory, index);
  const table: EntryTable = {
    size: Math.min(capacity, 65536),
    path: (index) => interruptPath(facts, index),
    present: presence(source, pointsTo, 16, (words, at) => (words[at] & 1) !== 0),
    node: (index) => interruptNode(source, index, read(index)),
    run: (first, last) => ({
      path: `${facts.name}/irq/run.${first}-${last}`,
      label: `${first}–${last}`,
    }),
  };
  return treeNode({
    path: `${facts.name}/irq`,
    label: 'Interrupt remapping table',
    kind: 'table',
    decoded: () => presentOf(countPresent(table), capacity),
    pointsTo,
    count: () => countPresent(table),
    children: (all) => tableRows(table, all),
  });
}

function interruptNode(source: TreeSource, index: number, entry: Entry | undefined): TreeNode {
  const { facts } = source;
  const path = interruptPath(facts, index);
  const label = `IRTE ${index}`;
  if (!entry)
    return treeNode({
      path,
      label,
      kind: 'missing',
      decoded: 'not in this dump',
      present: false,
    });
  const row = interruptRowOf(facts, index, entry);
  if (!row.present)
    return treeNode({ path, label, kind: 'entry', decoded: 'not present', entry, present: false });
  const destination = row.destination === undefined ? '' : ` · APIC ${row.destination}`;
  const source_ = row.source === undefined ? '' : ` · from ${row.source}`;
  return treeNode({
    path,
    label,
    kind: 'entry',
    decoded: `${row.posted ? 'posted, ' : ''}vector ${row.vector}${destination}${source_}`,
    entry,
    findings: checkReservedFields(entry),
  });
}

/** The invalidation queue; undefined where none is known. */
export function queueNode(source: TreeSource): TreeNode | undefined {
  const { facts, memory } = source;
  const size = queueCapacity(facts);
  if (!facts.queue || size === 0) return undefined;
  const { base, descriptor, head, tail } = facts.queue;
  const slot = (offset: number | undefined): number | undefined =>
    offset === undefined ? undefined : Math.floor(offset / descriptor);
  const [from, to] = [slot(head), slot(tail)];
  const read = (index: number): Entry | undefined => queueEntry(facts, memory, index);
  const table: EntryTable = {
    size,
    path: (index) => `${facts.name}/queue/${index}`,
    present: presence(source, base, descriptor, (words, at) =>
      words.subarray(at, at + descriptor / 4).some((word) => word !== 0),
    ),
    node: (index) => descriptorNode(source, index, read(index), pending(index, from, to, size)),
    run: (first, last) => ({
      path: `${facts.name}/queue/run.${first}-${last}`,
      label: `${first}–${last}`,
    }),
  };
  const where = from === undefined || to === undefined ? '' : ` · head ${from} · tail ${to}`;
  return treeNode({
    path: `${facts.name}/queue`,
    label: 'Invalidation queue',
    kind: 'queue',
    decoded: `${formatCount(size)} descriptors of ${8 * descriptor} bits${where}`,
    pointsTo: base,
    count: () => countPresent(table),
    children: (all) => tableRows(table, all),
  });
}

/** Whether the unit has yet to fetch a descriptor. */
function pending(
  index: number,
  head: number | undefined,
  tail: number | undefined,
  size: number,
): boolean {
  if (head === undefined || tail === undefined) return false;
  return (index - head + size) % size < (tail - head + size) % size;
}

function descriptorNode(
  { facts }: TreeSource,
  index: number,
  entry: Entry | undefined,
  waiting: boolean,
): TreeNode {
  const path = `${facts.name}/queue/${index}`;
  const label = `descriptor ${index}`;
  if (!entry)
    return treeNode({
      path,
      label,
      kind: 'missing',
      decoded: 'not in this dump',
      present: false,
    });
  const empty = entry.words.every((word) => word === 0n);
  if (empty)
    return treeNode({ path, label, kind: 'entry', decoded: 'empty', entry, present: false });
  return treeNode({
    path,
    label,
    kind: 'entry',
    decoded: `${waiting ? 'pending, ' : ''}${describe(entry)}`,
    entry,
    findings: checkReservedFields(entry),
  });
}

/** The descriptor's name and its fields that say something. */
function describe(entry: Entry): string {
  const told = decode(entry.layout, entry.words)
    .filter(
      ({ field, value }) => field.kind !== 'reserved' && field.name !== 'TYPE' && value !== 0n,
    )
    .map(({ field, value, valueName }) => {
      if (field.kind === 'bdf') return `${field.name} ${formatBdf(Number(value))}`;
      if (field.kind === 'address') return `${field.name} ${hex(value << BigInt(field.shift))}`;
      return `${field.name} ${valueName ?? value}`;
    });
  return [entry.layout.name, ...told].join(' · ');
}
