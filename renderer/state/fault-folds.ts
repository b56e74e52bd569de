import type { CallRequest } from '../../core/protocol/contract.ts';
import { textsOf } from './saved.ts';

/** Keys that are kept with the session. */
const MAX_KEPT = 1000;
/** Faults of a group that have rows until all of them are asked for. */
const FEW = 4;

/** What of the groups is kept with the session. */
export interface KeptFolds {
  /** Keys of groups that are folded. */
  readonly folded: readonly string[];
  /** Keys of groups of which every fault has a row. */
  readonly whole: readonly string[];
}

export const NO_FOLDS: KeptFolds = { folded: [], whole: [] };

/** Which faults of the list have rows: groups are folded, show a few of theirs, or all. */
export class FaultFolds {
  #folded: string[] = [];
  #whole: string[] = [];

  restore({ folded, whole }: { readonly folded?: unknown; readonly whole?: unknown }): void {
    this.#folded = textsOf(folded);
    this.#whole = textsOf(whole);
  }

  get kept(): KeptFolds {
    return { folded: this.#folded.slice(-MAX_KEPT), whole: this.#whole.slice(-MAX_KEPT) };
  }

  /** The part of a question that says so. */
  get question(): Pick<CallRequest<'faults.place'>['query'], 'folded' | 'few' | 'whole'> {
    return { folded: this.#folded, few: FEW, whole: this.#whole };
  }

  /** Folds a group; when it is opened again it shows a few. */
  fold(group: string): void {
    this.#whole = this.#whole.filter((key) => !isIn(key, group));
    this.#folded = [...this.#folded, group];
  }

  open(group: string): void {
    this.#folded = this.#folded.filter((key) => key !== group);
  }

  /** Every fault of a group has a row. */
  showAll(group: string): void {
    this.#whole = [...this.#whole, group];
  }

  /** The group, and every group in it, is open and shows all. */
  openAll(group: string): void {
    this.#folded = this.#folded.filter((key) => !isIn(key, group));
    this.showAll(group);
  }
}

/** Whether a group is another one, or in it: `00:06.0 dma 5` is in `00:06.0`. */
const isIn = (key: string, group: string): boolean => key === group || key.startsWith(`${group} `);
