import type { ReactNode } from 'react';
import { digitsFor, quads } from '../format/address.ts';

interface AddressProps {
  /** `0x13f2da000`. */
  readonly value: string;
  /** Pads to that many bits, in columns; absent in prose. */
  readonly bits?: number;
}

/** An address with its leading zeros dim and a gap every four digits, made by markup. */
export function Address({ value, bits }: AddressProps): ReactNode {
  return (
    <span className="address">
      <span className="z">0x</span>
      {quads(value, bits === undefined ? 0 : digitsFor(bits)).map((quad, index) => (
        // The position of a group of digits is its identity.
        // oxlint-disable-next-line react/no-array-index-key
        <span className="q" key={index}>
          {quad.zeros && <span className="z">{quad.zeros}</span>}
          {quad.rest}
        </span>
      ))}
    </span>
  );
}
