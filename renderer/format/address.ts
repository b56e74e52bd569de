/**
 * How addresses and raw values are split for the screen: leading zeros dim, a gap every four
 * digits made by markup. Copies never come from here: they are the plain text of the contract.
 */
export interface Quad {
  /** Leading zeros, shown dim. */
  readonly zeros: string;
  readonly rest: string;
}

/**
 * Splits `0x13f2da000` into groups of four digits counted from the right.
 * @param digits pads with leading zeros to that many digits; 0 leaves the number as it is.
 */
export function quads(text: string, digits = 0): Quad[] {
  const plain = text.replace(/^0x/i, '').padStart(digits, '0');
  const leading = /^0*/.exec(plain.slice(0, -1))?.[0].length ?? 0;
  const out: Quad[] = [];
  for (let end = plain.length; end > 0; end -= 4) {
    const start = Math.max(0, end - 4);
    const zeros = Math.max(0, Math.min(end, leading) - start);
    out.unshift({
      zeros: plain.slice(start, start + zeros),
      rest: plain.slice(start + zeros, end),
    });
  }
  return out;
}

/** Hexadecimal digits that `bits` bits need. */
export function digitsFor(bits: number): number {
  return Math.ceil(bits / 4);
}

/** A register value in its width: `0x0000000000000001`; for display only. */
export function padded(text: string, bits: number): string {
  return `0x${text.replace(/^0x/i, '').padStart(digitsFor(bits), '0')}`;
}

/** Bits of a field in the specification's order, high first: `87:72`; a single bit `0`. */
export function bitRange(high: number, low: number): string {
  return high === low ? String(high) : `${high}:${low}`;
}

/** The binary form of a value under 16, for hover; undefined for larger ones. */
export function smallBinary(text: string, width: number): string | undefined {
  const value = BigInt(text);
  if (value >= 16n) return undefined;
  return `0b${value.toString(2).padStart(Math.min(width, 4), '0')}`;
}
