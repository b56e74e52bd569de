/** The device list: context entries in legacy mode, PASID table entries in scalable mode. */
import type { Layout, Words } from '../bits/layout.ts';
import { addressOf, valueOf } from '../bits/layout.ts';
import { formatBdf } from '../format/bdf.ts';
import type { IntelFacts } from '../iommu/facts.ts';
import type { Incomplete } from '../iommu/finding.ts';
import type { Device, DeviceList, Entry, Translation } from '../iommu/unit.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { pfnOf } from '../memory/physical.ts';
import type { Capabilities } from './capabilities.ts';
import { checkContext, checkPasidEntry, checkReserved } from './checks.ts';
import { Findings, missingPage } from './findings.ts';
import { busPath, contextPath, directoryPath, rootPath, tablesPath } from './paths.ts';
import { ENTRY_ADDRESS, entryWords, tableWords, wordsAt } from './reader.ts';
import {
  CONTEXT_ENTRY,
  PASID_DIRECTORY_ENTRY,
  PASID_TABLE_ENTRY,
  ROOT_ENTRY,
  SCALABLE_CONTEXT_ENTRY,
  SCALABLE_ROOT_ENTRY,
} from './tables.ts';
import type { PageTable } from './walk-paging.ts';

/** Rows beyond which the list is cut: one for each function that a segment can have. */
const MAX_ROWS = 1 << 16;
/** Table pages beyond which the list is cut; each of 64 K functions may have some of its own. */
const MAX_PAGES = 1 << 18;
/** Visits beyond which tables that are reached again and again are taken for damage. */
const SHARED_VISITS = 256;
const SHARED_FACTOR = 16;

const LEGACY_TRANSLATIONS: readonly Translation[] = [
  'second-stage',
  'second-stage+device-tlb',
  'pass-through',
  'reserved',
];
const SCALABLE_TRANSLATIONS: readonly Translation[] = [
  'reserved',
  'first-stage',
  'second-stage',
  'nested',
  'pass-through',
  'reserved',
  'reserved',
  'reserved',
];

/** Lists every requester (and PASID) that the unit's tables describe. */
export function listDevices(
  facts: IntelFacts,
  memory: PhysicalMemory,
  capabilities: Capabilities,
): DeviceList {
  const lister = new Lister(facts, memory, capabilities);
  lister.run();
  return lister.list();
}

/** The rows of one function in scalable mode: its present PASID table entries. */
export function listPasids(
  facts: IntelFacts,
  memory: PhysicalMemory,
  capabilities: Capabilities,
  id: number,
  context: Words,
): DeviceList {
  const lister = new Lister(facts, memory, capabilities);
  lister.directory(id, context);
  return lister.list();
}

/** The row of a present context entry in legacy mode. */
export function legacyDevice(
  facts: IntelFacts,
  capabilities: Capabilities,
  id: number,
  entry: Entry,
): Device {
  const { words } = entry;
  const translation = LEGACY_TRANSLATIONS[Number(valueOf(CONTEXT_ENTRY, words, 'TT'))];
  const tables = translation.startsWith('second');
  return {
    id,
    bdf: formatBdf(id, facts.segment),
    pasid: undefined,
    entry,
    translation,
    domain: Number(valueOf(CONTEXT_ENTRY, words, 'DID')),
    levels: Number(valueOf(CONTEXT_ENTRY, words, 'AW')) + 2,
    pageTable: tables ? addressOf(CONTEXT_ENTRY, words, 'SSPTPTR') & ENTRY_ADDRESS : undefined,
    amd: undefined,
    // Found when asked for: a damaged table may have very many rows.
    get findings() {
      return checkContext(entry, capabilities);
    },
  };
}

