/** What all ACPI tables have in common: bytes to words, the header, checksums, findings. */
import type { Layout, Words } from '../bits/layout.ts';
import { field, layout, reservedSet, valueOf } from '../bits/layout.ts';
import { hex } from '../format/hex.ts';
import type { Severity } from '../format/severity.ts';
import type { Finding } from '../iommu/finding.ts';

/** A structure of a table: where it stands and what its fixed part holds. */
export interface AcpiStructure {
  /** Bytes from the start of the table. */
  readonly offset: number;
  /** Bytes that the structure says it has. */
  readonly length: number;
  readonly layout: Layout;
  /** The fixed part, as the layout reads it. */
  readonly words: Words;
}

/** Characters: text of a fixed length, padded with spaces or NULs. */
const text = (name: string, high: number, low: number, meaning: string) =>
  field(name, high, low, meaning);

/** The header that every table but the RSDP begins with (ACPI 6.5 §5.2.6). */
export const TABLE_HEADER = layout(
  'ACPI table header',
  288,
  [
    text('Signature', 31, 0, 'Name of the table'),
    field('Length', 63, 32, 'Bytes in the whole table'),
    field('Revision', 71, 64, 'Revision of the table'),
    field('Checksum', 79, 72, 'Makes the sum of all bytes zero'),
    text('OEM ID', 127, 80, 'Who made the table'),
    text('OEM Table ID', 191, 128, 'The maker’s name of it'),
    field('OEM Revision', 223, 192, 'The maker’s revision of it'),
    text('Creator ID', 255, 224, 'Tool that made it'),
    field('Creator Revision', 287, 256, 'Revision of the tool'),
  ],
  { spec: 'ACPI 6.5 §5.2.6' },
);

/** Bytes in the header. */
export const HEADER_SIZE = 36;

export interface TableHeader extends AcpiStructure {
  readonly signature: string;
  readonly revision: number;
  readonly oemId: string;
  readonly oemTableId: string;
  readonly oemRevision: number;
  readonly creatorId: string;
  readonly creatorRevision: number;
  /** Whether the bytes of the table sum to zero; undefined when not all of them are here. */
  readonly checksumValid: boolean | undefined;
}

/** 64-bit little-endian words of `length` bytes; missing bytes are taken as zero. */
export function wordsAt(bytes: Uint8Array, offset: number, length: number): bigint[] {
  const words: bigint[] = [];
  for (let at = 0; at < length; at += 8) {
    let word = 0n;
    for (let byte = Math.min(7, length - at - 1); byte >= 0; byte--)
      word = (word << 8n) | BigInt(bytes[offset + at + byte] ?? 0);
    words.push(word);
  }
  return words;
}

/** Printable ASCII of fixed length without its padding; other bytes as `.`. */
export function textAt(bytes: Uint8Array, offset: number, length: number): string {
  let out = '';
  for (let at = offset; at < offset + length && at < bytes.length; at++) {
    if (bytes[at] === 0) break;
    out += bytes[at] >= 0x20 && bytes[at] < 0x7f ? String.fromCharCode(bytes[at]) : '.';
  }
  return out.trimEnd();
}

/** Sum of bytes modulo 256: zero for a sound table. */
export function checksum(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let sum = 0;
  for (let at = from; at < to; at++) sum = (sum + bytes[at]) & 0xff;
  return sum;
}

/** Decodes the header. @returns undefined when there are fewer bytes than a header has. */
export function decodeHeader(bytes: Uint8Array): TableHeader | undefined {
  if (bytes.length < HEADER_SIZE) return undefined;
  const words = wordsAt(bytes, 0, HEADER_SIZE);
  const length = Number(valueOf(TABLE_HEADER, words, 'Length'));
  return {
    offset: 0,
    length,
    layout: TABLE_HEADER,
    words,
    signature: textAt(bytes, 0, 4),
    revision: bytes[8],
    oemId: textAt(bytes, 10, 6),
    oemTableId: textAt(bytes, 16, 8),
    oemRevision: Number(valueOf(TABLE_HEADER, words, 'OEM Revision')),
    creatorId: textAt(bytes, 28, 4),
    creatorRevision: Number(valueOf(TABLE_HEADER, words, 'Creator Revision')),
    checksumValid:
      length >= HEADER_SIZE && length <= bytes.length
        ? checksum(bytes, 0, length) === 0
        : undefined,
  };
}

/** Findings of one table; their places are byte offsets: `acpi/DMAR/0x30`. */
export class TableFindings {
  readonly list: Finding[] = [];
  readonly #table: string;

  constructor(table: string) {
    this.#table = table;
  }

  add(severity: Severity, id: string, offset: number, text: string): void {
    this.list.push({
      severity,
      id,
      at: `acpi/${this.#table}/${hex(offset)}`,
      text,
      evidence: [],
    });
  }

  /** Tells the reserved fields of a structure that are not zero. */
  reserved(structure: AcpiStructure): void {
    for (const each of reservedSet(structure.layout, structure.words))
      this.add(
        'warning',
        'reserved-bits',
        structure.offset,
        `The ${structure.layout.name} has ${each.name} set; it should be zero.`,
      );
  }
}

/** Judges length and checksum. @returns how many bytes of the table can be decoded. */
export function judgeHeader(
  header: TableHeader,
  bytes: Uint8Array,
  findings: TableFindings,
): number {
  if (header.checksumValid === false)
    findings.add(
      'error',
      'checksum',
      9,
      `The checksum of the ${header.signature} is wrong: its bytes sum to ${hex(checksum(bytes, 0, header.length))} instead of 0. Linux uses such a table all the same.`,
    );
  if (header.length <= bytes.length) return Math.max(header.length, HEADER_SIZE);
  findings.add(
    'error',
    'table-cut',
    4,
    `The ${header.signature} says that it has ${header.length} bytes; only ${bytes.length} are here.`,
  );
  return bytes.length;
}

/** A field of a structure as a number. */
export function numberOf(structure: AcpiStructure, name: string): number {
  return Number(valueOf(structure.layout, structure.words, name));
}

/** A field of a structure as a 64-bit value. */
export function bigOf(structure: AcpiStructure, name: string): bigint {
  return valueOf(structure.layout, structure.words, name);
}
