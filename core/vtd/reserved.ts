/**
 * Reserved bits of paging entries as a given unit sees them: those that the layout reserves, and
 * those that depend on the host address width and on what the unit supports (VT-d 4.1 §9.7, §9.8).
 */
import type { Layout } from '../bits/layout.ts';
import type { Capabilities } from './capabilities.ts';
import type { Stage } from './paging.ts';
import {
  FIRST_STAGE_PAGES,
  FIRST_STAGE_TABLES,
  SECOND_STAGE_PAGES,
  SECOND_STAGE_TABLES,
} from './paging.ts';

const PAGE_SIZE_BIT = 1n << 7n;
const SNOOP_BIT = 1n << 11n;
const TRANSIENT_BIT = 1n << 62n;

/** The bits that a layout's reserved fields cover, all words joined. */
export function reservedMask(of: Layout): bigint {
  let mask = 0n;
  for (const field of of.fields) {
    if (field.kind !== 'reserved') continue;
    for (const { high, low } of field.pieces)
      mask |= ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);
  }
  return mask;
}

/** Address bits 51 down to the host address width. */
export function beyondHost(capabilities: Capabilities, top = 51): bigint {
  const from = capabilities.hostAddressWidth;
  return from > top ? 0n : ((1n << BigInt(top - from + 1)) - 1n) << BigInt(from);
}

/** Bits that must be zero in a present entry at `level`; `page`: it maps a page. */
export function pagingReserved(
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
