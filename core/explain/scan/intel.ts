/** VT-d's root, context and PASID tables, found by following pointers from what looks like one. */
import { formatBdf } from '../../format/bdf.ts';
import { Evidence, type Candidate, type CandidateKind, type FoundDevice } from './candidate.ts';
import { legacyContext, legacyRoot, scalableContext, scalableRoot } from './page-tests.ts';
import type { PagingKind, ScanReader } from './reader.ts';
import { addressOfPfn } from '../../memory/physical.ts';

const FRAMES_PER_HIGH = 2 ** 20;
const HIGH_ADDRESS = 0xf_ffff;
/** PASID tables of one directory that are looked at; Linux's hosts use a few. */
const MAX_PASID_TABLES = 16;

/** How much a device's tables say: a sound one, one of zeros, one that is not known, none. */
const WEIGHT = { sound: 0.5, empty: 0.15, unknown: 0.1, none: 0.1, bad: 0 } as const;
/** Belief in a root table by one context table that is certain. */
const SURE = 0.97;
/** What is left of the belief for each device whose table is none. */
const BAD = 0.4;

const frame = (words: Uint32Array, at: number): number =>
  (words[at + 1] & HIGH_ADDRESS) * FRAMES_PER_HIGH + (words[at] >>> 12);

/** Judges a page that passed a test for root tables. @returns undefined when nothing follows. */
export function judgeRoot(reader: ScanReader, pfn: number): Candidate[] {
  const words = reader.words(pfn);
  if (!words) return [];
  const found = [
    ...(legacyRoot(words) > 0 ? [rootOf(reader, pfn, words, false)] : []),
    ...(scalableRoot(words) > 0 ? [rootOf(reader, pfn, words, true)] : []),
  ].filter((each) => each !== undefined);
  // One page is one table: the better reading of the two.
  found.sort((a, b) => b[0].score - a[0].score);
  return found[0] ?? [];
}

function rootOf(
  reader: ScanReader,
  pfn: number,
  words: Uint32Array,
  scalable: boolean,
): Candidate[] | undefined {
  const evidence = new Evidence();
  const devices: FoundDevice[] = [];
  const contexts: Candidate[] = [];
  const address = addressOfPfn(pfn);
  let [good, unknown, wrong] = [0, 0, 0];
  for (let half = 0; half < (scalable ? 512 : 256); half++) {
    const at = scalable ? 2 * half : 4 * half;
    if ((words[at] & 1) === 0) continue;
    const bus = scalable ? half >> 1 : half;
    const first = (bus << 8) | (scalable && half & 1 ? 0x80 : 0);
    const target = frame(words, at);
    const context = contextOf(reader, target, first, scalable);
    if (context === 'unknown') unknown++;
    else if (!context || target === pfn) wrong++;
    else {
      good++;
      devices.push(...context.devices);
      contexts.push({ ...context, parent: address });
      evidence.for(SURE * context.score);
    }
  }
  if (good === 0) return undefined;
  evidence.against(0.2, wrong).against(0.9, unknown);
  evidence.say(
    `all ${scalable ? 512 : 256} entries are well formed for ${scalable ? 'scalable' : 'legacy'} mode, ${good + unknown + wrong} are present`,
  );
  evidence.say(
    `${good} lead to context tables${unknown ? `, ${unknown} to pages that are not known` : ''}${wrong ? `, ${wrong} to something else` : ''}`,
  );
  evidence.say(tablesText(devices));
  const kind: CandidateKind = scalable ? 'scalable-root-table' : 'root-table';
  const { score } = evidence;
  return [{ kind, vendor: 'intel', address, score, why: evidence.why, devices }, ...contexts];
}

/** Judges a context table; 'unknown' where its page is not known. */
export function contextOf(
  reader: ScanReader,
  pfn: number,
  first: number,
  scalable: boolean,
): Candidate | 'unknown' | undefined {
  const words = reader.words(pfn);
  if (!words) return reader.exists(pfn) ? 'unknown' : undefined;
  const present = scalable ? scalableContext(words) : legacyContext(words);
  if (present === 0) return undefined;
  const devices = scalable
    ? scalableDevices(reader, words, first)
    : legacyDevices(reader, words, first);
  const evidence = new Evidence();
  for (const { tables } of devices)
    if (tables === 'bad') evidence.against(BAD);
    else evidence.for(WEIGHT[tables]);
  const clash = clashes(devices);
  evidence.against(0.5, clash);
  evidence.say(`${present} well-formed entries, all others zero`).say(tablesText(devices));
  if (clash > 0) evidence.say(`${clash} domain IDs stand for several page tables`);
  else if (devices.length > 1) evidence.for(0.2).say('each domain ID stands for one page table');
  return {
    kind: 'context-table',
    vendor: 'intel',
    address: addressOfPfn(pfn),
    score: evidence.score,
    why: evidence.why,
    devices,
  };
}

