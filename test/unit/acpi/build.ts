/** ACPI tables made from the layouts, for tests. */
import type { Layout } from '../../../core/bits/layout.ts';
import { encode } from '../../../core/bits/layout.ts';
import { checksum } from '../../../core/acpi/structures.ts';

export type Values = Parameters<typeof encode>[1];

/** A structure's fixed part as bytes, followed by others; its `Length` field is set to fit. */
export function structure(
  of: Layout,
  values: Values,
  ...rest: readonly Uint8Array[]
): Uint8Array<ArrayBuffer> {
  const fixed = of.width / 8;
  const length = fixed + rest.reduce((sum, part) => sum + part.length, 0);
  const words = encode(of, of.byName.has('Length') ? { Length: length, ...values } : values);
  const bytes = new Uint8Array(Math.ceil(fixed / 8) * 8);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => view.setBigUint64(8 * index, word, true));
  return concat(bytes.subarray(0, fixed), ...rest);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export const ascii = (text: string, length = text.length): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => text.charCodeAt(index) || 0);

/** A whole table: header, the bytes after it, and a checksum that is right. */
export function table(signature: string, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const body = concat(...parts);
  const head = concat(
    ascii(signature),
    Uint8Array.of(0, 0, 0, 0, 1, 0),
    ascii('FAULTL'),
    ascii('TESTTABL'),
    Uint8Array.of(7, 0, 0, 0),
    ascii('FLTL'),
    Uint8Array.of(9, 0, 0, 0),
  );
  const bytes = concat(head, body);
  new DataView(bytes.buffer).setUint32(4, bytes.length, true);
  bytes[9] = -checksum(bytes) & 0xff;
  return bytes;
}
