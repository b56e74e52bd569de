/** What the entries of one page table are, as the tree shows them. */
import type { Rights } from '../iommu/leaves.ts';
import { READ, WRITE } from '../iommu/leaves.ts';
import type { AmdContext } from './context.ts';
import {
  encodedPages,
  LEVEL_6_ENTRIES,
  levelPages,
  NEXT_LEVEL_PAGE,
  NEXT_LEVEL_SIZED,
  sameEntry,
  sizeFits,
  TABLE_ENTRIES,
} from './page-table.ts';

/** One entry, or the entries that one page of a non-standard size spans. */
export interface Slot {
  readonly kind: 'absent' | 'leaf' | 'table';
  readonly first: number;
  readonly last: number;
  /** Page frame of the page or of the next table. */
  readonly target: number;
  /** Page frames of a page. */
  readonly pages: number;
  /** Level of the next table. */
  readonly next: number;
  readonly rights: Rights;
  /** Why the unit refuses requests through it, where its form alone says so. */
  readonly broken: string | undefined;
}

const ABSENT = { target: 0, pages: 0, next: 0, rights: 0, broken: undefined };

/**
 * The entries of a host page table.
 * @param words the table, two 32-bit words an entry
 * @param rights what the levels above grant
 */
export function hostSlots(
  context: AmdContext,
  words: Uint32Array,
  level: number,
  rights: Rights,
): Slot[] {
  const slots: Slot[] = [];
  const own = levelPages(level);
  const entries = level === 6 ? LEVEL_6_ENTRIES : TABLE_ENTRIES;
  for (let index = 0; index < entries; index++) {
    const slot = hostSlot(context, words, index, level, own, rights);
    slots.push(slot);
    index = slot.last;
  }
  return slots;
}

function hostSlot(
  context: AmdContext,
  words: Uint32Array,
  index: number,
  level: number,
  own: number,
  rights: Rights,
): Slot {
  const low = words[2 * index];
  const high = words[2 * index + 1];
  const place = { first: index, last: index };
  if ((low & 1) === 0) return { kind: 'absent', ...place, ...ABSENT };
  const granted = rights & (high >>> 29) & 3;
  const target = context.frame(low, high);
  const next = (low >>> 9) & 7;
  const page = { kind: 'leaf', next: 0, rights: granted, broken: undefined } as const;
  if (next === NEXT_LEVEL_PAGE)
    return { ...page, ...place, target: target - (target % own), pages: own };
  if (next === NEXT_LEVEL_SIZED) {
    const pages = encodedPages(low >>> 12, high & 0xfffff);
    if (pages === 0 || !sizeFits(pages, level))
      return {
        ...page,
        ...place,
        target,
        pages: own,
        broken: `NextLevel 7 with a page size that level ${level} can't have`,
      };
    const span = pages / own;
    let last = index;
    if (index % span === 0)
      while (last < index + span - 1 && sameEntry(words, index, last + 1)) last++;
    return { ...page, first: index, last, target: target - (target % pages), pages };
  }
  return {
    kind: 'table',
    ...place,
    target,
    pages: 0,
    next,
    rights: granted,
    broken: next >= level ? `NextLevel ${next} in a level ${level} table` : undefined,
  };
}

/** The same of a guest page table. */
export function guestSlots(
  context: AmdContext,
  words: Uint32Array,
  level: number,
  rights: Rights,
): Slot[] {
  const own = levelPages(level);
  return Array.from({ length: TABLE_ENTRIES }, (_, index): Slot => {
    const low = words[2 * index];
    const high = words[2 * index + 1];
    const place = { first: index, last: index };
    if ((low & 1) === 0) return { kind: 'absent', ...place, ...ABSENT };
    const granted = rights & (low & 2 ? READ | WRITE : READ);
    const target = context.frame(low, high);
    if (level > 1 && (low & 0x80) === 0)
      return {
        kind: 'table',
        ...place,
        target,
        pages: 0,
        next: level - 1,
        rights: granted,
        broken: undefined,
      };
    return {
      kind: 'leaf',
      ...place,
      target: target - (target % own),
      pages: own,
      next: 0,
      rights: granted,
      broken: level > 3 ? `PS = 1 at level ${level}, where no page can be` : undefined,
    };
  });
}
