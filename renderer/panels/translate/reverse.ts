import { hex, parseHex } from '../../../core/format/hex.ts';
import { formatCount } from '../../../core/format/size.ts';
import type { TextTable } from '../../../core/format/table-text.ts';
import type { ReverseItem } from '../../../core/protocol/contract-map.ts';

export interface ReverseRange {
  readonly address: string;
  /** Bytes; absent for the page of the address. */
  readonly length?: string;
}

const PAGE = 4096n;
const PHYSICAL_END = 1n << 52n;

/**
 * Reads `0x13f2da000` (its page), `0x1000-0x1fff` (last one included) or `0x1000+0x200`.
 * @returns the range, a sentence on what is wrong, or undefined while nothing is typed.
 */
export function readReverse(
  text: string,
): { readonly range: ReverseRange } | { readonly problem: string } | undefined {
  const typed = text.trim();
  if (typed === '') return undefined;
  const match = /^([^-–+]+?)\s*(?:([-–+])\s*(.+))?$/.exec(typed);
  const start = parseHex(match?.[1].trim() ?? '');
  const second = match?.[3] === undefined ? undefined : parseHex(match[3].trim());
  if (!match || start === undefined || (match[3] !== undefined && second === undefined))
    return { problem: `Not a physical address: "${typed}". Write it as 0x13f2da000.` };
  const length = second === undefined ? undefined : match[2] === '+' ? second : second - start + 1n;
  if (length !== undefined && length <= 0n)
    return { problem: `The range "${typed}" ends before it begins.` };
  if (start + (length ?? PAGE) > PHYSICAL_END)
    return { problem: `Physical addresses have at most 52 bits: "${typed}" has more.` };
  return {
    range: { address: hex(start), ...(length === undefined ? {} : { length: hex(length) }) },
  };
}

/** The range in prose: `the page of 0x13f2da010`, `0xa000–0xafff`. */
export function rangeText({ address, length }: ReverseRange): string {
  if (length === undefined) return `the page of ${address}`;
  return `${address}–${hex(parseHex(address)! + parseHex(length)! - 1n)}`;
}

/** The rows as a table of plain values. */
export function reverseTable(
  range: ReverseRange,
  rows: readonly ReverseItem[],
  total: number,
): TextTable {
  return {
    name: `Who can reach ${rangeText(range)}`,
    columns: ['unit', 'bdf', 'driver', 'pasid', 'iova', 'pa', 'size', 'rights', 'domain', 'way'],
    rows: rows.map((row) => [
      row.unit,
      row.bdf,
      row.driver,
      row.pasid,
      row.iova,
      row.pa,
      row.size,
      row.rights,
      row.domain,
      row.untranslated ? 'untranslated' : 'mapped',
    ]),
    cut:
      rows.length < total
        ? `the first ${formatCount(rows.length)} of ${formatCount(total)} rows`
        : undefined,
  };
}
