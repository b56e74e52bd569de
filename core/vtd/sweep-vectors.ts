import {
  add,
  and,
  bytes16,
  constant,
  double,
  either,
  equal,
  get,
  less,
  long,
  longs2,
  moduleBytes,
  multiply,
  or,
  set,
  shiftRight,
  store32,
  store8,
  TYPE,
  vectors,
  whilst,
  type Code,
  type FunctionOf,
} from '../bits/webassembly.ts';
import { AT, batch, columnMemory, MEMORY_PAGES } from './sweep-columns.ts';

/**
 * The hot loops in WebAssembly: sixteen entries at a time where all of them grant the same, as in
 * the runs that drivers map, else one by one. The reference is in `sweep-pages.ts`.
 */
const ENTRY = 8;
const TABLE = 4096;
const VECTOR = 16;
const BLOCK_VECTORS = 8;
const BLOCK = BLOCK_VECTORS * VECTOR;
/** Behind the columns: all granted entries joined by OR, and by AND; bits of others. */
const FOUND = { any: AT.found, all: AT.found + 8, odd: AT.found + 16 } as const;
/** 2^52 as a double: behind it an integer of 52 bits stands in the fraction as it is. */
const TWO_52 = 0x4330_0000_0000_0000n;

const [FRAME, COUNT, RIGHTS, PRESENT, ODD_BITS] = [0, 1, 2, 3, 4];
const [AT_BLOCK, AT_ENTRY, TO, LOW, ODD] = [5, 6, 7, 8, 9];
const [ALL, ANY, BLOCK_ALL, BLOCK_ANY, ENTRY_WORD] = [10, 11, 12, 13, 14];
const [BLOCK_AND, BLOCK_OR, FIRST_FRAMES] = [15, 16, 17];
const ENTRIES_AT = 18;

const sum = (local: number, by: number): Code => set(local, add(get(local), constant(by)));
const low = (value: Code): Code => long.low(value);
const isNotZero = (value: Code): Code => equal(equal(value, constant(0)), constant(0));
/** Address bits 51 to 12 of an entry, moved down: those above and below are shifted out. */
const frameOf = (entry: Code): Code =>
  long.shiftRight(long.shiftLeft(entry, long.constant(12)), long.constant(24));
/** Both frames of two entries, as floating-point numbers. */
const framesOf = (entries: Code): Code =>
  longs2.subtractDoubles(
    vectors.or(longs2.shiftRight(longs2.shiftLeft(entries, 12), 24), longs2.constant(TWO_52)),
    longs2.constant(TWO_52),
  );
/** The input frame of the entry at an offset in the table. */
const inputFrame = (offset: Code): Code =>
  double.add(get(FRAME), double.ofWord(shiftRight(offset, constant(3))));

/** All entries of a block, which all grant the same. */
function wholeBlock(): Code {
  return [
    set(
      FIRST_FRAMES,
      longs2.addDoubles(longs2.doubles(inputFrame(get(AT_BLOCK))), longs2.twoDoubles(0, 1)),
    ),
    set(TO, multiply(get(COUNT), constant(8))),
    Array.from({ length: BLOCK_VECTORS }, (_, pair): Code => [
      vectors.store(
        get(TO),
        longs2.addDoubles(get(FIRST_FRAMES), longs2.twoDoubles(2 * pair, 2 * pair)),
        AT.iova + VECTOR * pair,
      ),
      vectors.store(get(TO), framesOf(get(ENTRIES_AT + pair)), AT.pa + VECTOR * pair),
      vectors.store(get(TO), longs2.twoDoubles(1, 1), AT.pages + VECTOR * pair),
    ]),
    vectors.store(
      get(COUNT),
      bytes16.all(and(low(get(BLOCK_ALL)), and(get(RIGHTS), constant(3)))),
      AT.rights,
    ),
    sum(COUNT, BLOCK / ENTRY),
    set(ALL, long.and(get(ALL), get(BLOCK_ALL))),
    set(ANY, long.or(get(ANY), get(BLOCK_ANY))),
  ];
}

