/** The text of `acpidump`: tables as bytes in hexadecimal. */
import type { Finding } from '../iommu/finding.ts';
import { hexWord, ImportFindings, numberedLines } from './text-lines.ts';

export interface DumpedTable {
  readonly signature: string;
  /** Where the firmware had the table. */
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

export interface AcpiDump {
  readonly tables: readonly DumpedTable[];
  readonly findings: readonly Finding[];
}

export const ACPI_HEAD = /^([A-Z][A-Z0-9_!#$ ]{3}) @ (?:0x)?([0-9A-F]{1,16})\s*$/i;
export const ACPI_ROW = /^\s*([0-9A-F]{4,8}): ((?:[0-9A-F]{2} ?){1,16})(?=\s|$)/i;

/** Tables are small, also the largest DSDT; a length beyond this is damage. */
const TABLE_LIMIT = 4 << 20;

/**
 * Reads `acpidump`. A table ends where the next one starts; rows must follow each other without
 * a gap, else the table is cut there and a finding says so. A table that is shorter than its
 * own header states is told of, too.
 */
export function parseAcpidump(text: string): AcpiDump {
  const findings = new ImportFindings();
  const tables: { signature: string; address: bigint; bytes: number[]; cut: boolean }[] = [];
  for (const [line, content] of numberedLines(text)) {
    const head = ACPI_HEAD.exec(content);
    if (head) {
      tables.push({ signature: head[1], address: hexWord(head[2]), bytes: [], cut: false });
      continue;
    }
    const row = ACPI_ROW.exec(content);
    const table = tables.at(-1);
    if (!row || !table || table.cut) continue;
    if (Number.parseInt(row[1], 16) !== table.bytes.length || table.bytes.length > TABLE_LIMIT) {
      table.cut = true;
      findings.add(
        'warning',
        'acpidump-gap',
        table.signature,
        `Line ${line}: bytes before this row are missing; the table is cut there.`,
      );
      continue;
    }
    table.bytes.push(
      ...row[2]
        .trim()
        .split(/\s+/)
        .map((digits) => Number.parseInt(digits, 16)),
    );
  }
  return {
    tables: tables
      .filter(({ bytes }) => bytes.length > 0)
      .map(({ signature, address, bytes }) => {
        const raw = Uint8Array.from(bytes);
        const stated = raw.length < 8 ? undefined : new DataView(raw.buffer).getUint32(4, true);
        // The root pointer has no such header.
        if (!signature.startsWith('RSD') && stated !== undefined && stated > raw.length)
          findings.add(
            'warning',
            'acpidump-short',
            signature,
            `The table states ${stated} bytes; the text holds ${raw.length}.`,
          );
        return { signature, address, bytes: raw };
      }),
    findings: findings.list,
  };
}
