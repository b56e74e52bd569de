/** Findings and missing pages of one answer, bounded: damage can be everywhere. */
import { hex } from '../format/hex.ts';
import type { Severity } from '../format/severity.ts';
import type { Evidence, Finding, Incomplete } from '../iommu/finding.ts';
import type { UnknownPage } from '../memory/physical.ts';
import { UNKNOWN_WORDS } from '../memory/unknown-words.ts';

/** Findings of one kind that are told one by one; the rest is counted. */
const MAX_OF_A_KIND = 16;
/** Missing pages that are named one by one; the rest is counted. */
const MAX_PAGES = 1024;

export class Notes {
  readonly #findings: Finding[] = [];
  readonly #counts = new Map<string, number>();
  readonly #pages = new Set<bigint>();
  readonly #incomplete: Incomplete[] = [];
  readonly #at: string;
  readonly #whyMissing: (address: bigint) => string;

  /**
   * @param at path that counted remainders are told of
   * @param whyMissing what else there is to say of a missing page
   */
  constructor(at: string, whyMissing: (address: bigint) => string = () => '') {
    this.#at = at;
    this.#whyMissing = whyMissing;
  }

  add(
    severity: Severity,
    id: string,
    at: string,
    text: string,
    evidence: readonly Evidence[] = [],
  ): void {
    const count = (this.#counts.get(id) ?? 0) + 1;
    this.#counts.set(id, count);
    if (count <= MAX_OF_A_KIND) this.#findings.push({ severity, id, at, text, evidence });
  }

  /** Whether a further finding of this kind would still be told. */
  wants(id: string): boolean {
    const count = this.#counts.get(id) ?? 0;
    if (count < MAX_OF_A_KIND) return true;
    this.#counts.set(id, count + 1);
    return false;
  }

  /** A page that the answer needed; each is told once. */
  missing(address: bigint, why: UnknownPage, at: string, what: string): void {
    const page = (address >> 12n) << 12n;
    if (this.#pages.has(page)) return;
    this.#pages.add(page);
    if (this.#pages.size > MAX_PAGES) return;
    const text = `${what} at ${hex(page)}: ${UNKNOWN_WORDS[why]}.${this.#whyMissing(page)}`;
    this.#incomplete.push({ address: page, at, text });
  }

  /** Something that is missing and is not a page. */
  cut(at: string, text: string): void {
    this.#incomplete.push({ address: undefined, at, text });
  }

  get findings(): readonly Finding[] {
    const more: Finding[] = [];
    for (const [id, count] of this.#counts)
      if (count > MAX_OF_A_KIND)
        more.push({
          severity: 'note',
          id: `${id}-more`,
          at: this.#at,
          text: `${count - MAX_OF_A_KIND} more findings "${id}" are not listed one by one.`,
          evidence: [],
        });
    return [...this.#findings, ...more];
  }

  get incomplete(): readonly Incomplete[] {
    const rest = this.#pages.size - MAX_PAGES;
    return rest > 0
      ? [
          ...this.#incomplete,
          { address: undefined, at: this.#at, text: `${rest} more pages are missing.` },
        ]
      : this.#incomplete;
  }
}