/** The entries of a block one by one. */
function mixedBlock(): Code {
  const granted: Code = [
    set(TO, multiply(get(COUNT), constant(8))),
    double.store(get(TO), inputFrame(get(AT_ENTRY)), AT.iova),
    double.store(get(TO), double.ofLong(frameOf(get(ENTRY_WORD))), AT.pa),
    double.store(get(TO), double.ofWord(constant(1)), AT.pages),
    store8(get(COUNT), and(get(LOW), and(get(RIGHTS), constant(3))), AT.rights),
    sum(COUNT, 1),
    set(ALL, long.and(get(ALL), get(ENTRY_WORD))),
    set(ANY, long.or(get(ANY), get(ENTRY_WORD))),
  ];
  return [
    set(AT_ENTRY, get(AT_BLOCK)),
    whilst(less(get(AT_ENTRY), add(get(AT_BLOCK), constant(BLOCK))), [
      set(ENTRY_WORD, long.load(get(AT_ENTRY), AT.table)),
      set(LOW, low(get(ENTRY_WORD))),
      either(
        and(get(LOW), get(PRESENT)),
        granted,
        set(ODD, or(get(ODD), and(get(LOW), get(ODD_BITS)))),
      ),
      sum(AT_ENTRY, ENTRY),
    ]),
  ];
}

const { i32, i64, f64, v128 } = TYPE;

const PAGES_FUNCTION: FunctionOf = {
  name: 'pages',
  parameters: [f64, i32, i32, i32, i32],
  locals: [
    // In the order of the numbers above.
    [i32, i32, i32, i32, i32],
    [i64, i64, i64, i64, i64],
    [v128, v128, v128],
    Array.from({ length: BLOCK_VECTORS }, () => v128),
  ].flat(),
  body: [
    set(ALL, long.constant(-1)),
    whilst(less(get(AT_BLOCK), constant(TABLE)), [
      Array.from({ length: BLOCK_VECTORS }, (_, pair) =>
        set(ENTRIES_AT + pair, vectors.load(get(AT_BLOCK), AT.table + VECTOR * pair)),
      ),
      ...[vectors.and, vectors.or].map((join, which) =>
        set(
          which === 0 ? BLOCK_AND : BLOCK_OR,
          Array.from({ length: BLOCK_VECTORS }, (_, pair) => get(ENTRIES_AT + pair)).reduce(join),
        ),
      ),
      set(BLOCK_ALL, long.and(longs2.lane(get(BLOCK_AND), 0), longs2.lane(get(BLOCK_AND), 1))),
      set(BLOCK_ANY, long.or(longs2.lane(get(BLOCK_OR), 0), longs2.lane(get(BLOCK_OR), 1))),
      either(
        and(
          equal(and(low(get(BLOCK_ALL)), constant(3)), and(low(get(BLOCK_ANY)), constant(3))),
          isNotZero(and(low(get(BLOCK_ALL)), get(PRESENT))),
        ),
        wholeBlock(),
        mixedBlock(),
      ),
      sum(AT_BLOCK, BLOCK),
    ]),
    long.store(constant(FOUND.any), get(ANY)),
    long.store(constant(FOUND.all), get(ALL)),
    store32(constant(FOUND.odd), get(ODD)),
    get(COUNT),
  ],
};

/** What the entries of a table had: of those that grant something, and of the others. */
export interface FoundBits {
  anyLow: number;
  anyHigh: number;
  allLow: number;
  /** Bits of `oddBits` in entries that grant nothing. */
  odd: number;
}

/**
 * Puts a table's leaves into the batch.
 * @param present an entry with one of these bits in its low half grants something
 * @returns the same object every time
 */
export type PagesLoop = (
  words: Uint32Array,
  frame: number,
  rights: number,
  present: number,
  oddBits: number,
) => Readonly<FoundBits>;

interface Exports {
  readonly pages: (
    frame: number,
    count: number,
    rights: number,
    present: number,
    oddBits: number,
  ) => number;
}

/** @returns undefined where the platform has no WebAssembly with vectors. */
export function vectorPages(): PagesLoop | undefined {
  if (!columnMemory) return undefined;
  const memory = columnMemory;
  try {
    const module = new WebAssembly.Module(moduleBytes([PAGES_FUNCTION], MEMORY_PAGES));
    const { exports } = new WebAssembly.Instance(module, { host: { memory } });
    const { pages } = exports as unknown as Exports;
    const table = new Uint32Array(memory.buffer, AT.table, TABLE / 4);
    const found = new Uint32Array(memory.buffer, AT.found, 5);
    const bits: FoundBits = { anyLow: 0, anyHigh: 0, allLow: 0, odd: 0 };
    return (words, frame, rights, present, oddBits) => {
      table.set(words);
      batch.count = pages(frame, batch.count, rights, present, oddBits);
      bits.anyLow = found[0];
      bits.anyHigh = found[1];
      bits.allLow = found[2];
      bits.odd = found[4];
      return bits;
    };
  } catch {
    return undefined;
  }
}
