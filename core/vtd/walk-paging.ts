/** Walks of page tables as the hardware does them: second-stage, first-stage, nested. */
import { hex } from '../format/hex.ts';
import { formatSize } from '../format/size.ts';
import type { Rights } from '../iommu/leaves.ts';
import { levelStep } from '../iommu/path.ts';
import { READ, WRITE, rightsText } from '../iommu/leaves.ts';
import type { WalkResult } from '../iommu/unit.ts';
import type { Stage } from './paging.ts';
import { levelShift, mapsPage, pagingLayout } from './paging.ts';
import { pagingReserved } from './reserved.ts';
import type { EntryPlace, Walk } from './walk-steps.ts';
import { ended } from './walk-steps.ts';
import { ENTRY_ADDRESS } from './reader.ts';

/** The reasons that one kind of walk reports. */
export interface PagingReasons {
  /** The top table cannot be read. */
  readonly top: number;
  /** A table below the top cannot be read. */
  readonly table: number;
  readonly reserved: number;
  readonly read: number;
  readonly write: number;
  readonly beyond: number;
  /**
   * Neither right is given, by an entry or by all entries together; a right that is missing alone
   * is judged over all entries then, at the end. Legacy mode has no such reason: it judges the
   * requested right at each entry.
   */
  readonly absent: number | undefined;
}

/** Legacy mode (§7.1.3, LCT.4, LSS, LGN). */
export const LEGACY_REASONS: PagingReasons = {
  top: 0x03,
  table: 0x07,
  reserved: 0x0c,
  read: 0x06,
  write: 0x05,
  beyond: 0x04,
  absent: undefined,
};
/** Second stage in scalable mode (SSS, SGN). */
export const SECOND_STAGE_REASONS: PagingReasons = {
  top: 0x7b,
  table: 0x78,
  reserved: 0x7a,
  read: 0x86,
  write: 0x85,
  beyond: 0x84,
  absent: 0x79,
};

const NOT_CANONICAL = 0x80;
const FIRST_STAGE_TOP = 0x73;
const FIRST_STAGE_TABLE = 0x70;
const FIRST_STAGE_PRESENT = 0x71;
const FIRST_STAGE_RESERVED = 0x72;
const FIRST_STAGE_SUPERVISOR = 0x81;
const FIRST_STAGE_WRITE = 0x85;
/** FSPTPTR of a nested translation lies beyond the second stage (SPT.4.4), or an entry's ADDR does (SFS.5). */
const NESTED_TOP_BEYOND = 0x5b;
const NESTED_BEYOND = 0x74;
const NESTED_TOP_READ = 0x75;
const NESTED_READ = 0x76;

const NO_RIGHT = 'no right is given by all levels';
const USER_BIT = 4n;

export interface PageTable {
  readonly top: bigint;
  readonly levels: number;
  /** Path that the level steps hang on. */
  readonly path: string;
}

/** Where a walk of tables ended well. */
export interface Mapping {
  readonly pa: bigint;
  readonly size: bigint;
  readonly rights: Rights;
}

function place(
  stage: Stage,
  level: number,
  table: bigint,
  address: bigint,
  path: string,
): EntryPlace {
  const index = Number((address >> BigInt(levelShift(level))) & 0x1ffn);
  return {
    what: `L${level} entry`,
    path: `${path}/${levelStep(level, index)}`,
    layout: (first) => pagingLayout(stage, level, first),
    table,
    index,
    size: 8,
  };
}

function mapping(level: number, entry: bigint, address: bigint, rights: Rights): Mapping {
  const size = 1n << BigInt(levelShift(level));
  return { pa: (entry & ENTRY_ADDRESS & ~(size - 1n)) | (address & (size - 1n)), size, rights };
}

/** The bits that the tables and the unit translate: the smaller of AW and MGAW. */
function inputWidth(walk: Walk, levels: number): number {
  return Math.min(12 + 9 * levels, walk.capabilities.guestAddressWidth ?? 64);
}

/**
 * Walks a second-stage table (§3.7, §9.8). At each level an entry that gives neither right counts
 * as not present and never faults for its other bits.
 */
export function walkSecondStage(
  walk: Walk,
  tables: PageTable,
  address: bigint,
  write: boolean,
  reasons: PagingReasons,
): Mapping | WalkResult {
  const width = inputWidth(walk, tables.levels);
  if (address >> BigInt(width)) return walk.fault(reasons.beyond);
  const needed = write ? WRITE : READ;
  const lacking = write ? reasons.write : reasons.read;
  const missing = `${write ? 'W' : 'R'} is 0: no right to ${write ? 'write' : 'read'}`;
  let { top: table, path } = tables;
  let rights: Rights = READ | WRITE;
  for (let level = tables.levels; ; level--) {
    const at = place('second', level, table, address, path);
    const entry = walk.read(at, level === tables.levels ? reasons.top : reasons.table);
    if (ended(entry)) return entry;
    const word = entry.words[0];
    const own = Number(word & 3n);
    rights &= own;
    if (own === 0)
      return walk.stop(at, entry, 'not present: R and W are 0', reasons.absent ?? lacking, rights);
    if (reasons.absent === undefined && (own & needed) === 0)
      return walk.stop(at, entry, missing, lacking, rights);
    const page = mapsPage(level, word);
    if (word & pagingReserved(walk.capabilities, 'second', level, page))
      return walk.stop(at, entry, 'reserved bits are set', reasons.reserved, rights);
    if (page && rights === 0)
      return walk.stop(at, entry, NO_RIGHT, reasons.absent ?? lacking, rights);
    if (page && (rights & needed) === 0)
      return walk.stop(at, entry, `${missing} over all levels`, lacking, rights);
    if (page) return leaf(walk, at, entry.words[0], entry, level, address, rights);
    table = word & ENTRY_ADDRESS;
    ({ path } = at);
    walk.next(at, entry, `points to the L${level - 1} table at ${hex(table)}`, rights);
  }
}

