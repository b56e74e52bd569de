/** Finds rows of the fault list without making them. */

/** Whose row is asked for: a fault's, or that of the next device from a row. */
export type PlaceOf =
  { readonly fault: number } | { readonly row: number; readonly direction: 1 | -1 };

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
