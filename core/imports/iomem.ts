/** `/proc/iomem`: the physical address map as the kernel claims it. */
import type { Finding } from '../iommu/finding.ts';
import { hexWord, ImportFindings, numberedLines } from './text-lines.ts';

export interface ResourceRange {
  readonly start: bigint;
  /** Inclusive, as the kernel prints it. */
  readonly end: bigint;
  /** `System RAM`, `Crash kernel`, `dmar0`. */
  readonly name: string;
  /** 0 at the top; a range lies within the last one before it of a smaller depth. */
  readonly depth: number;
}

export interface IomemText {
  readonly ranges: readonly ResourceRange[];
  readonly findings: readonly Finding[];
}

export const IOMEM_LINE = /^( *)([0-9a-f]{8,16})-([0-9a-f]{8,16}) : (\S.*?)\s*$/i;

/** Reads `/proc/iomem`. To a reader without privilege the kernel prints every address as 0. */
export function parseIomem(text: string): IomemText {
  const findings = new ImportFindings();
  const ranges: ResourceRange[] = [];
  for (const [line, content] of numberedLines(text)) {
    const row = IOMEM_LINE.exec(content);
    if (!row) continue;
    const [start, end] = [hexWord(row[2]), hexWord(row[3])];
    if (end < start)
      findings.add(
        'warning',
        'iomem-range',
        'iomem',
        `Line ${line}: the range ends before it starts.`,
      );
    else ranges.push({ start, end, name: row[4], depth: row[1].length >> 1 });
  }
  if (ranges.length > 0 && ranges.every(({ end }) => end === 0n)) {
    findings.add(
      'error',
      'iomem-hidden',
      'iomem',
      'All addresses are 0: the kernel hides them from readers without privilege. Read the file as root.',
    );
    return { ranges: [], findings: findings.list };
  }
  return { ranges, findings: findings.list };
}
