/**
 * A WebAssembly module of a few functions over one memory, put together from expressions that
 * read like the text format. Only the instructions that the search needs are here.
 * Encodings: WebAssembly core specification 2.0, section 5 (binary format).
 */

/** Bytes of instructions, nested as they were written. */
export type Code = readonly (number | Code)[];

/** The value types that functions here use. */
export const TYPE = { i32: 0x7f, i64: 0x7e, f64: 0x7c, v128: 0x7b } as const;
type ValueType = (typeof TYPE)[keyof typeof TYPE];

export interface FunctionOf {
  readonly name: string;
  /** Types of its parameters; the result is of type i32. */
  readonly parameters: readonly ValueType[];
  /** Types of its locals, which are numbered behind the parameters. */
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

const VOID = 0x40;

/** A number of 64 bits as the eight bytes of a vector's lane, the lowest first. */
function eightBytes(value: bigint): number[] {
  return Array.from({ length: 8 }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
}

/** An unsigned number of any length, in groups of seven bits (LEB128). */
function unsigned(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    out.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return out;
}

/** The same of a signed number of 32 bits. */
function signed(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    out.push(done ? low : low | 0x80);
    if (done) return out;
  }
}

const two =
  (opcode: number) =>
  (a: Code, b: Code): Code => [a, b, opcode];
const vector = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];
/** An address with what is added to it; alignment is a promise that nobody needs. */
const load =
  (...opcode: readonly number[]) =>
  (address: Code, offset = 0): Code => [address, ...opcode, 0, ...unsigned(offset)];

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [value, 0x21, ...unsigned(local)];
export const constant = (value: number): Code => [0x41, ...signed(value)];

export const add = two(0x6a);
export const subtract = two(0x6b);
export const multiply = two(0x6c);
export const and = two(0x71);
export const or = two(0x72);
export const shiftRight = two(0x76);
export const equal = two(0x46);
/** 1 where a is less than b, as signed numbers. */
export const less = two(0x48);

/** The smaller one of two numbers; they are computed twice. */
export const least = (a: Code, b: Code): Code => [a, b, less(a, b), 0x1b];

export const load8 = load(0x2d);
export const load32 = load(0x28);
export const store32 = (address: Code, value: Code, offset = 0): Code => [
  address,
  value,
  0x36,
  0,
  ...unsigned(offset),
];

/** One or the other body, by a condition. */
export const either = (condition: Code, then: Code, otherwise: Code): Code => [
  [condition, 0x04, VOID],
  then,
  [0x05],
  otherwise,
  [0x0b],
];

/** Goes on with the body while a condition holds, which is asked first. */
export const whilst = (condition: Code, body: Code): Code => [
  [0x02, VOID, 0x03, VOID],
  [condition, 0x45, 0x0d, 1],
  body,
  [0x0c, 0, 0x0b, 0x0b],
];

export const store8 = (address: Code, value: Code, offset = 0): Code => [
  address,
  value,
  0x3a,
  0,
  ...unsigned(offset),
];

/** Numbers of 64 bits. */
export const long = {
  load: load(0x29),
  store: (address: Code, value: Code, offset = 0): Code => [
    address,
    value,
    0x37,
    0,
    ...unsigned(offset),
  ],
  and: two(0x83),
  or: two(0x84),
  shiftLeft: two(0x86),
  shiftRight: two(0x88),
  constant: (value: number): Code => [0x42, ...signed(value)],
  /** The lower 32 bits. */
  low: (a: Code): Code => [a, 0xa7],
} as const;

/** Floating-point numbers of 64 bits. */
export const double = {
  add: two(0xa0),
  store: (address: Code, value: Code, offset = 0): Code => [
    address,
    value,
    0x39,
    0,
    ...unsigned(offset),
  ],
  /** Of an i32 and of an i64 without sign. */
  ofWord: (a: Code): Code => [a, 0xb8],
  ofLong: (a: Code): Code => [a, 0xba],
} as const;

