/**
 * One request through the unit's tables, decided as the hardware would (VT-d §3.4, §7.1.3):
 * root entry, context entry, in scalable mode PASID directory and table, then the page tables.
 */
import type { Words } from '../bits/layout.ts';
import { valueOf } from '../bits/layout.ts';
import { hex } from '../format/hex.ts';
import type { IntelFacts } from '../iommu/facts.ts';
import type { Entry, WalkRequest, WalkResult } from '../iommu/unit.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import type { Capabilities } from './capabilities.ts';
import { hasReserved, pasidInvalid, typeSupported } from './checks.ts';
import { defaultPasid, secondStageOf } from './devices.ts';
import { busPath, contextPath, devicePath, directoryPath, tablesPath } from './paths.ts';
import {
  CONTEXT_ENTRY,
  PASID_DIRECTORY_ENTRY,
  PASID_TABLE_ENTRY,
  ROOT_ENTRY,
  SCALABLE_CONTEXT_ENTRY,
  SCALABLE_ROOT_ENTRY,
} from './tables.ts';
import type { Mapping } from './walk-paging.ts';
import {
  LEGACY_REASONS,
  SECOND_STAGE_REASONS,
  walkFirstStage,
  walkSecondStage,
} from './walk-paging.ts';
import type { EntryPlace } from './walk-steps.ts';
import { Walk, ended } from './walk-steps.ts';
import { ENTRY_ADDRESS } from './reader.ts';

const INTERRUPT_RANGE_FIRST = 0xfee0_0000n;
const INTERRUPT_RANGE_LAST = 0xfeef_ffffn;

/** RTADDR holds a mode that the unit does not know. */
const INVALID_ROOT_TABLE = 0x30;
const PASID_IN_LEGACY_MODE = 0x31;
const ABORT_MODE = 0x33;
/** A request without PASID that reaches the interrupt address range and is no interrupt. */
const NO_INTERRUPT = 0x29;
const LEGACY_INTERRUPT_RANGE = 0x0e;
const SCALABLE_INTERRUPT_RANGE = 0x87;
const BEYOND_HARDWARE = 0x83;
const PASIDS_PER_TABLE = 64;
/** TT of a context entry, and PGTT of a PASID table entry. */
const PASS_THROUGH = 2;
const GRANULAR = { second: 2, nested: 3, passThrough: 4 } as const;

/** Walks the tables for one request. */
export function walkTables(
  facts: IntelFacts,
  memory: PhysicalMemory,
  capabilities: Capabilities,
  request: WalkRequest,
): WalkResult {
  const walk = new Walk(facts, memory, capabilities, request);
  if (facts.translationEnabled === false) return walk.untranslated();
  if (request.pasid === undefined && inInterruptRange(request.address)) return interruptRange(walk);
  if (facts.mode === 'abort') return abort(walk);
  if (facts.rootTable === undefined || facts.mode === undefined)
    return { result: 'unknown', why: 'no root table', address: undefined, steps: walk.steps };
  return facts.mode === 'legacy'
    ? walkLegacy(walk, facts.rootTable)
    : walkScalable(walk, facts.rootTable);
}

function inInterruptRange(address: bigint): boolean {
  return address >= INTERRUPT_RANGE_FIRST && address <= INTERRUPT_RANGE_LAST;
}

/** §3.15: writes there are interrupt requests and never remapped as DMA; nothing else may go there. */
function interruptRange(walk: Walk): WalkResult {
  return walk.write ? walk.untranslated() : walk.fault(NO_INTERRUPT);
}

/** Abort DMA mode refuses all DMA; a unit without it takes it for an invalid mode. */
function abort(walk: Walk): WalkResult {
  return walk.fault(walk.capabilities.abortMode ? ABORT_MODE : INVALID_ROOT_TABLE);
}

