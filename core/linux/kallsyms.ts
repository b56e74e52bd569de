import {
  MARKER_STEP,
  readTokens,
  scanNames,
  type NameScan,
  type Tokens,
} from './kallsyms-names.ts';
import { markersStandAt, searchKallsyms } from './kallsyms-search.ts';
import type { VirtualMemory } from './paging.ts';
import { Stretch } from './stretch.ts';
import type { Vmcoreinfo } from './vmcoreinfo.ts';

/** More symbols than any kernel has. */
const MAX_SYMBOLS = 1 << 22;
/** Bytes of names: more than a symbol takes on average, and in all. */
const NAME_BYTES = 64;
const MAX_NAMES = 64 << 20;

interface Place {
  readonly numSyms: bigint;
  readonly names: bigint;
  readonly tokenIndex: bigint;
  /** Known from VMCOREINFO, or undefined: then the places of all table orders are tried. */
  readonly offsets: bigint | undefined;
  readonly relativeBase: bigint | undefined;
}

/**
 * How a symbol's address is written. Which one a kernel has is found by test (the address of
 * `_stext` is known), never from its version.
 */
type Encoding =
  /** 32-bit: not negative is an absolute (per-CPU) value, negative counts down from the base. */
  | { readonly kind: 'signed'; readonly at: bigint; readonly base: bigint }
  /** 32-bit, counted up from the base. */
  | { readonly kind: 'unsigned'; readonly at: bigint; readonly base: bigint }
  /** 32-bit signed, from the place of the word itself (since Linux 7.0, commit a081b5789255). */
  | { readonly kind: 'place-relative'; readonly at: bigint }
  /** 64-bit addresses (before 4.6, or without KALLSYMS_BASE_RELATIVE; removed in 6.11). */
  | { readonly kind: 'absolute'; readonly at: bigint };

/**
 * The kernel's symbols out of its own memory. Names are matched in their compressed form; a
 * lookup of many names at once costs one pass over them.
 */
export class Kallsyms {
  readonly count: number;
  /** How addresses are written in this kernel. */
  readonly encoding: Encoding['kind'];
  readonly #memory: VirtualMemory;
  readonly #names: Stretch;
  readonly #tokens: Tokens;
  readonly #wide: boolean;
  readonly #encoding: Encoding;
  readonly #known = new Map<string, readonly bigint[]>();

  private constructor(
    memory: VirtualMemory,
    names: Stretch,
    count: number,
    tokens: Tokens,
    wide: boolean,
    encoding: Encoding,
  ) {
    this.#memory = memory;
    this.#names = names;
    this.count = count;
    this.#tokens = tokens;
    this.#wide = wide;
    this.#encoding = encoding;
    this.encoding = encoding.kind;
  }

  /**
   * Opens the table by VMCOREINFO, or by a search when that does not tell.
   * @param wanted names to look up in the pass that opening takes anyway
   * @returns undefined when there is none that agrees with VMCOREINFO (noted in memory.notes)
   */
  static open(
    memory: VirtualMemory,
    info: Vmcoreinfo,
    wanted: readonly string[] = [],
  ): Kallsyms | undefined {
    return memory.notes.within('kallsyms', () => {
      const opened = openByVmcoreinfo(memory, info) ?? openBySearch(memory, info);
      if (!opened) {
        memory.notes.missing('The symbol table was not found in the kernel image.');
        return undefined;
      }
      const { place, count, tokens } = opened;
      const names = opened.stretch ?? new Stretch(memory, place.names, roomForNames(place, count));
      const found = new Map<string, number[]>();
      for (const name of new Set(['_stext', ...wanted])) found.set(name, []);
      const { scan, wide } = scanEither(names, count, tokens, found);
      if (scan.done < count)
        memory.notes.missing(
          `Of ${count} kernel symbols, ${count - scan.done} can't be read; what they name is not found.`,
        );
      const encoding = chooseEncoding(memory, info, place, count, found.get('_stext')!);
      if (!encoding) {
        memory.notes.missing(
          'The symbol table gives no address for _stext that agrees with VMCOREINFO.',
        );
        return undefined;
      }
      const table = new Kallsyms(memory, names, count, tokens, wide, encoding);
      table.#remember(found);
      return table;
    });
  }

