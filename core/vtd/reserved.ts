/**
 * Reserved bits of paging entries as a given unit sees them: those that the layout reserves, and
 * those that depend on the host address width and on what the unit supports (VT-d §9.7, §9.8).
 */
import type { Field, Layout } from '../bits/layout.ts';
import type { Capabilities } from './capabilities.ts';
import type { Stage } from './paging.ts';
import {
  FIRST_STAGE_PAGES,
  FIRST_STAGE_TABLES,
  SECOND_STAGE_PAGES,
  SECOND_STAGE_TABLES,
} from './paging.ts';
import { PASID_TABLE_ENTRY, SCALABLE_CONTEXT_ENTRY } from './tables.ts';

const WORD = (1n << 64n) - 1n;
const PAGE_SIZE_BIT = 1n << 7n;
const SNOOP_BIT = 1n << 11n;
const TRANSIENT_BIT = 1n << 62n;

/** The bits that a layout's reserved fields cover, all words joined. */
function reservedMask(of: Layout): bigint {
  return maskOf(of.fields.filter(({ kind }) => kind === 'reserved'));
}

function maskOf(fields: readonly Field[]): bigint {
  let mask = 0n;
  for (const { pieces } of fields)
    for (const { high, low } of pieces)
      mask |= ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);
  return mask;
}

/** Address bits 51 down to the host address width. */
export function beyondHost(capabilities: Capabilities, top = 51): bigint {
  const from = capabilities.hostAddressWidth;
  return from > top ? 0n : ((1n << BigInt(top - from + 1)) - 1n) << BigInt(from);
}

/** What was found out for a unit, by layout or by kind of paging entry. */
const MASKS = new WeakMap<Capabilities, Map<Layout | string, readonly bigint[]>>();

function remembered(
  capabilities: Capabilities,
  key: Layout | string,
  make: () => readonly bigint[],
): readonly bigint[] {
  let masks = MASKS.get(capabilities);
  if (!masks) MASKS.set(capabilities, (masks = new Map()));
  let mask = masks.get(key);
  if (!mask) masks.set(key, (mask = make()));
  return mask;
}

/** Fields that came with a later revision: reserved where the unit lacks what they serve. */
const LATER_FIELDS: ReadonlyMap<
  Layout,
  ReadonlyMap<string, (unit: Capabilities) => boolean>
> = new Map([
  [
    SCALABLE_CONTEXT_ENTRY,
    new Map([
      ['HPTE', (unit: Capabilities) => unit.permissionTables],
      ['EPTR', (unit: Capabilities) => unit.pasidInTranslated],
    ]),
  ],
  [
    PASID_TABLE_ENTRY,
    new Map(
      ['HPTSZ', 'HPTPFD', 'HPTPTR', 'HPTDID'].map((name) => [
        name,
        (unit: Capabilities) => unit.permissionTables,
      ]),
    ),
  ],
]);

/** The fields of an entry that this unit takes for reserved bits, since it lacks what they serve. */
export function unsupportedFields(capabilities: Capabilities, of: Layout): Field[] {
  const later = LATER_FIELDS.get(of);
  return of.fields.filter(({ name }) => later?.get(name)?.(capabilities) === false);
}

/**
 * Bits that must be zero in a present root, context or PASID entry, word by word: the reserved
 * fields, those that the unit lacks, and pointers' bits at and above the host address width.
 */
export function entryReserved(capabilities: Capabilities, of: Layout): readonly bigint[] {
  return remembered(capabilities, of, () => {
    const beyond = beyondHost(capabilities, 63);
    const all = reservedMask(of) | maskOf(unsupportedFields(capabilities, of));
    return Array.from({ length: of.width / 64 }, (_, word) => {
      const own = (all >> BigInt(64 * word)) & WORD;
      return own | (pointerEndsIn(of, word) ? beyond : 0n);
    });
  });
}

/** Whether a pointer to a table fills a word up to its last bit. */
function pointerEndsIn(of: Layout, word: number): boolean {
  return of.fields.some(
    ({ kind, pieces }) =>
      kind === 'address' && pieces.length === 1 && pieces[0].high === 64 * word + 63,
  );
}

/** Bits that must be zero in a present entry at `level`; `page`: it maps a page. */
export function pagingReserved(
  capabilities: Capabilities,
  stage: Stage,
  level: number,
  page: boolean,
): bigint {
  const key = `${stage} ${level} ${page}`;
  return remembered(capabilities, key, () => [findPaging(capabilities, stage, level, page)])[0];
}

function findPaging(
  capabilities: Capabilities,
  stage: Stage,
  level: number,
  page: boolean,
): bigint {
  const second = stage === 'second';
  const tables = second ? SECOND_STAGE_TABLES : FIRST_STAGE_TABLES;
  const pages = second ? SECOND_STAGE_PAGES : FIRST_STAGE_PAGES;
  const of = (page ? pages : tables).get(level);
  if (!of) return 0n;
  let mask = reservedMask(of) | beyondHost(capabilities);
  if (!page) return mask;
  const supported = second
    ? capabilities.secondStagePage(level)
    : capabilities.firstStagePage(level);
  if (!supported) mask |= PAGE_SIZE_BIT;
  if (second && !capabilities.snoopControl) mask |= SNOOP_BIT;
  if (second && !capabilities.deviceTlb) mask |= TRANSIENT_BIT;
  return mask;
}