/** Turns a mapping into the answer; pages must not lie in the interrupt address range. */
function translated(walk: Walk, found: Mapping | WalkResult, forbidden: number): WalkResult {
  if (ended(found)) return found;
  if (inInterruptRange(found.pa)) return walk.fault(forbidden);
  const { pa, size, rights } = found;
  return { result: 'translated', pa, size, rights, untranslated: false, steps: walk.steps };
}

function walkLegacy(walk: Walk, root: bigint): WalkResult {
  const { facts, capabilities, request } = walk;
  if (request.pasid !== undefined) return walk.fault(PASID_IN_LEGACY_MODE);
  const bus = request.id >> 8;
  const rootPlace: EntryPlace = {
    what: 'root entry',
    path: busPath(facts, bus),
    layout: ROOT_ENTRY,
    table: root,
    index: bus,
    size: 16,
  };
  const rootEntry = walk.read(rootPlace, 0x08);
  if (ended(rootEntry)) return rootEntry;
  if ((rootEntry.words[0] & 1n) === 0n)
    return walk.stop(rootPlace, rootEntry, 'not present: P is 0', 0x01);
  if (hasReserved(rootEntry, capabilities))
    return walk.stop(rootPlace, rootEntry, 'reserved bits are set', 0x0a);
  const contexts = rootEntry.words[0] & ENTRY_ADDRESS;
  walk.next(rootPlace, rootEntry, `points to the context table at ${hex(contexts)}`);

  const place: EntryPlace = {
    what: 'context entry',
    path: contextPath(facts, request.id),
    layout: CONTEXT_ENTRY,
    table: contexts,
    index: request.id & 0xff,
    size: 16,
  };
  const entry = walk.read(place, 0x09);
  if (ended(entry)) return entry;
  return underContext(walk, place, entry);
}

/**
 * Decides a request by a legacy context entry that the unit holds already (its context cache):
 * neither root nor context table is read.
 */
export function walkFromContext(
  facts: IntelFacts,
  memory: PhysicalMemory,
  capabilities: Capabilities,
  request: WalkRequest,
  held: { readonly words: Words; readonly address: bigint },
): WalkResult {
  const walk = new Walk(facts, memory, capabilities, request);
  const index = request.id & 0xff;
  const place = {
    what: 'context entry',
    path: contextPath(facts, request.id),
    layout: CONTEXT_ENTRY,
    table: held.address - BigInt(16 * index),
    index,
    size: 16,
  };
  const { path, layout } = place;
  return underContext(walk, place, { path, layout, ...held });
}

/** The part of a legacy walk that a context entry decides, and the page tables under it. */
function underContext(walk: Walk, place: EntryPlace, entry: Entry): WalkResult {
  const { facts, capabilities, request } = walk;
  const { words } = entry;
  walk.faultProcessingDisabled = (words[0] & 2n) !== 0n;
  if ((words[0] & 1n) === 0n) return walk.stop(place, entry, 'not present: P is 0', 0x02);
  if (hasReserved(entry, capabilities))
    return walk.stop(place, entry, 'reserved bits are set', 0x0b);
  const levels = Number(valueOf(CONTEXT_ENTRY, words, 'AW')) + 2;
  if (!capabilities.levels(levels))
    return walk.stop(place, entry, `AW selects ${levels} levels, which the unit lacks`, 0x03);
  const type = Number(valueOf(CONTEXT_ENTRY, words, 'TT'));
  if (!typeSupported(type, capabilities))
    return walk.stop(place, entry, `TT is ${type}, which the unit does not support`, 0x03);
  const domain = Number(valueOf(CONTEXT_ENTRY, words, 'DID'));
  if (type === PASS_THROUGH) {
    if (request.address >> BigInt(capabilities.hostAddressWidth))
      return walk.stop(place, entry, 'pass-through beyond the host address width', 0x04);
    walk.leaf(place, entry, `domain ${domain}, pass-through: the address is not translated`, 3);
    return walk.untranslated();
  }
  const top = words[0] & ENTRY_ADDRESS;
  walk.next(place, entry, `domain ${domain}, ${levels}-level page table at ${hex(top)}`);
  const tables = { top, levels, path: devicePath(facts, request.id) };
  const found = walkSecondStage(walk, tables, request.address, walk.write, LEGACY_REASONS);
  return translated(walk, found, LEGACY_INTERRUPT_RANGE);
}

