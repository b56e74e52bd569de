/** Finds tables with no help from a kernel or registers: every page is looked at once. */
import { formatBdf, parseBdf } from '../../format/bdf.ts';
import { hex } from '../../format/hex.ts';
import {
  addressOfPfn,
  isKnown,
  pageOnce,
  type PhysicalMemory,
  ZERO_PAGE,
} from '../../memory/physical.ts';
import type { LogStory } from '../story.ts';
import { crashedKernel } from '../story.ts';
import type { Steps } from '../../memory/steps.ts';
import { deviceRuns, judgeDeviceTable } from './amd.ts';
import type { Candidate, CandidateKind, FoundDevice } from './candidate.ts';
import { contextOf, judgeRoot } from './intel.ts';
import { judgeInterruptTables } from './interrupt-tables.ts';
import {
  devicePage,
  interruptPage,
  legacyContext,
  legacyRoot,
  scalableContext,
  scalableRoot,
} from './page-tests.ts';
import { ScanReader } from './reader.ts';
import { assignUnits, namedUnits, type FoundFirmware } from './units.ts';

/** Pages of one kind that are looked at closely; far more than any machine has tables. */
const MAX_FRAMES = 1 << 18;
/** Pages between two looks at the clock and the signal. */
const STEP = 4096;
/** A context table that no root leads to is hardly one in use. */
const ORPHAN = 0.6;
/** Candidates with less than this are left out. */
const LEAST = 0.2;

export interface ScanOptions {
  readonly signal?: AbortSignal;
  /** What a console log tells of the units. */
  readonly story?: LogStory;
  /** DMAR and IVRS, where memory or a file holds them. */
  readonly firmware?: FoundFirmware;
}

export interface ScanResult {
  /** Best first; what belongs to a table follows it. */
  readonly candidates: readonly Candidate[];
  readonly pages: number;
  readonly notes: readonly string[];
  readonly interrupted: boolean;
}

/** Looks at every present page of a memory; its steps are frames looked at and frames in all. */
export function* scanSteps(memory: PhysicalMemory, options: ScanOptions = {}): Steps<ScanResult> {
  const frames = { root: [], context: [], device: [], interrupt: [] } as Record<
    'root' | 'context' | 'device' | 'interrupt',
    number[]
  >;
  const put = (kind: keyof typeof frames, pfn: number): void => {
    if (frames[kind].length < MAX_FRAMES) frames[kind].push(pfn);
  };
  const { pages, interrupted } = yield* eachPage(memory, options.signal, (pfn, words) => {
    if (scalableRoot(words) > 0 || legacyRoot(words) > 0) put('root', pfn);
    if (legacyContext(words) > 0 || scalableContext(words) > 0) put('context', pfn);
    if (devicePage(words)) put('device', pfn);
    if (interruptPage(words) > 0) put('interrupt', pfn);
  });
  const reader = new ScanReader(memory);
  const found: Candidate[] = [];
  for (const pfn of frames.root) found.push(...judgeRoot(reader, pfn));
  const roots = withoutCopies(found);
  const contexts = orphans(reader, frames.context, roots);
  const devices = deviceRuns(frames.device).flatMap((run) => judgeDeviceTable(reader, run));
  const interrupts = judgeInterruptTables(reader, frames.interrupt, roots);
  const all = [...roots, ...contexts, ...devices, ...interrupts];
  const units = namedUnits(options.firmware ?? {}, options.story);
  const { candidates, notes } = crossCheck(assignUnits(all, units), options.story);
  return {
    candidates: withPageTables(candidates)
      .filter(({ score }) => score >= LEAST)
      .sort((a, b) => b.score - a.score || Number(a.address - b.address)),
    pages,
    notes,
    interrupted,
  };
}

function* eachPage(
  memory: PhysicalMemory,
  signal: AbortSignal | undefined,
  look: (pfn: number, words: Uint32Array) => void,
): Steps<{ readonly pages: number; readonly interrupted: boolean }> {
  const ranges = [...memory.ranges()];
  const all = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  let [pages, done] = [0, 0];
  for (const { from, to } of ranges)
    for (let pfn = from; pfn < to; pfn++) {
      if (++done % STEP === 0) {
        if (signal?.aborted) return { pages, interrupted: true };
        yield { done, all };
      }
      const page = pageOnce(memory, pfn);
      if (!isKnown(page) || page === ZERO_PAGE) continue;
      const words = new Uint32Array(page.buffer, page.byteOffset, 1024);
      if (isZero(words)) continue;
      pages++;
      look(pfn, words);
    }
  return { pages, interrupted: false };
}

function isZero(words: Uint32Array): boolean {
  for (let at = 0; at < 1024; at++) if (words[at] !== 0) return false;
  return true;
}

/**
 * A page may look like a table because it is one that a better candidate's tables are made of (a
 * context table read as a root table): what another candidate points to is no root.
 */
function withoutCopies(found: readonly Candidate[]): Candidate[] {
  const owned = new Set(
    found.filter(({ kind }) => kind === 'context-table').map(({ address }) => address),
  );
  return found.filter(({ kind, address }) => kind === 'context-table' || !owned.has(address));
}

