import { parseAcpidump } from '../imports/acpidump.ts';
import { parseHexDump, type HexDump } from '../imports/hex-dump.ts';
import { parseIomem, type IomemText } from '../imports/iomem.ts';
import type { Finding } from '../iommu/finding.ts';

/** What pasted texts gave. */
export interface ImportedTexts {
  hexDump: HexDump | undefined;
  pciText: string | undefined;
  iomem: IomemText | undefined;
  readonly debugfs: string[];
  readonly findings: Finding[];
}

/** What was imported before the first text. */
export function noTexts(): ImportedTexts {
  return { hexDump: undefined, pciText: undefined, iomem: undefined, debugfs: [], findings: [] };
}

/** Adds one pasted text. Several hex dumps are one memory; ACPI tables join those given as files. */
export function addText(
  kind: 'debugfs' | 'hexdump' | 'iomem' | 'lspci' | 'acpidump',
  text: string,
  into: { readonly texts: ImportedTexts; readonly acpi: Uint8Array[]; readonly base?: bigint },
): void {
  const { texts } = into;
  switch (kind) {
    case 'hexdump': {
      const dump = parseHexDump(text, { base: into.base });
      if (texts.hexDump) texts.hexDump.memory.merge(dump.memory);
      else texts.hexDump = dump;
      // One paste may complete a page that another began.
      const { length } = texts.hexDump.memory.partial();
      const stale = (id: string): boolean => id === 'partial-page' && length === 0;
      const all = [...texts.findings, ...dump.findings].filter(({ id }) => !stale(id));
      texts.findings.splice(0, Infinity, ...all);
      break;
    }
    case 'acpidump': {
      const dump = parseAcpidump(text);
      into.acpi.push(...dump.tables.map(({ bytes }) => bytes));
      texts.findings.push(...dump.findings);
      break;
    }
    case 'iomem':
      texts.iomem = parseIomem(text);
      texts.findings.push(...texts.iomem.findings);
      break;
    case 'lspci':
      texts.pciText = text;
      break;
    case 'debugfs':
      texts.debugfs.push(text);
  }
}
