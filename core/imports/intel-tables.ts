/** `dmar_translation_struct` and `domain_translation_struct` of Linux's Intel debugfs. */
import { parseBdf, type Bdf } from '../format/bdf.ts';
import {
  CONTEXT_ENTRY,
  PASID_TABLE_ENTRY,
  ROOT_ENTRY,
  SCALABLE_CONTEXT_ENTRY,
  SCALABLE_ROOT_ENTRY,
} from '../vtd/tables.ts';
import type { ImportedEntry } from './entries.ts';
import { hexWord, numberedLines } from './text-lines.ts';

/** A device's row: the entries that its requests meet. */
export interface TranslationRow {
  readonly bdf: Bdf;
  readonly root: ImportedEntry;
  /** In scalable mode the text states 128 of the context entry's 256 bits. */
  readonly context: ImportedEntry;
  /** Undefined in legacy mode. */
  readonly pasid: number | undefined;
  /** Words 0 to 2 of the eight; undefined in legacy mode. */
  readonly pasidEntry: ImportedEntry | undefined;
}

export interface TranslationUnit {
  readonly name: string;
  /** False where the kernel says that DMA remapping is off. */
  readonly enabled: boolean;
  readonly rootTable: bigint | undefined;
  readonly rows: readonly TranslationRow[];
}

export const ROOT_TABLE =
  /^\s*IOMMU:? (\S{1,32}): Root Table Address: (?:0x)?([0-9a-f]{1,16})\s*$/i;
export const REMAPPING_OFF = /^\s*DMA Remapping is not enabled on (\S{1,32})\s*$/i;
const ROW =
  /^\s*([0-9a-f:.]{7,12})\s+0x([0-9a-f]{1,16}):0x([0-9a-f]{1,16})\s+0x([0-9a-f]{1,16}):0x([0-9a-f]{1,16})(?:\s+(-?\d{1,7})\s+0x([0-9a-f]{1,16}):0x([0-9a-f]{1,16}):0x([0-9a-f]{1,16}))?\s*$/i;

/**
 * Reads `dmar_translation_struct`. The kernel prints present entries only, and of a PASID entry
 * the first three words; neither the context tables' neighbours nor the PASID directory are told,
 * so rows stay rows and never become pages of memory.
 */
export function parseDmarTranslation(text: string): TranslationUnit[] {
  const units: (Omit<TranslationUnit, 'rows'> & { rows: TranslationRow[] })[] = [];
  for (const [line, content] of numberedLines(text)) {
    const off = REMAPPING_OFF.exec(content);
    const head = ROOT_TABLE.exec(content);
    if (off) units.push({ name: off[1], enabled: false, rootTable: undefined, rows: [] });
    else if (head)
      units.push({ name: head[1], enabled: true, rootTable: hexWord(head[2]), rows: [] });
    const row = ROW.exec(content);
    const unit = units.at(-1);
    const bdf = row && parseBdf(row[1]);
    if (!row || !bdf || !unit?.enabled || unit.rootTable === undefined) continue;
    unit.rows.push(translationRow(row, bdf, unit.rootTable, line));
  }
  return units;
}

function translationRow(
  row: RegExpExecArray,
  bdf: Bdf,
  rootTable: bigint,
  line: number,
): TranslationRow {
  // The two words of an entry are printed high first.
  const root = [hexWord(row[3]), hexWord(row[2])];
  const context = [hexWord(row[5]), hexWord(row[4])];
  const pasid = Number(row[6] ?? -1);
  // Legacy tables have no PASID: the kernel prints -1 and zeros.
  const scalable = pasid >= 0;
  const devfn = bdf.id & 0xff;
  const table = scalable && devfn >= 0x80 ? root[1] : root[0];
  const index = scalable ? devfn & 0x7f : devfn;
  return {
    bdf,
    root: {
      layout: scalable ? SCALABLE_ROOT_ENTRY : ROOT_ENTRY,
      words: root,
      address: rootTable + BigInt((bdf.id >> 8) * 16),
      line,
    },
    context: {
      layout: scalable ? SCALABLE_CONTEXT_ENTRY : CONTEXT_ENTRY,
      words: context,
      address: ((table >> 12n) << 12n) + BigInt(index * (scalable ? 32 : 16)),
      line,
    },
    pasid: scalable ? pasid : undefined,
    pasidEntry: scalable
      ? {
          layout: PASID_TABLE_ENTRY,
          words: [hexWord(row[9]), hexWord(row[8]), hexWord(row[7])],
          address: undefined,
          line,
        }
      : undefined,
  };
}

/** One leaf of a domain's page table: the entries of its walk from the top level to the leaf. */
export interface DomainRow {
  readonly iova: bigint;
  /** Raw entries by level, the top one first; whether they are first or second stage is not told. */
  readonly path: readonly { readonly level: number; readonly entry: bigint }[];
  /** Level of the leaf: 1 is 4 KiB, 2 is 2 MiB, 3 is 1 GiB. */
  readonly leafLevel: number;
  readonly line: number;
}

export interface DomainTable {
  readonly bdf: Bdf | undefined;
  /** The device as the text names it; not every device is on a PCI bus. */
  readonly device: string;
  readonly pasid: number | undefined;
  readonly pageTable: bigint;
  readonly rows: readonly DomainRow[];
}

export const DOMAIN_HEAD =
  /^\s*Device (\S{1,64}) (?:with pasid (?:0x)?([0-9a-f]{1,5}) )?@\s?(?:0x)?([0-9a-f]{1,16})\s*$/i;
const DOMAIN_ROW = /^\s*0x([0-9a-f]{1,16}) \|((?:\s+0x[0-9a-f]{1,16}){1,5})\s*$/i;

/**
 * Reads `domain_translation_struct`: the global file of older kernels, where a row has always
 * five columns and a superpage's lower ones are 0, and the per-device files of newer ones, which
 * leave a superpage's lower columns out. Columns are levels 5 to 1.
 */
export function parseDomainTranslation(text: string): DomainTable[] {
  const tables: (Omit<DomainTable, 'rows'> & { rows: DomainRow[] })[] = [];
  for (const [line, content] of numberedLines(text)) {
    const head = DOMAIN_HEAD.exec(content);
    if (head) {
      tables.push({
        device: head[1],
        bdf: parseBdf(head[1]),
        pasid: head[2] === undefined ? undefined : Number.parseInt(head[2], 16),
        pageTable: hexWord(head[3]),
        rows: [],
      });
      continue;
    }
    const row = DOMAIN_ROW.exec(content);
    const table = tables.at(-1);
    if (!row || !table) continue;
    const path = row[2]
      .trim()
      .split(/\s+/)
      .map((digits, index) => ({ level: 5 - index, entry: hexWord(digits) }))
      .filter(({ entry }) => entry !== 0n);
    const leaf = path.at(-1);
    if (!leaf) continue;
    table.rows.push({ iova: hexWord(row[1]) << 12n, path, leafLevel: leaf.level, line });
  }
  return tables;
}
