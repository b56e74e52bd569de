import { byteDigits } from './hex.ts';

/** Bytes as hexadecimal digits, two each: how documents write a stretch of memory. */
export function bytesToDigits(bytes: Uint8Array): string {
  return Array.from(bytes, byteDigits).join('');
}

/** Reads what `bytesToDigits` wrote. @returns undefined when the text is no such digits. */
export function bytesFromDigits(text: string): Uint8Array | undefined {
  if (!/^(?:[0-9a-f]{2})*$/i.test(text)) return undefined;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
