import {
  mostPlaces,
  PAIR_DISTANCES,
  SLACK,
  SLOT_BITS,
  SLOTS,
  SPREAD,
  type ByteSearch,
  type SearchTables,
} from './byte-search.ts';
import {
  add,
  bytes16,
  constant,
  equal,
  get,
  least,
  less,
  load32,
  load8,
  moduleBytes,
  multiply,
  or,
  set,
  shiftRight,
  store32,
  subtract,
  TYPE,
  vectors,
  whilst,
  words4,
  type Code,
  type FunctionOf,
} from '../bits/webassembly.ts';
import { STRIDE } from './windows.ts';

/**
 * The search of `byte-search.ts` in WebAssembly: the same questions, answered by code that looks
 * at sixteen bytes at once, or at eight places without a branch. Its memory holds the tables, then
 * the bytes, then the places.
 */
const GRAMS = 0;
const PAIRS = SLOTS;
const BYTES = 2 * SLOTS;
const WORD = 4;
const PAGE = 1 << 16;
/** Places that are looked at between two questions whether there are more. */
const UNROLLED = 8;
const VECTOR = 16;
const VECTORS = 4;
/** Vectors of counts that a lane of eight bits surely holds. */
const LARGEST_LANE = 63;
const NEWLINE = 10;

const slot = (product: Code): Code => shiftRight(product, constant(32 - SLOT_BITS));
const spread = (value: Code): Code => multiply(value, constant(SPREAD | 0));

/**
 * A place is always noted, and counts only if it is in a table, which has a word's size where
 * something is looked for: that is how far the next note stands from this one.
 */
function candidatesFunction(placesAt: number): FunctionOf {
  const [at, end, next, last, note] = [0, 1, 2, 3, 4];
  const look = (places: number): Code => [
    store32(get(next), add(get(at), constant(places * STRIDE))),
    set(next, add(get(next), load8(slot(spread(load32(get(at), BYTES + places * STRIDE))), GRAMS))),
  ];
  const pair = (distance: number): Code => {
    const gram = load32(get(at), BYTES - distance);
    const second = load32(get(at), BYTES - distance + WORD);
    return load8(slot(spread(add(spread(gram), second))), PAIRS);
  };
  const goOn = (local: number, by: number): Code => set(local, add(get(local), constant(by)));
  return {
    name: 'candidates',
    parameters: [TYPE.i32, TYPE.i32],
    locals: [TYPE.i32, TYPE.i32, TYPE.i32],
    body: [
      set(next, constant(placesAt)),
      whilst(less(add(get(at), constant((UNROLLED - 1) * STRIDE)), get(end)), [
        Array.from({ length: UNROLLED }, (_, places) => look(places)),
        goOn(at, UNROLLED * STRIDE),
      ]),
      whilst(less(get(at), get(end)), [look(0), goOn(at, STRIDE)]),
      set(last, get(next)),
      set(next, constant(placesAt)),
      set(note, constant(placesAt)),
      whilst(less(get(note), get(last)), [
        set(at, load32(get(note))),
        store32(get(next), get(at)),
        set(next, add(get(next), PAIR_DISTANCES.map(pair).reduce(or))),
        goOn(note, WORD),
      ]),
      subtract(get(next), constant(placesAt)),
    ],
  };
}

/** Counts in lanes of bytes, for as long as none overflows, then in lanes of words. */
function newlinesFunction(): FunctionOf {
  const [at, end, stop, total, newline, lanes, sums] = [0, 1, 2, 3, 4, 5, 6];
  const count = (vector: number): Code =>
    set(
      lanes,
      bytes16.subtract(
        get(lanes),
        bytes16.equal(vectors.load(get(at), BYTES + vector * VECTOR), get(newline)),
      ),
    );
  const piece = VECTORS * VECTOR;
  return {
    name: 'newlines',
    parameters: [TYPE.i32, TYPE.i32],
    locals: [TYPE.i32, TYPE.i32, TYPE.v128, TYPE.v128, TYPE.v128],
    body: [
      set(newline, bytes16.all(constant(NEWLINE))),
      whilst(less(add(get(at), constant(piece - 1)), get(end)), [
        set(lanes, bytes16.zero),
        set(
          stop,
          least(
            add(get(at), constant(LARGEST_LANE * piece)),
            subtract(get(end), constant(piece - 1)),
          ),
        ),
        whilst(less(get(at), get(stop)), [
          Array.from({ length: VECTORS }, (_, vector) => count(vector)),
          set(at, add(get(at), constant(piece))),
        ]),
        set(sums, words4.add(get(sums), bytes16.sums(get(lanes)))),
      ]),
      whilst(less(get(at), get(end)), [
        set(total, add(get(total), equal(load8(get(at), BYTES), constant(NEWLINE)))),
        set(at, add(get(at), constant(1))),
      ]),
      [0, 1, 2, 3].reduce<Code>((sum, lane) => add(sum, words4.lane(get(sums), lane)), get(total)),
    ],
  };
}

interface Exports {
  readonly candidates: (from: number, end: number) => number;
  readonly newlines: (from: number, to: number) => number;
}

/**
 * The search with vectors, as `plainSearch`.
 * @param shared whether other threads can be given the memory
 * @returns undefined where the platform has no WebAssembly with vectors, or no memory for it.
 */
export function vectorSearch(
  tables: SearchTables,
  capacity: number,
  block: number,
  shared = false,
): ByteSearch | undefined {
  const placesAt = (BYTES + capacity + SLACK + 3) & ~3;
  // A place behind the last one is written, too.
  const size = placesAt + (mostPlaces(block) + 1) * WORD;
  const initial = Math.ceil(size / PAGE);
  try {
    const memory = new WebAssembly.Memory({ initial, maximum: initial, shared });
    const functions = [candidatesFunction(placesAt), newlinesFunction()];
    const module = new WebAssembly.Module(moduleBytes(functions, initial, shared));
    const { exports } = new WebAssembly.Instance(module, { host: { memory } });
    const { candidates, newlines } = exports as unknown as Exports;
    const all = new Uint8Array(memory.buffer);
    all.set(
      tables.grams.map((here) => here * WORD),
      GRAMS,
    );
    all.set(
      tables.pairs.map((here) => here * WORD),
      PAIRS,
    );
    return {
      bytes: new Uint8Array(memory.buffer, BYTES, capacity + SLACK),
      view: new DataView(memory.buffer, BYTES, capacity + SLACK),
      places: new Int32Array(memory.buffer, placesAt, mostPlaces(block)),
      candidates: (from, end) => candidates(from, end) / WORD,
      newlines,
    };
  } catch {
    return undefined;
  }
}
