/** The unit's rows in the tree: device table, interrupt remapping tables, queues. */
import { hex } from '../format/hex.ts';
import { formatCount } from '../format/size.ts';
import type { Device, InterruptEntry, InterruptTable, TreeNode } from '../iommu/unit.ts';
import { treeNode } from '../iommu/tree-node.ts';
import { pfnOf } from '../memory/physical.ts';
import type { AmdContext } from './context.ts';
import type { DeviceScan } from './devices.ts';
import { decodeDte, DTE_SIZE } from './dte.ts';
import { unitEntry } from './entry.ts';
import { HostTable } from './host-lookup.ts';
import { permits } from './host-walk.ts';
import type { QueueName } from './queues.ts';
import { QUEUE_TITLES, queueEntry, queueFacts, QUEUES, queueText, usedEntries } from './queues.ts';
import { missingNode } from './tree-node.ts';
import type { TableView } from './tree-tables.ts';
import { GUEST_RIGHTS, tableRows } from './tree-tables.ts';

export interface TreeSource {
  readonly context: AmdContext;
  readonly devices: () => DeviceScan;
  readonly interrupts: (all: boolean) => readonly InterruptTable[];
}

/** The unit's own row. */
export function unitNode(source: TreeSource): TreeNode {
  const { facts } = source.context;
  const state =
    facts.translationEnabled === undefined
      ? 'translation state unknown'
      : `translation ${facts.translationEnabled ? 'on' : 'off'}`;
  return treeNode({
    path: facts.name,
    label: facts.name,
    kind: 'unit',
    pointsTo: facts.base,
    decoded: `AMD-Vi · ${state}`,
    children: () => [
      ...(facts.deviceTable === undefined ? [] : [deviceTableNode(source)]),
      ...(source.interrupts(false).length > 0 ? [interruptsNode(source)] : []),
      ...QUEUES.flatMap((name) => {
        const node = queueNode(source.context, name);
        return node ? [node] : [];
      }),
    ],
  });
}

function deviceTableNode(source: TreeSource): TreeNode {
  const { context } = source;
  const entries = context.segments().reduce((sum, segment) => sum + segment.entries, 0);
  return treeNode({
    path: context.path('devices'),
    label: 'Device table',
    kind: 'table',
    pointsTo: context.facts.deviceTable,
    decoded: `${formatCount(entries)} entries`,
    findings: source.devices().findings,
    children: (all) => deviceRows(source, all),
  });
}

/** Rows by DeviceID: devices of their own, and runs of entries with one value. */
function deviceRows(source: TreeSource, all: boolean): TreeNode[] {
  const { context } = source;
  const { devices, same, sameIds, incomplete } = source.devices();
  const rows: { id: number; node: TreeNode }[] = [];
  const taken = new Set<number>();
  const byId = new Map<number, Device[]>();
  for (const device of devices) {
    const known = byId.get(device.id);
    if (known) known.push(device);
    else byId.set(device.id, [device]);
  }
  for (const [id, pasids] of byId) {
    taken.add(id);
    rows.push({ id, node: deviceNode(context, pasids[0], pasids) });
  }
  sameIds.forEach((ids, group) => {
    for (const id of ids) taken.add(id);
    for (const [first, last] of runsOf(ids))
      rows.push({ id: first, node: sameNode(context, first, last, same[group].words) });
  });
  for (const { address, text } of incomplete)
    if (address !== undefined)
      rows.push({ id: firstIdAt(context, address), node: missingAt(context, address, text) });
  if (all) rows.push(...zeroRows(context, taken));
  return rows.sort((a, b) => a.id - b.id).map(({ node }) => node);
}

/** First and last of every run of consecutive numbers. */
function runsOf(ids: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const id of ids) {
    const run = runs.at(-1);
    if (run && run[1] + 1 === id) run[1] = id;
    else runs.push([id, id]);
  }
  return runs;
}

function firstIdAt(context: AmdContext, address: bigint): number {
  for (const { firstId, base, entries } of context.segments()) {
    const index = Number(address - base) / DTE_SIZE;
    if (index >= 0 && index < entries) return firstId + index;
  }
  return 0;
}

function missingAt(context: AmdContext, address: bigint, text: string): TreeNode {
  return treeNode({
    path: `${context.path('devices')}/${context.bdf(firstIdAt(context, address))}`,
    label: 'missing',
    kind: 'missing',
    decoded: text,
    pointsTo: address,
    present: false,
  });
}

