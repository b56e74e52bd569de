import type { Store } from './store.ts';
import { createStore } from './store.ts';

/**
 * The one selection that drives all panels. Every part is text of the contract; what a selection
 * does not know is absent.
 */
export interface Selection {
  /** The state that the entry stands in; absent for what is open to be changed. */
  readonly source?: string;
  /** The state that is shown beside it. */
  readonly against?: string;
  readonly unit?: string;
  readonly bdf?: string;
  readonly pasid?: number;
  /** I/O virtual address. */
  readonly iova?: string;
  readonly access?: 'read' | 'write';
  readonly physical?: string;
  /** Path of an entry. */
  readonly entry?: string;
  readonly register?: string;
  /** Number of a fault, `#n`. */
  readonly fault?: number;
  readonly console?: string;
  readonly line?: number;
  /** A stretch of time: seconds of the kernels' own clocks. */
  readonly time?: {
    readonly kernel: number;
    readonly from: number;
    readonly toKernel: number;
    readonly to: number;
  };
  /** The panel that published it: it does not follow its own selection. */
  readonly from: string;
}

/** Where a history entry is kept beside ours: the browser's own, so that its keys work. */
export interface HistoryKeeper {
  /** @param passing the entry before it came from the same panel: one of many that a key passes. */
  push(index: number, passing: boolean): void;
  go(delta: number): void;
  /** Called with the index that the browser went to. */
  onMove(listener: (index: number) => void): void;
}

const LIMIT = 200;

/** Publishes selections and keeps their history. */
export class SelectionBus {
  readonly store: Store<Selection> = createStore<Selection>({ from: 'start' });
  readonly #keeper: HistoryKeeper | undefined;
  #entries: Selection[] = [this.store.get()];
  /** Index of the oldest entry that is still kept. */
  #first = 0;
  #at = 0;

  constructor(keeper?: HistoryKeeper) {
    this.#keeper = keeper;
    keeper?.onMove((index) => this.#moveTo(index));
  }

  get current(): Selection {
    return this.store.get();
  }

  get canGoBack(): boolean {
    return this.#at > this.#first;
  }

  get canGoForward(): boolean {
    return this.#at < this.#first + this.#entries.length - 1;
  }

  /** The newest value of a part that some selection said, from the current one backwards. */
  last<T>(pick: (selection: Selection) => T | undefined): T | undefined {
    for (let at = this.#at - this.#first; at >= 0; at--) {
      const value = pick(this.#entries[at]);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** Makes a new selection; one that says nothing new makes no history entry. */
  publish(next: Selection): void {
    if (sameSelection(next, this.current)) {
      if (next.from !== this.current.from) this.#replace(next);
      return;
    }
    const passing = next.from === this.current.from;
    this.#entries.length = this.#at - this.#first + 1;
    this.#entries.push(next);
    this.#at++;
    if (this.#entries.length > LIMIT) {
      this.#entries.shift();
      this.#first++;
    }
    this.#keeper?.push(this.#at, passing);
    this.store.set(next);
  }

  back(): void {
    this.#go(-1);
  }

  forward(): void {
    this.#go(1);
  }

  #go(delta: -1 | 1): void {
    if (delta < 0 ? !this.canGoBack : !this.canGoForward) return;
    if (this.#keeper) this.#keeper.go(delta);
    else this.#moveTo(this.#at + delta);
  }

  #moveTo(index: number): void {
    const entry = this.#entries[index - this.#first];
    if (!entry) return;
    this.#at = index;
    this.store.set({ ...entry, from: 'history' });
  }

  #replace(next: Selection): void {
    this.#entries[this.#at - this.#first] = next;
    this.store.set(next);
  }
}

function sameSelection(a: Selection, b: Selection): boolean {
  const plain = ({ from: _from, ...rest }: Selection): string =>
    JSON.stringify(Object.entries(rest).sort(([x], [y]) => x.localeCompare(y)));
  return plain(a) === plain(b);
}

/** The selection as the status bar shows it: `00:06.0 IOVA 0x1f00000`. */
export function selectionText(selection: Selection): string {
  const parts: string[] = [];
  if (selection.bdf) parts.push(selection.bdf);
  if (selection.iova) parts.push(`IOVA ${selection.iova}`);
  else if (selection.entry) parts.push(selection.entry);
  else if (selection.register) parts.push(`${selection.unit ?? ''} ${selection.register}`.trim());
  else if (selection.physical) parts.push(`physical ${selection.physical}`);
  if (selection.line !== undefined && parts.length === 0) parts.push(`line ${selection.line}`);
  return parts.join(' ');
}
