/** What a sweep has read so far, and the bounds that it keeps. */
import type { Layout, Words } from '../bits/layout.ts';
import type { Severity } from '../format/severity.ts';
import { loopText } from '../iommu/finding.ts';
import { levelStep } from '../iommu/path.ts';
import type { Budget, SweepResult } from '../iommu/unit.ts';
import { addressOfPfn, type UnknownPage } from '../memory/physical.ts';
import { isKnown } from '../memory/physical.ts';
import type { AmdContext } from './context.ts';
import type { LeafWriter } from './leaf-writer.ts';
import { Notes } from './notes.ts';

/**
 * Times that table pages may be met again through another entry, whatever the number of pages, and
 * as a factor of it. Tables that share pages can stand for more leaves than anyone can read (a few
 * pages map 2^48 bytes); real ones share none or few.
 */
const SHARED_VISITS = 1 << 16;
const SHARED_FACTOR = 16;
/** Progress is told once in so many table pages. */
const PROGRESS_EVERY = 256;
/** Levels 1 to 6 and room for the guest's: a key of page and level. */
const LEVELS = 16;

export class SweepState {
  readonly context: AmdContext;
  readonly leaves: LeafWriter;
  readonly notes: Notes;
  /** A bound was reached, the caller cancelled or the sink had enough: unwind. */
  done = false;
  /** Leaves that end at or below this page frame of the input address are left out. */
  readonly from: number;
  readonly #budget: Budget;
  readonly #at: string;
  /** Distinct table pages that were read. */
  readonly #pages = new Set<number>();
  /** Page and level of tables that were walked. */
  readonly #walked = new Set<number>();
  /** Those of them that hold no present leaf: met again, they need no second walk. */
  readonly #empty = new Set<number>();
  /** Table pages between the top table and here, with the index taken in each. */
  readonly #stackPages: number[] = [];
  readonly #stackLevels: number[] = [];
  readonly #stackIndexes: number[] = [];
  #revisits = 0;
  #visits = 0;
  /** First page frame beyond all memory; found when a pointer leads nowhere. */
  #end: number | undefined;

  /** @param at path that level steps are put behind */
  constructor(context: AmdContext, at: string, leaves: LeafWriter, budget: Budget) {
    this.context = context;
    this.leaves = leaves;
    this.notes = new Notes(at, (address) => context.whyMissing(address));
    this.from = budget.from ?? 0;
    this.#budget = budget;
    this.#at = at;
  }

  /**
   * Enters a table.
   * @returns its 1024 little-endian words; `empty` when it was walked before and holds nothing;
   * undefined when it is not known, is one of its own ancestors, or a bound was reached.
   */
  enter(pfn: number, level: number): Uint32Array | 'empty' | undefined {
    if (this.done) return undefined;
    const key = pfn * LEVELS + level;
    if (this.#empty.has(key)) return 'empty';
    const back = this.#stackPages.indexOf(pfn);
    if (back >= 0) {
      this.notes.add(
        'error',
        'table-loop',
        this.path(),
        loopText(this.#stackLevels[back], BigInt(pfn) * 4096n),
      );
      return undefined;
    }
    if (this.#over(key)) return undefined;
    const page = this.context.memory.page(pfn);
    if (!isKnown(page)) {
      this.unknown(pfn, page);
      return undefined;
    }
    this.read(pfn);
    this.#stackPages.push(pfn);
    this.#stackLevels.push(level);
    this.#stackIndexes.push(0);
    return new Uint32Array(page.buffer, page.byteOffset, 1024);
  }

  /** Leaves the table that was entered last. @param empty it holds no present leaf below it */
  leave(empty: boolean): void {
    const pfn = this.#stackPages.pop() ?? 0;
    const level = this.#stackLevels.pop() ?? 0;
    this.#stackIndexes.pop();
    if (empty) this.#empty.add(pfn * LEVELS + level);
  }

  /** Which entry of the current table is being followed. */
  follow(index: number): void {
    this.#stackIndexes[this.#stackIndexes.length - 1] = index;
  }

  /** A table page was read; distinct ones are counted. */
  read(pfn: number): void {
    this.#pages.add(pfn);
  }

  unknown(pfn: number, why: UnknownPage): void {
    const address = addressOfPfn(pfn);
    this.notes.missing(address, why, this.path(), 'Page table');
    if (why !== 'absent' || this.context.inCrashMemory(address)) return;
    if (pfn < this.#endOfMemory()) return;
    this.notes.add(
      'error',
      'pointer-outside-memory',
      this.path(),
      `This entry points to a table at 0x${(pfn * 4096).toString(16)}, beyond all memory that this source has.`,
    );
  }

  #endOfMemory(): number {
    if (this.#end === undefined) {
      this.#end = 0;
      for (const range of this.context.memory.ranges()) this.#end = Math.max(this.#end, range.to);
    }
    return this.#end;
  }

  /** A finding about an entry of the current table, with the entry as its evidence. */
  entryNote(
    severity: Severity,
    id: string,
    text: string,
    words: Uint32Array,
    index: number,
    layoutOf: (words: Words) => Layout,
  ): void {
    if (!this.notes.wants(id)) return;
    const value = [(BigInt(words[2 * index + 1]) << 32n) | BigInt(words[2 * index])];
    const pfn = this.#stackPages[this.#stackPages.length - 1];
    this.notes.add(severity, id, this.path(index), text, [
      {
        what: layoutOf(value).name,
        address: addressOfPfn(pfn) + BigInt(8 * index),
        words: value,
      },
    ]);
  }

  /** Path of the entry that is being followed, or of one of the current table. */
  path(index?: number): string {
    const steps = this.#stackLevels.map((level, depth) =>
      levelStep(
        level,
        index !== undefined && depth === this.#stackLevels.length - 1
          ? index
          : this.#stackIndexes[depth],
      ),
    );
    return [this.#at, ...steps].join('/');
  }

  result(): SweepResult {
    this.leaves.flush();
    return {
      leaves: this.leaves.leaves,
      mappedBytes: this.leaves.mappedBytes,
      leafSizes: this.leaves.sizes(),
      tablePages: this.#pages.size,
      findings: this.notes.findings,
      incomplete: this.notes.incomplete,
    };
  }

  /** Whether a bound forbids another table; says so once. */
  #over(key: number): boolean {
    this.#visits++;
    if (this.leaves.stopped) this.done = true;
    else if (this.#budget.signal?.aborted)
      this.#stop('Interrupted; what was found until then stands.');
    else if (this.#visits > this.#budget.tablePages)
      this.#stop(`Stopped at the bound of ${this.#budget.tablePages} table pages.`);
    else if (!this.#walked.has(key)) this.#walked.add(key);
    else if (++this.#revisits > Math.max(SHARED_VISITS, SHARED_FACTOR * this.#walked.size)) {
      this.notes.add(
        'error',
        'table-shared',
        this.path(),
        'The same table pages are reached again and again: the mappings are too many to list.',
      );
      this.#stop('Stopped: the same table pages are reached again and again.');
    }
    if (this.#visits % PROGRESS_EVERY === 0) this.#budget.progress?.(this.#pages.size);
    return this.done;
  }

  #stop(text: string): void {
    this.done = true;
    this.notes.cut(this.#at, text);
  }
}
