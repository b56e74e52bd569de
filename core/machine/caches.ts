/**
 * The caches of a remapping unit (VT-d 4.1 §6.2): context entries by requester, translations by
 * domain. Table memory can change under them; only an invalidation, or eviction from the
 * bounded IOTLB, takes an entry out.
 *
 * There are no paging-structure caches: §6.2 allows them and demands none, and QEMU, the
 * reference of the tests, has none either.
 */
import type { Rights } from '../iommu/leaves.ts';

/** A context entry as it was when the unit read it. */
export interface CachedContext {
  /** Requester ID: the tag of a look-up. */
  readonly id: number;
  /** The domain ID of the entry: the second tag, for invalidation. */
  readonly domain: number;
  readonly words: readonly bigint[];
  /** Physical address that it was read from. */
  readonly address: bigint;
}

export class ContextCache {
  readonly #entries = new Map<number, CachedContext>();

  get(id: number): CachedContext | undefined {
    return this.#entries.get(id);
  }

  put(entry: CachedContext): void {
    this.#entries.set(entry.id, entry);
  }

  /** Entries in order of requester. */
  entries(): readonly CachedContext[] {
    return [...this.#entries.values()].sort((a, b) => a.id - b.id);
  }

  /** Removes the entries that `matches` names. @returns how many. */
  remove(matches: (entry: CachedContext) => boolean): number {
    let removed = 0;
    for (const entry of this.#entries.values())
      if (matches(entry) && this.#entries.delete(entry.id)) removed++;
    return removed;
  }
}

/** A finished translation of one page. */
export interface CachedTranslation {
  /** The domain ID under which it is looked up. */
  readonly domain: number;
  /** First input address of the page. */
  readonly iova: bigint;
  /** First output address of the page. */
  readonly pa: bigint;
  /** Bytes: a page size of second-stage tables. */
  readonly size: bigint;
  readonly rights: Rights;
}

/** Page sizes of second-stage tables, as powers of two. */
const SIZE_SHIFTS = [12n, 21n, 30n, 39n] as const;
const DEFAULT_CAPACITY = 4096;

export class Iotlb {
  readonly #capacity: number;
  /** In order of filling, so that the first is the one to evict. */
  readonly #entries = new Map<string, CachedTranslation>();

  /** @param capacity entries; the oldest makes room. */
  constructor(capacity = DEFAULT_CAPACITY) {
    this.#capacity = capacity;
  }

  get(domain: number, address: bigint): CachedTranslation | undefined {
    for (const shift of SIZE_SHIFTS) {
      const found = this.#entries.get(key(domain, (address >> shift) << shift, 1n << shift));
      if (found) return found;
    }
    return undefined;
  }

  put(entry: CachedTranslation): void {
    const name = key(entry.domain, entry.iova, entry.size);
    this.#entries.delete(name);
    if (this.#entries.size >= this.#capacity) {
      const oldest = this.#entries.keys().next().value;
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(name, entry);
  }

  /** Entries in order of domain, then of input address. */
  entries(): readonly CachedTranslation[] {
    return [...this.#entries.values()].sort(
      (a, b) => a.domain - b.domain || (a.iova < b.iova ? -1 : 1),
    );
  }

  /** Removes the entries that `matches` names. @returns how many. */
  remove(matches: (entry: CachedTranslation) => boolean): number {
    let removed = 0;
    for (const [name, entry] of this.#entries)
      if (matches(entry) && this.#entries.delete(name)) removed++;
    return removed;
  }
}

function key(domain: number, iova: bigint, size: bigint): string {
  return `${domain} ${iova.toString(16)} ${size.toString(16)}`;
}
