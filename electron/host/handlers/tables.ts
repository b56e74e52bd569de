import { bits, type Words } from '../../../core/bits/layout.ts';
import { parseBdf } from '../../../core/format/bdf.ts';
import { hex } from '../../../core/format/hex.ts';

import { parsePath } from '../../../core/iommu/path.ts';
import type { Device, Entry, Unit } from '../../../core/iommu/unit.ts';
import { Failure } from '../../../core/memory/failure.ts';
import { pfnOf, type PhysicalMemory } from '../../../core/memory/physical.ts';
import type { DeviceItem, EntryInfo } from '../../../core/protocol/contract.ts';
import type { CallHandlers } from '../../../core/protocol/server.ts';
import { fieldItems, findingItem } from '../../../core/session/view-fields.ts';
import type { Workbench } from '../workbench.ts';
import type { World } from '../worlds.ts';
import { readMappings } from './mappings.ts';

/** The tables: rows of the tree, entries, changes, findings, devices, leaves. */
export function tableCalls(bench: Workbench): CallHandlers {
  const journal = () => ({
    changes: bench.journal.items(),
    canUndo: bench.journal.canUndo,
    canRedo: bench.journal.canRedo,
  });
  return {
    'tree.open': ({ all }, { view }) => {
      const opened = bench.trees.open(all);
      view.signal.addEventListener('abort', () => bench.trees.close(opened.tree), { once: true });
      return opened;
    },
    'tree.close': ({ tree }) => {
      bench.trees.close(tree);
      return {};
    },
    'tree.rows': ({ tree, from, to }) => ({
      ...bench.trees.rows(tree, from, Math.min(to, from + MAX_ROWS)),
      from,
      generation: bench.generation,
    }),
    'tree.expand': ({ tree, path, open, subtree }) =>
      bench.trees.expand(tree, path, open, subtree ?? false),
    'tree.reveal': ({ tree, path }) => bench.trees.reveal(tree, path),
    'tree.all': ({ tree, all }) => bench.trees.showAll(tree, all),
    'tree.against': ({ tree, state }) => bench.trees.putAgainst(tree, state),
    'tree.step': ({ tree, to, by, from }) => ({ path: bench.trees.step(tree, to, by, from) }),
    'tree.find': ({ tree, text, from }) => ({ index: bench.trees.find(tree, text, from) }),
    'tree.changes': ({ tree }) => bench.trees.changes(tree),
    'tree.seen': ({ tree }) => {
      bench.trees.seen(tree);
      return {};
    },
    'entry.get': ({ path, state, against }) => entryInfo(bench, path, { state, against }),
    'entry.poke': ({ path, field, value }) => {
      const { entry, world } = bench.worlds.entry(path);
      bench.trees.remember(entry);
      const change = bench.journal.poke(world, entry, field, BigInt(value));
      bench.changes.keep();
      bench.touched();
      return { change, entry: entryInfo(bench, path) };
    },
    'changes.list': journal,
    'changes.undo': () => {
      bench.journal.undo();
      bench.changes.keep();
      bench.touched();
      return journal();
    },
    'changes.redo': () => {
      bench.journal.redo();
      bench.changes.keep();
      bench.touched();
      return journal();
    },
    'findings.list': ({ path }) => ({
      findings: bench.findings.list(path).slice(0, MAX_LISTED).map(findingItem),
      incomplete: bench.findings
        .incomplete()
        .slice(0, MAX_LISTED)
        .map((each) => each.text),
    }),
    'devices.list': ({ unit }) => {
      const units = unit === undefined ? bench.worlds.units() : [bench.worlds.unit(unit).unit];
      return {
        devices: units.flatMap((each) =>
          bench.worlds.devices(each).devices.map((device) => deviceItem(bench, each, device)),
        ),
      };
    },
    'mappings.read': (request, { signal }) => {
      const { unit } = bench.worlds.unit(request.unit);
      const device = findDevice(bench, unit, request.bdf, request.pasid);
      return readMappings(unit, device, BigInt(request.from), request.count, signal);
    },
  };
}

/** Rows of one answer: some screens. */
const MAX_ROWS = 4096;
/** Findings of one answer. */
const MAX_LISTED = 10_000;

/** A unit's row for a device. @throws Failure when it has none. */
function findDevice(bench: Workbench, unit: Unit, bdf: string, pasid: number | undefined): Device {
  const parsed = parseBdf(bdf);
  const device = parsed && bench.worlds.device(unit, parsed.id, pasid);
  if (device) return device;
  throw new Failure(
    'unreadable',
    `${bdf}${pasid === undefined ? '' : ` PASID ${pasid}`} has no entry on ${unit.facts.name}.`,
    'There is no table to read for it.',
    'Choose a device that the unit lists.',
  );
}

