/** Hex dumps of every common tool to physical memory. */
import { hex } from '../format/hex.ts';
import type { Finding } from '../iommu/finding.ts';
import { addressOfPfn, PAGE_SIZE } from '../memory/physical.ts';
import { charactersAgree, readHexRow, rowBytes, type HexRow } from './hex-row.ts';
import { hexWord, ImportFindings, numberedLines } from './text-lines.ts';
import { TextMemory } from './text-memory.ts';

export interface HexDump {
  readonly memory: TextMemory;
  /** Where each stretch of stated bytes starts: page tables that were pasted, one after another. */
  readonly bases: readonly bigint[];
  readonly findings: readonly Finding[];
}

export interface HexDumpOptions {
  /** Physical address of the text's address 0: for a dump of a file that was cut out of memory. */
  readonly base?: bigint;
  /** Overrides what the lines tell of their byte order. */
  readonly order?: 'bytes' | 'little-endian words';
}

/** Physical addresses have at most 52 bits (VT-d 4.1 §3.6, AMD IOMMU 48882 §2.2.3). */
const ADDRESS_LIMIT = 1n << 52n;

/** Lines that are looked at to learn how a dump is written. */
const SAMPLE = 4096;

/** Bytes that a repeated line which is not zero may fill. */
const REPEAT_LIMIT = 16 << 20;

/** od and hexdump end with the address behind the last byte, alone on its line. */
const END = /^\s*(?:0x)?([0-9a-f]{6,16})\s*$/i;
/** kdb's md leaves out zeros, and says which. */
const ZEROS = /^\s*0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16}) zero suppressed\s*$/i;
const FOLD = /^\s*\*\s*$/;

type Radix = 16 | 8 | 10;

/** How the lines of each style are to be read. */
interface Writing {
  readonly radix: Radix;
  readonly little: ReadonlyMap<string, boolean>;
}

/**
 * Reads hex dumps of xxd, od, hexdump, QEMU's xp, kdb's md, crash's rd, gdb's x, and bare
 * `ADDR: words`; several may stand in one text, between prompts. A line `*` repeats the line
 * before it up to the next address. Bytes of two digits stand in the order of memory; wider
 * groups are little-endian words, except where the characters beside them show that they are
 * bytes in the order of memory (xxd). Virtual addresses (kdb's md, crash's rd) are not memory.
 */
export function parseHexDump(text: string, options: HexDumpOptions = {}): HexDump {
  const findings = new ImportFindings();
  const memory = new TextMemory('the hex dump');
  const writing = learn(text, options.order, findings);
  const shift = options.base ?? 0n;
  const bases: bigint[] = [];
  let last: { readonly address: bigint; readonly bytes: Uint8Array } | undefined;
  let folded = false;
  let virtual = 0;
  for (const [line, content] of numberedLines(text)) {
    if (FOLD.test(content)) {
      folded = last !== undefined;
      continue;
    }
    const zeros = ZEROS.exec(content);
    if (zeros) {
      const from = hexWord(zeros[1]) + shift;
      const none = { address: from, bytes: new Uint8Array() };
      repeat(memory, none, hexWord(zeros[2]) + shift + 1n, line, findings);
      last = undefined;
      continue;
    }
    const row = readHexRow(content);
    const address = addressOf(row?.address ?? END.exec(content)?.[1], writing.radix);
    if (address === undefined) continue;
    const at = address + shift;
    if (folded && last) repeat(memory, last, at, line, findings);
    folded = false;
    if (!row) {
      last = undefined;
      continue;
    }
    const bytes = rowBytes(row, writing.little.get(row.style) ?? false);
    if (at + BigInt(bytes.length) > ADDRESS_LIMIT) {
      virtual++;
      last = undefined;
      continue;
    }
    if (!last || last.address + BigInt(last.bytes.length) !== at) bases.push(at);
    memory.put(at, bytes);
    last = { address: at, bytes };
  }
  if (virtual > 0)
    findings.add(
      'warning',
      'virtual-addresses',
      'hexdump',
      `${virtual} lines have addresses beyond 52 bits: virtual ones, whose physical place the text does not tell. Dump by physical address (kdb mdp, crash rd -p, QEMU xp).`,
    );
  judgeMemory(memory, findings);
  return { memory, bases: [...new Set(bases)], findings: findings.list };
}

function judgeMemory(memory: TextMemory, findings: ImportFindings): void {
  const partial = memory.partial();
  if (partial.length > 0)
    findings.add(
      'note',
      'partial-page',
      'hexdump',
      `Of ${partial.length} pages (the first at ${hex(partial[0] * PAGE_SIZE)}) the text states a part only; what it leaves out is unknown, so that these pages count as not held. Dump 4096 bytes of each.`,
    );
  if (memory.full)
    findings.add(
      'error',
      'hexdump-too-large',
      'hexdump',
      'The text touches more pages than are kept; the last ones are left out.',
    );
}

