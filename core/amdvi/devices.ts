/** The device list: what the device table says of every requester. */
import type { Words } from '../bits/layout.ts';
import { reservedSet } from '../bits/layout.ts';
import { hex } from '../format/hex.ts';
import type { Evidence } from '../iommu/finding.ts';
import type { Entry, Device, DeviceList, Translation } from '../iommu/unit.ts';
import { isKnown, pfnOf, ZERO_PAGE } from '../memory/physical.ts';
import type { AmdContext } from './context.ts';
import type { DeviceTableEntry } from './dte.ts';
import { decodeDte, DTE, DTE_SIZE, MAX_INT_TAB_LEN, pointsToInterruptTable } from './dte.ts';
import { guestPasids } from './guest-pasids.ts';
import { Notes } from './notes.ts';

const DTES_IN_PAGE = 4096 / DTE_SIZE;
const WORDS_IN_DTE = DTE_SIZE / 4;

/** What a valid DTE does with memory requests that carry no PASID. */
export function translationOf(dte: DeviceTableEntry): Translation {
  if (!dte.valid) return 'pass-through';
  if (!dte.translationValid) return 'blocked';
  if (dte.guestValid) return dte.mode === 0 ? 'v2' : 'nested';
  if (dte.mode === 7) return 'blocked';
  if (dte.mode !== 0) return 'v1';
  return dte.rights === 0 ? 'blocked' : 'pass-through';
}

/** Words of the 32-bit half that decide whether an entry is a device's own (see `devices`). */
const MODE = 0x7 << 9;
const GV = 1 << 23;
const DOMAIN = 0xffff;
const INT_CTL = 0x3 << 28;
const INT_CTL_REMAPPED = 0x2 << 28;

/** Mode, GV or DomainID is set, or the entry points to an interrupt remapping table. */
function isOwn(words: Uint32Array, at: number): boolean {
  return (
    (words[at] & MODE) !== 0 ||
    (words[at + 1] & GV) !== 0 ||
    (words[at + 2] & DOMAIN) !== 0 ||
    ((words[at + 4] & 1) !== 0 && (words[at + 5] & INT_CTL) === INT_CTL_REMAPPED)
  );
}

function isZero(words: Uint32Array, at: number): boolean {
  for (let index = 0; index < WORDS_IN_DTE; index++) if (words[at + index] !== 0) return false;
  return true;
}

function toWords(words: Uint32Array, at: number): bigint[] {
  return [0, 2, 4, 6].map(
    (index) => (BigInt(words[at + index + 1]) << 32n) | BigInt(words[at + index]),
  );
}

/** The scan's answer: the contract's list, and where entries of one value stand. */
export interface DeviceScan extends DeviceList {
  /** Requester IDs of the other non-zero entries, by group as in `same`. */
  readonly sameIds: readonly (readonly number[])[];
}

/**
 * Reads the whole device table. Entries that are a device's own get a row each (and one more for
 * every further PASID with a guest page table); other non-zero entries are grouped by value.
 */
export function listDevices(context: AmdContext): DeviceScan {
  const notes = new Notes(context.facts.name, (address) => context.whyMissing(address));
  const devices: Device[] = [];
  const groups = new Map<string, { words: Words; ids: number[] }>();
  for (const segment of context.segments()) {
    for (let first = 0; first < segment.entries; first += DTES_IN_PAGE) {
      const address = segment.base + BigInt(first * DTE_SIZE);
      const page = context.memory.page(pfnOf(address));
      if (!isKnown(page)) {
        const id = segment.firstId + first;
        notes.missing(
          address,
          page,
          context.path('devices'),
          `Device table from ${context.bdf(id)}`,
        );
        continue;
      }
      if (page === ZERO_PAGE) continue;
      const words = new Uint32Array(page.buffer, page.byteOffset, 1024);
      const count = Math.min(DTES_IN_PAGE, segment.entries - first);
      for (let index = 0; index < count; index++) {
        const at = index * WORDS_IN_DTE;
        if (isZero(words, at)) continue;
        const id = segment.firstId + first + index;
        const value = toWords(words, at);
        if (isOwn(words, at)) {
          const place = address + BigInt(index * DTE_SIZE);
          for (const row of rows(context, id, place, value, notes)) devices.push(row);
        } else {
          const key = value.join();
          const group = groups.get(key);
          if (group) group.ids.push(id);
          else groups.set(key, { words: value, ids: [id] });
        }
      }
    }
  }
  const same = [...groups.values()];
  return {
    devices,
    same: same.map(({ words, ids }) => ({
      words,
      bdfs: ids.map((id) => context.bdf(id)),
      count: ids.length,
    })),
    sameIds: same.map(({ ids }) => ids),
    findings: [...notes.findings, ...unitFindings(context)],
    incomplete: notes.incomplete,
  };
}

