/**
 * One address through a guest CR3 table and a guest (v2) page table (48882 §2.2.6). Their
 * pointers are guest physical: `translate` leads them through the host table where there is one.
 */
import type { Words } from '../bits/layout.ts';
import { bits, reservedSet } from '../bits/layout.ts';
import { hex } from '../format/hex.ts';
import type { Rights } from '../iommu/leaves.ts';
import { READ, WRITE } from '../iommu/leaves.ts';
import { levelStep } from '../iommu/path.ts';
import type { WalkStep } from '../iommu/unit.ts';
import type { AmdContext } from './context.ts';
import type { DeviceTableEntry } from './dte.ts';
import { FLAG } from './events.ts';
import { GCR3_ENTRY, GCR3_LEVEL_BITS, GUEST_PDE, guestEntryLayout } from './guest-page-table.ts';
import type { TableWalk } from './host-walk.ts';
import { isMissing, missingStep, permits, readEntry, rightOf } from './host-walk.ts';
import { levelShift } from './page-table.ts';

const ADDRESS = 0x000f_ffff_ffff_f000n;

/** Leads a guest physical address to a system physical one; tables are read. */
export type Translate = (gpa: bigint, access: 'read' | 'write') => TableWalk;

/** The translation where guest physical addresses are system physical ones (Mode 0). */
export const identity =
  (rights: Rights): Translate =>
  (gpa) => ({ result: 'page', pa: gpa, size: 1n << 52n, rights });

export interface GuestWalk {
  readonly dte: DeviceTableEntry;
  readonly pasid: number;
  readonly address: bigint;
  readonly access: 'read' | 'write';
  /** Path of the device. */
  readonly at: string;
  readonly translate: Translate;
  /** Whether the pointers of the guest CR3 table itself are guest physical (CONTROL.GCR3TRPMode). */
  readonly guestRoot: boolean;
}

/** Highest PASID that a guest CR3 table of so many levels reaches. */
export function maxPasid(gcr3Levels: number): number {
  return 2 ** Math.min(20, GCR3_LEVEL_BITS * gcr3Levels) - 1;
}

/** Path of the entry that is read at `level` for a PASID, in a guest CR3 table of so many levels. */
export function gcr3Path(at: string, levels: number, level: number, pasid: number): string {
  if (level === 1) return `${at}/pasid.${pasid}`;
  let path = `${at}/gcr3`;
  for (let each = levels; each >= level; each--)
    path += `/${levelStep(each, (pasid >> (GCR3_LEVEL_BITS * (each - 1))) & 0x1ff)}`;
  return path;
}

/** The guest CR3 of a PASID: the top guest page table. */
function walkGcr3(
  context: AmdContext,
  walk: GuestWalk,
  steps: WalkStep[],
): { readonly result: 'table'; readonly cr3: bigint } | Exclude<TableWalk, { result: 'page' }> {
  let table = context.plain(walk.dte.gcr3Table);
  for (let level = walk.dte.gcr3Levels; level >= 1; level--) {
    const index = (walk.pasid >> (GCR3_LEVEL_BITS * (level - 1))) & 0x1ff;
    const where = walk.guestRoot ? walk.translate(table, 'read') : undefined;
    if (where && where.result !== 'page') return where;
    const base = where?.pa ?? table;
    const at = base + BigInt(8 * index);
    const what = level === 1 ? 'guest CR3 table entry' : `guest CR3 table L${level} entry`;
    const words = readEntry(context, at);
    if (isMissing(words)) {
      steps.push(missingStep(context, what, index, base, words.why, READ | WRITE));
      return { result: 'unknown', missing: words, entry: at };
    }
    const entry = {
      path: gcr3Path(walk.at, walk.dte.gcr3Levels, level, walk.pasid),
      address: at,
      words,
      layout: GCR3_ENTRY,
    };
    const push = (text: string, outcome: WalkStep['outcome']): void => {
      steps.push({
        what,
        index,
        table: base,
        entry,
        missing: undefined,
        text,
        rights: undefined,
        outcome,
      });
    };
    if ((words[0] & 1n) === 0n) {
      push(`V = 0: PASID ${walk.pasid} has no guest page table.`, 'stop');
      return { result: 'fault', flags: 0 };
    }
    if (reservedSet(GCR3_ENTRY, words).length > 0) {
      push('Reserved bits are not zero.', 'stop');
      return { result: 'fault', flags: FLAG.PR | FLAG.RZ };
    }
    table = context.plain(words[0] & ADDRESS);
    push(
      level === 1
        ? `PASID ${walk.pasid} has its top guest page table at ${hex(table)}.`
        : `Leads to the guest CR3 table at ${hex(table)}.`,
      'next',
    );
  }
  return { result: 'table', cr3: table };
}

