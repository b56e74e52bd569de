import { hex } from '../format/hex.ts';
import type { Severity } from '../format/severity.ts';
import type { Finding } from '../iommu/finding.ts';
import { addressOfPfn } from '../memory/physical.ts';

/** Damaged pages that are named one by one; beyond that they are only counted. */
const MAX_NAMED = 64;

/** Gathers what is wrong with a dump, at opening and while its pages are read. */
export class DumpFindings {
  readonly list: Finding[] = [];
  #pages = 0;

  add(severity: Severity, id: string, text: string): void {
    this.list.push({ severity, id, at: 'dump', text, evidence: [] });
  }

  /** A page that the headers promise and that can't be had. */
  damagedPage(pfn: number, why: string): void {
    this.#pages++;
    const address = addressOfPfn(pfn);
    if (this.#pages <= MAX_NAMED)
      this.list.push({
        severity: 'error',
        id: 'page-damaged',
        at: 'dump',
        text: `The page at ${hex(address)} can't be read: ${why}.`,
        evidence: [{ what: 'page', address }],
      });
    else if (this.#pages === MAX_NAMED + 1)
      this.add(
        'error',
        'pages-damaged',
        `More pages can't be read; only the first ${MAX_NAMED} are named.`,
      );
  }
}