function sameNode(
  context: AmdContext,
  first: number,
  last: number,
  words: readonly bigint[],
): TreeNode {
  const one = (id: number): TreeNode => plainNode(context, id);
  if (first === last) return one(first);
  return treeNode({
    path: `${context.path(context.bdf(first), 'dte')}-run`,
    label: `${context.bdf(first)} – ${context.bdf(last)}`,
    kind: 'run',
    decoded: `${formatCount(last - first + 1)} equal entries · ${describeDte(words)}`,
    children: () => Array.from({ length: last - first + 1 }, (_, index) => one(first + index)),
    count: () => last - first + 1,
  });
}

/** An entry that is no device's own: shown by its bits alone. */
function plainNode(context: AmdContext, id: number): TreeNode {
  const path = context.path(context.bdf(id), 'dte');
  const entry = unitEntry(context, path);
  return treeNode({
    path,
    label: context.bdf(id),
    kind: 'entry',
    entry,
    decoded: entry ? describeDte(entry.words) : '',
    present: entry !== undefined && (entry.words[0] & 1n) === 1n,
  });
}

function zeroRows(
  context: AmdContext,
  taken: ReadonlySet<number>,
): { id: number; node: TreeNode }[] {
  const rows: { id: number; node: TreeNode }[] = [];
  for (const { firstId, entries } of context.segments()) {
    const free: number[] = [];
    for (let id = firstId; id < firstId + entries; id++) if (!taken.has(id)) free.push(id);
    for (const [first, last] of runsOf(free))
      rows.push({
        id: first,
        node: treeNode({
          path: `${context.path(context.bdf(first), 'dte')}-run`,
          label:
            first === last ? context.bdf(first) : `${context.bdf(first)} – ${context.bdf(last)}`,
          kind: 'run',
          decoded: `${formatCount(last - first + 1)} entries, zero`,
          present: false,
          children: () =>
            Array.from({ length: last - first + 1 }, (_, index) =>
              plainNode(context, first + index),
            ),
          child: (path) => {
            for (let id = first; id <= last; id++)
              if (context.path(context.bdf(id), 'dte') === path) return plainNode(context, id);
            return undefined;
          },
          count: () => last - first + 1,
        }),
      });
  }
  return rows;
}

/** `domain 4 · v1, 3 levels · rw`. */
function describeDte(words: readonly bigint[]): string {
  const dte = decodeDte(words);
  if (!dte.valid) return 'V = 0: forwarded';
  if (!dte.translationValid) return 'TV = 0: refused';
  const kind = dte.guestValid
    ? dte.mode === 0
      ? 'v2'
      : 'nested'
    : dte.mode === 0
      ? dte.rights === 0
        ? 'blocked'
        : 'pass-through'
      : `v1, ${dte.mode} ${dte.mode === 1 ? 'level' : 'levels'}`;
  return `domain ${dte.domain} · ${kind} · ${permits(dte.rights)}`;
}

function deviceNode(context: AmdContext, device: Device, rows: readonly Device[]): TreeNode {
  const dte = decodeDte(device.entry.words);
  const guest = device.translation === 'v2' || device.translation === 'nested';
  const host = device.translation === 'v1' || device.translation === 'nested';
  const at = context.path(device.bdf);
  const children = (all: boolean): TreeNode[] => [
    ...(guest ? rows.flatMap((row) => guestNode(context, row)) : []),
    ...(host ? tableRows(hostView(context, device, at), all) : []),
  ];
  return treeNode({
    path: device.entry.path,
    label: device.bdf,
    kind: 'entry',
    entry: device.entry,
    pointsTo: guest ? context.plain(dte.gcr3Table) : device.pageTable,
    decoded: describeDte(device.entry.words),
    rights: dte.rights,
    present: dte.valid,
    findings: device.findings,
    children: guest || host ? children : undefined,
  });
}

function hostView(context: AmdContext, device: Device, at: string): TableView {
  const dte = decodeDte(device.entry.words);
  return {
    context,
    stage: 'host',
    frame: pfnOf(context.plain(dte.hostPageTable)),
    level: Math.min(dte.mode, 6),
    base: 0,
    rights: dte.rights,
    path: at,
    above: [],
    locate: (frame) => frame,
  };
}