  /** Addresses of every symbol of that name, in the table's order: names are not unique. */
  addresses(name: string): readonly bigint[] {
    if (!this.#known.has(name)) this.prepare([name]);
    return this.#known.get(name)!;
  }

  /** The address of the only, or else the first, symbol of that name. */
  address(name: string): bigint | undefined {
    return this.addresses(name)[0];
  }

  /** Looks names up in one pass, so that asking for them later costs nothing. */
  prepare(names: readonly string[]): void {
    const found = new Map<string, number[]>();
    for (const name of names) if (!this.#known.has(name)) found.set(name, []);
    if (found.size === 0) return;
    this.#memory.notes.within('kallsyms', () => {
      scanNames(this.#names, this.count, this.#tokens, this.#wide, found);
      this.#remember(found);
    });
  }

  #remember(found: ReadonlyMap<string, readonly number[]>): void {
    for (const [name, indices] of found)
      this.#known.set(
        name,
        indices
          .map((index) => addressOf(this.#memory, this.#encoding, index))
          .filter((address) => address !== undefined),
      );
  }
}

/** The names end before the tokens in every order of the tables. */
function roomForNames(place: Place, count: number): number {
  const room = Number(place.tokenIndex - place.names);
  return Math.min(room > 0 ? room : MAX_NAMES, count * NAME_BYTES, MAX_NAMES);
}

interface Opened {
  readonly place: Place;
  readonly count: number;
  readonly tokens: Tokens;
  /** The names' bytes, where a search has read them already. */
  readonly stretch: Stretch | undefined;
}

function openByVmcoreinfo(memory: VirtualMemory, info: Vmcoreinfo): Opened | undefined {
  const symbol = (name: string): bigint | undefined => info.symbol(`kallsyms_${name}`);
  const numSyms = symbol('num_syms');
  const names = symbol('names');
  const tokenTable = symbol('token_table');
  const tokenIndex = symbol('token_index');
  if (numSyms === undefined || names === undefined) return undefined;
  if (tokenTable === undefined || tokenIndex === undefined) return undefined;
  const count = memory.u32(numSyms);
  if (count === undefined || count === 0 || count > MAX_SYMBOLS) return undefined;
  const tokens = readTokens(memory, tokenTable, tokenIndex);
  if (!tokens) return undefined;
  const place: Place = {
    numSyms,
    names,
    tokenIndex,
    offsets: symbol('offsets'),
    relativeBase: symbol('relative_base'),
  };
  return { place, count, tokens, stretch: undefined };
}

function openBySearch(memory: VirtualMemory, info: Vmcoreinfo): Opened | undefined {
  const stext = info.symbol('_stext');
  if (stext === undefined) return undefined;
  const place = memory.notes.quietly(() => searchKallsyms(memory, stext));
  if (!place) return undefined;
  const { count, tokens, stretch } = place;
  const tables = { ...place, offsets: undefined, relativeBase: undefined };
  return { place: tables, count, tokens, stretch };
}

/**
 * One pass with lengths of up to two bytes, and where the markers behind the names contradict
 * it, one with single bytes.
 */
function scanEither(
  names: Stretch,
  count: number,
  tokens: Tokens,
  found: ReadonlyMap<string, number[]>,
): { scan: NameScan; wide: boolean } {
  const wide = scanNames(names, count, tokens, true, found);
  if (isConfirmed(names, count, wide)) return { scan: wide, wide: true };
  const again = new Map([...found.keys()].map((name) => [name, [] as number[]]));
  const narrow = scanNames(names, count, tokens, false, again);
  if (!isConfirmed(names, count, narrow)) return { scan: wide, wide: true };
  for (const [name, indices] of again) found.get(name)!.splice(0, Infinity, ...indices);
  return { scan: narrow, wide: false };
}

function isConfirmed(names: Stretch, count: number, scan: NameScan): boolean {
  if (scan.done < count) return false;
  const markers = scan.markers.subarray(0, Math.ceil(count / MARKER_STEP));
  return markersStandAt(names, scan.end, markers) !== undefined;
}

/** Tries every way to write addresses, at every place where the tables can stand. */
function chooseEncoding(
  memory: VirtualMemory,
  info: Vmcoreinfo,
  place: Place,
  count: number,
  stextIndices: readonly number[],
): Encoding | undefined {
  const stext = info.symbol('_stext');
  return memory.notes.quietly(() =>
    candidates(memory, place, count).find((encoding) =>
      stextIndices.some((index) => addressOf(memory, encoding, index) === stext),
    ),
  );
}

function candidates(memory: VirtualMemory, place: Place, count: number): Encoding[] {
  const align8 = (size: number): bigint => BigInt(Math.ceil(size / 8) * 8);
  const found: Encoding[] = [];
  const add = (at: bigint, baseAt: bigint | undefined): void => {
    const base = baseAt === undefined ? undefined : memory.u64(baseAt);
    if (base !== undefined)
      found.push({ kind: 'signed', at, base }, { kind: 'unsigned', at, base });
    found.push({ kind: 'place-relative', at });
  };
  if (place.offsets !== undefined) add(place.offsets, place.relativeBase);
  else {
    // Up to 6.3: offsets, relative_base, num_syms. Since 6.4 (commit 404bad70fcf7) behind the
    // tokens: offsets, relative_base; since 7.0 offsets alone.
    const oldBase = (place.numSyms & ~7n) - 8n;
    add(oldBase - align8(4 * count), oldBase);
    const newOffsets = place.tokenIndex + 512n;
    add(newOffsets, newOffsets + align8(4 * count));
    found.push({ kind: 'absolute', at: (place.numSyms & ~7n) - BigInt(8 * count) });
  }
  return found;
}

function addressOf(memory: VirtualMemory, encoding: Encoding, index: number): bigint | undefined {
  if (encoding.kind === 'absolute') return memory.u64(encoding.at + BigInt(8 * index));
  const at = encoding.at + BigInt(4 * index);
  const offset = memory.s32(at);
  if (offset === undefined) return undefined;
  switch (encoding.kind) {
    case 'signed':
      return offset >= 0 ? BigInt(offset) : BigInt.asUintN(64, encoding.base - 1n - BigInt(offset));
    case 'unsigned':
      return BigInt.asUintN(64, encoding.base + BigInt(offset >>> 0));
    case 'place-relative':
      return BigInt.asUintN(64, at + BigInt(offset));
  }
}