/** The rows of one entry: the first for requests without PASID (and PASID 0), then the others. */
function rows(
  context: AmdContext,
  id: number,
  address: bigint,
  words: Words,
  notes: Notes,
): Device[] {
  const dte = decodeDte(words);
  const bdf = context.bdf(id);
  const entry: Entry = { path: context.path(bdf, 'dte'), address, words, layout: DTE };
  const translation = translationOf(dte);
  const remapped = pointsToInterruptTable(dte);
  const own = new Notes(entry.path);
  judge(context, dte, entry, own);
  const guest = translation === 'v2' || translation === 'nested';
  const pasids = guest ? guestPasids(context, dte, bdf, own, notes) : undefined;
  const row: Device = {
    id,
    bdf,
    pasid: undefined,
    entry,
    translation,
    domain: dte.domain,
    levels: guest ? dte.guestLevels : translation === 'v1' ? dte.mode : undefined,
    pageTable: guest
      ? pasids?.tables.get(0)
      : translation === 'v1'
        ? context.plain(dte.hostPageTable)
        : undefined,
    amd: {
      valid: dte.valid,
      translationValid: dte.translationValid,
      mode: dte.mode,
      rights: dte.rights,
      interruptMapValid: dte.interruptValid,
      interruptTable: remapped ? context.plain(dte.interruptTable) : undefined,
      interruptCapacity: remapped ? dte.interruptCapacity : undefined,
    },
    findings: own.findings,
  };
  const others = [...(pasids?.tables ?? [])].filter(([pasid]) => pasid !== 0);
  return [row, ...others.map(([pasid, pageTable]) => ({ ...row, pasid, pageTable, findings: [] }))];
}

/** Rules that an entry breaks by itself. */
function judge(context: AmdContext, dte: DeviceTableEntry, entry: Entry, notes: Notes): void {
  const evidence = (field: string) => [
    { what: `DTE of ${entry.path}`, address: entry.address, words: entry.words, field },
  ];
  for (const field of reservedSet(DTE, entry.words)) {
    const interrupts = field.pieces[0].low >= 128;
    if (interrupts ? !dte.interruptValid : !dte.valid) continue;
    notes.add(
      'error',
      'reserved-bits',
      entry.path,
      `The device table entry has ${field.name} set; the unit refuses ${interrupts ? 'interrupts' : 'requests'} with ILLEGAL_DEV_TABLE_ENTRY.`,
      evidence(field.name),
    );
  }
  if (!dte.valid) return;
  const most = context.hostLevels;
  if (dte.translationValid && (dte.mode === 7 || (most !== undefined && dte.mode > most)))
    notes.add(
      'error',
      'illegal-mode',
      entry.path,
      `Mode ${dte.mode} is reserved or more than this unit supports${most === undefined ? '' : ` (${most} levels)`}: every request is refused.`,
      evidence('Mode'),
    );
  if (dte.guestValid && (dte.gcr3Levels > 3 || dte.guestLevels === undefined))
    notes.add(
      'error',
      'illegal-guest-levels',
      entry.path,
      'GV = 1 with a reserved number of guest levels: every request is refused.',
      evidence(dte.gcr3Levels > 3 ? 'GLX' : 'GuestPagingMode'),
    );
  if (dte.guestValid && context.feature('GTSup') === 0)
    notes.add(
      'warning',
      'guest-translation-unsupported',
      entry.path,
      'GV = 1, but the unit does not support guest translation.',
      evidence('GV'),
    );
  judgeCrashKernel(context, dte, entry, notes, evidence);
  judgeInterrupts(dte, entry, notes, evidence);
}

/** An entry that a crash kernel changed in place no longer is what it was when the kernel crashed. */
function judgeCrashKernel(
  context: AmdContext,
  dte: DeviceTableEntry,
  entry: Entry,
  notes: Notes,
  evidence: (field: string) => readonly Evidence[],
): void {
  const field = [
    { name: 'HostPageTableRoot', at: dte.hostPageTable, used: dte.mode !== 0 },
    { name: 'GCR3TableRoot', at: dte.gcr3Table, used: dte.guestValid },
    { name: 'IntTabRoot', at: dte.interruptTable, used: pointsToInterruptTable(dte) },
  ].find(({ at, used }) => used && context.inCrashMemory(context.plain(at)));
  if (field)
    notes.add(
      'note',
      'changed-by-crash-kernel',
      entry.path,
      `${field.name} points into the memory of the crash kernel: that kernel went on using the device table and changed this entry after the crash. What the device was mapped to before is not in this dump.`,
      evidence(field.name),
    );
}

function judgeInterrupts(
  dte: DeviceTableEntry,
  entry: Entry,
  notes: Notes,
  evidence: (field: string) => readonly Evidence[],
): void {
  if (!dte.interruptValid) return;
  if (dte.interruptControl === 3)
    notes.add(
      'error',
      'illegal-interrupt-control',
      entry.path,
      'IntCtl = 11b is reserved: interrupts end in ILLEGAL_DEV_TABLE_ENTRY.',
      evidence('IntCtl'),
    );
  if (pointsToInterruptTable(dte) && dte.interruptCapacity > 1 << MAX_INT_TAB_LEN)
    notes.add(
      'error',
      'illegal-interrupt-length',
      entry.path,
      `IntTabLen stands for ${dte.interruptCapacity} entries; more than 2048 is reserved.`,
      evidence('IntTabLen'),
    );
}

/** What the unit's registers say that a reader of its tables should know. */
function unitFindings(context: AmdContext): DeviceList['findings'] {
  const range = context.exclusion();
  if (!range) return [];
  return [
    {
      severity: 'note',
      id: 'exclusion-range',
      at: context.facts.name,
      text: `Addresses ${hex(range.first)} to ${hex(range.last)} are not translated for ${range.allDevices ? 'any device' : 'devices with EX = 1'}.`,
      evidence: [],
    },
  ];
}
