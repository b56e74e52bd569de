import type { CallAnswer, EntryInfo } from '../../../core/protocol/contract.ts';
import { shapeOf } from './shapes.ts';

/** What the engine says of a table: one of its entries, and its part within a page. */
export type TablePlace = CallAnswer<'memory.tables'>['tables'][number];

/** A table's part within a page, laid over physical memory: a name for each of its entries. */
export interface Table {
  /** First byte of what is known of it, and one past the last. */
  readonly start: bigint;
  readonly end: bigint;
  /** Where its first entry stands, in this page or before. */
  readonly base: bigint;
  readonly stride: bigint;
  /** `context table`, `L1 table`. */
  readonly title: string;
  readonly nameOf: (index: bigint) => string;
  readonly pathOf: (index: bigint) => string;
  /** What an entry is called behind its name; where bit 0 is clear it is `not present`. */
  readonly noun: string | undefined;
}

/** An entry that begins in a row. */
export interface EntryName {
  readonly name: string;
  readonly path: string;
  /** Physical address of its first byte. */
  readonly at: bigint;
}

/** Every structure that is known in view, and the entry that is selected. */
export interface Overlay {
  readonly tables: readonly Table[];
  readonly selected:
    | {
        readonly start: bigint;
        readonly end: bigint;
        readonly title: string;
        readonly path: string;
      }
    | undefined;
}

const PAGE = 4096n;

/** What an entry's own path says of its neighbours: `L1[504]` stands before `L1[505]`. */
function tableOf(place: TablePlace): Table | undefined {
  const shape = shapeOf(place.path, place.width);
  if (shape === undefined) return undefined;
  const stride = BigInt(place.width / 8);
  const base = BigInt(place.address) - shape.index * stride;
  const { title, nameOf, pathOf, noun } = shape;
  const [start, end] = [BigInt(place.from), BigInt(place.to)];
  return { start: base > start ? base : start, end, base, stride, title, nameOf, pathOf, noun };
}

/**
 * Lays tables over memory.
 * @param entry the selected entry: the page of its table is known by it alone
 */
export function overlayOf(
  places: readonly TablePlace[],
  entry: Pick<EntryInfo, 'address' | 'width' | 'title' | 'path'> | undefined,
): Overlay {
  const tables = places.map(tableOf).filter((table) => table !== undefined);
  if (!entry) return { tables, selected: undefined };
  const start = BigInt(entry.address);
  const { title, path, address, width } = entry;
  const end = start + BigInt(width / 8);
  const page = start - (start % PAGE);
  const own = tables.some((table) => start >= table.start && start < table.end)
    ? undefined
    : tableOf({ path, address, width, from: hexOf(page), to: hexOf(page + PAGE) });
  return { tables: own ? [...tables, own] : tables, selected: { start, end, title, path } };
}

const hexOf = (value: bigint): string => `0x${value.toString(16)}`;

/** The table that a byte of physical memory belongs to. */
export function tableAt(overlay: Overlay, at: bigint): Table | undefined {
  return overlay.tables.find((table) => at >= table.start && at < table.end);
}

/** The entries that begin in a row of so many bytes. */
export function entriesIn(overlay: Overlay, row: bigint, length: bigint): EntryName[] {
  const past = row + length;
  const { selected } = overlay;
  const names: EntryName[] = [];
  for (const table of overlay.tables) {
    if (past <= table.start || row >= table.end) continue;
    const from = row > table.start ? row : table.start;
    for (let index = (from - table.base + table.stride - 1n) / table.stride; ; index++) {
      const at = table.base + index * table.stride;
      if (at >= past || at >= table.end) break;
      names.push({ name: table.nameOf(index), path: table.pathOf(index), at });
    }
  }
  const alone = selected && selected.start >= row && selected.start < past;
  if (alone && !tableAt(overlay, selected.start))
    names.push({ name: selected.title, path: selected.path, at: selected.start });
  return names;
}

/**
 * Names of the entries that begin in a row: `L1[504] L1[505]`, `00.1 not present`. An entry longer
 * than a row goes on in the rows below its name.
 * @param row physical address of its first byte
 */
export function rowNames(overlay: Overlay, row: bigint, bytes: Uint8Array): string {
  return entriesIn(overlay, row, BigInt(bytes.length))
    .map(({ name, at }) => {
      const noun = tableAt(overlay, at)?.noun;
      if (noun === undefined) return name;
      const present = (bytes[Number(at - row)] & 1) === 1;
      return `${name} ${present ? noun : 'not present'}`.trim();
    })
    .join(' ');
}

/** How many entries of a table a run of bytes holds; 0 outside of one. */
export function entriesWithin(overlay: Overlay, from: bigint, bytes: bigint): number {
  const table = tableAt(overlay, from);
  return !table || from + bytes > table.end ? 0 : Number(bytes / table.stride);
}

/** How a byte is marked: it belongs to a table, or to the selected entry. */
export function markAt(overlay: Overlay, at: bigint, size: bigint): 'entry' | 'table' | undefined {
  const touches = (range: { readonly start: bigint; readonly end: bigint }): boolean =>
    at < range.end && at + size > range.start;
  if (overlay.selected && touches(overlay.selected)) return 'entry';
  return overlay.tables.some(touches) ? 'table' : undefined;
}

/**
 * `L1 table`, `context table and 2 more`: what lies over the memory in view.
 * @param pages physical addresses of the pages in view
 * @param at the byte that is looked at
 */
export function overlayTitle(
  overlay: Overlay,
  pages: readonly string[],
  at: bigint | undefined,
): string {
  const shown = new Set(pages.map((page) => BigInt(page) / PAGE));
  const tables = overlay.tables.filter(({ start }) => shown.has(start / PAGE));
  const titles = [...new Set(tables.map(({ title }) => title))];
  const own = at === undefined ? undefined : tableAt(overlay, at)?.title;
  const first = own ?? titles[0];
  if (first === undefined) return 'no table here';
  const more = titles.filter((title) => title !== first).length;
  return more === 0 ? first : `${first} and ${more} more`;
}
