/**
 * The sweep over one page table: every leaf, in order of its input address, as columns. Tables
 * are 32-bit words, addresses are page frame numbers; nothing is allocated for an entry.
 */
import { loopText, type Finding, type Incomplete } from '../iommu/finding.ts';
import type { LeafSink } from '../iommu/leaves.ts';
import type { Budget, SweepResult } from '../iommu/unit.ts';
import { addressOfPfn, type PhysicalMemory, type UnknownPage } from '../memory/physical.ts';
import type { Capabilities } from './capabilities.ts';
import { Findings, entryFinding, missingPage } from './findings.ts';
import type { Stage } from './paging.ts';
import { pagingLayout } from './paging.ts';
import { pagingPath } from './paths.ts';
import { endOfMemory, tableWords, wordsAt } from './reader.ts';
import { pagingReserved } from './reserved.ts';
import { BATCH, ENTRIES, batch, claimColumns } from './sweep-columns.ts';
import {
  FRAMES_PER_HIGH,
  HIGH_ADDRESS,
  USER,
  firstStagePages,
  secondStagePages,
} from './sweep-pages.ts';

/** Pages between two calls of the budget's progress. */
const PROGRESS_EVERY = 1024;
/**
 * Visits beyond which tables that are reached again and again are taken for damage: real tables
 * are trees. The factor allows for pages that several entries share.
 */
const SHARED_VISITS = 1 << 16;
const SHARED_FACTOR = 16;

export interface SweepTarget {
  /** Path that the level steps hang on. */
  readonly path: string;
  readonly stage: Stage;
  readonly levels: number;
  /** Page frame of the top table. */
  readonly top: number;
}

/** Hands every leaf of a page table to `sink`. */
export function sweepTable(
  memory: PhysicalMemory,
  capabilities: Capabilities,
  target: SweepTarget,
  sink: LeafSink,
  budget: Budget,
): SweepResult {
  const release = claimColumns();
  try {
    return new Sweep(memory, capabilities, target, sink, budget).run();
  } finally {
    release();
  }
}

class Sweep {
  readonly #memory: PhysicalMemory;
  readonly #target: SweepTarget;
  readonly #sink: LeafSink;
  readonly #budget: Budget;
  /** Reserved bits by level as low and high halves, of tables and of pages. */
  readonly #tableLow = new Uint32Array(6);
  readonly #tableHigh = new Uint32Array(6);
  readonly #pageLow = new Uint32Array(6);
  readonly #pageHigh = new Uint32Array(6);

  /** Frames of the tables on the way from the top, by level. */
  readonly #way = new Float64Array(6);
  readonly #seen = new Set<number>();
  readonly #leavesOfLevel = new Float64Array(6);
  readonly #findings = new Findings();
  readonly #incomplete: Incomplete[] = [];
  readonly #missing = new Set<number>();
  #visits = 0;
  #stopped = false;
  /** Leaves that end at or below this input frame are passed over: a sweep that goes on. */
  readonly #from: number;

  constructor(
    memory: PhysicalMemory,
    capabilities: Capabilities,
    target: SweepTarget,
    sink: LeafSink,
    budget: Budget,
  ) {
    this.#memory = memory;
    this.#target = target;
    this.#sink = sink;
    this.#budget = budget;
    this.#from = budget.from ?? 0;
    for (let level = 1; level <= 5; level++) {
      const table = pagingReserved(capabilities, target.stage, level, false);
      const page = pagingReserved(capabilities, target.stage, level, true);
      this.#tableLow[level] = Number(table & 0xffff_ffffn);
      this.#tableHigh[level] = Number(table >> 32n);
      this.#pageLow[level] = Number(page & 0xffff_ffffn);
      this.#pageHigh[level] = Number(page >> 32n);
    }
  }

  run(): SweepResult {
    const { levels, top } = this.#target;
    if (levels >= 1 && levels <= 5) this.#table(levels, top, 0, 3);
    this.#flush();
    const leafSizes = new Map<number, number>();
    let leaves = 0;
    let mappedBytes = 0;
    for (let level = 1; level <= 3; level++) {
      const count = this.#leavesOfLevel[level];
      if (count === 0) continue;
      const size = 4096 * ENTRIES ** (level - 1);
      leafSizes.set(size, count);
      leaves += count;
      mappedBytes += count * size;
    }
    return {
      leaves,
      mappedBytes,
      leafSizes,
      tablePages: this.#seen.size,
      findings: this.#findings.list(),
      incomplete: this.#incomplete,
    };
  }

