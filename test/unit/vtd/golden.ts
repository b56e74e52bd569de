/** Golden vectors: a raw value, what it means field by field, and where both are known from. */
import type { Layout, Words } from '../../../core/bits/layout.ts';
import { decode } from '../../../core/bits/layout.ts';

/** One vector of a register. */
export interface GoldenRegister {
  readonly name: string;
  readonly raw: bigint;
  /** Fields that are not zero; an address field as the address. */
  readonly fields: Readonly<Record<string, bigint>>;
  readonly source: string;
}

/** Makes a vector; small numbers need no `n`. */
export function golden(
  name: string,
  raw: bigint,
  fields: Readonly<Record<string, bigint | number>>,
  source: string,
): GoldenRegister {
  const values = Object.entries(fields).map(([key, value]) => [key, BigInt(value)] as const);
  return { name, raw, fields: Object.fromEntries(values), source };
}

/** The fields that are not zero; an address field as the address. */
export function told(layout: Layout, words: Words): Record<string, bigint> {
  return Object.fromEntries(
    decode(layout, words)
      .filter(({ value }) => value !== 0n)
      .map(({ field, value }) => [
        field.name,
        field.kind === 'address' ? value << BigInt(field.shift) : value,
      ]),
  );
}
