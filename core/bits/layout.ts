/**
 * Layout descriptors: one description of a hardware structure from which the decoder, the
 * encoder, the bit ruler, the help and the golden tests all come.
 *
 * A layout's fields tile its width exactly; `layout()` throws when they leave a gap or overlap,
 * so a wrong descriptor fails as soon as its module is loaded.
 */

/** A structure's raw content: 64-bit words, the lowest-addressed first. */
export type Words = readonly bigint[];

/** One run of bits, both ends inclusive, counted from bit 0 of the structure's first word. */
export interface BitRange {
  readonly high: number;
  readonly low: number;
}

/** What kind of thing a field holds; it decides how a view writes the value. */
export type FieldKind =
  'flag' | 'number' | 'address' | 'index' | 'enum' | 'bdf' | 'reserved' | 'ignored';

export interface Field {
  /** The specification's own short name (`SSPTPTR`, `IntTabLen`); unique within its layout. */
  readonly name: string;
  /** Where the value's bits stand, the value's least significant piece first. */
  readonly pieces: readonly BitRange[];
  /** Number of bits in the value: the sum of the pieces. */
  readonly width: number;
  /** What the field means, in one sentence for a person. */
  readonly meaning: string;
  readonly kind: FieldKind;
  /** The value counts units of 2^shift (an address field at bits 63:12 has shift 12). */
  readonly shift: number;
  /** Names of values, for enumerations and flags. */
  readonly values: ReadonlyMap<number, string>;
  /** How registers behave when written: read-write, read-only, write-1-to-clear, write-only. */
  readonly access: 'RW' | 'RO' | 'RW1C' | 'WO' | undefined;
  /** Section of the specification when it differs from the layout's own. */
  readonly spec: string | undefined;
}

export interface Layout {
  /** The specification's name of the structure: `context entry`, `DTE`. */
  readonly name: string;
  /** Bits: a multiple of 8. */
  readonly width: number;
  /** In order of their lowest bit. */
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  /** Document and section that define it, for example `VT-d 4.1 §9.3`. */
  readonly spec: string;
}

export interface FieldOptions {
  readonly kind?: FieldKind;
  readonly shift?: number;
  readonly values?: Readonly<Record<number, string>>;
  readonly access?: Field['access'];
  readonly spec?: string;
}

/** A field in one piece, bits `high:low` inclusive. */
export function field(
  name: string,
  high: number,
  low: number,
  meaning: string,
  options: FieldOptions = {},
): Field {
  return pieced(name, [{ high, low }], meaning, options);
}

/** A field whose value is scattered (AMD's GCR3): pieces in order, the least significant first. */
export function pieced(
  name: string,
  pieces: readonly BitRange[],
  meaning: string,
  options: FieldOptions = {},
): Field {
  const width = pieces.reduce((sum, piece) => sum + piece.high - piece.low + 1, 0);
  const kind = options.kind ?? (options.values ? 'enum' : width === 1 ? 'flag' : 'number');
  return {
    name,
    pieces,
    width,
    meaning,
    kind,
    shift: options.shift ?? 0,
    values: new Map(Object.entries(options.values ?? {}).map(([key, text]) => [Number(key), text])),
    access: options.access,
    spec: options.spec,
  };
}

/** Bits that must be zero; a set one is a finding. Named by position, since specifications give no name. */
export function reserved(high: number, low: number, meaning = 'Reserved, must be zero'): Field {
  return field(`reserved ${high === low ? high : `${high}:${low}`}`, high, low, meaning, {
    kind: 'reserved',
  });
}

/** Bits that hardware does not look at (software may use them). */
export function ignored(high: number, low: number, meaning = 'Ignored by hardware'): Field {
  return field(`ignored ${high === low ? high : `${high}:${low}`}`, high, low, meaning, {
    kind: 'ignored',
  });
}

/**
 * Makes a layout and proves that its fields tile `width` bits.
 * @throws RangeError on a gap, an overlap, a field outside the width or a repeated name.
 */
