import type { PhysicalMemory, PfnRange, Provenance, UnknownPage } from './physical.ts';
import { isKnown, PAGE_SIZE, pfnOf } from './physical.ts';

/** One change that was made over a memory: enough to undo it and to say what it was. */
export interface Change {
  /** 1 for the first change, and so on. */
  readonly id: number;
  readonly address: bigint;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** What was changed, in field names, for the journal. */
  readonly text: string;
}

/**
 * Copy-on-write over another memory: pokes land here and never in the source. Each change is
 * journalled and can be undone and redone.
 */
export class OverlayMemory implements PhysicalMemory {
  readonly #base: PhysicalMemory;
  readonly #pages = new Map<number, Uint8Array>();
  readonly #done: Change[] = [];
  readonly #undone: Change[] = [];
  #nextId = 1;
  #generation = 0;
  load?: (pfns: readonly number[], signal?: AbortSignal) => Promise<void>;

  constructor(base: PhysicalMemory) {
    this.#base = base;
    if (base.load) this.load = (pfns, signal) => base.load!(pfns, signal);
  }

  /** Grows with every change, so that caches above know when to look again. */
  get generation(): number {
    return this.#generation;
  }

  /** Changes in force, oldest first. */
  journal(): readonly Change[] {
    return this.#done;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  page(pfn: number): Uint8Array | UnknownPage {
    return this.#pages.get(pfn) ?? this.#base.page(pfn);
  }

  provenance(pfn: number): Provenance {
    return this.#pages.has(pfn) ? 'present' : this.#base.provenance(pfn);
  }

  ranges(): Iterable<PfnRange> {
    return this.#base.ranges();
  }

  describe(pfn: number): string {
    return this.#pages.has(pfn)
      ? `changed here; ${this.#base.describe(pfn)}`
      : this.#base.describe(pfn);
  }

  /**
   * Writes bytes over the base; they must lie within one page whose content is known.
   * @returns the change, or why the page can't be written.
   */
  write(address: bigint, bytes: Uint8Array, text: string): Change | UnknownPage {
    const offset = Number(address & 0xfffn);
    if (offset + bytes.length > PAGE_SIZE)
      throw new RangeError('a change must stay within one page');
    const current = this.page(pfnOf(address));
    if (!isKnown(current)) return current;
    const change: Change = {
      id: this.#nextId++,
      address,
      before: current.slice(offset, offset + bytes.length),
      after: bytes.slice(),
      text,
    };
    this.#put(address, change.after);
    this.#done.push(change);
    this.#undone.length = 0;
    return change;
  }

  /** Takes back the latest change; undefined when there is none. */
  undo(): Change | undefined {
    const change = this.#done.pop();
    if (!change) return undefined;
    this.#put(change.address, change.before);
    this.#undone.push(change);
    return change;
  }

  /** Makes the change again that was undone last; undefined when there is none. */
  redo(): Change | undefined {
    const change = this.#undone.pop();
    if (!change) return undefined;
    this.#put(change.address, change.after);
    this.#done.push(change);
    return change;
  }

  #put(address: bigint, bytes: Uint8Array): void {
    const pfn = pfnOf(address);
    const current = this.page(pfn);
    if (!isKnown(current)) return;
    // A fresh page each time: views of the old one that a reader holds stay as they were.
    const copy = current.slice();
    copy.set(bytes, Number(address & 0xfffn));
    this.#pages.set(pfn, copy);
    this.#generation++;
  }
}
