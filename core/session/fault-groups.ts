import { SEVERITIES, SEVERITY_RANK } from '../format/severity.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import type { FaultGrouping } from '../protocol/contract.ts';
import type { CallInput } from '../protocol/server.ts';
import { accessKind, type Verdict } from './view-fault.ts';

/** How faults are put together, and in what order the groups and the faults stand. */

export type FaultSort = CallInput<'faults.rows'>['sort'];

export interface FaultGroup {
  readonly key: string;
  /** Places of its faults in the table, ascending. */
  readonly members: number[];
  /** Groups by reason, of a device's group. */
  readonly inner: Map<string, FaultGroup>;
  readonly held: Held;
}

/** What a group's faults have in common, and what they differ in. */
export interface Held {
  /** Faults that were looked at for it. */
  seen: number;
  readonly accesses: Set<'read' | 'write' | 'interrupt'>;
  readonly pages: Set<number>;
  readonly devices: Set<string>;
}

/** Rank of a fault without a verdict: behind those that have one. */
export const NO_RANK = SEVERITIES.length;

/** What a row is sorted by; lower comes first. */
export function sortKeys(
  by: FaultSort,
  record: FaultRecord,
  count: number,
  judge: (record: FaultRecord) => Verdict | undefined,
): (number | string)[] {
  switch (by) {
    case 'worst': {
      const verdict = judge(record);
      return [verdict ? SEVERITY_RANK[verdict.severity] : NO_RANK, -count];
    }
    case 'count':
      return [-count];
    case 'address':
      return [record.address === undefined ? -1 : Number(record.address)];
    case 'reason':
      return [record.reason ?? -1, record.event ?? ''];
    default:
      return [record.bdf ?? ''];
  }
}

type Keys = readonly (number | string)[];

/** Orders groups by their keys, the first that differ; for `sort`. */
export function compareKeys(a: Keys, b: Keys): number {
  for (const [index, key] of a.entries()) {
    const other = b[index];
    if (key !== other) return key < other ? -1 : 1;
  }
  return 0;
}

/** The key of the group that a fault belongs to. */
export function groupKey(record: FaultRecord, by: FaultGrouping): string {
  switch (by) {
    case 'reason':
      return reasonKey(record);
    case 'page':
      return record.address === undefined ? '' : `0x${(record.address >> 12n).toString(16)}`;
    default:
      return record.bdf ?? '';
  }
}

/** What faults of one reason have in common: type, and reason number or event. */
export function reasonKey(record: FaultRecord): string {
  return `${record.type} ${record.reason ?? record.event ?? ''}`;
}

/**
 * Puts a fault into its group, which is made when it is the first.
 * @param outer key of the group that the groups stand in
 */
export function addToGroup(
  groups: Map<string, FaultGroup>,
  key: string,
  index: number,
  outer?: string,
): FaultGroup {
  let group = groups.get(key);
  if (!group) {
    group = {
      key: outer === undefined ? key : `${outer} ${key}`,
      members: [],
      inner: new Map(),
      held: { seen: 0, accesses: new Set(), pages: new Set(), devices: new Set() },
    };
    groups.set(key, group);
  }
  group.members.push(index);
  return group;
}

/** What a group holds. A group's row asks: few of many groups are ever shown. */
export function heldBy(group: FaultGroup, recordOf: (place: number) => FaultRecord): Held {
  const { held, members } = group;
  for (; held.seen < members.length; held.seen++) {
    const record = recordOf(members[held.seen]);
    held.accesses.add(accessKind(record));
    held.devices.add(record.bdf ?? '');
    if (record.address !== undefined) held.pages.add(Number(record.address >> 12n));
  }
  return held;
}