function walkScalable(walk: Walk, root: bigint): WalkResult {
  const context = scalableContext(walk, root);
  if (ended(context)) return context;
  const { words } = context;
  const { request, capabilities } = walk;
  const pasid = request.pasid ?? defaultPasid(capabilities, words);
  const entry = pasidTableEntry(walk, words, pasid);
  if (ended(entry)) return entry;
  const supervisor =
    request.pasid === undefined &&
    capabilities.ridPrivilege &&
    valueOf(SCALABLE_CONTEXT_ENTRY, words, 'RID_PRIV') === 1n;
  return walkPasid(walk, entry.place, entry.words, pasid, supervisor);
}

/** Root and context entry in scalable mode; the context entry allows the request. */
function scalableContext(walk: Walk, root: bigint): { readonly words: Words } | WalkResult {
  const { facts, capabilities, request } = walk;
  const bus = request.id >> 8;
  const upper = (request.id & 0x80) !== 0;
  const rootPlace: EntryPlace = {
    what: 'root entry',
    path: busPath(facts, bus),
    layout: SCALABLE_ROOT_ENTRY,
    table: root,
    index: bus,
    size: 16,
  };
  const rootEntry = walk.read(rootPlace, 0x38);
  if (ended(rootEntry)) return rootEntry;
  const pointer = rootEntry.words[upper ? 1 : 0];
  if ((pointer & 1n) === 0n) {
    const text = `not present: ${upper ? 'UP' : 'LP'} is 0`;
    return walk.stop(rootPlace, rootEntry, text, 0x39);
  }
  if (hasReserved(rootEntry, capabilities))
    return walk.stop(rootPlace, rootEntry, 'reserved bits are set', 0x3a);
  const contexts = pointer & ENTRY_ADDRESS;
  const half = upper ? 'upper' : 'lower';
  walk.next(rootPlace, rootEntry, `${half} context table at ${hex(contexts)}`);

  const place: EntryPlace = {
    what: 'context entry',
    path: contextPath(facts, request.id),
    layout: SCALABLE_CONTEXT_ENTRY,
    table: contexts,
    index: request.id & 0x7f,
    size: 32,
  };
  const entry = walk.read(place, 0x40);
  if (ended(entry)) return entry;
  const { words } = entry;
  walk.faultProcessingDisabled = (words[0] & 2n) !== 0n;
  if ((words[0] & 1n) === 0n) return walk.stop(place, entry, 'not present: P is 0', 0x41);
  if (hasReserved(entry, capabilities))
    return walk.stop(place, entry, 'reserved bits are set', 0x42);
  if (request.pasid !== undefined && valueOf(SCALABLE_CONTEXT_ENTRY, words, 'PASIDE') === 0n)
    return walk.stop(place, entry, 'PASIDE is 0: requests with PASID are refused', 0x45);
  const pasid = request.pasid ?? defaultPasid(capabilities, words);
  const directories = 2 ** (Number(valueOf(SCALABLE_CONTEXT_ENTRY, words, 'PDTS')) + 7);
  if (pasid >= directories * PASIDS_PER_TABLE) {
    const text = `PASID ${pasid} lies beyond the directory of ${directories} entries`;
    return walk.stop(place, entry, text, request.pasid === undefined ? 0x43 : 0x46);
  }
  const directory = words[0] & ENTRY_ADDRESS;
  walk.next(place, entry, `PASID directory at ${hex(directory)}, PASID ${pasid}`);
  return { words };
}