  /** One table and all below it; `frame` is the first input frame that it covers. */
  #table(level: number, pfn: number, frame: number, rights: number): void {
    if (!this.#admit(level, pfn, frame)) return;
    const words = tableWords(this.#memory, pfn);
    if (typeof words === 'string') {
      this.#unknown(level, pfn, frame, words);
      return;
    }
    this.#seen.add(pfn);
    this.#way[level] = pfn;
    if (batch.count > BATCH - ENTRIES) this.#flush();
    if (level === 1) {
      this.#lowest(words, pfn, frame, rights);
      return;
    }
    this.#entries(words, level, pfn, frame, rights);
  }

  /** A table page that is not known is told once. */
  #unknown(level: number, pfn: number, frame: number, why: UnknownPage): void {
    if (this.#missing.has(pfn)) return;
    this.#missing.add(pfn);
    const at = this.#tablePath(level, frame);
    this.#incomplete.push(missingPage('page table', at, addressOfPfn(pfn), why));
    if (why === 'absent') this.#outside(at, pfn);
  }

  /** Checks budget, signal and loops before a table is read. */
  #admit(level: number, pfn: number, frame: number): boolean {
    if (this.#stopped) return false;
    for (let above = this.#target.levels; above > level; above--)
      if (this.#way[above] === pfn) {
        this.#loop(level, pfn, frame, above);
        return false;
      }
    const visits = ++this.#visits;
    if (visits > this.#budget.tablePages)
      return this.#stop(frame, `stopped after ${this.#budget.tablePages} table pages`);
    if (this.#budget.signal?.aborted) return this.#stop(frame, 'stopped on request');
    if (visits > SHARED_VISITS && visits > SHARED_FACTOR * this.#seen.size) {
      this.#findings.add('table-shared', () => ({
        severity: 'error',
        at: this.#tablePath(level, frame),
        text: 'The same table pages are reached again and again; this is no page table of a driver. The sweep stopped here.',
        evidence: [],
      }));
      return this.#stop(frame, 'stopped: the same table pages are reached again and again');
    }
    if (visits % PROGRESS_EVERY === 0) this.#budget.progress?.(visits);
    return true;
  }

  #entries(words: Uint32Array, level: number, pfn: number, frame: number, rights: number): void {
    const second = this.#target.stage === 'second';
    const span = ENTRIES ** (level - 1);
    const first = this.#from > frame ? Math.floor((this.#from - frame) / span) : 0;
    for (let index = first; index < ENTRIES; index++) {
      const low = words[2 * index];
      const own = second ? low & 3 : low & 1 ? 1 | (low & 2) : 0;
      if (own === 0) continue;
      const high = words[2 * index + 1];
      const below = frame + index * span;
      const page = level <= 3 && (low & 0x80) !== 0;
      if (
        page
          ? low & this.#pageLow[level] || high & this.#pageHigh[level]
          : low & this.#tableLow[level] || high & this.#tableHigh[level]
      )
        this.#reserved(level, pfn, index, below);
      if (!second && (low & USER) === 0) this.#supervisor(level, pfn, index, below);
      const granted = rights & own;
      if (page) this.#page(level, pfn, index, low, high, below, granted);
      else {
        this.#table(
          level - 1,
          (high & HIGH_ADDRESS) * FRAMES_PER_HIGH + (low >>> 12),
          below,
          granted,
        );
        if (this.#stopped) return;
        if (batch.count > BATCH - ENTRIES) this.#flush();
      }
    }
  }

