import type { EntryInfo } from '../../../core/protocol/contract.ts';

/** The table that an entry stands in, laid over memory: a name for each of its entries. */
export interface Overlay {
  /** The entry itself. */
  readonly start: bigint;
  readonly end: bigint;
  readonly title: string;
  /** First byte of its table, and bytes of an entry; absent where the path tells no index. */
  readonly table:
    | {
        readonly start: bigint;
        readonly end: bigint;
        readonly stride: bigint;
        readonly name: string;
      }
    | undefined;
}

const PAGE = 4096n;

/** What an entry's own path says of its neighbours: `L1[504]` stands before `L1[505]`. */
export function overlayOf(entry: EntryInfo): Overlay {
  const start = BigInt(entry.address);
  const stride = BigInt(entry.width / 8);
  const last = entry.path.split('/').at(-1) ?? '';
  const level = /^(L\d)\[(\d+)\]$/.exec(last);
  const index = BigInt(level?.[2] ?? (/^\d+$/.test(last) ? last : -1));
  const first = start - index * stride;
  const table =
    index < 0n || first < 0n
      ? undefined
      : {
          start: first,
          // A page table is a page; other tables are named as far as the page of the entry.
          end: level ? first + PAGE : (start / PAGE + 1n) * PAGE,
          stride,
          name: level?.[1] ?? 'entry',
        };
  return { start, end: start + stride, title: entry.title, table };
}

/** Names of the entries that begin in a row: `L1[504] L1[505]`. */
export function rowNames(
  { table, start, end, title }: Overlay,
  row: bigint,
  bytes: bigint,
): string {
  if (start >= row && start < row + bytes && table === undefined) return title;
  if (!table || row + bytes <= table.start || row >= table.end)
    return start >= row && start < row + bytes ? title : '';
  const names: string[] = [];
  const first = row <= table.start ? 0n : (row - table.start + table.stride - 1n) / table.stride;
  for (let index = first; ; index++) {
    const at = table.start + index * table.stride;
    if (at >= row + bytes || at >= table.end) break;
    names.push(`${table.name}[${index}]`);
  }
  const own = start >= row && start < row + bytes && end > start;
  return own && names.length <= 1 ? title : names.join(' ');
}

/** How many entries of the table a run of bytes holds; 0 outside of it. */
export function entriesWithin({ table }: Overlay, from: bigint, bytes: bigint): number {
  if (!table || from < table.start || from + bytes > table.end) return 0;
  return Number(bytes / table.stride);
}