/** Context tables that no root table leads to. */
function orphans(
  reader: ScanReader,
  frames: readonly number[],
  roots: readonly Candidate[],
): Candidate[] {
  const owned = new Set(
    roots.filter(({ kind }) => kind === 'context-table').map(({ address }) => address),
  );
  return frames.flatMap((pfn) => {
    if (owned.has(addressOfPfn(pfn))) return [];
    const readings = [false, true].map((scalable) => contextOf(reader, pfn, 0, scalable));
    const best = readings
      .filter((each): each is Candidate => typeof each === 'object')
      .sort((a, b) => b.score - a.score)[0];
    if (!best) return [];
    return [
      {
        ...best,
        score: Math.round(best.score * ORPHAN * 1000) / 1000,
        why: [
          ...best.why,
          'no root table leads here: its bus is not known, nor whether it is in use',
        ],
      },
    ];
  });
}

/** Page tables that found devices use, with what their owner is worth. */
function withPageTables(candidates: readonly Candidate[]): Candidate[] {
  const tables = new Map<bigint, Candidate>();
  for (const owner of candidates) {
    if (owner.kind === 'context-table' || owner.devices.length === 0) continue;
    for (const device of owner.devices) {
      const kind = pageTableKind(device, owner.vendor);
      if (!kind || device.pageTable === undefined || device.tables === 'bad') continue;
      const known = tables.get(device.pageTable);
      if (known && known.score >= owner.score) continue;
      const sure = device.tables === 'sound' ? 1 : 0.9;
      tables.set(device.pageTable, {
        kind,
        vendor: owner.vendor,
        address: device.pageTable,
        score: Math.round(owner.score * sure * 1000) / 1000,
        why: [
          `the entry of ${device.bdf} in ${hex(owner.address)} points here`,
          `its page is ${device.tables === 'sound' ? 'a sound table' : device.tables === 'empty' ? 'all zero: nothing is mapped' : 'not known'}`,
        ],
        devices: [device],
        parent: owner.address,
        ...(owner.units ? { units: owner.units } : {}),
      });
    }
  }
  return [...candidates, ...tables.values()];
}

function pageTableKind(device: FoundDevice, vendor: 'intel' | 'amd'): CandidateKind | undefined {
  if (vendor === 'amd') return device.translation === 'v1' ? 'v1-table' : undefined;
  if (device.translation === 'second-stage') return 'second-stage-table';
  return device.translation === 'first-stage' ? 'first-stage-table' : undefined;
}

/** Compares the main candidates with what the log says of units and devices. */
function crossCheck(
  candidates: readonly Candidate[],
  story: LogStory | undefined,
): { readonly candidates: readonly Candidate[]; readonly notes: readonly string[] } {
  if (!story) return { candidates, notes: [] };
  const kernel = crashedKernel(story);
  const units = story.phases.filter(
    (phase) => phase.event === 'unit' && phase.kernel === kernel && phase.line > 0,
  );
  const names = [
    ...new Set(
      units.map(
        ({ unit, details }) =>
          `${unit ?? 'a unit'}${typeof details['base'] === 'bigint' ? ` at ${hex(details['base'])}` : ''}`,
      ),
    ),
  ];
  const named = namedDevices(story);
  const notes: string[] = [];
  const strong = candidates.filter(
    ({ kind, score }) => /root-table$|^device-table$/.test(kind) && score > 0.5,
  );
  if (names.length > 0)
    notes.push(
      `The log names ${names.length} ${names.length === 1 ? 'unit' : 'units'} (${names.slice(0, 8).join(', ')}); ${strong.length} ${strong.length === 1 ? 'table looks' : 'tables look'} like theirs.`,
    );
  return {
    notes,
    candidates: candidates.map((candidate) => {
      if (!strong.includes(candidate)) return candidate;
      const listed = new Set(candidate.devices.map(({ bdf }) => bdf));
      const seen = [...named].filter((bdf) => listed.has(bdf));
      const why = [...candidate.why];
      let { score } = candidate;
      if (seen.length > 0) {
        score = 1 - (1 - score) * 0.7;
        why.push(`devices that the log names are among them: ${seen.slice(0, 4).join(', ')}`);
      }
      // One table for each unit of VT-d; AMD-Vi's units share theirs.
      const expected = candidate.vendor === 'amd' ? 1 : names.length;
      const ofKind = strong.filter(({ vendor }) => vendor === candidate.vendor);
      if (expected > 0 && ofKind.length === expected) {
        score = 1 - (1 - score) * 0.7;
        why.push(`as many tables as the log has units (${expected})`);
      } else if (expected > 0 && ofKind.length > expected)
        why.push(
          `more tables than the log has units (${ofKind.length}, ${expected}): some are not in use any more`,
        );
      return { ...candidate, why, score: Math.round(score * 1000) / 1000 };
    }),
  };
}

/** Devices that a log names where it speaks of their translation. */
function namedDevices(story: LogStory): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { details } of story.phases)
    for (const value of [details['device'], details['bdf']]) {
      const bdf = typeof value === 'string' ? parseBdf(value) : undefined;
      if (bdf) found.add(formatBdf(bdf.id, bdf.segment));
    }
  return found;
}
