/** AMD-Vi's device tables, and the interrupt tables that their entries point to. */
import { decodeDte, INT_CTL_REMAPPED } from '../../amdvi/dte.ts';
import { translationOf } from '../../amdvi/devices.ts';
import { formatBdf } from '../../format/bdf.ts';
import { hex } from '../../format/hex.ts';
import { Evidence, type Candidate, type FoundDevice } from './candidate.ts';
import { tablesText } from './intel.ts';
import { devicePage } from './page-tests.ts';
import type { ScanReader } from './reader.ts';
import { addressOfPfn } from '../../memory/physical.ts';

const WEIGHT = { sound: 0.5, empty: 0.15, unknown: 0.1, none: 0.05, bad: 0 } as const;
const BAD = 0.4;
/** Pages of a device table for all 65,536 requesters. */
const MAX_PAGES = 512;
const ENTRIES = 128;

/** Where tables begin and how long they are, from frames that passed the page test. */
export function deviceRuns(frames: readonly number[]): { first: number; pages: number }[] {
  const runs: { first: number; pages: number }[] = [];
  for (const pfn of [...frames].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && last.first + last.pages === pfn && last.pages < MAX_PAGES) last.pages++;
    else runs.push({ first: pfn, pages: 1 });
  }
  return runs;
}

/** Judges a run of pages as one device table. */
export function judgeDeviceTable(
  reader: ScanReader,
  run: { readonly first: number; readonly pages: number },
): Candidate[] {
  const rows: { id: number; words: bigint[] }[] = [];
  const values = new Map<string, number>();
  for (let page = 0; page < run.pages; page++) {
    const words = reader.words(run.first + page);
    if (!words || !devicePage(words)) continue;
    for (let index = 0; index < ENTRIES; index++) {
      const value = entryWords(words, 8 * index);
      if (value.every((word) => word === 0n)) continue;
      const dte = decodeDte(value);
      if (dte.mode !== 0 || dte.interruptControl === INT_CTL_REMAPPED)
        rows.push({ id: page * ENTRIES + index, words: value });
      else values.set(value.join(), (values.get(value.join()) ?? 0) + 1);
    }
  }
  const mask = encryptionMask(reader, rows);
  const devices = rows.map(({ id, words }) => deviceOf(reader, id, words, mask));
  const translated = devices.filter(({ pageTable }) => pageTable !== undefined);
  if (translated.length === 0) return [];
  const evidence = new Evidence();
  for (const { tables } of translated)
    if (tables === 'bad') evidence.against(BAD);
    else evidence.for(WEIGHT[tables]);
  evidence.say(
    `${run.pages * ENTRIES} well-formed entries, ${devices.length} of them a device's own`,
  );
  evidence.say(tablesText(translated));
  const [common] = [...values.values()].sort((a, b) => b - a);
  if (common !== undefined && common > 16)
    evidence.for(0.3).say(`${common} other entries have one value, as Linux gives unused ones`);
  const clash = clashes(translated);
  if (clash > 0) evidence.against(0.5, clash).say(`${clash} domain IDs stand for several tables`);
  else if (translated.length > 1) evidence.for(0.2).say('each domain ID stands for one page table');
  if (mask > 0n) evidence.say(`pointers have the encryption bit ${hex(mask)} set`);
  const address = addressOfPfn(run.first);
  const { score } = evidence;
  return [
    {
      kind: 'device-table',
      vendor: 'amd',
      address,
      score,
      why: evidence.why,
      devices,
      entries: run.pages * ENTRIES,
    },
    ...interruptTables(reader, rows, mask, { address, score }),
  ];
}

function entryWords(words: Uint32Array, at: number): bigint[] {
  return [0, 2, 4, 6].map(
    (word) => (BigInt(words[at + word + 1]) << 32n) | BigInt(words[at + word]),
  );
}

function deviceOf(
  reader: ScanReader,
  id: number,
  words: readonly bigint[],
  mask: bigint,
): FoundDevice {
  const dte = decodeDte(words);
  const table = dte.mode === 0 ? undefined : dte.hostPageTable & ~mask;
  return {
    bdf: formatBdf(id),
    translation: translationOf(dte),
    domain: dte.domain,
    levels: dte.mode === 0 ? undefined : dte.mode,
    pageTable: table,
    tables:
      table === undefined
        ? 'none'
        : reader.table(Number(table >> 12n), dte.mode, 'v1', Number(mask >> 12n)),
  };
}