export function layout(
  name: string,
  width: number,
  fields: readonly Field[],
  about: { readonly spec: string },
): Layout {
  const owner = new Array<string | undefined>(width).fill(undefined);
  const byName = new Map<string, Field>();
  for (const each of fields) {
    if (byName.has(each.name)) throw new RangeError(`${name}: field ${each.name} appears twice`);
    byName.set(each.name, each);
    for (const { high, low } of each.pieces) {
      if (low > high || low < 0 || high >= width)
        throw new RangeError(`${name}.${each.name}: bits ${high}:${low} are outside ${width} bits`);
      for (let bit = low; bit <= high; bit++) {
        if (owner[bit] !== undefined)
          throw new RangeError(`${name}: bit ${bit} is both ${owner[bit]} and ${each.name}`);
        owner[bit] = each.name;
      }
    }
  }
  const gap = owner.indexOf(undefined);
  if (gap >= 0) throw new RangeError(`${name}: bit ${gap} belongs to no field`);
  const lowest = (each: Field): number => Math.min(...each.pieces.map((piece) => piece.low));
  return {
    name,
    width,
    fields: [...fields].sort((a, b) => lowest(a) - lowest(b)),
    byName,
    spec: about.spec,
  };
}

const WORD = 64;
const mask = (width: number): bigint => (1n << BigInt(width)) - 1n;

/** Bits `high:low` of a structure as an unsigned value; the range may cross words. */
export function bits(words: Words, high: number, low: number): bigint {
  let value = 0n;
  let at = 0;
  for (let bit = low; bit <= high;) {
    const take = Math.min(high - bit + 1, WORD - (bit % WORD));
    const word = words[Math.floor(bit / WORD)] ?? 0n;
    value |= ((word >> BigInt(bit % WORD)) & mask(take)) << BigInt(at);
    bit += take;
    at += take;
  }
  return value;
}

/** A field's raw value, its pieces joined. Not shifted: multiply by 2^shift for an address. */
export function fieldValue(words: Words, which: Field): bigint {
  let value = 0n;
  let at = 0n;
  for (const { high, low } of which.pieces) {
    value |= bits(words, high, low) << at;
    at += BigInt(high - low + 1);
  }
  return value;
}

/** The value of the field called `name`. @throws RangeError when the layout has no such field. */
export function valueOf(of: Layout, words: Words, name: string): bigint {
  return fieldValue(words, requireField(of, name));
}

/** An address field's value as an address: the raw value times 2^shift. */
export function addressOf(of: Layout, words: Words, name: string): bigint {
  const which = requireField(of, name);
  return fieldValue(words, which) << BigInt(which.shift);
}

/** The field called `name`. @throws RangeError when the layout has no such field. */
export function requireField(of: Layout, name: string): Field {
  const which = of.byName.get(name);
  if (!which) throw new RangeError(`${of.name} has no field ${name}`);
  return which;
}

/**
 * The words with one field changed; the input is not touched.
 * @throws RangeError when the value does not fit the field.
 */
export function withField(of: Layout, words: Words, name: string, value: bigint): bigint[] {
  const which = requireField(of, name);
  if (value < 0n || value > mask(which.width))
    throw new RangeError(
      `${of.name}.${name} has ${which.width} bits; 0x${value.toString(16)} does not fit`,
    );
  const out = Array.from({ length: Math.ceil(of.width / WORD) }, (_, index) => words[index] ?? 0n);
  let rest = value;
  for (const { high, low } of which.pieces) {
    for (let bit = low; bit <= high;) {
      const take = Math.min(high - bit + 1, WORD - (bit % WORD));
      const index = Math.floor(bit / WORD);
      const shift = BigInt(bit % WORD);
      out[index] = (out[index] & ~(mask(take) << shift)) | ((rest & mask(take)) << shift);
      rest >>= BigInt(take);
      bit += take;
    }
  }
  return out;
}

/** Builds a structure from field values; fields not named are zero. */
export function encode(of: Layout, values: Readonly<Record<string, bigint | number>>): bigint[] {
  let words: bigint[] = Array.from({ length: Math.ceil(of.width / WORD) }, () => 0n);
  for (const [name, value] of Object.entries(values))
    words = withField(of, words, name, BigInt(value));
  return words;
}

export interface DecodedField {
  readonly field: Field;
  readonly value: bigint;
  /** The value's name, when the layout names it. */
  readonly valueName: string | undefined;
}

/** Every field of a structure with its value, in the layout's order. */
export function decode(of: Layout, words: Words): DecodedField[] {
  return of.fields.map((each) => {
    const value = fieldValue(words, each);
    const valueName = each.values.get(Number(value));
    return { field: each, value, valueName };
  });
}

/** The reserved fields that are not zero in these words. */
export function reservedSet(of: Layout, words: Words): Field[] {
  return of.fields.filter((each) => each.kind === 'reserved' && fieldValue(words, each) !== 0n);
}