/** The row of a present PASID table entry. */
export function pasidDevice(
  facts: IntelFacts,
  capabilities: Capabilities,
  id: number,
  pasid: number,
  entry: Entry,
): Device {
  const { words } = entry;
  const translation = SCALABLE_TRANSLATIONS[Number(valueOf(PASID_TABLE_ENTRY, words, 'PGTT'))];
  const shape = stageOfPasid(words, translation);
  return {
    id,
    bdf: formatBdf(id, facts.segment),
    pasid,
    entry,
    translation,
    domain: Number(valueOf(PASID_TABLE_ENTRY, words, 'DID')),
    levels: shape?.levels,
    pageTable: shape?.pageTable,
    amd: undefined,
    get findings() {
      return checkPasidEntry(entry, capabilities);
    },
  };
}

function stageOfPasid(
  words: Words,
  translation: Translation,
): { levels: number; pageTable: bigint } | undefined {
  if (translation === 'first-stage' || translation === 'nested')
    return {
      levels: 4 + Number(valueOf(PASID_TABLE_ENTRY, words, 'FSPM')),
      pageTable: addressOf(PASID_TABLE_ENTRY, words, 'FSPTPTR') & ENTRY_ADDRESS,
    };
  if (translation === 'second-stage')
    return {
      levels: 2 + Number(valueOf(PASID_TABLE_ENTRY, words, 'AW')),
      pageTable: addressOf(PASID_TABLE_ENTRY, words, 'SSPTPTR') & ENTRY_ADDRESS,
    };
  return undefined;
}

/** The second-stage table that a PASID table entry names. */
export function secondStageOf(words: Words, path: string): PageTable {
  return {
    top: addressOf(PASID_TABLE_ENTRY, words, 'SSPTPTR') & ENTRY_ADDRESS,
    levels: 2 + Number(valueOf(PASID_TABLE_ENTRY, words, 'AW')),
    path,
  };
}

class Lister {
  readonly devices: Device[] = [];
  readonly #findings = new Findings();
  readonly incomplete: Incomplete[] = [];
  readonly #facts: IntelFacts;
  readonly #memory: PhysicalMemory;
  readonly #capabilities: Capabilities;
  readonly #missing = new Set<bigint>();
  readonly #seen = new Set<number>();
  #pages = 0;
  #cut = false;

  constructor(facts: IntelFacts, memory: PhysicalMemory, capabilities: Capabilities) {
    this.#facts = facts;
    this.#memory = memory;
    this.#capabilities = capabilities;
  }

