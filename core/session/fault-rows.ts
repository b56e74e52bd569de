/** Finds rows of the fault list without making them. */
import type { FaultGroup } from './fault-groups.ts';

/** Whose row is asked for: a fault's, or that of the next device from a row. */
export type PlaceOf =
  { readonly fault: number } | { readonly row: number; readonly direction: 1 | -1 };

/** Which faults of a group have rows: those of a view that shows a few of each. */
export class ShownMembers {
  readonly #few: number;
  readonly #whole: ReadonlySet<string>;

  constructor({ few, whole }: { readonly few?: number; readonly whole?: readonly string[] }) {
    this.#few = few ?? Infinity;
    this.#whole = new Set(whole);
  }

  /**
   * How many of a group have rows of their own, the first ones; one row for one more saves nothing.
   * @param within the group that it stands in; itself where it stands in none
   */
  of(group: FaultGroup, within: FaultGroup): number {
    const all = group.members.length;
    const whole = this.#whole.has(group.key) || this.#whole.has(within.key);
    return whole || all <= this.#few + 1 ? all : this.#few;
  }
}

/** Each row's faults as places in the table: those that it shows or, folded, hides. */
type Rows = Iterable<readonly number[]>;

/** The last row that shows a fault: its own, which comes after those of its groups. */
export function rowOfFault(rows: Rows, wanted: number): number | undefined {
  let at = 0;
  let found: number | undefined;
  for (const members of rows) {
    if (members[0] === wanted || (members.length > 1 && members.includes(wanted))) found = at;
    at++;
  }
  return found;
}

/** The first row of the device after the one in a row, or of the one before it. */
export function rowOfDevice(
  rows: Rows,
  deviceOf: (place: number) => string | undefined,
  { row, direction }: { readonly row: number; readonly direction: 1 | -1 },
): number | undefined {
  let at = 0;
  let start: { readonly row: number; readonly device: string | undefined } | undefined;
  let before: number | undefined;
  for (const [member] of rows) {
    const device = deviceOf(member);
    if (!start || device !== start.device) {
      if (at > row) return direction > 0 ? at : before;
      before = start?.row;
      start = { row: at, device };
    }
    at++;
  }
  return direction > 0 ? undefined : before;
}
