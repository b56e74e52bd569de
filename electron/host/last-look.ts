import type { Words } from '../../core/bits/layout.ts';
import type { Entry } from '../../core/iommu/unit.ts';
import { PathCounts } from '../../core/session/path-counts.ts';
import { formerMeaning } from '../../core/session/view-fields.ts';

/** An entry that is not what it was. */
export interface Difference {
  readonly path: string;
  readonly was: string;
  readonly now: string;
}

interface Listed {
  readonly generation: number;
  readonly changes: Difference[];
  readonly counts: PathCounts;
}

/** Entries that a view remembers; those seen longest ago go first. */
const MAX_SEEN = 8192;
/** Entries of one answer. */
const MAX_LISTED = 500;

/** What the entries of a view were when it showed them first. */
export class LastLook {
  readonly #seen = new Map<string, Words>();
  #listed: Listed | undefined;

  /** The words that an entry had at the first look, when they differ; remembers a new one. */
  former(entry: Entry): Words | undefined {
    const seen = this.#seen.get(entry.path);
    if (seen) return same(seen, entry.words) ? undefined : seen;
    this.#seen.set(entry.path, entry.words);
    if (this.#seen.size > MAX_SEEN)
      for (const oldest of this.#seen.keys()) {
        this.#seen.delete(oldest);
        break;
      }
    return undefined;
  }

  /**
   * All that changed since the first look.
   * @param generation of the tables: the same one has the same answer
   * @param entryAt the entry of a path as it is now
   */
  changes(
    generation: number,
    entryAt: (path: string) => Entry | undefined,
  ): { total: number; changes: Difference[] } {
    const { changes } = this.#differences(generation, entryAt);
    return { total: changes.length, changes: changes.slice(0, MAX_LISTED) };
  }

  /** The same as counts for the rows above. */
  counts(generation: number, entryAt: (path: string) => Entry | undefined): PathCounts {
    return this.#differences(generation, entryAt).counts;
  }

  #differences(generation: number, entryAt: (path: string) => Entry | undefined): Listed {
    if (this.#listed?.generation !== generation) {
      const changes: Difference[] = [];
      for (const [path, words] of this.#seen) {
        const entry = entryAt(path);
        if (!entry) changes.push({ path, was: text(words), now: 'no longer reached' });
        else if (!same(words, entry.words))
          changes.push({
            path,
            was: formerMeaning(entry.layout, words, entry.words),
            now: text(entry.words),
          });
      }
      const counts = new PathCounts(changes.map(({ path }) => path));
      this.#listed = { generation, changes, counts };
    }
    return this.#listed;
  }

  /** Begins anew: what is shown from now on is the first look. */
  forget(): void {
    this.#seen.clear();
    this.#listed = undefined;
  }
}

const text = (words: Words): string => words.map((word) => `0x${word.toString(16)}`).join(' ');

function same(a: Words, b: Words): boolean {
  return a.length === b.length && a.every((word, at) => word === b[at]);
}