/** Walks the guest page table of a PASID; every entry that is read becomes a step. */
export function walkGuest(context: AmdContext, walk: GuestWalk, steps: WalkStep[]): TableWalk {
  const levels = walk.dte.guestLevels ?? 4;
  const found = walkGcr3(context, walk, steps);
  if (found.result !== 'table') return found;
  const { address, access } = walk;
  const sign = address >> BigInt(levelShift(levels + 1) - 1);
  const ones = (1n << BigInt(64 - (levelShift(levels + 1) - 1))) - 1n;
  if (sign !== 0n && sign !== ones) {
    stopAtLast(steps, `The address is not canonical for ${levels} levels: it is not mapped.`);
    return { result: 'fault', flags: 0 };
  }
  let table = found.cr3;
  let rights: Rights = READ | WRITE;
  let path = `${walk.at}/pasid.${walk.pasid}`;
  for (let level = levels; ; level--) {
    const shift = levelShift(level);
    const index = Number((address >> BigInt(shift)) & 0x1ffn);
    const where = walk.translate(table, 'read');
    if (where.result !== 'page') return where;
    const at = where.pa + BigInt(8 * index);
    path = `${path}/${levelStep(level, index)}`;
    const what = `guest L${level} entry`;
    const words = readEntry(context, at);
    if (isMissing(words)) {
      steps.push(missingStep(context, what, index, where.pa, words.why, rights));
      return { result: 'unknown', missing: words, entry: at };
    }
    const of = guestEntryLayout(words, level);
    const entry = { path, address: at, words, layout: of };
    const push = (text: string, outcome: WalkStep['outcome']): void => {
      const { pa } = where;
      steps.push({ what, index, table: pa, entry, missing: undefined, text, rights, outcome });
    };
    const broken = judge(words, level);
    if (broken) {
      push(broken.text, 'stop');
      return { result: 'fault', flags: broken.flags };
    }
    rights &= READ | ((words[0] & 2n) === 0n ? 0 : WRITE);
    if ((rights & rightOf(access)) === 0) {
      push(`Up to here the walk permits ${permits(rights)}: the ${access} is refused.`, 'stop');
      return { result: 'fault', flags: FLAG.PR | FLAG.PE };
    }
    if (of !== GUEST_PDE) {
      const size = 1n << BigInt(shift);
      const gpa = (context.plain(words[0] & ADDRESS) & ~(size - 1n)) | (address & (size - 1n));
      push(`Maps a page of ${hex(size)} bytes: ${hex(address)} becomes ${hex(gpa)}.`, 'leaf');
      return finish(walk.translate(gpa, access), size, rights);
    }
    table = context.plain(words[0] & ADDRESS);
    push(`Leads to the guest level ${level - 1} table at ${hex(table)}.`, 'next');
  }
}

/** The page that both stages map together: the smaller of the two. */
function finish(host: TableWalk, size: bigint, rights: Rights): TableWalk {
  if (host.result !== 'page') return host;
  return {
    result: 'page',
    pa: host.pa,
    size: host.size < size ? host.size : size,
    rights: host.rights & rights,
  };
}

function judge(words: Words, level: number): { flags: number; text: string } | undefined {
  if ((words[0] & 1n) === 0n) return { flags: 0, text: 'P = 0: the page is not present.' };
  const of = guestEntryLayout(words, level);
  if (level > 3 && bits(words, 7, 7) === 1n)
    return { flags: FLAG.PR | FLAG.RZ, text: `PS = 1 at level ${level}, where no page can be.` };
  const wrong = reservedSet(of, words);
  if (wrong.length > 0)
    return {
      flags: FLAG.PR | FLAG.RZ,
      text: `Reserved bits of the ${of.name} are not zero (${wrong.map((each) => each.name).join(', ')}).`,
    };
  return undefined;
}

/** Marks the last step as the one that decides. */
export function stopAtLast(steps: WalkStep[], text: string): void {
  const last = steps.pop();
  if (last) steps.push({ ...last, text: `${last.text} ${text}`, outcome: 'stop' });
}
