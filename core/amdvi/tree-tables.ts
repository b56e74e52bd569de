/** Rows of one page table, host or guest: entries, pages and runs of them. */
import type { Words } from '../bits/layout.ts';
import { reservedSet } from '../bits/layout.ts';
import { hex } from '../format/hex.ts';
import { formatCount, formatSize } from '../format/size.ts';
import { loopText, type Finding } from '../iommu/finding.ts';
import type { Rights } from '../iommu/leaves.ts';
import { READ, WRITE } from '../iommu/leaves.ts';
import { levelStep } from '../iommu/path.ts';
import type { Entry, TreeNode } from '../iommu/unit.ts';
import { treeNode } from '../iommu/tree-node.ts';
import { addressOfPfn, isKnown } from '../memory/physical.ts';
import type { AmdContext } from './context.ts';
import { guestEntryLayout } from './guest-page-table.ts';
import { hostEntryLayout, TABLE_ENTRIES } from './page-table.ts';
import type { Slot } from './table-slots.ts';
import { guestSlots, hostSlots } from './table-slots.ts';
import { missingNode, runLabel, runStep } from './tree-node.ts';

const FRAME = 4096;

/** A table that rows are made of. */
export interface TableView {
  readonly context: AmdContext;
  readonly stage: 'host' | 'guest';
  /** Page frame of the table as its pointer has it: guest physical for nested guest tables. */
  readonly frame: number;
  readonly level: number;
  /** Page frame of the first address that it translates. */
  readonly base: number;
  readonly rights: Rights;
  /** Path that its entries' steps are put behind. */
  readonly path: string;
  /** The tables above it, the top one first. */
  readonly above: readonly { readonly frame: number; readonly level: number }[];
  /** System page frame of a table, where tables are reached through a host table. */
  readonly locate: (frame: number) => number | undefined;
}

/** The table's rows; `all` also gives entries that are not present. */
export function tableRows(view: TableView, all: boolean): TreeNode[] {
  const pfn = view.locate(view.frame);
  const page = pfn === undefined ? 'absent' : view.context.memory.page(pfn);
  if (pfn === undefined || !isKnown(page))
    return [
      missingNode(
        view.path,
        addressOfPfn(view.frame),
        page instanceof Uint8Array ? 'absent' : page,
      ),
    ];
  const words = new Uint32Array(page.buffer, page.byteOffset, 2 * TABLE_ENTRIES);
  const slots =
    view.stage === 'host'
      ? hostSlots(view.context, words, view.level, view.rights)
      : guestSlots(view.context, words, view.level, view.rights);
  const table: Table = { view, words, address: addressOfPfn(pfn) };
  const rows: TreeNode[] = [];
  for (let at = 0; at < slots.length;) {
    const end = runEnd(slots, at);
    const run = slots.slice(at, end);
    if (run[0].kind !== 'absent')
      rows.push(run.length > 1 ? runNode(table, run) : slotNode(table, run[0]));
    else if (all) rows.push(run.length > 1 ? runNode(table, run) : slotNode(table, run[0]));
    at = end;
  }
  return rows;
}

/** `, 12 of 512 present`; nothing of a table whose page is not known. */
function countText(view: TableView): string {
  const pfn = view.locate(view.frame);
  const page = pfn === undefined ? 'absent' : view.context.memory.page(pfn);
  if (!isKnown(page)) return '';
  const words = new Uint32Array(page.buffer, page.byteOffset, 2 * TABLE_ENTRIES);
  let present = 0;
  // PR of a host entry and P of a guest entry are the same bit.
  for (let index = 0; index < TABLE_ENTRIES; index++) present += words[2 * index] & 1;
  return `, ${formatCount(present)} of ${formatCount(TABLE_ENTRIES)} present`;
}

/** A table page at hand. */
interface Table {
  readonly view: TableView;
  readonly words: Uint32Array;
  /** Physical address of the page. */
  readonly address: bigint;
}

/** One past the last slot that goes into a row with the slot at `start`. */
function runEnd(slots: readonly Slot[], start: number): number {
  const first = slots[start];
  let end = start + 1;
  if (first.kind === 'absent') while (slots[end]?.kind === 'absent') end++;
  else if (first.kind === 'leaf') while (continues(slots[end - 1], slots[end])) end++;
  return end;
}

/** Whether a page follows the one before it in both address spaces, alike in all else. */
function continues(before: Slot, next: Slot | undefined): boolean {
  return (
    next?.kind === 'leaf' &&
    !before.broken &&
    !next.broken &&
    next.first === before.last + 1 &&
    next.pages === before.pages &&
    next.rights === before.rights &&
    next.target === before.target + before.pages
  );
}

