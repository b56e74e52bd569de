import { formatCount, formatSize } from '../../../core/format/size.ts';
import type { TextTable } from '../../../core/format/table-text.ts';
import type { MapRegion, StripItem } from '../../../core/protocol/contract-map.ts';
import { EMPTY } from '../../wording.ts';
import { TARGETS } from './paint.ts';

/** `00:07.0`, `00:07.0 PASID 3`. */
export function deviceText({ bdf, pasid }: { bdf: string; pasid?: number }): string {
  return pasid === undefined ? bdf : `${bdf} PASID ${pasid}`;
}

/** `0xffffa000–0xffffbfff`. */
export const rangeText = ({ from, to }: { from: string; to: string }): string => `${from}–${to}`;

const RIGHTS = { '': 'no access', r: 'read', w: 'write', rw: 'read and write' } as const;

export function targetText(region: Pick<MapRegion, 'targets'>): string {
  return region.targets.map((target) => TARGETS[target].name).join(', ');
}

/** A region in one sentence: range, size, access, where it leads. */
export function regionText(region: MapRegion): string {
  const mapped = formatSize(BigInt(region.mapped));
  const what =
    region.ranges === 1 ? mapped : `${mapped} mapped in ${formatCount(region.ranges)} ranges`;
  const where =
    region.pa === undefined ? targetText(region) : `to ${region.pa}, ${targetText(region)}`;
  const shared = region.shared ? ', also mapped by another domain' : '';
  return `${rangeText(region)}, ${what}, ${RIGHTS[region.rights]}, ${where}${shared}`;
}

/** Why a strip has nothing on it. */
export function emptyWords(strip: StripItem): string | undefined {
  if (strip.translation === 'pass-through') return 'not translated: reaches all memory';
  if (strip.translation === 'blocked') return 'blocked: reaches nothing';
  if (strip.first === undefined && strip.unreadable === 0) return EMPTY.mapDevice;
  return undefined;
}

/** `domain 7 of dmar0`: whose mapping it is. */
export function ownerText({ unit, domain }: Pick<StripItem, 'unit' | 'domain'>): string {
  return domain === undefined ? unit : `domain ${domain} of ${unit}`;
}

/** The regions in view as a table of plain values. */
export function regionTable(strip: StripItem, regions: readonly MapRegion[]): TextTable {
  return {
    name: `Address map of ${deviceText(strip)}`,
    columns: ['from', 'to', 'mapped', 'ranges', 'pa', 'rights', 'targets', 'shared'],
    rows: regions.map((region) => [
      region.from,
      region.to,
      region.mapped,
      region.ranges,
      region.pa,
      region.rights,
      targetText(region),
      region.shared,
    ]),
  };
}
