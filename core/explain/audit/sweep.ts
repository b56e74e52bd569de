/** Brings about the state that the rules look at: each page table swept once. */
import { amdUnit } from '../../amdvi/unit.ts';
import type { UnitFacts } from '../../iommu/facts.ts';
import type { Incomplete } from '../../iommu/finding.ts';
import type { LeafBatch } from '../../iommu/leaves.ts';
import { DEFAULT_BUDGET, type Budget, type Unit } from '../../iommu/unit.ts';
import type { PhysicalMemory } from '../../memory/physical.ts';
import { intelUnit } from '../../vtd/unit.ts';
import { Intervals } from '../mappings/intervals.ts';
import { sweepSlices } from '../mappings/slices.ts';
import { distinctTables, type DistinctTable } from '../mappings/tables.ts';
import { finish, type Steps } from '../../memory/steps.ts';
import { MappedFrames } from './mapped-frames.ts';
import { partitionOf, type Partition } from './partition.ts';
import { RecordingMemory } from './recording-memory.ts';
import {
  REACH,
  type AuditFacts,
  type AuditState,
  type Reach,
  type ReachedRanges,
  type SweptTable,
} from './state.ts';

/** Ranges of a kind that are kept of one table. */
const MAX_RANGES = 32;
/** Pages of tables whose owner is remembered, to see who shares them. */
const MAX_OWNED = 1 << 22;
/** Pages shared between two tables that are told one by one. */
const MAX_SHARED = 32;

const KINDS = Object.entries(REACH) as [Reach, number][];

export interface AuditOptions {
  readonly budget?: Budget;
  /** Called before each table's sweep. */
  readonly step?: (done: number, all: number) => void;
  /** Makes the units over the memory that watches what they read; by their facts without it. */
  readonly unitsOver?: (memory: PhysicalMemory) => readonly Unit[];
}

/** Reads all entries and sweeps all page tables of units over a memory. */
export function auditState(
  facts: readonly UnitFacts[],
  memory: PhysicalMemory,
  about: AuditFacts,
  options: AuditOptions = {},
): AuditState {
  return finish(auditSteps(facts, memory, about, options), options.step);
}

/** The same, step by step: page tables done and page tables in all. */
export function* auditSteps(
  facts: readonly UnitFacts[],
  memory: PhysicalMemory,
  about: AuditFacts,
  options: Omit<AuditOptions, 'step'> = {},
): Steps<AuditState> {
  const { budget = DEFAULT_BUDGET } = options;
  const recording = new RecordingMemory(memory);
  const units =
    options.unitsOver?.(recording) ??
    facts.map((each): Unit =>
      each.vendor === 'intel' ? intelUnit(each, recording) : amdUnit(each, recording),
    );
  const lists = units.map((unit) => ({ unit, list: unit.devices() }));
  const interrupts = units.map((unit) => ({ unit, tables: unit.interrupts(false) }));
  const own = recording.asked;
  for (const each of facts) for (const frame of queueFrames(each)) own.add(frame);

  const distinct = distinctTables(units);
  const mapped = new MappedFrames();
  const owners = new Map<number, DistinctTable>();
  const partition = partitionOf(about.map);
  const tables: SweptTable[] = [];
  for (const [index, table] of distinct.entries()) {
    const progress = { done: index, all: distinct.length };
    yield progress;
    recording.asked = new Set();
    const reached = new Reached(partition, mapped);
    const slices = sweepSlices(table.unit, table.device, (batch) => reached.take(batch), budget);
    let slice = slices.next();
    for (; !slice.done; slice = slices.next()) yield progress;
    const result = slice.value;
    const shared: { frame: number; with: DistinctTable }[] = [];
    for (const frame of recording.asked) {
      own.add(frame);
      const owner = owners.get(frame);
      if (owner === undefined) {
        if (owners.size < MAX_OWNED) owners.set(frame, table);
      } else if (shared.length < MAX_SHARED) shared.push({ frame, with: owner });
    }
    tables.push({
      table,
      leaves: result.leaves,
      reached: reached.result(),
      shared,
      findings: result.findings,
      incomplete: result.incomplete,
    });
    if (budget.signal?.aborted) break;
  }
  const touched = [...own].filter((frame) => mapped.has(frame));
  const complete =
    touched.length === 0 || budget.signal?.aborted
      ? tables
      : withUnitTables(tables, touched, budget);
  const incomplete: Incomplete[] = [
    ...lists.flatMap(({ list }) => list.incomplete),
    ...interrupts.flatMap(({ tables: all }) => all.flatMap((each) => each.incomplete)),
    ...tables.flatMap((each) => each.incomplete),
  ];
  return {
    facts: about,
    units: lists,
    interrupts,
    tables: complete,
    incomplete,
    gaps: [...new Set(tables.flatMap((each) => each.incomplete).map(({ text }) => text))],
  };
}