  list(): DeviceList {
    const { devices, incomplete } = this;
    return { devices, same: [], findings: this.#findings.list(), incomplete };
  }

  run(): void {
    const { rootTable, mode } = this.#facts;
    if (rootTable === undefined || mode === undefined) {
      this.#unknown(rootTable === undefined ? 'root table' : 'translation table mode');
      return;
    }
    if (mode === 'abort') {
      this.#findings.take([
        {
          severity: 'warning',
          id: 'abort-mode',
          at: this.#facts.name,
          text: 'RTADDR selects the abort DMA mode: no table is used, all DMA is refused.',
          evidence: [],
        },
      ]);
      return;
    }
    const root = this.#page(rootTable, 'root table', rootPath(this.#facts));
    if (!root) return;
    const layout = mode === 'scalable' ? SCALABLE_ROOT_ENTRY : ROOT_ENTRY;
    for (let bus = 0; bus < 256 && !this.#cut; bus++) {
      const words = wordsAt(root, 2 * bus, 2);
      if (words[0] === 0n && words[1] === 0n) continue;
      this.#bus(bus, words, layout, rootTable + BigInt(16 * bus));
    }
  }

  #bus(bus: number, words: Words, layout: Layout, address: bigint): void {
    const scalable = layout === SCALABLE_ROOT_ENTRY;
    const present = (words[0] & 1n) === 1n || (scalable && (words[1] & 1n) === 1n);
    if (!present) return;
    const at = busPath(this.#facts, bus);
    this.#findings.take(checkReserved({ path: at, address, words, layout }, this.#capabilities));
    if (scalable) {
      for (const half of [0, 1]) {
        const pointer = words[half];
        if (pointer & 1n) this.#scalableContexts(bus, half, pointer & ENTRY_ADDRESS);
      }
    } else this.#legacyContexts(bus, words[0] & ENTRY_ADDRESS);
  }

  #legacyContexts(bus: number, table: bigint): void {
    const page = this.#page(table, 'context table', busPath(this.#facts, bus));
    if (!page) return;
    for (let devfn = 0; devfn < 256; devfn++) {
      if ((page[4 * devfn] & 1) === 0) continue;
      const id = (bus << 8) | devfn;
      this.#row(
        legacyDevice(this.#facts, this.#capabilities, id, {
          path: contextPath(this.#facts, id),
          address: table + BigInt(16 * devfn),
          words: wordsAt(page, 2 * devfn, 2),
          layout: CONTEXT_ENTRY,
        }),
      );
    }
  }

  #scalableContexts(bus: number, half: number, table: bigint): void {
    const page = this.#page(table, 'context table', busPath(this.#facts, bus));
    if (!page) return;
    for (let index = 0; index < 128 && !this.#cut; index++) {
      if ((page[8 * index] & 1) === 0) continue;
      const id = (bus << 8) | (half << 7) | index;
      const entry = {
        path: contextPath(this.#facts, id),
        address: table + BigInt(32 * index),
        words: wordsAt(page, 4 * index, 4),
        layout: SCALABLE_CONTEXT_ENTRY,
      };
      this.#findings.take(checkContext(entry, this.#capabilities));
      this.directory(id, entry.words);
    }
  }

  /** Follows the PASID directory of one function. */
  directory(id: number, context: Words): void {
    const directory = addressOf(SCALABLE_CONTEXT_ENTRY, context, 'PASIDDIRPTR') & ENTRY_ADDRESS;
    const entries = 2 ** (Number(valueOf(SCALABLE_CONTEXT_ENTRY, context, 'PDTS')) + 7);
    for (let first = 0; first < entries && !this.#cut; first += 512) {
      const address = directory + BigInt(8 * first);
      const page = this.#page(address, 'PASID directory', contextPath(this.#facts, id));
      if (!page) continue;
      for (let index = 0; index < Math.min(512, entries - first) && !this.#cut; index++)
        if (page[2 * index] & 1)
          this.#pasidTable(id, first + index, address + BigInt(8 * index), wordsAt(page, index, 1));
    }
  }

  #pasidTable(id: number, index: number, address: bigint, words: Words): void {
    const at = directoryPath(this.#facts, id, index);
    const entry = { path: at, address, words, layout: PASID_DIRECTORY_ENTRY };
    this.#findings.take(checkReserved(entry, this.#capabilities));
    const table = words[0] & ENTRY_ADDRESS;
    const page = this.#page(table, 'PASID table', at);
    if (!page) return;
    for (let slot = 0; slot < 64 && !this.#cut; slot++) {
      if ((page[16 * slot] & 1) === 0) continue;
      const pasid = 64 * index + slot;
      this.#row(
        pasidDevice(this.#facts, this.#capabilities, id, pasid, {
          path: tablesPath(this.#facts, id, pasid),
          address: table + BigInt(64 * slot),
          words: wordsAt(page, 8 * slot, 8),
          layout: PASID_TABLE_ENTRY,
        }),
      );
    }
  }

  #row(device: Device): void {
    this.devices.push(device);
    if (this.devices.length >= MAX_ROWS) this.#stop(`more than ${MAX_ROWS} rows`);
  }

  /** A table page; a missing one is told once. */
  #page(address: bigint, what: string, at: string): Uint32Array | undefined {
    if (++this.#pages > MAX_PAGES) {
      this.#stop(`more than ${MAX_PAGES} table pages`);
      return undefined;
    }
    const pfn = pfnOf(address);
    this.#seen.add(pfn);
    if (this.#pages > SHARED_VISITS && this.#pages > SHARED_FACTOR * this.#seen.size) {
      this.#stop('the same table pages are reached again and again');
      return undefined;
    }
    const words = tableWords(this.#memory, pfn);
    if (typeof words !== 'string') return words;
    if (!this.#missing.has(address)) {
      this.#missing.add(address);
      this.incomplete.push(missingPage(what, at, address, words));
    }
    return undefined;
  }

  #stop(text: string): void {
    if (this.#cut) return;
    this.#cut = true;
    this.incomplete.push({
      address: undefined,
      at: this.#facts.name,
      text: `device list stopped: ${text}`,
    });
  }

  #unknown(what: string): void {
    this.incomplete.push({
      address: undefined,
      at: this.#facts.name,
      text: `the ${what} is not known: no register or kernel structure tells it`,
    });
  }
}

