import type { FaultGrouping } from '../protocol/contract.ts';
import { compileFilter, type FaultFilter, type FilterWorld } from './fault-filter.ts';
import {
  addToGroup,
  groupKey,
  reasonKey,
  type FaultGroup,
  type FaultSort,
} from './fault-groups.ts';
import { FilterError } from './filter-syntax.ts';
import type { SessionFault } from './view-fault.ts';

/** What passes a filter, kept up with what arrives; every grouping of it shares this. */
interface Sieve {
  readonly filter: FaultFilter;
  /** Faults looked at so far. */
  seen: number;
  readonly passed: number[];
}

/** One filter and grouping over the table, kept up with what arrives. */
export interface Cut {
  readonly sieve: Sieve;
  readonly group: FaultGrouping;
  /** Faults of the sieve that stand in a group already. */
  grouped: number;
  readonly groups: Map<string, FaultGroup>;
  /** The order that was asked for last. */
  sorted:
    | {
        readonly by: FaultSort;
        readonly reverse: boolean;
        readonly seen: number;
        readonly order: readonly number[];
      }
    | undefined;
}

/** Cuts kept at a time: one for each panel that looks, and the one before. */
const MAX_CUTS = 6;

/**
 * Time that one answer spends on judging faults, ms: a million verdicts take minutes, in which the
 * engine would answer nothing else.
 */
const JUDGING = 400;

/** The cuts through a table of faults that were asked for last. */
export class FaultCuts {
  readonly #faults: readonly SessionFault[];
  readonly #world: FilterWorld;
  readonly #cuts = new Map<string, Cut>();

  /** @param faults grows while it is looked at; `forget` when something of it goes */
  constructor(faults: readonly SessionFault[], world: FilterWorld) {
    this.#faults = faults;
    this.#world = world;
  }

  /** A cut as far as it is known now; the error of a filter that is not understood. */
  get(filter: string, group: FaultGrouping): Cut | FilterError {
    const cut = this.#find(filter, group);
    if (cut instanceof FilterError) return cut;
    this.#sift(cut.sieve);
    this.#sort(cut);
    return cut;
  }

  /** Faults went, or verdicts may have changed: all is asked anew. */
  forget(): void {
    this.#cuts.clear();
  }

  #find(filter: string, group: FaultGrouping): Cut | FilterError {
    const key = `${group} ${filter}`;
    const kept = this.#cuts.get(key);
    if (kept) {
      this.#cuts.delete(key);
      this.#cuts.set(key, kept);
      return kept;
    }
    const sieve = this.#sieve(filter);
    if (sieve instanceof FilterError) return sieve;
    const made: Cut = { sieve, group, grouped: 0, groups: new Map(), sorted: undefined };
    this.#cuts.set(key, made);
    for (const oldest of this.#cuts.keys()) {
      if (this.#cuts.size <= MAX_CUTS) break;
      this.#cuts.delete(oldest);
    }
    return made;
  }

  #sieve(filter: string): Sieve | FilterError {
    for (const [key, { sieve, group }] of this.#cuts)
      if (key === `${group} ${filter}`) return sieve;
    try {
      return { filter: compileFilter(filter, this.#world), seen: 0, passed: [] };
    } catch (error) {
      if (error instanceof FilterError) return error;
      throw error;
    }
  }

  /** Looks at the faults that came; where that takes verdicts, the next answer goes on. */
  #sift(sieve: Sieve): void {
    const { filter, passed } = sieve;
    const until = Date.now() + JUDGING;
    for (; sieve.seen < this.#faults.length; sieve.seen++) {
      if (filter.judges && sieve.seen % 64 === 0 && Date.now() > until) return;
      if (filter.passes(this.#faults[sieve.seen].record)) passed.push(sieve.seen);
    }
  }

  /** Puts what passed since into its groups. */
  #sort(cut: Cut): void {
    const { sieve, group: by, groups } = cut;
    if (by === 'none') return;
    for (; cut.grouped < sieve.passed.length; cut.grouped++) {
      const index = sieve.passed[cut.grouped];
      const { record } = this.#faults[index];
      const key = groupKey(record, by);
      const group = addToGroup(groups, key, index);
      if (by === 'device-reason') addToGroup(group.inner, reasonKey(record), index, key);
    }
  }
}
