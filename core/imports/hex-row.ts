/** One line of a hex dump, whichever tool printed it. */

export interface HexRow {
  /** The digits of the address, as written. */
  readonly address: string;
  /** Groups as written, without 0x. */
  readonly groups: readonly string[];
  /** Digits of a full group: 2, 4, 8 or 16. */
  readonly digits: number;
  /** How the line is written; lines of one dump share it. */
  readonly style: string;
  /** What stands behind the groups: the bytes as characters, where the tool prints them. */
  readonly characters: string;
}

const HEAD = /^\s*(0x)?([0-9a-f]{4,16})(?:\s*<[^>]{0,80}>)?(:?)(\s+)(?=\S)/i;
const GROUP = /(0x)?([0-9a-f]{1,16})(?=\s|$)/iy;
const GAP = /\s+/y;
const SIZES = new Set([2, 4, 8, 16]);

/** Groups that a line has at most. */
const GROUP_LIMIT = 512;

/** hexdump -C parts a line's 16 bytes in the middle. */
const HALF_LINE = 8;

/**
 * Reads a line of xxd, od, hexdump, QEMU's xp, gdb's x, kdb's md, crash's rd, or a bare
 * `ADDR: words`. @returns undefined when it is none.
 */
export function readHexRow(line: string): HexRow | undefined {
  const head = HEAD.exec(line);
  // Without a colon only a long address tells a dump from a table of numbers.
  if (!head || (head[3] === '' && head[2].length < 6)) return undefined;
  const framed = /\s[|>].*[|<]\s*$/.exec(line.slice(head[0].length));
  const rest = framed
    ? line.slice(head[0].length, head[0].length + framed.index)
    : line.slice(head[0].length);
  const { groups, prefixed, end } = readGroups(rest, framed !== null);
  if (groups.length === 0) return undefined;
  const digits = groups[0].length;
  return {
    address: head[2],
    groups,
    digits,
    style: `${prefixed ? '0x' : ''}${digits}${head[3]}${head[4].length}${framed ? '|' : ''}`,
    characters: framed ? framed[0].trim().slice(1, -1) : rest.slice(end).trim(),
  };
}

function readGroups(
  rest: string,
  framed: boolean,
): { groups: string[]; prefixed: boolean; end: number } {
  const groups: string[] = [];
  let prefixed = false;
  let end = 0;
  while (groups.length < GROUP_LIMIT) {
    GROUP.lastIndex = end;
    const match = GROUP.exec(rest);
    if (!match) break;
    const digits = match[2].length;
    if (groups.length === 0) {
      if (!SIZES.has(digits)) break;
      prefixed = match[1] !== undefined;
    } else if ((match[1] !== undefined) !== prefixed || digits > groups[0].length) break;
    else if (digits < groups[0].length && (digits % 2 !== 0 || prefixed)) break;
    groups.push(match[2]);
    end = GROUP.lastIndex;
    // A short group is the last of the file.
    if (digits < groups[0].length) break;
    GAP.lastIndex = end;
    const gap = GAP.exec(rest)?.[0];
    if (gap === undefined) break;
    const wide = gap.length > 1 && !gap.includes('\t');
    if (wide && !framed && !isMiddle(rest, groups, end)) break;
    end = GAP.lastIndex;
  }
  return { groups, prefixed, end };
}

function isMiddle(rest: string, groups: readonly string[], at: number): boolean {
  return (
    groups[0].length === 2 &&
    groups.length === HALF_LINE &&
    /^ {2}(?:[0-9a-f]{2} ){7}[0-9a-f]{2}(?:\s|$)/i.test(rest.slice(at))
  );
}

/** The bytes of a line in the order of memory. @param little groups are little-endian words */
export function rowBytes(row: HexRow, little: boolean): Uint8Array {
  const out: number[] = [];
  for (const group of row.groups) {
    const bytes: number[] = [];
    for (let at = 0; at < group.length; at += 2)
      bytes.push(Number.parseInt(group.slice(at, at + 2), 16));
    out.push(...(little ? bytes.reverse() : bytes));
  }
  return Uint8Array.from(out);
}

/** Whether bytes would be printed as these characters: a dot stands for what can't be shown. */
export function charactersAgree(bytes: Uint8Array, characters: string): boolean {
  if (bytes.length !== characters.length) return false;
  return bytes.every((byte, at) => {
    const shown = characters[at];
    return byte > 0x20 && byte < 0x7f ? shown === String.fromCharCode(byte) : /[. ]/.test(shown);
  });
}
