import type { Severity } from '../format/severity.ts';
import type { Finding } from '../iommu/finding.ts';

/** A line longer than this is no line of any form that is imported; its end is not looked at. */
const LINE_LIMIT = 4096;

/** Findings that one import gives at most; the last one says that there are more. */
const FINDING_LIMIT = 100;

/** The lines of a text with their numbers from 1, without line ends, each cut to 4096 characters. */
export function* numberedLines(text: string): Generator<readonly [number, string]> {
  let number = 1;
  for (let from = 0; from <= text.length; number++) {
    let to = text.indexOf('\n', from);
    if (to < 0) to = text.length;
    const end = text[to - 1] === '\r' && to > from ? to - 1 : to;
    yield [number, text.slice(from, Math.min(end, from + LINE_LIMIT))];
    from = to + 1;
  }
}

/** Digits that a pattern has matched as hexadecimal. */
export function hexWord(digits: string): bigint {
  return BigInt(`0x${digits.replace(/^0x/i, '')}`);
}

/** Findings of one import, bounded in number. */
export class ImportFindings {
  readonly list: Finding[] = [];

  add(severity: Severity, id: string, at: string, text: string): void {
    if (this.list.length > FINDING_LIMIT) return;
    if (this.list.length === FINDING_LIMIT)
      this.list.push({
        severity: 'note',
        id: 'import-more',
        at,
        text: 'There are more findings about this text; they are not listed.',
        evidence: [],
      });
    else this.list.push({ severity, id, at, text, evidence: [] });
  }
}
