import type { TextTable } from '../../../core/format/table-text.ts';
import type { CallAnswer } from '../../../core/protocol/contract.ts';
import { byteDigits } from '../../../core/format/hex.ts';

export const ROW_BYTES = 16;

export type MemoryPage = CallAnswer<'memory.read'>['pages'][number];

/** A line of the hex view. */
export type HexRow =
  | {
      readonly kind: 'bytes';
      readonly address: bigint;
      /** Where its first byte is in physical memory. */
      readonly physical: bigint;
      readonly bytes: Uint8Array;
    }
  /** Where the page that begins here is in physical memory: in a space that is mapped. */
  | { readonly kind: 'page'; readonly address: bigint; readonly physical: bigint }
  /** Rows that are all zero, folded. */
  | {
      readonly kind: 'zeros';
      readonly address: bigint;
      readonly physical: bigint;
      readonly rows: number;
      readonly page: MemoryPage;
    }
  /** Pages of which the content is not known. */
  | {
      readonly kind: 'gap';
      readonly address: bigint;
      /** Where the first page of it would be; undefined where nothing is mapped. */
      readonly physical: bigint | undefined;
      readonly length: bigint;
      /** The gap goes on: only so far was it looked at. */
      readonly atLeast: boolean;
      readonly page: MemoryPage;
    };

/** Zero rows that are folded into one: a shorter run stays as it is. */
const FOLD = 3;
const PAGE_BYTES = 4096n;