  /** A page of 2 MiB or 1 GiB. */
  #page(
    level: number,
    pfn: number,
    index: number,
    low: number,
    high: number,
    frame: number,
    granted: number,
  ): void {
    if (granted === 0) {
      this.#noRights(level, pfn, index, frame);
      return;
    }
    const span = ENTRIES ** (level - 1);
    const target = (high & HIGH_ADDRESS) * FRAMES_PER_HIGH + (low >>> 12);
    const at = batch.count++;
    batch.iova[at] = frame;
    batch.pa[at] = target - (target % span);
    batch.pages[at] = span;
    batch.rights[at] = granted;
    this.#leavesOfLevel[level]++;
  }

  /** A table at level 1: the hot loop, then the findings if the loop saw cause for any. */
  #lowest(words: Uint32Array, pfn: number, frame: number, rights: number): void {
    const before = batch.count;
    const second = this.#target.stage === 'second';
    const low = this.#pageLow[1];
    const high = this.#pageHigh[1];
    const odd = second
      ? secondStagePages(words, frame, rights, low, high)
      : firstStagePages(words, frame, rights, low, high);
    if (frame < this.#from) this.#dropBelow(before);
    this.#leavesOfLevel[1] += batch.count - before;
    if (odd !== 0) this.#explain(words, pfn, frame, rights);
  }

  /** Takes leaves below the first frame asked for out of the batch again. */
  #dropBelow(start: number): void {
    let kept = start;
    for (let at = start; at < batch.count; at++) {
      if (batch.iova[at] < this.#from) continue;
      batch.iova[kept] = batch.iova[at];
      batch.pa[kept] = batch.pa[at];
      batch.pages[kept] = batch.pages[at];
      batch.rights[kept] = batch.rights[at];
      kept++;
    }
    batch.count = kept;
  }

  /** Finds out which entries of a table at level 1 the hot loop wondered at. */
  #explain(words: Uint32Array, pfn: number, frame: number, rights: number): void {
    const second = this.#target.stage === 'second';
    for (let index = 0; index < ENTRIES; index++) {
      const low = words[2 * index];
      const own = second ? low & 3 : low & 1;
      if (own === 0) continue;
      if (low & this.#pageLow[1] || words[2 * index + 1] & this.#pageHigh[1])
        this.#reserved(1, pfn, index, frame + index);
      if (!second && (low & USER) === 0) this.#supervisor(1, pfn, index, frame + index);
      if ((own & rights) === 0) this.#noRights(1, pfn, index, frame + index);
    }
  }

  #flush(): void {
    if (batch.count === 0) return;
    const more = this.#sink(batch);
    batch.count = 0;
    if (more === false) this.#stopped = true;
  }

  #stop(frame: number, text: string): false {
    this.#stopped = true;
    this.#incomplete.push({
      address: undefined,
      at: this.#target.path,
      text: `page tables from ${(frame * 4096).toString(16)} on: ${text}`,
    });
    return false;
  }

  /** Path of the entry that points to the table at `level` covering `frame`. */
  #tablePath(level: number, frame: number): string {
    const { path, levels } = this.#target;
    return pagingPath(path, levels, level + 1, frame);
  }

  #entryFinding(
    id: string,
    severity: Finding['severity'],
    text: string,
    field: string | undefined,
    level: number,
    pfn: number,
    index: number,
    frame: number,
  ): void {
    this.#findings.add(id, () => {
      const words = tableWords(this.#memory, pfn);
      const value = typeof words === 'string' ? [0n] : wordsAt(words, index, 1);
      const address = addressOfPfn(pfn) + BigInt(8 * index);
      const layout = pagingLayout(this.#target.stage, level, value[0]);
      const at = pagingPath(this.#target.path, this.#target.levels, level, frame);
      return entryFinding(severity, at, text, { address, words: value, layout }, field);
    });
  }

  #reserved(level: number, pfn: number, index: number, frame: number): void {
    this.#entryFinding(
      'reserved-bits',
      'error',
      'Reserved bits are set in a present paging entry; the hardware refuses accesses through it.',
      undefined,
      ...([level, pfn, index, frame] as const),
    );
  }

  #supervisor(level: number, pfn: number, index: number, frame: number): void {
    this.#entryFinding(
      'supervisor-only',
      'warning',
      'U/S is 0: requests without supervisor privilege are refused with reason 0x81.',
      'U/S',
      ...([level, pfn, index, frame] as const),
    );
  }

  #noRights(level: number, pfn: number, index: number, frame: number): void {
    this.#entryFinding(
      'rights-none',
      'warning',
      'The levels above take away all rights that this entry gives: the page cannot be reached.',
      undefined,
      ...([level, pfn, index, frame] as const),
    );
  }

  /** A pointer beyond all memory of the source is damage, not a page that the dump left out. */
  #outside(at: string, pfn: number): void {
    if (pfn < endOfMemory(this.#memory)) return;
    this.#findings.add('pointer-outside-memory', () => ({
      severity: 'error',
      at,
      text: `This entry points to a table at 0x${(pfn * 4096).toString(16)}, beyond all memory that this source has.`,
      evidence: [],
    }));
  }

  #loop(level: number, pfn: number, frame: number, above: number): void {
    this.#findings.add('table-loop', () => ({
      severity: 'error',
      at: this.#tablePath(level, frame),
      text: loopText(above, BigInt(pfn) * 4096n),
      evidence: [],
    }));
  }
}
