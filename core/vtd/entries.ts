/** The entry that a path names (core/iommu/path.ts). */
import { parseBdf } from '../format/bdf.ts';
import type { IntelFacts } from '../iommu/facts.ts';
import type { PathStep } from '../iommu/path.ts';
import { parsePath } from '../iommu/path.ts';
import type { Device, Entry } from '../iommu/unit.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import type { Capabilities } from './capabilities.ts';
import {
  contextEntry,
  defaultPasid,
  directoryEntry,
  legacyDevice,
  pasidDevice,
  pasidEntry,
} from './devices.ts';
import { interruptEntry } from './interrupts.ts';
import type { Stage } from './paging.ts';
import { mapsPage, pagingLayout } from './paging.ts';
import { busPath, tablesPath } from './paths.ts';
import { queueEntry } from './queue.ts';
import { ENTRY_ADDRESS, entryWords } from './reader.ts';
import { ROOT_ENTRY, SCALABLE_ROOT_ENTRY } from './tables.ts';

/** Tables of more levels have no specification, whatever AW says. */
const MAX_LEVELS = 5;

interface Source {
  readonly facts: IntelFacts;
  readonly memory: PhysicalMemory;
  readonly capabilities: Capabilities;
}

/** Finds the entry; undefined when the path names none, or one whose page is not known. */
export function findEntry(source: Source, path: string): Entry | undefined {
  const steps = parsePath(path);
  if (!steps || steps[0].kind !== 'unit' || steps[0].name !== source.facts.name) return undefined;
  const [, second, ...rest] = steps;
  if (!second) return undefined;
  if (second.kind === 'device') return inDevice(source, second.bdf, rest);
  if (second.kind !== 'word') return undefined;
  const [third] = rest;
  const index = third?.kind === 'index' && rest.length === 1 ? third.index : undefined;
  if (second.name === 'irq' && index !== undefined)
    return interruptEntry(source.facts, source.memory, index);
  if (second.name === 'queue' && index !== undefined)
    return queueEntry(source.facts, source.memory, index);
  const bus = /^bus\.([0-9a-f]{2})$/.exec(second.name);
  return bus && rest.length === 0 ? rootEntry(source, Number.parseInt(bus[1], 16)) : undefined;
}

/** The root entry of a bus. */
function rootEntry({ facts, memory }: Source, bus: number): Entry | undefined {
  const { rootTable, mode } = facts;
  if (rootTable === undefined || (mode !== 'legacy' && mode !== 'scalable')) return undefined;
  const address = rootTable + BigInt(16 * bus);
  const words = entryWords(memory, address, 2);
  if (typeof words === 'string') return undefined;
  const layout = mode === 'scalable' ? SCALABLE_ROOT_ENTRY : ROOT_ENTRY;
  return { path: busPath(facts, bus), address, words, layout };
}

function inDevice(source: Source, bdf: string, steps: readonly PathStep[]): Entry | undefined {
  const { facts, memory } = source;
  const parsed = parseBdf(bdf);
  if (!parsed || parsed.segment !== facts.segment) return undefined;
  const context = contextEntry(facts, memory, parsed.id);
  if (!context) return undefined;
  const [first, ...rest] = steps;
  if (!first) return context;
  if (first.kind === 'word') {
    if (rest.length > 0) return undefined;
    if (first.name === 'context') return context;
    const directory = /^pasid-dir\.(\d{1,5})$/.exec(first.name);
    return directory && facts.mode === 'scalable'
      ? directoryEntry(facts, memory, parsed.id, context.words, Number(directory[1]))
      : undefined;
  }
  if (first.kind === 'pasid') {
    if (facts.mode !== 'scalable') return undefined;
    const entry = pasidEntry(facts, memory, parsed.id, context.words, first.pasid);
    if (!entry || rest.length === 0) return entry;
    return inTables(source, deviceOf(source, parsed.id, context, first.pasid), rest, first.pasid);
  }
  const device = deviceOf(source, parsed.id, context, undefined);
  return inTables(source, device, steps, undefined);
}

/** The row whose tables a path's level steps walk; without a PASID, that of requests without one. */
function deviceOf(
  { facts, memory, capabilities }: Source,
  id: number,
  context: Entry,
  pasid: number | undefined,
): Device | undefined {
  if (facts.mode === 'legacy') return legacyDevice(facts, capabilities, id, context);
  const used = pasid ?? defaultPasid(capabilities, context.words);
  const entry = pasidEntry(facts, memory, id, context.words, used);
  return entry && pasidDevice(facts, capabilities, id, used, entry);
}

/** Page-table steps below a row. */
function inTables(
  { facts, memory }: Source,
  device: Device | undefined,
  steps: readonly PathStep[],
  pasid: number | undefined,
): Entry | undefined {
  if (device?.pageTable === undefined || device.levels === undefined) return undefined;
  if (device.levels > MAX_LEVELS) return undefined;
  const stage = stageOf(device);
  let table = device.pageTable;
  let path = tablesPath(facts, device.id, pasid);
  let expected = device.levels;
  let found: Entry | undefined;
  for (const step of steps) {
    if (step.kind !== 'level' || step.level !== expected || step.level < 1) return undefined;
    if (found && mapsPage(expected + 1, found.words[0])) return undefined;
    const address = table + BigInt(8 * step.index);
    const words = step.index < 512 ? entryWords(memory, address, 1) : 'absent';
    if (typeof words === 'string') return undefined;
    path += `/L${step.level}[${step.index}]`;
    // A run ends the path; its first entry stands for it.
    if (step.last !== undefined && step !== steps.at(-1)) return undefined;
    found = { path, address, words, layout: pagingLayout(stage, step.level, words[0]) };
    table = words[0] & ENTRY_ADDRESS;
    expected--;
  }
  return found;
}

/** Which kind of table a row's page table is. */
export function stageOf(device: Device): Stage {
  return device.translation === 'first-stage' || device.translation === 'nested'
    ? 'first'
    : 'second';
}