function legacyDevices(reader: ScanReader, words: Uint32Array, first: number): FoundDevice[] {
  const devices: FoundDevice[] = [];
  for (let devfn = 0; devfn < 256; devfn++) {
    const at = 4 * devfn;
    if ((words[at] & 1) === 0) continue;
    const passing = ((words[at] >>> 2) & 3) === 2;
    const levels = (words[at + 2] & 7) + 2;
    const target = frame(words, at);
    devices.push({
      bdf: formatBdf(first + devfn),
      translation: passing ? 'pass-through' : 'second-stage',
      domain: (words[at + 2] >>> 8) & 0xffff,
      levels,
      pageTable: passing ? undefined : addressOfPfn(target),
      tables: passing ? 'none' : reader.table(target, levels, 'second-stage'),
    });
  }
  return devices;
}

function scalableDevices(reader: ScanReader, words: Uint32Array, first: number): FoundDevice[] {
  const devices: FoundDevice[] = [];
  for (let index = 0; index < 128; index++) {
    const at = 8 * index;
    if ((words[at] & 1) === 0) continue;
    const bdf = formatBdf(first + index);
    const directory = reader.words(frame(words, at));
    const none = { bdf, translation: 'unknown', domain: undefined, levels: undefined };
    if (!directory) {
      const tables = reader.exists(frame(words, at)) ? 'unknown' : 'bad';
      devices.push({ ...none, pageTable: undefined, tables });
      continue;
    }
    devices.push(
      pasidOf(reader, directory, bdf) ?? { ...none, pageTable: undefined, tables: 'bad' },
    );
  }
  return devices;
}

/** The first PASID of a directory, as the device's row. */
function pasidOf(reader: ScanReader, directory: Uint32Array, bdf: string): FoundDevice | undefined {
  let looked = 0;
  for (let at = 0; at < 1024; at += 2) {
    const low = directory[at];
    if (low === 0 && directory[at + 1] === 0) continue;
    if ((low & 1) === 0 || (low & 0xffc) !== 0) return undefined;
    if (++looked > MAX_PASID_TABLES) break;
    const table = reader.words(frame(directory, at));
    if (!table) {
      if (reader.exists(frame(directory, at))) continue;
      return undefined;
    }
    for (let slot = 0; slot < 64; slot++)
      if (table[16 * slot] & 1) return pasidEntry(reader, table, 16 * slot, bdf);
  }
  return undefined;
}

function pasidEntry(
  reader: ScanReader,
  table: Uint32Array,
  at: number,
  bdf: string,
): FoundDevice | undefined {
  const low = table[at];
  const type = (low >>> 6) & 7;
  // Words above the third quadword are reserved.
  for (let word = 6; word < 16; word++) if (table[at + word] !== 0) return undefined;
  if (type < 1 || type > 4 || (low & 0xc00) !== 0) return undefined;
  const row = { bdf, domain: table[at + 2] & 0xffff };
  if (type === 4)
    return {
      ...row,
      translation: 'pass-through',
      levels: undefined,
      pageTable: undefined,
      tables: 'none',
    };
  const second = type === 2;
  const kind: PagingKind = second ? 'second-stage' : 'first-stage';
  const levels = second ? ((low >>> 2) & 7) + 2 : 4 + ((table[at + 4] >>> 2) & 3);
  const target = frame(table, second ? at : at + 4);
  return {
    ...row,
    translation: type === 3 ? 'nested' : kind,
    levels,
    pageTable: addressOfPfn(target),
    // A nested first stage lies in the guest's own addresses.
    tables: type === 3 ? 'unknown' : reader.table(target, levels, kind),
  };
}

/** Domain IDs with more than one page table. */
function clashes(devices: readonly FoundDevice[]): number {
  const tables = new Map<number, Set<bigint>>();
  for (const { domain, pageTable } of devices) {
    if (domain === undefined || pageTable === undefined) continue;
    tables.set(domain, (tables.get(domain) ?? new Set()).add(pageTable));
  }
  return [...tables.values()].filter((each) => each.size > 1).length;
}

/** `11 devices: 4 page tables are sound, 7 empty`. */
export function tablesText(devices: readonly FoundDevice[]): string {
  const count = (state: FoundDevice['tables']): number =>
    devices.filter(({ tables }) => tables === state).length;
  const parts = [
    [count('sound'), 'with sound page tables'],
    [count('empty'), 'with tables that map nothing'],
    [count('unknown'), 'with tables that the source lacks'],
    [count('none'), 'without tables'],
    [count('bad'), 'whose pointers lead to no table'],
  ] as const;
  const said = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return `${devices.length} ${devices.length === 1 ? 'device' : 'devices'}: ${said.join(', ')}`;
}
