/**
 * The unit's tree, as the window shows it: unit, root table, buses, devices, PASIDs, page tables;
 * then the interrupt remapping table and the invalidation queue.
 */
import { formatBdf } from '../format/bdf.ts';
import { plural } from '../format/size.ts';
import { byteDigits, hex } from '../format/hex.ts';
import type { Device, Entry, TreeNode } from '../iommu/unit.ts';
import { treeNode } from '../iommu/tree-node.ts';
import { pfnOf } from '../memory/physical.ts';
import { checkContext, checkReserved } from './checks.ts';
import { legacyDevice, listPasids } from './devices.ts';
import { stageOf } from './entries.ts';
import { busPath, contextPath, rootPath, tablesPath } from './paths.ts';
import { ENTRY_ADDRESS, tableWords, wordsAt } from './reader.ts';
import {
  CONTEXT_ENTRY,
  ROOT_ENTRY,
  SCALABLE_CONTEXT_ENTRY,
  SCALABLE_ROOT_ENTRY,
} from './tables.ts';
import { interruptTableNode, queueNode } from './tree-interrupts.ts';
import type { EntryTable, TreeSource } from './tree-node.ts';
import { countPresent, makeEntry, presentOf, missingNode, tableRows } from './tree-node.ts';
import type { TableRow } from './tree-paging.ts';
import { countPagingRows, pagingRows } from './tree-paging.ts';

const BUSES = 256;

/** The unit's row. */
export function unitNode(source: TreeSource): TreeNode {
  const { facts } = source;
  const enabled =
    facts.translationEnabled === undefined
      ? 'translation unknown'
      : `translation ${facts.translationEnabled ? 'on' : 'off'}`;
  const children = (): TreeNode[] =>
    [rootNode(source), interruptTableNode(source), queueNode(source)].filter(
      (node) => node !== undefined,
    );
  return treeNode({
    path: facts.name,
    label: facts.name,
    kind: 'unit',
    decoded: `${facts.mode ?? 'mode unknown'} · ${enabled}`,
    pointsTo: facts.base,
    children,
  });
}

function rootNode(source: TreeSource): TreeNode | undefined {
  const { facts, memory } = source;
  const { rootTable, mode } = facts;
  if (rootTable === undefined || (mode !== 'legacy' && mode !== 'scalable')) return undefined;
  const path = rootPath(facts);
  const parts = {
    path,
    label: 'Root table',
    kind: 'table',
    pointsTo: rootTable,
    decoded: mode,
  } as const;
  const words = tableWords(memory, pfnOf(rootTable));
  if (typeof words === 'string')
    return treeNode({
      ...parts,
      children: () => [missingNode(path, 'root table', rootTable, words)],
    });
  const scalable = mode === 'scalable';
  const layout = scalable ? SCALABLE_ROOT_ENTRY : ROOT_ENTRY;
  const table: EntryTable = {
    size: BUSES,
    path: (bus) => busPath(facts, bus),
    present: (bus) => ((words[4 * bus] | (scalable ? words[4 * bus + 2] : 0)) & 1) !== 0,
    node: (bus) => {
      const address = rootTable + BigInt(16 * bus);
      return busNode(
        source,
        bus,
        makeEntry(busPath(facts, bus), address, wordsAt(words, 2 * bus, 2), layout),
      );
    },
    run: (first, last) => ({
      path: `${busPath(facts, first)}-${byteDigits(last)}`,
      label: `bus 0x${byteDigits(first)}–0x${byteDigits(last)}`,
    }),
  };
  return treeNode({
    ...parts,
    decoded: () => `${mode} · ${presentOf(countPresent(table), BUSES)}`,
    count: () => countPresent(table),
    children: (all) => tableRows(table, all),
  });
}