/** The bit that SME sets in all pointers: one above all memory that every pointer has. */
function encryptionMask(
  reader: ScanReader,
  rows: readonly { readonly words: readonly bigint[] }[],
): bigint {
  const pointers = rows
    .map(({ words }) => decodeDte(words))
    .filter(({ mode }) => mode !== 0)
    .map(({ hostPageTable }) => hostPageTable);
  if (pointers.length === 0) return 0n;
  const end = addressOfPfn(reader.end);
  const common = pointers.reduce((all, pointer) => all & pointer);
  for (let bit = 51n; bit >= 32n && 1n << bit >= end; bit--) {
    const value = 1n << bit;
    if ((common & value) !== 0n && pointers.every((pointer) => (pointer & ~value) < end))
      return value;
  }
  return 0n;
}

function clashes(devices: readonly FoundDevice[]): number {
  const tables = new Map<number, Set<bigint>>();
  for (const { domain, pageTable } of devices)
    if (domain !== undefined && pageTable !== undefined)
      tables.set(domain, (tables.get(domain) ?? new Set()).add(pageTable));
  return [...tables.values()].filter((each) => each.size > 1).length;
}

/** The interrupt tables that entries point to; which of the two formats their entries have. */
function interruptTables(
  reader: ScanReader,
  rows: readonly { readonly id: number; readonly words: readonly bigint[] }[],
  mask: bigint,
  parent: { readonly address: bigint; readonly score: number },
): Candidate[] {
  const tables = new Map<bigint, { ids: number[]; entries: number }>();
  for (const { id, words } of rows) {
    const dte = decodeDte(words);
    if (!dte.interruptValid || dte.interruptControl !== INT_CTL_REMAPPED) continue;
    const address = dte.interruptTable & ~mask;
    const known = tables.get(address) ?? { ids: [], entries: 0 };
    known.ids.push(id);
    known.entries = Math.max(known.entries, dte.interruptCapacity);
    tables.set(address, known);
  }
  const counted = [...tables].map(([address, table]) => ({
    address,
    ...table,
    wide: countEntries(reader, address, table.entries, 128),
    narrow: countEntries(reader, address, table.entries, 32),
  }));
  // One register decides the format for all tables of a unit.
  const total = (of: 'wide' | 'narrow'): number =>
    counted.reduce((sum, each) => sum + (each[of].odd > 0 ? -each[of].odd : each[of].enabled), 0);
  const format = total('wide') >= total('narrow') ? 128 : 32;
  return counted.map(({ address, ids, entries, wide, narrow }) => {
    const { enabled, odd, known } = format === 128 ? wide : narrow;
    const evidence = new Evidence();
    evidence
      .for(parent.score)
      .say(
        `entries of ${hex(parent.address)} point here: ${ids.map((id) => formatBdf(id)).join(', ')}`,
      );
    if (!known) evidence.against(0.8).say('its page is not known');
    else if (enabled === 0) evidence.against(0.85).say('no entry is enabled');
    else evidence.for(0.5).say(`${enabled} entries of ${format} bits are enabled and well formed`);
    if (odd > 0) evidence.against(0.4).say(`${odd} entries are not well formed`);
    return {
      kind: 'interrupt-table' as const,
      vendor: 'amd' as const,
      address,
      score: evidence.score,
      why: evidence.why,
      devices: [],
      entries,
      format,
      parent: parent.address,
    };
  });
}

/** Enabled and ill-formed entries of a table read in one format (48882 rev 3.08 §2.2.5). */
function countEntries(
  reader: ScanReader,
  address: bigint,
  entries: number,
  format: 32 | 128,
): { readonly enabled: number; readonly odd: number; readonly known: boolean } {
  let [enabled, odd, known] = [0, 0, false];
  const step = format / 32;
  for (let index = 0; index < entries; index++) {
    const at = address + BigInt((index * format) / 8);
    const words = reader.words(Number(at >> 12n));
    if (!words) continue;
    known = true;
    const word = Number(at & 0xfffn) >> 2;
    const low = words[word];
    if ((low & 1) === 0) continue;
    if (wellFormed(words, word, step)) enabled++;
    else odd++;
  }
  return { enabled, odd, known };
}

function wellFormed(words: Uint32Array, at: number, step: number): boolean {
  const low = words[at];
  const type = (low >>> 2) & 7;
  if (step === 1) return (low & 0xff00_0080) === 0 && type <= 1 && ((low >>> 16) & 0xff) >= 0x10;
  const guest = (low & 0x80) !== 0;
  return (
    guest || (type <= 1 && (words[at + 2] & 0xff) >= 0x10 && (words[at + 2] & 0xffff_ff00) === 0)
  );
}