function addressOf(digits: string | undefined, radix: Radix): bigint | undefined {
  if (digits === undefined) return undefined;
  if (radix === 16) return hexWord(digits);
  if (!(radix === 8 ? /^[0-7]+$/ : /^\d+$/).test(digits)) return undefined;
  return radix === 8 ? BigInt(`0o${digits}`) : BigInt(digits);
}

/** Fills from behind a line up to an address with that line's bytes, over and over. */
function repeat(
  memory: TextMemory,
  line: { readonly address: bigint; readonly bytes: Uint8Array },
  to: bigint,
  number: number,
  findings: ImportFindings,
): void {
  const from = line.address + BigInt(line.bytes.length);
  if (to <= from || to > ADDRESS_LIMIT) return;
  if (line.bytes.every((byte) => byte === 0)) {
    const [first, past] = [Number((from + 0xfffn) >> 12n), Number(to >> 12n)];
    if (first < past) {
      memory.put(from, new Uint8Array(Number(addressOfPfn(first) - from)));
      memory.putZeroPages({ from: first, to: past });
      memory.put(addressOfPfn(past), new Uint8Array(Number(to & 0xfffn)));
    } else memory.put(from, new Uint8Array(Number(to - from)));
    return;
  }
  if (to - from > BigInt(REPEAT_LIMIT)) {
    findings.add(
      'warning',
      'fold-too-long',
      'hexdump',
      `Line ${number}: the folded lines before it would fill ${hex(to - from)} bytes with one pattern; they are left out.`,
    );
    return;
  }
  const fill = new Uint8Array(Number(to - from));
  for (let at = 0; at < fill.length; at++) fill[at] = line.bytes[at % line.bytes.length];
  memory.put(from, fill);
}

/** Learns the radix of addresses, and per style of line whether groups are little-endian words. */
function learn(text: string, order: HexDumpOptions['order'], findings: ImportFindings): Writing {
  const rows: HexRow[] = [];
  for (const [, content] of numberedLines(text)) {
    const row = readHexRow(content);
    if (row) rows.push(row);
    if (rows.length === SAMPLE) break;
  }
  const little = new Map<string, boolean>();
  const styles = Map.groupBy(rows, (row) => row.style);
  for (const [style, members] of styles)
    little.set(
      style,
      order === undefined ? isLittle(members, findings) : order === 'little-endian words',
    );
  return { radix: radixOf(rows), little };
}

/** Whether groups are words: by the characters that stand beside them, else by the form. */
function isLittle(rows: readonly HexRow[], findings: ImportFindings): boolean {
  const [{ digits, style }] = rows;
  if (digits === 2) return false;
  const told = rows.filter((row) => {
    const [words, bytes] = [rowBytes(row, true), rowBytes(row, false)];
    return (
      words.length === row.characters.length &&
      charactersAgree(words, row.characters) !== charactersAgree(bytes, row.characters)
    );
  });
  const words = told.filter((row) => charactersAgree(rowBytes(row, true), row.characters)).length;
  if (told.length > 0) return words * 2 > told.length;
  // xxd writes a colon and one space; its two-byte groups are bytes in order.
  const looksLikeXxd = style === '4:1';
  if (looksLikeXxd || style.startsWith('0x') || !style.includes(':')) return !looksLikeXxd;
  if (rows.some((row) => differs(row)))
    findings.add(
      'note',
      'byte-order',
      'hexdump',
      `Nothing shows the byte order of groups of ${digits} digits; they are read as little-endian words.`,
    );
  return true;
}

function differs(row: HexRow): boolean {
  const bytes = rowBytes(row, false);
  return rowBytes(row, true).some((byte, at) => byte !== bytes[at]);
}

/** od writes octal addresses unless told otherwise: consecutive lines show the radix. */
function radixOf(rows: readonly HexRow[]): Radix {
  const fits = (radix: Radix): number => {
    let count = 0;
    for (let at = 1; at < rows.length; at++) {
      const [from, to] = [
        addressOf(rows[at - 1].address, radix),
        addressOf(rows[at].address, radix),
      ];
      if (from === undefined || to === undefined) return 0;
      const length = rows[at - 1].groups.reduce((sum, group) => sum + group.length / 2, 0);
      if (to - from === BigInt(length)) count++;
    }
    return count;
  };
  const hexadecimal = fits(16);
  if (fits(8) > hexadecimal) return 8;
  return fits(10) > hexadecimal ? 10 : 16;
}