function deviceItem(bench: Workbench, unit: Unit, device: Device): DeviceItem {
  return {
    unit: unit.facts.name,
    bdf: device.bdf,
    pasid: device.pasid,
    driver: bench.driver(device.bdf),
    translation: device.translation,
    domain: device.domain,
    levels: device.levels,
    pageTable: device.pageTable === undefined ? undefined : hex(device.pageTable),
    path: device.entry.path,
  };
}

interface Found {
  readonly entry: Entry;
  readonly unit: Unit;
  readonly memory: PhysicalMemory;
  /** Where it can be changed; absent for an entry of another state. */
  readonly world: World | undefined;
}

/** The entry of a path in a state; without one in what can be changed. @throws Failure */
function find(bench: Workbench, path: string, id: string | undefined): Found {
  const state = id === undefined ? undefined : bench.states.get(id);
  if (!state || state.kind === 'captured' || state.kind === 'simulated') {
    const { entry, unit, world } = bench.worlds.entry(path);
    return { entry, unit, memory: world.memory, world };
  }
  const unit = state.units.find(({ facts }) => facts.name === path.split('/', 1)[0]);
  const entry = unit?.entry(path);
  if (unit && entry) return { entry, unit, memory: state.memory, world: undefined };
  throw new Failure(
    'unreadable',
    `No entry stands at ${path} in ${state.name}.`,
    'Its tables end before, or their page is not known.',
    'Look at the entries above it.',
  );
}

function entryInfo(
  bench: Workbench,
  path: string,
  which: { readonly state?: string; readonly against?: string } = {},
): EntryInfo {
  const { entry, unit, memory, world } = find(bench, path, which.state);
  const { layout, words, address } = entry;
  const beside =
    which.against === undefined
      ? undefined
      : bench.states.beside(bench.states.get(which.against), unit, entry);
  const before = beside ? beside.words : world && bench.journal.before(world, entry);
  const pfn = pfnOf(address);
  return {
    path: entry.path,
    title: titleOf(entry),
    layout: layout.name,
    spec: layout.spec,
    width: layout.width,
    address: hex(address),
    words: words.map((word) => hex(word)),
    was: before?.map((word) => hex(word)),
    other: beside && { state: beside.state, name: beside.name, note: beside.note },
    fields: fieldItems(layout, words, before),
    reachedFrom: reachedFrom(unit, entry),
    pointsTo: pointsTo(entry),
    findings: world ? bench.findings.at(entry.path).map(findingItem) : [],
    origin: memory.describe(pfn),
    writable: world !== undefined && ['present', 'zero'].includes(memory.provenance(pfn)),
    mentionedIn: {
      faults: mentions(bench, entry.path),
      notes: bench.notes.about(entry.path),
    },
  };
}

function titleOf(entry: Entry): string {
  const step = parsePath(entry.path)?.at(-1);
  const device = deviceOf(entry.path);
  if (step?.kind === 'level') return `L${step.level} entry ${step.index}`;
  if (step?.kind === 'index') return `${entry.layout.name} ${step.index}`;
  if (step?.kind === 'pasid') return `PASID table entry ${step.pasid} of ${device}`;
  return device === undefined ? entry.layout.name : `${entry.layout.name} of ${device}`;
}

function deviceOf(path: string): string | undefined {
  const step = parsePath(path)?.[1];
  return step?.kind === 'device' ? step.bdf : undefined;
}

/** The entry above: the nearest path that names one. */
function reachedFrom(unit: Unit, of: Entry): EntryInfo['reachedFrom'] {
  const { path } = of;
  const parts = path.split('/');
  const device = deviceOf(path);
  const candidates = parts
    .slice(2)
    .map((_, index) => parts.slice(0, parts.length - 1 - index).join('/'));
  if (device !== undefined) {
    const base = `${parts[0]}/${device}`;
    candidates.push(`${base}/context`, `${base}/dte`, `${parts[0]}/bus.${device.slice(-7, -5)}`);
  }
  for (const candidate of candidates) {
    const entry = unit.entry(candidate);
    if (entry && entry.address !== of.address) return { path: entry.path, label: titleOf(entry) };
  }
  return undefined;
}

/** What an entry's first address field points to, when the entry is set at all. */
function pointsTo(entry: Entry): EntryInfo['pointsTo'] {
  const field = entry.layout.fields.find((each) => each.kind === 'address');
  if (!field || isZero(entry.words)) return undefined;
  const [piece] = field.pieces;
  const value = bits(entry.words, piece.high, piece.low) << BigInt(field.shift);
  return value === 0n ? undefined : { address: hex(value), label: field.meaning };
}

function isZero(words: Words): boolean {
  return words.every((word) => word === 0n);
}

/** Faults of the device whose entry it is. */
function mentions(bench: Workbench, path: string): number {
  const device = deviceOf(path);
  if (device === undefined) return 0;
  return bench.faults.all().filter(({ record }) => record.bdf === device).length;
}