function runNode(table: Table, run: readonly Slot[]): TreeNode {
  const { view } = table;
  const first = run[0];
  const last = run[run.length - 1];
  const leaf = first.kind === 'leaf';
  return treeNode({
    path: `${view.path}/${runStep(view.level, first.first, last.last)}`,
    label: runLabel(view.level, first.first, last.last),
    kind: 'run',
    pointsTo: leaf ? addressOfPfn(first.target) : undefined,
    decoded: leaf
      ? `${formatCount(run.length)} pages of ${formatSize(first.pages * FRAME)}, contiguous · from ${iova(view, first)}`
      : `${formatCount(run.length)} entries, not present`,
    rights: leaf ? first.rights : undefined,
    present: leaf,
    children: () => run.map((slot) => slotNode(table, slot)),
    count: () => run.length,
  });
}

function iova(view: TableView, slot: Slot): string {
  const address = BigInt(view.base + slot.first * 512 ** (view.level - 1)) << 12n;
  return `IOVA ${hex(address)}`;
}

function slotNode(table: Table, slot: Slot): TreeNode {
  const { view, words } = table;
  const entry = entryOf(table, slot.first);
  const common = {
    path: entry.path,
    label: runLabel(view.level, slot.first, slot.last),
    entry,
    findings: findingsOf(view, entry, slot),
  };
  if (slot.kind === 'absent')
    return treeNode({
      ...common,
      kind: 'entry',
      decoded: words[2 * slot.first] | words[2 * slot.first + 1] ? 'not present' : 'zero',
      present: false,
    });
  const pointsTo = addressOfPfn(slot.target);
  if (slot.kind === 'leaf')
    return treeNode({
      ...common,
      kind: 'leaf',
      pointsTo,
      decoded: slot.broken ?? `${formatSize(slot.pages * FRAME)} · ${iova(view, slot)}`,
      rights: slot.rights,
    });
  const back = pointsBackTo(view, slot);
  const below: TableView = {
    ...view,
    frame: slot.target,
    level: slot.next,
    base: view.base + slot.first * 512 ** (view.level - 1),
    rights: slot.rights,
    path: entry.path,
    above: [...view.above, { frame: view.frame, level: view.level }],
  };
  return treeNode({
    ...common,
    kind: 'entry',
    pointsTo,
    decoded: () =>
      slot.broken ??
      (back !== undefined
        ? loopText(back, pointsTo)
        : `L${slot.next} table${countText(below)} · ${iova(view, slot)}`),
    rights: slot.rights,
    children: slot.broken || back !== undefined ? undefined : (all) => tableRows(below, all),
  });
}

function entryOf(table: Table, index: number): Entry {
  const { view, words, address } = table;
  const value: Words = [(BigInt(words[2 * index + 1]) << 32n) | BigInt(words[2 * index])];
  return {
    path: `${view.path}/${levelStep(view.level, index)}`,
    address: address + BigInt(8 * index),
    words: value,
    layout: view.stage === 'host' ? hostEntryLayout(value) : guestEntryLayout(value, view.level),
  };
}

function findingsOf(view: TableView, entry: Entry, slot: Slot): Finding[] {
  if (slot.kind === 'absent') return [];
  const out: Finding[] = [];
  const add = (severity: Finding['severity'], id: string, text: string): void => {
    const { path, address, words } = entry;
    out.push({
      severity,
      id,
      at: path,
      text,
      evidence: [{ what: entry.layout.name, address, words }],
    });
  };
  const wrong = reservedSet(entry.layout, entry.words);
  if (wrong.length > 0)
    add(
      'error',
      'reserved-bits',
      `Reserved bits are set (${wrong.map((each) => each.name).join(', ')}): the unit refuses requests through this entry.`,
    );
  if (slot.broken)
    add('error', slot.kind === 'leaf' ? 'illegal-page-size' : 'illegal-level', `${slot.broken}.`);
  else if (slot.rights === 0 && slot.kind === 'leaf')
    add('warning', 'rights-none', 'The walk permits neither reads nor writes of this page.');
  const back = slot.kind === 'table' ? pointsBackTo(view, slot) : undefined;
  if (back !== undefined) add('error', 'table-loop', loopText(back, BigInt(slot.target) << 12n));
  return out;
}

/** Level of the table above, or of the table itself, that an entry points back to. */
function pointsBackTo({ above, frame, level }: TableView, slot: Slot): number | undefined {
  return [...above, { frame, level }].find((each) => each.frame === slot.target)?.level;
}

/** Rights of a guest walk before its first entry. */
export const GUEST_RIGHTS: Rights = READ | WRITE;
