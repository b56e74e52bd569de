import type { Layout } from '../../../../core/bits/layout.ts';

/** The bytes of an ACPI structure, and its fields that are not zero. */
export interface ByteVector {
  readonly of: Layout;
  /** A capture, a program that wrote the bytes, a kernel line that shows their fields. */
  readonly from: string;
  /** Hexadecimal; spaces for the eye. */
  readonly bytes: string;
  /** All fields that are not zero. */
  readonly fields: Readonly<Record<string, bigint | number>>;
}