/** Sweeps once more, for the rare case that some mapping reaches the units' own tables. */
function withUnitTables(
  tables: readonly SweptTable[],
  frames: readonly number[],
  budget: Budget,
): SweptTable[] {
  const partition = partitionOf(
    {},
    new Intervals(frames.map((frame) => ({ from: frame, to: frame + 1 }))),
  );
  return tables.map((swept) => {
    const reached = new Reached(partition, undefined);
    swept.table.unit.sweep(swept.table.device, (batch) => reached.take(batch), budget);
    const more = reached.result().get('unitTables');
    return more ? { ...swept, reached: new Map([...swept.reached, ['unitTables', more]]) } : swept;
  });
}

/** Frames of the queues and logs that a unit reads or writes. */
function* queueFrames(facts: UnitFacts): Generator<number> {
  const queues =
    facts.vendor === 'intel' ? [facts.queue] : [facts.commandBuffer, facts.eventLog, facts.pprLog];
  for (const queue of queues) {
    if (!queue) continue;
    const first = Number(queue.base >> 12n);
    for (let at = 0; at < Math.ceil(queue.length / 4096); at++) yield first + at;
  }
}

interface Gathered {
  readonly ranges: { iova: number; pa: number; pages: number; rights: number }[];
  pages: number;
  count: number;
  /** The last range, listed or not: neighbours are one. */
  endIova: number;
  endPa: number;
  rights: number;
}

/** Takes leaves and keeps those that reach what they should not. */
class Reached {
  readonly #partition: Partition;
  readonly #mapped: MappedFrames | undefined;
  readonly #found = new Map<Reach, Gathered>();

  constructor(partition: Partition, mapped: MappedFrames | undefined) {
    this.#partition = partition;
    this.#mapped = mapped;
  }

  take({ count, iova, pa, pages, rights }: LeafBatch): void {
    for (let at = 0; at < count; at++) {
      this.#mapped?.add(pa[at], pages[at]);
      let kinds = this.#partition.kinds(pa[at], pa[at] + pages[at]);
      if (iova[at] === pa[at] && this.#mapped) kinds |= REACH.identity;
      if (kinds !== 0) this.#keep(kinds, iova[at], pa[at], pages[at], rights[at]);
    }
  }

  result(): ReadonlyMap<Reach, ReachedRanges> {
    return this.#found;
  }

  #keep(kinds: number, iova: number, pa: number, pages: number, rights: number): void {
    for (const [kind, bit] of KINDS) {
      if ((kinds & bit) === 0) continue;
      let found = this.#found.get(kind);
      if (!found) {
        found = { ranges: [], pages: 0, count: 0, endIova: -1, endPa: -1, rights };
        this.#found.set(kind, found);
      }
      found.pages += pages;
      const last = found.ranges.at(-1);
      const goesOn = found.endIova === iova && found.endPa === pa && found.rights === rights;
      if (!goesOn) {
        found.count++;
        if (found.ranges.length < MAX_RANGES) found.ranges.push({ iova, pa, pages, rights });
      } else if (last && last.iova + last.pages === iova) last.pages += pages;
      found.endIova = iova + pages;
      found.endPa = pa + pages;
      found.rights = rights;
    }
  }
}