function busNode(source: TreeSource, bus: number, entry: Entry): TreeNode {
  const scalable = entry.layout === SCALABLE_ROOT_ENTRY;
  const halves = (scalable ? [0, 1] : [0]).filter((half) => entry.words[half] & 1n);
  const parts = {
    path: entry.path,
    label: `bus 0x${byteDigits(bus)}`,
    kind: 'entry',
    entry,
  } as const;
  if (halves.length === 0) return treeNode({ ...parts, decoded: 'not present', present: false });
  const pointers = halves.map((half) => hex(entry.words[half] & ENTRY_ADDRESS));
  const where = pointers.length > 1 ? ` · tables at ${pointers.join(', ')}` : '';
  const tables = halves.map((half) =>
    contextTable(source, bus, entry, scalable ? half : undefined),
  );
  return treeNode({
    ...parts,
    pointsTo: entry.words[halves[0]] & ENTRY_ADDRESS,
    decoded: () => {
      const known = tables.filter((table) => 'size' in table);
      if (known.length === 0) return 'context table';
      const present = known.reduce((sum, table) => sum + countPresent(table), 0);
      const size = known.reduce((sum, table) => sum + table.size, 0);
      return `${presentOf(present, size)}${where}`;
    },
    findings: checkReserved(entry, source.capabilities),
    count: () =>
      tables.reduce((sum, table) => sum + ('size' in table ? countPresent(table) : 1), 0),
    children: (all) =>
      tables.flatMap((table) => ('size' in table ? tableRows(table, all) : [table])),
  });
}

/** The context table of a bus, or of half a bus in scalable mode; a row where its page is not known. */
function contextTable(
  source: TreeSource,
  bus: number,
  root: Entry,
  half: number | undefined,
): EntryTable | TreeNode {
  const { facts, memory } = source;
  const address = root.words[half ?? 0] & ENTRY_ADDRESS;
  const words = tableWords(memory, pfnOf(address));
  if (typeof words === 'string') return missingNode(root.path, 'context table', address, words);
  const scalable = half !== undefined;
  const [size, bytes] = scalable ? [128, 32] : [256, 16];
  const layout = scalable ? SCALABLE_CONTEXT_ENTRY : CONTEXT_ENTRY;
  const id = (index: number): number => (bus << 8) | ((half ?? 0) << 7) | index;
  return {
    size,
    path: (index) => contextPath(facts, id(index)),
    present: (index) => (words[(index * bytes) / 4] & 1) !== 0,
    node: (index) =>
      contextNode(
        source,
        id(index),
        makeEntry(
          contextPath(facts, id(index)),
          address + BigInt(bytes * index),
          wordsAt(words, (index * bytes) / 8, bytes / 8),
          layout,
        ),
      ),
    run: (first, last) => ({
      path: `${root.path}/devfn.${byteDigits(id(first) & 0xff)}-${byteDigits(id(last) & 0xff)}`,
      label: `${formatBdf(id(first), facts.segment)}–${formatBdf(id(last), facts.segment)}`,
    }),
  };
}

function contextNode(source: TreeSource, id: number, entry: Entry): TreeNode {
  const { facts, capabilities, memory } = source;
  const label = formatBdf(id, facts.segment);
  const parts = { path: entry.path, label, kind: 'entry', entry } as const;
  if ((entry.words[0] & 1n) === 0n)
    return treeNode({ ...parts, decoded: 'not present', present: false });
  if (entry.layout === CONTEXT_ENTRY)
    return deviceNode(source, legacyDevice(facts, capabilities, id, entry), label);
  const pasids = (): readonly Device[] =>
    listPasids(facts, memory, capabilities, id, entry.words).devices;
  return treeNode({
    ...parts,
    pointsTo: entry.words[0] & ENTRY_ADDRESS,
    decoded: () => `PASID directory · ${plural(pasids().length, 'PASID')}`,
    findings: checkContext(entry, capabilities),
    count: () => pasids().length,
    children: () => pasids().map((device) => deviceNode(source, device, `PASID ${device.pasid}`)),
  });
}

/** The row of a context entry or PASID table entry, with its page tables below. */
function deviceNode(source: TreeSource, device: Device, label: string): TreeNode {
  const { entry, levels, pageTable, translation, domain } = device;
  const shape = pageTable === undefined ? translation : `${translation} · ${levels}-level`;
  const parts = {
    path: entry.path,
    label,
    kind: 'entry',
    entry,
    findings: device.findings,
    pointsTo: pageTable,
    decoded: `DID ${domain} · ${shape}`,
  } as const;
  if (pageTable === undefined || levels === undefined || levels > 5) return treeNode(parts);
  const table: TableRow = {
    stage: stageOf(device),
    level: levels,
    address: pageTable,
    path: tablesPath(source.facts, device.id, device.pasid),
    rights: 3,
    above: [],
  };
  return treeNode({
    ...parts,
    count: () => countPagingRows(source, table),
    children: (all) => pagingRows(source, table, all),
  });
}