/** A guest CR3 of the device: PASID 0 of the first row, the PASID of the others. */
function guestNode(context: AmdContext, device: Device): TreeNode[] {
  if (device.pageTable === undefined) return [];
  const pasid = device.pasid ?? 0;
  const dte = decodeDte(device.entry.words);
  const path = context.path(device.bdf, `pasid.${pasid}`);
  const host = dte.mode === 0 ? undefined : new HostTable(context, dte);
  const view: TableView = {
    context,
    stage: 'guest',
    frame: pfnOf(device.pageTable),
    level: dte.guestLevels ?? 4,
    base: 0,
    rights: GUEST_RIGHTS & (host ? GUEST_RIGHTS : dte.rights),
    path,
    above: [],
    locate: (frame) =>
      host ? (host.find(frame) === 'page' ? host.pa + (frame % host.pages) : undefined) : frame,
  };
  return [
    treeNode({
      path,
      label: `Guest CR3, PASID ${pasid}`,
      kind: 'table',
      entry: unitEntry(context, path),
      pointsTo: device.pageTable,
      decoded: `${view.level} levels`,
      children: (all) => tableRows(view, all),
    }),
  ];
}

function interruptsNode(source: TreeSource): TreeNode {
  const { context } = source;
  const tables = source.interrupts(false);
  return treeNode({
    path: context.path('irq'),
    label: 'Interrupt remapping tables',
    kind: 'table',
    decoded: `${formatCount(tables.length)} ${tables.length === 1 ? 'table' : 'tables'} · ${context.facts.interruptFormat ?? '?'}-bit entries`,
    children: (all) =>
      source.interrupts(all).map((table) => {
        const path = context.path('irq', table.devices[0]);
        const rows = (shown: InterruptTable): TreeNode[] => [
          ...shown.incomplete.flatMap(({ address }) =>
            address === undefined ? [] : [missingNode(path, address, 'absent')],
          ),
          ...shown.entries.map((entry) => interruptNode(path, entry)),
        ];
        return treeNode({
          path,
          label: table.devices.join(', '),
          kind: 'table',
          pointsTo: table.table,
          decoded: `${formatCount(table.present)} of ${formatCount(table.capacity)} entries enabled`,
          children: (every) =>
            rows(source.interrupts(every).find((each) => each.table === table.table) ?? table),
        });
      }),
    count: () => tables.length,
  });
}

function interruptNode(parent: string, interrupt: InterruptEntry): TreeNode {
  const { index, entry, present, vector, destination, posted } = interrupt;
  return treeNode({
    path: `${parent}/${index}`,
    label: String(index),
    kind: 'entry',
    entry,
    decoded: present
      ? `vector ${hex(vector ?? 0)} · destination ${destination}${posted ? ' · guest' : ''}`
      : 'RemapEn = 0',
    present,
  });
}

function queueNode(context: AmdContext, name: QueueName): TreeNode | undefined {
  const queue = queueFacts(context, name);
  if (!queue) return undefined;
  const path = context.path(name);
  const at = (offset: number | undefined): string =>
    offset === undefined ? 'unknown' : String(Math.floor(offset / queue.descriptor));
  const children = (all: boolean): TreeNode[] => {
    const { used, missing } = usedEntries(context, queue);
    const indexes = all
      ? Array.from({ length: queue.length / queue.descriptor }, (_, index) => index)
      : used;
    const rows = [...missing].map(([first, why]) =>
      missingNode(`${path}/${first}`, queue.base + BigInt(first * queue.descriptor), why),
    );
    for (const index of indexes) {
      const entry = queueEntry(context, name, index);
      if (!entry || 'why' in entry) continue;
      const zero = entry.words.every((word) => word === 0n);
      rows.push(
        treeNode({
          path: entry.path,
          label: String(index),
          kind: 'entry',
          entry,
          decoded: zero ? 'zero' : queueText(context, name, entry),
          present: !zero,
        }),
      );
    }
    return rows;
  };
  return treeNode({
    path,
    label: QUEUE_TITLES[name],
    kind: 'queue',
    pointsTo: queue.base,
    decoded: `${formatCount(queue.length / queue.descriptor)} entries · head ${at(queue.head)} · tail ${at(queue.tail)}`,
    children,
    count: () => {
      const { used, missing } = usedEntries(context, queue);
      return used.length + missing.size;
    },
  });
}
