import { bits, fieldValue } from '../../../core/bits/layout.ts';
import { hex } from '../../../core/format/hex.ts';
import { parsePath } from '../../../core/iommu/path.ts';
import type { Entry, Unit } from '../../../core/iommu/unit.ts';
import { Failure } from '../../../core/memory/failure.ts';
import { pfnOf, type PhysicalMemory } from '../../../core/memory/physical.ts';
import type { EntryInfo } from '../../../core/protocol/contract.ts';
import { fieldItems, findingItem } from '../../../core/session/view-fields.ts';
import type { Workbench } from '../workbench.ts';
import type { World } from '../worlds.ts';

/** Devices that are named as users of the same table. */
const MAX_USERS = 16;

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

/** An entry bit by bit, beside another state when one is asked for. @throws Failure */
export function entryInfo(
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
    pointsTo: pointsTo(bench, unit, entry),
    findings: world ? bench.findings.at(entry.path).map(findingItem) : [],
    origin: memory.describe(pfn),
    writable: world !== undefined && ['present', 'zero'].includes(memory.provenance(pfn)),
    mentionedIn: {
      ...mentions(bench, entry.path),
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

/**
 * Where the hardware goes on from an entry: the page table of a device, the next table, the page;
 * address 0 too where the entry is set. Undefined where it leads nowhere: it is not present, or
 * its device is not translated.
 */
function pointsTo(bench: Workbench, unit: Unit, entry: Entry): EntryInfo['pointsTo'] {
  const devices = bench.worlds.devices(unit).devices;
  const device = devices.find((each) => each.entry.path === entry.path);
  if (device) {
    const { pageTable, levels } = device;
    if (pageTable === undefined) return undefined;
    const users = devices.filter((each) => each.pageTable === pageTable && each.bdf !== device.bdf);
    return {
      address: hex(pageTable),
      label: levels === undefined ? 'Page table' : `L${levels} table`,
      usedBy: [...new Set(users.map(({ bdf }) => bdf))].slice(0, MAX_USERS),
    };
  }
  const field = entry.layout.fields.find(
    (each) => each.kind === 'address' && isUsed(entry, each.name),
  );
  if (!field) return undefined;
  const [piece] = field.pieces;
  const value = bits(entry.words, piece.high, piece.low) << BigInt(field.shift);
  const present = isPresent(entry);
  // What has no present bit (a descriptor) says nothing with an address of zero.
  if (present === false || (present === undefined && value === 0n)) return undefined;
  return { address: hex(value), label: field.meaning };
}

/** Of a scalable root entry's two halves the one that is present. */
function isUsed(entry: Entry, field: string): boolean {
  return !/^[LU]CTP$/.test(field) || flag(entry, `${field[0]}P`) !== false;
}

/** Whether an entry is present; undefined for one that can't be absent. */
function isPresent(entry: Entry): boolean | undefined {
  const said = ['P', 'PR', 'V', 'LP', 'UP']
    .map((name) => flag(entry, name))
    .filter((bit) => bit !== undefined);
  if (said.length > 0) return said.includes(true);
  // Second-stage entries are present by their rights.
  const rights = ['R', 'W'].map((name) => flag(entry, name));
  return rights.every((right) => right === undefined) ? undefined : rights.includes(true);
}

function flag({ layout, words }: Entry, name: string): boolean | undefined {
  const field = layout.fields.find((each) => each.name === name && each.width === 1);
  return field && fieldValue(words, field) === 1n;
}

/** Faults of the device whose entry it is, and whose addresses an entry of page tables is about. */
function mentions(bench: Workbench, path: string): Omit<EntryInfo['mentionedIn'], 'notes'> {
  const device = deviceOf(path);
  if (device === undefined) return { faults: 0, filter: '' };
  const range = rangeOf(path);
  const faults = bench.faults.count(
    device,
    range && { first: Number(range.first >> 12n), last: Number(range.last >> 12n) },
  );
  const about = range ? ` addr:${hex(range.first)}-${hex(range.last)}` : '';
  return { faults, filter: `bdf:${device}${about}`, device: range ? undefined : device };
}

/** Input addresses below a page-table entry, the last included. */
function rangeOf(path: string): { readonly first: bigint; readonly last: bigint } | undefined {
  let first = 0n;
  let size: bigint | undefined;
  for (const step of parsePath(path) ?? []) {
    if (step.kind !== 'level') continue;
    size = 1n << BigInt(12 + 9 * (step.level - 1));
    first += BigInt(step.index) * size;
  }
  return size === undefined ? undefined : { first, last: first + size - 1n };
}
