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
        /** `context table`, `L1 table`. */
        readonly title: string;
        readonly nameOf: (index: bigint) => string;
        /** What an entry is called behind its name; where bit 0 is clear it is `not present`. */
        readonly noun: string | undefined;
      }
    | undefined;
}

const PAGE = 4096n;

/** A table by the last part of an entry's path: the entry's place in it, and names of its entries. */
interface Shape {
  readonly index: bigint;
  /** Bytes of the whole table; absent: named as far as the page of the entry. */
  readonly bytes: bigint | undefined;
  readonly title: string;
  readonly nameOf: (index: bigint) => string;
  readonly noun: string | undefined;
}

/** What an entry's own path says of its neighbours: `L1[504]` stands before `L1[505]`. */
export function overlayOf(entry: EntryInfo): Overlay {
  const start = BigInt(entry.address);
  const stride = BigInt(entry.width / 8);
  const shape = shapeOf(entry.path);
  const first = shape === undefined ? -1n : start - shape.index * stride;
  const table =
    shape === undefined || first < 0n
      ? undefined
      : {
          start: first,
          end: shape.bytes === undefined ? (start / PAGE + 1n) * PAGE : first + shape.bytes,
          stride,
          title: shape.title,
          nameOf: shape.nameOf,
          noun: shape.noun,
        };
  return { start, end: start + stride, title: entry.title, table };
}

function shapeOf(path: string): Shape | undefined {
  const parts = path.split('/');
  const last = parts.at(-1) ?? '';
  const level = /^(L\d)\[(\d+)\]$/.exec(last);
  if (level) {
    const [, name, index] = level;
    const nameOf = (at: bigint): string => `${name}[${at}]`;
    return { index: BigInt(index), bytes: PAGE, title: `${name} table`, nameOf, noun: undefined };
  }
  const bus = /^bus\.([0-9a-f]{2})$/.exec(last);
  if (bus)
    return {
      index: BigInt(`0x${bus[1]}`),
      bytes: PAGE,
      title: 'root table',
      nameOf: (at) => `bus 0x${at.toString(16).padStart(2, '0')}`,
      noun: 'root entry',
    };
  const id = requesterOf(parts.at(-2) ?? '');
  if (last === 'context' && id !== undefined)
    return {
      index: id & 0xffn,
      bytes: PAGE,
      title: 'context table',
      nameOf: functionText,
      noun: 'context entry',
    };
  if (last === 'dte' && id !== undefined)
    return {
      index: id,
      bytes: undefined,
      title: 'device table',
      nameOf: (at) => `${(at >> 8n).toString(16).padStart(2, '0')}:${functionText(at)} DTE`,
      noun: undefined,
    };
  if (!/^\d+$/.test(last)) return undefined;
  const name = parts.includes('irq') ? 'IRTE' : 'entry';
  return {
    index: BigInt(last),
    bytes: undefined,
    title: name === 'IRTE' ? 'interrupt remapping table' : 'table',
    nameOf: (at) => `${name}[${at}]`,
    noun: name === 'IRTE' ? '' : undefined,
  };
}

/** The requester ID of a BDF, its segment left out. */
function requesterOf(bdf: string): bigint | undefined {
  const match = /^(?:[0-9a-f]{4}:)?([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])$/.exec(bdf);
  if (!match) return undefined;
  const [bus, device, fn] = [match[1], match[2], match[3]].map((text) => BigInt(`0x${text}`));
  return (bus << 8n) | (device << 3n) | fn;
}

/** `02.0`: device and function of a requester ID. */
function functionText(id: bigint): string {
  return `${((id >> 3n) & 0x1fn).toString(16).padStart(2, '0')}.${id & 7n}`;
}

/**
 * Names of the entries that begin in a row: `L1[504] L1[505]`, `00.1 not present`.
 * @param bytes of the row
 */
export function rowNames(
  { table, start, end, title }: Overlay,
  row: bigint,
  bytes: Uint8Array,
): string {
  const past = row + BigInt(bytes.length);
  const holdsEntry = start >= row && start < past && end > start;
  if (!table || past <= table.start || row >= table.end) return holdsEntry ? title : '';
  const names: string[] = [];
  const first = row <= table.start ? 0n : (row - table.start + table.stride - 1n) / table.stride;
  for (let index = first; ; index++) {
    const at = table.start + index * table.stride;
    if (at >= past || at >= table.end) break;
    const name = table.nameOf(index);
    const present = (bytes[Number(at - row)] & 1) === 1;
    names.push(
      table.noun === undefined ? name : `${name} ${present ? table.noun : 'not present'}`.trim(),
    );
  }
  // An entry longer than a row goes on in the rows below its name.
  return names.join(' ');
}

/** How many entries of the table a run of bytes holds; 0 outside of it. */
export function entriesWithin({ table }: Overlay, from: bigint, bytes: bigint): number {
  if (!table || from < table.start || from + bytes > table.end) return 0;
  return Number(bytes / table.stride);
}

/** Whether a byte belongs to the table, or to the entry where no table is known: it is underlined. */
export function inOverlay({ table, start, end }: Overlay, at: bigint, size: bigint): boolean {
  const [from, to] = table ? [table.start, table.end] : [start, end];
  return at < to && at + size > from;
}