function leaf(
  walk: Walk,
  at: EntryPlace,
  word: bigint,
  entry: Parameters<Walk['leaf']>[1],
  level: number,
  address: bigint,
  rights: Rights,
): Mapping {
  const found = mapping(level, word, address, rights);
  const size = formatSize(found.size);
  const page = found.pa & ~(found.size - 1n);
  walk.leaf(at, entry, `maps ${size} at ${hex(page)}, ${rightsText(rights)}`, rights);
  return found;
}

/** How a first-stage request is to be judged. */
export interface FirstStageRules {
  /** The request asks for supervisor privilege. */
  readonly supervisor: boolean;
  /** WPE: supervisor writes obey R/W. */
  readonly writeProtect: boolean;
  /** The second stage that first-stage tables and pages lie in, when nested. */
  readonly second: PageTable | undefined;
}

/**
 * Walks a first-stage table (§3.6, §9.7): the address must be canonical, every level present and
 * free of reserved bits; user and write permission are judged over all levels, at the end.
 */
export function walkFirstStage(
  walk: Walk,
  tables: PageTable,
  address: bigint,
  write: boolean,
  rules: FirstStageRules,
): Mapping | WalkResult {
  if (!canonical(address, 12 + 9 * tables.levels)) return walk.fault(NOT_CANONICAL);
  let { top: table, path } = tables;
  let rights: Rights = READ | WRITE;
  let user = true;
  for (let level = tables.levels; ; level--) {
    const at = place('first', level, table, address, path);
    const top = level === tables.levels;
    const reached = rules.second ? reachTable(walk, rules.second, at, top) : { table: at.table };
    if (ended(reached)) return reached;
    const where = { ...at, table: reached.table };
    const entry = walk.read(where, top ? FIRST_STAGE_TOP : FIRST_STAGE_TABLE);
    if (ended(entry)) return entry;
    const word = entry.words[0];
    if ((word & 1n) === 0n)
      return walk.stop(where, entry, 'not present: P is 0', FIRST_STAGE_PRESENT, 0);
    rights &= (word & 2n) === 0n ? READ : READ | WRITE;
    user &&= (word & USER_BIT) !== 0n;
    const page = mapsPage(level, word);
    if (word & pagingReserved(walk.capabilities, 'first', level, page))
      return walk.stop(where, entry, 'reserved bits are set', FIRST_STAGE_RESERVED, rights);
    if (!page) {
      table = word & ENTRY_ADDRESS;
      ({ path } = at);
      walk.next(where, entry, `points to the L${level - 1} table at ${hex(table)}`, rights);
      continue;
    }
    if (!user && !rules.supervisor) {
      const text = 'U/S is 0 at a level: only supervisor requests may pass';
      return walk.stop(where, entry, text, FIRST_STAGE_SUPERVISOR, rights);
    }
    const free = rules.supervisor && !rules.writeProtect;
    if (write && (rights & WRITE) === 0 && !free) {
      const text = 'R/W is 0 at a level: no right to write';
      return walk.stop(where, entry, text, FIRST_STAGE_WRITE, rights);
    }
    const found = leaf(walk, where, word, entry, level, address, rights);
    return rules.second ? throughSecond(walk, rules.second, found, write) : found;
  }
}

/** Sign extension from the top bit of the first-stage width. */
function canonical(address: bigint, width: number): boolean {
  const above = address >> BigInt(width - 1);
  return above === 0n || above === (1n << BigInt(64 - width + 1)) - 1n;
}

/** Where a first-stage table of a nested translation lies in memory. */
function reachTable(
  walk: Walk,
  second: PageTable,
  at: EntryPlace,
  top: boolean,
): { readonly table: bigint } | WalkResult {
  const guest = at.table + BigInt(8 * at.index);
  const read = top ? NESTED_TOP_READ : NESTED_READ;
  const beyond = top ? NESTED_TOP_BEYOND : NESTED_BEYOND;
  const reasons = { ...SECOND_STAGE_REASONS, beyond, read };
  const found = walkSecondStage(walk, second, guest, false, reasons);
  return ended(found) ? found : { table: found.pa - BigInt(8 * at.index) };
}

/** The second stage's part in a nested translation of a page. */
function throughSecond(
  walk: Walk,
  second: PageTable,
  first: Mapping,
  write: boolean,
): Mapping | WalkResult {
  const reasons = { ...SECOND_STAGE_REASONS, beyond: NESTED_BEYOND };
  const found = walkSecondStage(walk, second, first.pa, write, reasons);
  if (ended(found)) return found;
  const size = found.size < first.size ? found.size : first.size;
  return { pa: found.pa, size, rights: found.rights & first.rights };
}