/** PASID directory and table entry of a PASID that the context entry allows. */
function pasidTableEntry(
  walk: Walk,
  context: Words,
  pasid: number,
): { readonly words: Words; readonly place: EntryPlace } | WalkResult {
  const { facts, capabilities, request } = walk;
  const index = Math.floor(pasid / PASIDS_PER_TABLE);
  const directoryPlace: EntryPlace = {
    what: 'PASID directory entry',
    path: directoryPath(facts, request.id, index),
    layout: PASID_DIRECTORY_ENTRY,
    table: context[0] & ENTRY_ADDRESS,
    index,
    size: 8,
  };
  const directory = walk.read(directoryPlace, 0x50);
  if (ended(directory)) return directory;
  const word = directory.words[0];
  walk.faultProcessingDisabled ||= (word & 2n) !== 0n;
  if ((word & 1n) === 0n) return walk.stop(directoryPlace, directory, 'not present: P is 0', 0x51);
  if (hasReserved(directory, capabilities))
    return walk.stop(directoryPlace, directory, 'reserved bits are set', 0x52);
  const table = word & ENTRY_ADDRESS;
  walk.next(directoryPlace, directory, `points to the PASID table at ${hex(table)}`);

  const place: EntryPlace = {
    what: 'PASID table entry',
    path: tablesPath(facts, request.id, pasid),
    layout: PASID_TABLE_ENTRY,
    table,
    index: pasid % PASIDS_PER_TABLE,
    size: 64,
  };
  const entry = walk.read(place, 0x58);
  if (ended(entry)) return entry;
  const { words } = entry;
  walk.faultProcessingDisabled ||= (words[0] & 2n) !== 0n;
  if ((words[0] & 1n) === 0n) return walk.stop(place, entry, 'not present: P is 0', 0x59);
  if (hasReserved(entry, capabilities))
    return walk.stop(place, entry, 'reserved bits are set', 0x5a);
  const wrong = pasidInvalid(words, capabilities);
  if (wrong) return walk.stop(place, entry, wrong.text, 0x5b);
  return { words, place };
}

/** The translation that a valid PASID table entry selects. */
function walkPasid(
  walk: Walk,
  place: EntryPlace,
  words: Words,
  pasid: number,
  supervisor: boolean,
): WalkResult {
  const { facts, capabilities, request } = walk;
  const address = place.table + BigInt(64 * place.index);
  const entry = { path: place.path, address, words, layout: PASID_TABLE_ENTRY };
  const number = (name: string): number => Number(valueOf(PASID_TABLE_ENTRY, words, name));
  const path = tablesPath(facts, request.id, pasid);
  const type = number('PGTT');
  const domain = number('DID');
  if (type === GRANULAR.passThrough) {
    if (request.address >> BigInt(capabilities.hostAddressWidth))
      return walk.stop(place, entry, 'pass-through beyond the host address width', BEYOND_HARDWARE);
    walk.leaf(place, entry, `domain ${domain}, pass-through: the address is not translated`, 3);
    return walk.untranslated();
  }
  const second = secondStageOf(words, path);
  if (type === GRANULAR.second) {
    walk.next(
      place,
      entry,
      `domain ${domain}, ${second.levels}-level second-stage table at ${hex(second.top)}`,
    );
    const found = walkSecondStage(walk, second, request.address, walk.write, SECOND_STAGE_REASONS);
    return translated(walk, found, SCALABLE_INTERRUPT_RANGE);
  }
  if (supervisor && number('SRE') === 0)
    return walk.stop(place, entry, 'SRE is 0: supervisor requests are refused', 0x5d);
  if (inInterruptRange(request.address)) return walk.fault(SCALABLE_INTERRUPT_RANGE);
  const first = { top: words[2] & ENTRY_ADDRESS, levels: number('FSPM') + 4, path };
  const nested = type === GRANULAR.nested;
  walk.next(
    place,
    entry,
    `domain ${domain}, ${first.levels}-level first-stage table at ${hex(first.top)}${nested ? ', nested' : ''}`,
  );
  const found = walkFirstStage(walk, first, request.address, walk.write, {
    supervisor,
    writeProtect: number('WPE') === 1,
    second: nested ? second : undefined,
  });
  return translated(walk, found, SCALABLE_INTERRUPT_RANGE);
}
