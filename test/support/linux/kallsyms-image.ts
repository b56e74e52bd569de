/** A symbol for a table: nm(1) letter, name and address. */
export interface FakeSymbol {
  readonly type: string;
  readonly name: string;
  readonly address: bigint;
}

/** The orders and encodings of the kernels that have been (scripts/kallsyms.c over the years). */
export type TableOrder =
  /** Up to 6.1: offsets, relative_base, num_syms, names, markers, tokens. */
  | 'old'
  /** 6.2, 6.3 and backports: the same, with three bytes a symbol between markers and tokens. */
  | 'old with sequences'
  /** 6.4 to 6.19: names and tokens first, then offsets and relative_base. */
  | 'new'
  /** Since 7.0: the same, offsets relative to their own place. */
  | 'place-relative'
  /** KALLSYMS_BASE_RELATIVE=n. */
  | 'absolute'
  /** 6.15 to 6.19 without ABSOLUTE_PERCPU: offsets count up from the base. */
  | 'unsigned';

export interface KallsymsImage {
  readonly bytes: Uint8Array;
  /** Offset of each table in `bytes`. */
  readonly at: Readonly<Record<string, number>>;
}

/** Multi-character tokens, by code; the other codes are the characters that they number. */
const PAIRS: readonly string[] = [
  'dmar_',
  'iommu',
  'amd_',
  'list',
  'Tinit',
  '_unit',
  'tsym',
  'd__',
  'Tk',
];

function tokenTable(): { bytes: Uint8Array; index: Uint16Array; text: string[] } {
  const text = Array.from({ length: 256 }, (_, code) => {
    if (code >= 0x20 && code < 0x7f) return String.fromCharCode(code);
    return PAIRS[code < 0x20 ? code % PAIRS.length : (code - 0x7f) % PAIRS.length];
  });
  const index = new Uint16Array(256);
  const out: number[] = [];
  text.forEach((token, code) => {
    index[code] = out.length;
    out.push(...new TextEncoder().encode(token), 0);
  });
  return { bytes: Uint8Array.from(out), index, text };
}

/** Greedy compression: the longest token first, as good as any that expands back. */
function compress(text: string, tokens: readonly string[]): number[] {
  const codes: number[] = [];
  for (let at = 0; at < text.length;) {
    let best = text.charCodeAt(at);
    for (let code = 0x7f; code < 0x90; code++)
      if (text.startsWith(tokens[code], at) && tokens[code].length > tokens[best].length)
        best = code;
    codes.push(best);
    at += tokens[best].length;
  }
  return codes;
}

/** Builds all tables as a kernel's .rodata holds them, for an image that stands at `base`. */
export function kallsymsImage(
  symbols: readonly FakeSymbol[],
  order: TableOrder,
  base: bigint,
  relativeBase: bigint,
): KallsymsImage {
  const tokens = tokenTable();
  const names: number[] = [];
  const markers: number[] = [];
  symbols.forEach((symbol, i) => {
    if (i % 256 === 0) markers.push(names.length);
    const codes = compress(symbol.type + symbol.name, tokens.text);
    // One byte was all that a length had up to 6.0.
    if (codes.length > 127 && order !== 'old')
      names.push((codes.length & 0x7f) | 0x80, codes.length >> 7);
    else names.push(codes.length);
    names.push(...codes);
  });
  const out: number[] = [];
  const at: Record<string, number> = {};
  const align = (to: number): void => {
    while (out.length % to !== 0) out.push(0);
  };
  const u32 = (value: number): void => {
    out.push(value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >>> 24) & 255);
  };
  const u64 = (value: bigint): void => {
    u32(Number(value & 0xffffffffn) | 0);
    u32(Number((value >> 32n) & 0xffffffffn) | 0);
  };
  const begin = (name: string, alignment: number): void => {
    align(alignment);
    at[name] = out.length;
  };
  const offsets = (): void => {
    begin('offsets', order === 'place-relative' ? 4 : 8);
    for (const { address } of symbols) {
      if (order === 'place-relative') u32(Number(address - (base + BigInt(out.length))) | 0);
      else if (order === 'unsigned') u32(Number(address - relativeBase) | 0);
      else u32(address < 0x100000n ? Number(address) : Number(relativeBase - 1n - address) | 0);
    }
  };
  const relative = (): void => {
    begin('relative_base', 8);
    u64(relativeBase);
  };
  const counted = (alignment: number): void => {
    begin('num_syms', alignment);
    u32(symbols.length);
    begin('names', alignment);
    for (const byte of names) out.push(byte);
    begin('markers', alignment);
    for (const marker of markers) u32(marker);
    if (order === 'old with sequences') for (let i = 0; i < 3 * symbols.length; i++) out.push(0x55);
    begin('token_table', 8);
    out.push(...tokens.bytes);
    begin('token_index', 8);
    for (const value of tokens.index) out.push(value & 255, value >> 8);
  };
  // What stands around the tables in a real image.
  u64(0x1122334455667788n);
  if (order === 'absolute') {
    begin('addresses', 8);
    for (const { address } of symbols) u64(address);
    counted(8);
  } else if (order === 'old' || order === 'old with sequences') {
    offsets();
    relative();
    counted(8);
  } else {
    counted(order === 'place-relative' ? 4 : 8);
    offsets();
    if (order !== 'place-relative') relative();
  }
  u64(0x8877665544332211n);
  return { bytes: Uint8Array.from(out), at };
}