/** The context entry of a requester, where root and context table lead to one that can be read. */
export function contextEntry(
  facts: IntelFacts,
  memory: PhysicalMemory,
  id: number,
): Entry | undefined {
  const { rootTable, mode } = facts;
  if (rootTable === undefined || (mode !== 'legacy' && mode !== 'scalable')) return undefined;
  const root = entryWords(memory, rootTable + BigInt(16 * (id >> 8)), 2);
  if (typeof root === 'string') return undefined;
  const upper = mode === 'scalable' && (id & 0x80) !== 0;
  const pointer = root[upper ? 1 : 0];
  if ((pointer & 1n) === 0n) return undefined;
  const [size, slot] = mode === 'scalable' ? [32, id & 0x7f] : [16, id & 0xff];
  const address = (pointer & ENTRY_ADDRESS) + BigInt(size * slot);
  const words = entryWords(memory, address, size / 8);
  if (typeof words === 'string') return undefined;
  const layout = mode === 'scalable' ? SCALABLE_CONTEXT_ENTRY : CONTEXT_ENTRY;
  return { path: contextPath(facts, id), address, words, layout };
}

/** The PASID directory entry that serves a PASID; undefined beyond the directory. */
export function directoryEntry(
  facts: IntelFacts,
  memory: PhysicalMemory,
  id: number,
  context: Words,
  index: number,
): Entry | undefined {
  const entries = 2 ** (Number(valueOf(SCALABLE_CONTEXT_ENTRY, context, 'PDTS')) + 7);
  if (index >= entries) return undefined;
  const directory = addressOf(SCALABLE_CONTEXT_ENTRY, context, 'PASIDDIRPTR') & ENTRY_ADDRESS;
  const address = directory + BigInt(8 * index);
  const words = entryWords(memory, address, 1);
  if (typeof words === 'string') return undefined;
  return { path: directoryPath(facts, id, index), address, words, layout: PASID_DIRECTORY_ENTRY };
}

/** The PASID table entry of a PASID; undefined where a level above does not lead to it. */
export function pasidEntry(
  facts: IntelFacts,
  memory: PhysicalMemory,
  id: number,
  context: Words,
  pasid: number,
): Entry | undefined {
  const directory = directoryEntry(facts, memory, id, context, Math.floor(pasid / 64));
  if (!directory || (directory.words[0] & 1n) === 0n) return undefined;
  const address = (directory.words[0] & ENTRY_ADDRESS) + BigInt(64 * (pasid % 64));
  const words = entryWords(memory, address, 8);
  if (typeof words === 'string') return undefined;
  return { path: tablesPath(facts, id, pasid), address, words, layout: PASID_TABLE_ENTRY };
}

/** The PASID that requests without one use: RID_PASID where the unit has it, else 0. */
export function defaultPasid(capabilities: Capabilities, context: Words): number {
  return capabilities.ridPasid ? Number(valueOf(SCALABLE_CONTEXT_ENTRY, context, 'RID_PASID')) : 0;
}