/** Decodes the contract's bytes. */
function bytesOf(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/**
 * Lines of the pages that an answer brought. Neighbouring gaps of one kind are one line.
 * @param length bytes that were asked for, from `start`
 */
export function hexRows(pages: readonly MemoryPage[], start: bigint, length: number): HexRow[] {
  const out: HexRow[] = [];
  const end = start + BigInt(length);
  let follows: bigint | undefined;
  for (const page of pages) {
    const at = BigInt(page.address);
    const physical = page.physical === undefined ? undefined : BigInt(page.physical);
    if (page.bytes === undefined) {
      const from = at < start ? start : at;
      const to = gapEnd(page, at, end);
      const atLeast = page.atLeast ?? false;
      const last = out.at(-1);
      if (
        last?.kind === 'gap' &&
        last.page.provenance === page.provenance &&
        last.page.note === page.note &&
        last.page.table === page.table &&
        last.address + last.length === from
      )
        out[out.length - 1] = { ...last, length: last.length + (to - from), atLeast };
      else if (to > from)
        out.push({ kind: 'gap', address: from, physical, length: to - from, atLeast, page });
      follows = undefined;
      continue;
    }
    // Pages that follow each other in both address spaces are told once.
    if (physical !== undefined && physical !== follows)
      out.push({ kind: 'page', address: at, physical });
    const bytes = bytesOf(page.bytes);
    pushBytes(out, page, at, physical ?? at, bytes);
    if (physical !== undefined) follows = physical + BigInt(bytes.length);
  }
  return out;
}

/** Where a gap ends: as the engine says, else with its page. */
function gapEnd(page: MemoryPage, at: bigint, end: bigint): bigint {
  if (page.length !== undefined) return at + BigInt(page.length);
  const pageEnd = (at / PAGE_BYTES + 1n) * PAGE_BYTES;
  return pageEnd < end ? pageEnd : end;
}

function pushBytes(
  out: HexRow[],
  page: MemoryPage,
  address: bigint,
  physical: bigint,
  bytes: Uint8Array,
): void {
  const places = (row: number): { readonly address: bigint; readonly physical: bigint } => {
    const past = BigInt(row * ROW_BYTES);
    return { address: address + past, physical: physical + past };
  };
  let zeros = 0;
  const flush = (end: number): void => {
    if (zeros === 0) return;
    const from = end - zeros;
    if (zeros >= FOLD)
      out.push({
        kind: 'zeros',
        ...places(from),
        rows: zeros,
        page,
      });
    else
      for (let row = from; row < end; row++)
        out.push({
          kind: 'bytes',
          ...places(row),
          bytes: bytes.subarray(row * ROW_BYTES, (row + 1) * ROW_BYTES),
        });
    zeros = 0;
  };
  const rows = Math.ceil(bytes.length / ROW_BYTES);
  for (let row = 0; row < rows; row++) {
    const part = bytes.subarray(row * ROW_BYTES, (row + 1) * ROW_BYTES);
    if (part.every((byte) => byte === 0)) {
      zeros++;
      continue;
    }
    flush(row);
    out.push({ kind: 'bytes', ...places(row), bytes: part });
  }
  flush(rows);
}

/** The bytes as words of 1, 2, 4 or 8 bytes, little-endian, two hexadecimal digits a byte. */
export function wordsOf(bytes: Uint8Array, size: 1 | 2 | 4 | 8): string[] {
  const out: string[] = [];
  for (let at = 0; at < bytes.length; at += size)
    out.push([...bytes.subarray(at, at + size)].reverse().map(byteDigits).join(''));
  return out;
}

/** Printable ASCII, dots for the rest. */
export function asciiOf(bytes: Uint8Array): string {
  return [...bytes]
    .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'))
    .join('');
}

/** `hexdump -C` of one row. */
export function hexdump(address: bigint, bytes: Uint8Array): string {
  const cells = [...bytes].map(byteDigits);
  const left = cells.slice(0, 8).join(' ');
  const right = cells.slice(8).join(' ');
  const text = [...bytes]
    .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
    .join('');
  return `${address.toString(16).padStart(8, '0')}  ${left}  ${right}  |${text}|`;
}

/**
 * The rows as a table: a line of words each; what is not known says so and has no words. In a space
 * that is mapped each line has its physical address too.
 */
export function memoryTable(
  rows: readonly HexRow[],
  size: 1 | 2 | 4 | 8,
  mapped: boolean,
): TextTable {
  const cellsOf = (row: HexRow): TextTable['rows'][number] => {
    switch (row.kind) {
      case 'bytes':
        return [
          row.bytes.length,
          'present',
          wordsOf(row.bytes, size).join(' '),
          asciiOf(row.bytes),
        ];
      case 'zeros':
        return [row.rows * ROW_BYTES, 'all zero', undefined, ''];
      default:
        return row.kind === 'gap'
          ? [Number(row.length), row.page.provenance, undefined, row.page.note]
          : [];
    }
  };
  const address = (value: bigint | undefined) =>
    value === undefined ? undefined : `0x${value.toString(16)}`;
  return {
    name: 'Memory',
    columns: ['address', ...(mapped ? ['physical'] : []), 'bytes', 'state', 'words', 'text'],
    rows: rows
      .filter(({ kind }) => kind !== 'page')
      .map((row) => [
        address(row.address),
        ...(mapped ? [address(row.physical)] : []),
        ...cellsOf(row),
      ]),
  };
}

/** The rows of the page that a row stands in: what is copied as a whole. */
export function pageRows(rows: readonly HexRow[], selected: number): readonly HexRow[] {
  const own = rows.at(selected);
  if (!own) return [];
  const pageOf = (row: HexRow): bigint => row.address / PAGE_BYTES;
  return rows.filter(
    (row) => (row.kind === 'bytes' || row.kind === 'zeros') && pageOf(row) === pageOf(own),
  );
}

/** Lines of 16 bytes, folded zeros unfolded: bytes or words with a space between them. */
export function plainWords(rows: readonly HexRow[], size: 1 | 2 | 4 | 8): string {
  return unfolded(rows)
    .map(({ bytes }) => wordsOf(bytes, size).join(' '))
    .join('\n');
}

/** `hexdump -C` of rows; the folded ones are written as that program does, by a star. */
export function hexdumpText(rows: readonly HexRow[]): string {
  return rows
    .flatMap((row) => {
      if (row.kind === 'bytes') return [hexdump(row.address, row.bytes)];
      if (row.kind !== 'zeros') return [];
      return [hexdump(row.address, ZEROS), ...(row.rows > 1 ? ['*'] : [])];
    })
    .join('\n');
}

const ZEROS = new Uint8Array(ROW_BYTES);

interface Line {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

function unfolded(rows: readonly HexRow[]): readonly Line[] {
  return rows.flatMap((row): readonly Line[] => {
    if (row.kind === 'bytes') return [row];
    if (row.kind !== 'zeros') return [];
    return Array.from({ length: row.rows }, (_, index) => ({
      address: row.address + BigInt(index * ROW_BYTES),
      bytes: ZEROS,
    }));
  });
}

/** The known bytes as a C array, 16 a line. */
export function cArray(rows: readonly HexRow[]): string {
  const lines = unfolded(rows).map(
    ({ address, bytes }) =>
      `  /* 0x${address.toString(16)} */ ${[...bytes].map((byte) => `0x${byte.toString(16).padStart(2, '0')},`).join(' ')}`,
  );
  return `static const unsigned char bytes[] = {\n${lines.join('\n')}\n};\n`;
}
