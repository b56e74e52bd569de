/** One address through a host (v1) page table, as the hardware walks it (48882 §2.2.3). */
import type { Words } from '../bits/layout.ts';
import { bits, reservedSet } from '../bits/layout.ts';
import { hex } from '../format/hex.ts';
import type { Rights } from '../iommu/leaves.ts';
import { READ, rightsText, WRITE } from '../iommu/leaves.ts';
import { levelStep } from '../iommu/path.ts';
import type { WalkStep } from '../iommu/unit.ts';
import type { MissingPage, UnknownPage } from '../memory/physical.ts';
import { readWords } from '../memory/physical.ts';
import type { AmdContext } from './context.ts';
import { FLAG } from './events.ts';
import {
  encodedPages,
  hostEntryLayout,
  levelShift,
  NEXT_LEVEL_PAGE,
  NEXT_LEVEL_SIZED,
  PTE,
  sizeFits,
} from './page-table.ts';

const ADDRESS = 0x000f_ffff_ffff_f000n;

/** What a table walk came to; flags are those that the table decides (PR, PE, RZ). */
export type TableWalk =
  | {
      readonly result: 'page';
      readonly pa: bigint;
      readonly size: bigint;
      readonly rights: Rights;
    }
  | { readonly result: 'fault'; readonly flags: number }
  | { readonly result: 'unknown'; readonly missing: MissingPage; readonly entry: bigint };

export interface HostWalk {
  readonly table: bigint;
  /** Levels of the table: DTE.Mode. */
  readonly level: number;
  readonly address: bigint;
  readonly access: 'read' | 'write';
  /** Rights that the DTE grants. */
  readonly rights: Rights;
  /** Path of the DTE's device, in front of the level steps. */
  readonly at: string;
  /** `host ` where guest tables are walked too, else the empty text. */
  readonly kind: string;
}

/** The right that an access needs. */
export function rightOf(access: 'read' | 'write'): Rights {
  return access === 'write' ? WRITE : READ;
}

/** What a set of rights permits, for sentences. */
export function permits(rights: Rights): string {
  return rightsText(rights) || 'nothing';
}

/** Reads a table entry; the missing page where it is not known. */
export function readEntry(context: AmdContext, address: bigint): Words | MissingPage {
  return readWords(context.memory, address, 1);
}

/** Whether an entry could not be read: then it is the page that is missing. */
export function isMissing(words: Words | MissingPage): words is MissingPage {
  return 'why' in words;
}

/** The step of an entry that could not be read. */
export function missingStep(
  context: AmdContext,
  what: string,
  index: number,
  table: bigint,
  missing: UnknownPage,
  rights: Rights,
): WalkStep {
  return {
    what,
    index,
    table,
    entry: undefined,
    missing,
    text: `The page of this table is not known (${missing}): the walk can't be decided.${context.whyMissing(table)}`,
    rights,
    outcome: 'unknown',
  };
}

/** Walks from the top table down; every entry that is read becomes a step. */
export function walkHost(context: AmdContext, walk: HostWalk, steps: WalkStep[]): TableWalk {
  const { address, access } = walk;
  let { level, rights } = walk;
  let table = context.plain(walk.table);
  let path = walk.at;
  const width = levelShift(level + 1);
  if (width < 64 && address >> BigInt(width) !== 0n) {
    const last = steps.pop();
    if (last)
      steps.push({
        ...last,
        text: `${last.text} The address has bits above the ${width} that ${level} levels translate: it is not mapped.`,
        outcome: 'stop',
      });
    return { result: 'fault', flags: 0 };
  }
  for (;;) {
    const shift = levelShift(level);
    const index = Number((address >> BigInt(shift)) & 0x1ffn);
    const at = table + BigInt(8 * index);
    path = `${path}/${levelStep(level, index)}`;
    const what = `${walk.kind}L${level} entry`;
    const words = readEntry(context, at);
    if (isMissing(words)) {
      steps.push(missingStep(context, what, index, table, words.why, rights));
      return { result: 'unknown', missing: words, entry: at };
    }
    const entry = { path, address: at, words, layout: hostEntryLayout(words) };
    const push = (text: string, outcome: WalkStep['outcome']): void => {
      steps.push({ what, index, table, entry, missing: undefined, text, rights, outcome });
    };
    const verdict = judge(words, level);
    if (verdict.fault !== undefined) {
      push(verdict.text, 'stop');
      return { result: 'fault', flags: verdict.fault };
    }
    rights &= Number(bits(words, 62, 61));
    if ((rights & rightOf(access)) === 0) {
      push(
        `Up to here the walk permits ${permits(rights)}: the ${access} is refused without permission.`,
        'stop',
      );
      return { result: 'fault', flags: FLAG.PR | FLAG.PE };
    }
    const target = context.plain(words[0] & ADDRESS);
    if (verdict.pages > 0) {
      const size = BigInt(verdict.pages) << 12n;
      const pa = (target & ~(size - 1n)) | (address & (size - 1n));
      push(`Maps a page of ${hex(size)} bytes: ${hex(address)} becomes ${hex(pa)}.`, 'leaf');
      return { result: 'page', pa, size, rights };
    }
    const skipped =
      ((1n << BigInt(shift)) - 1n) & ~((1n << BigInt(levelShift(verdict.next + 1))) - 1n);
    if ((address & skipped) !== 0n) {
      push(
        `Leads to a level ${verdict.next} table, skipping levels, but the address bits of the skipped levels are not zero.`,
        'stop',
      );
      return { result: 'fault', flags: FLAG.PR };
    }
    push(`Leads to the level ${verdict.next} table at ${hex(target)}.`, 'next');
    table = target;
    level = verdict.next;
  }
}

type Verdict =
  | { readonly fault: number; readonly text: string; readonly pages: 0; readonly next: 0 }
  | { readonly fault: undefined; readonly text: ''; readonly pages: number; readonly next: number };

const refuse = (fault: number, text: string): Verdict => ({ fault, text, pages: 0, next: 0 });

/** What an entry is by itself: not there, broken, a page of so many frames, or a next level. */
function judge(words: Words, level: number): Verdict {
  if ((words[0] & 1n) === 0n) return refuse(0, 'PR = 0: the page is not present.');
  const of = hostEntryLayout(words);
  const wrong = reservedSet(of, words);
  if (wrong.length > 0)
    return refuse(
      FLAG.PR | FLAG.RZ,
      `Reserved bits of the ${of.name} are not zero (${wrong.map((each) => each.name).join(', ')}).`,
    );
  const next = Number(bits(words, 11, 9));
  if (next === NEXT_LEVEL_PAGE)
    return { fault: undefined, text: '', pages: 2 ** (levelShift(level) - 12), next: 0 };
  if (next === NEXT_LEVEL_SIZED) {
    const pages = encodedPages(Number(bits(words, 31, 12)), Number(bits(words, 51, 32)));
    if (pages === 0 || !sizeFits(pages, level))
      return refuse(
        FLAG.PR,
        `NextLevel 7 with a page size that a level ${level} ${PTE.name} can't have.`,
      );
    return { fault: undefined, text: '', pages, next: 0 };
  }
  if (next >= level)
    return refuse(FLAG.PR, `NextLevel ${next} in a level ${level} table: it must be lower.`);
  return { fault: undefined, text: '', pages: 0, next };
}
