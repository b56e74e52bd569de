import { hex } from '../../format/hex.ts';
import { formatSize } from '../../format/size.ts';
import { rightsText } from '../../iommu/leaves.ts';
import { devicePath, requesterText, type DistinctTable } from '../mappings/tables.ts';
import type { Hit } from './rule.ts';
import type { AuditState, Reach, ReachedRanges, SweptTable } from './state.ts';
import { addressOfPfn } from '../../memory/physical.ts';

/** Devices that are named one by one. */
const MAX_NAMES = 4;
/** Ranges that stand in the evidence. */
const MAX_EVIDENCE = 8;

/** `00:02.0`, `00:02.0, 00:03.0 and 2 more`. */
export function usersText(table: DistinctTable): string {
  const names = table.users.map(requesterText);
  const more = names.length - MAX_NAMES;
  return names.slice(0, MAX_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Path of the table's first user. */
export function tablePath(table: DistinctTable): string {
  return devicePath(table.unit, table.device);
}

const address = (frames: number): string => hex(addressOfPfn(frames));
const span = (from: number, pages: number): string =>
  `${address(from)}–${hex((BigInt(from + pages) << 12n) - 1n)}`;

const MAY: Readonly<Record<string, string>> = { r: 'read', w: 'write', rw: 'read and write' };

/**
 * A hit for each table whose mappings reach a kind of memory.
 * @param judge false for a table where that is right; or what is to be said otherwise of it
 */
export function reachHits(
  state: AuditState,
  kind: Reach,
  severity: Hit['severity'],
  what: string,
  judge: (swept: SweptTable, reached: ReachedRanges) => boolean | Partial<Hit> = () => true,
): Hit[] {
  return state.tables.flatMap((swept) => {
    const reached = swept.reached.get(kind);
    const judged = reached && judge(swept, reached);
    if (!judged) return [];
    const rights = reached.ranges.reduce((all, range) => all | range.rights, 0);
    return [
      {
        at: tablePath(swept.table),
        severity,
        text: `${usersText(swept.table)} may ${MAY[rightsText(rights)] ?? 'reach'} ${formatSize(reached.pages * 4096)} ${what}.`,
        evidence: reached.ranges.slice(0, MAX_EVIDENCE).map((range) => ({
          what: 'mapping',
          address: addressOfPfn(range.pa),
          meaning: `${span(range.iova, range.pages)} → ${span(range.pa, range.pages)} ${rightsText(range.rights)}`,
        })),
        ...(judged === true ? {} : judged),
      },
    ];
  });
}
