import { byteDigits } from './hex.ts';

/**
 * PCI requester identities. Inside the program a BDF is the 16-bit requester ID
 * (bus 15:8, device 7:3, function 2:0) and a segment beside it.
 */
export interface Bdf {
  readonly segment: number;
  /** Requester ID, 0 to 65535. */
  readonly id: number;
}

/** `02:00.0`; with the segment in front (`0001:02:00.0`) when it is not 0 or when asked for. */
export function formatBdf(id: number, segment = 0, withSegment = segment !== 0): string {
  const text = `${byteDigits((id >> 8) & 0xff)}:${byteDigits((id >> 3) & 0x1f)}.${id & 7}`;
  return withSegment ? `${segment.toString(16).padStart(4, '0')}:${text}` : text;
}

/** Reads `02:00.0` or `0000:02:00.0`. @returns undefined when the text is not a BDF. */
export function parseBdf(text: string): Bdf | undefined {
  const match = /^\s*(?:([0-9a-f]{4}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})\.([0-7])\s*$/i.exec(text);
  if (!match) return undefined;
  const device = Number.parseInt(match[3], 16);
  if (device > 31) return undefined;
  return {
    segment: match[1] ? Number.parseInt(match[1], 16) : 0,
    id: (Number.parseInt(match[2], 16) << 8) | (device << 3) | Number(match[4]),
  };
}
