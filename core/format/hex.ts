/**
 * The one way to write addresses, register values and raw words: lower-case hexadecimal, `0x`,
 * no padding. Views that pad do it with markup, never in the text.
 */
export function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}

/** Two hexadecimal digits of a byte without `0x`: part of a BDF, of a dump of bytes. */
export function byteDigits(value: number): string {
  return value.toString(16).padStart(2, '0');
}

/**
 * The one way to write a fault reason, a bus or an AMD-Vi event code: a byte in two digits, `0x06`,
 * as the specifications' tables and the kernel's messages print it.
 */
export function hexByte(value: number): string {
  return `0x${byteDigits(value)}`;
}

/**
 * Reads `0x1f00`, `1f00` or `0X1F00` as an unsigned number of at most 64 bits.
 * @returns undefined when the text is not hexadecimal or too wide.
 */
export function parseHex(text: string): bigint | undefined {
  const match = /^\s*(?:0x)?([0-9a-f]{1,16})\s*$/i.exec(text);
  return match ? BigInt(`0x${match[1]}`) : undefined;
}