/** What vectors of any lanes can do. */
export const vectors = {
  load: load(...vector(0)),
  store: (address: Code, value: Code, offset = 0): Code => [
    address,
    value,
    ...vector(11),
    0,
    ...unsigned(offset),
  ],
  and: (a: Code, b: Code): Code => [a, b, ...vector(78)],
  or: (a: Code, b: Code): Code => [a, b, ...vector(80)],
} as const;

/** Vectors of two lanes of 64 bits: numbers, or floating-point numbers where it says so. */
export const longs2 = {
  /** Twice the same number, given by its bits. */
  constant: (bits: bigint): Code => [...vector(12), ...eightBytes(bits), ...eightBytes(bits)],
  shiftLeft: (a: Code, by: number): Code => [a, constant(by), ...vector(203)],
  shiftRight: (a: Code, by: number): Code => [a, constant(by), ...vector(205)],
  lane: (a: Code, lane: number): Code => [a, ...vector(29), lane],
  /** Two floating-point numbers. */
  twoDoubles: (first: number, second: number): Code => [
    ...vector(12),
    ...new Uint8Array(Float64Array.of(first, second).buffer),
  ],
  /** Twice the same floating-point number. */
  doubles: (value: Code): Code => [value, ...vector(20)],
  addDoubles: (a: Code, b: Code): Code => [a, b, ...vector(240)],
  subtractDoubles: (a: Code, b: Code): Code => [a, b, ...vector(241)],
} as const;

/** Vectors of 16 bytes. */
export const bytes16 = {
  /** Sixteen times the same byte. */
  all: (byte: Code): Code => [byte, ...vector(15)],
  zero: [...vector(12), ...new Array<number>(16).fill(0)] as Code,
  /** Lanes of ones where bytes are equal. */
  equal: (a: Code, b: Code): Code => [a, b, ...vector(35)],
  subtract: (a: Code, b: Code): Code => [a, b, ...vector(113)],
  /** The sum of sixteen unsigned bytes, in four lanes of 32 bits. */
  sums: (a: Code): Code => [a, ...vector(125), ...vector(127)],
} as const;

/** Vectors of four lanes of 32 bits. */
export const words4 = {
  add: (a: Code, b: Code): Code => [a, b, ...vector(174)],
  lane: (a: Code, lane: number): Code => [a, ...vector(27), lane],
} as const;

function flat(code: Code, into: number[] = []): number[] {
  for (const each of code) {
    if (typeof each === 'number') into.push(each);
    else flat(each, into);
  }
  return into;
}

const name = (text: string): number[] => {
  const bytes = new TextEncoder().encode(text);
  return [...unsigned(bytes.length), ...bytes];
};

const list = (items: readonly (readonly number[])[]): number[] => [
  ...unsigned(items.length),
  ...items.flat(),
];

const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...unsigned(content.length),
  ...content,
];

const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** The bytes of a module that imports a memory (`host.memory`) and exports functions over it. A
 * shared one (of the threads proposal) never grows. */
export function moduleBytes(
  functions: readonly FunctionOf[],
  pages: number,
  shared = false,
): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [
    0x60,
    ...list(parameters.map((type) => [type])),
    ...list([[TYPE.i32]]),
  ]);
  const memory = [
    ...name('host'),
    ...name('memory'),
    0x02,
    ...(shared ? [0x03, ...unsigned(pages), ...unsigned(pages)] : [0x00, ...unsigned(pages)]),
  ];
  const exported = functions.map((each, index) => [...name(each.name), 0x00, ...unsigned(index)]);
  const bodies = functions.map(({ locals, body }) => {
    const declared = list(locals.map((type) => [1, type]));
    const code = [...declared, ...flat(body), 0x0b];
    return [...unsigned(code.length), ...code];
  });
  return Uint8Array.from([
    ...MAGIC_AND_VERSION,
    ...section(1, list(types)),
    ...section(2, list([memory])),
    ...section(3, list(functions.map((_, index) => unsigned(index)))),
    ...section(7, list(exported)),
    ...section(10, list(bodies)),
  ]);
}
