import type { Severity } from '../format/severity.ts';
import type { Evidence, Finding, Incomplete } from '../iommu/finding.ts';
import type { UnknownPage } from '../memory/physical.ts';
import { hex } from '../format/hex.ts';

/** More than this many notes of a kind say nothing new; the rest is counted. */
const CAP = 200;

const WHY: Readonly<Record<UnknownPage, string>> = {
  excluded: 'the dump left it out',
  absent: 'the dump has no such memory',
  failed: 'it is damaged or cut off in the dump',
  pending: 'it was not fetched from the target yet',
};

/**
 * Collects what could not be read, and what looked wrong, while the kernel's structures are
 * followed. `at` names the subject at hand, so that a missing page is told with what it was
 * needed for; each page, and each finding, is noted once.
 */
export class Notes {
  readonly findings: Finding[] = [];
  readonly incomplete: Incomplete[] = [];
  #at = 'kernel';
  #quiet = false;
  readonly #seen = new Set<string>();

  get at(): string {
    return this.#at;
  }

  /** Runs `work` with another subject. */
  within<T>(at: string, work: () => T): T {
    const before = this.#at;
    this.#at = at;
    try {
      return work();
    } finally {
      this.#at = before;
    }
  }

  /** Runs `work` without noting anything: for places that are only tried. */
  quietly<T>(work: () => T): T {
    const before = this.#quiet;
    this.#quiet = true;
    try {
      return work();
    } finally {
      this.#quiet = before;
    }
  }

  /** A page of memory that was needed and is not there. */
  missingPage(address: bigint, why: UnknownPage): void {
    if (!this.#first(`page ${address}`) || this.incomplete.length >= CAP) return;
    this.incomplete.push({
      address,
      at: this.#at,
      text: `The page at ${hex(address)} was needed for ${this.#at}; ${WHY[why]}.`,
    });
  }

  /** Something that was needed and that is not about one page. */
  missing(text: string): void {
    if (!this.#first(`text ${text}`) || this.incomplete.length >= CAP) return;
    this.incomplete.push({ address: undefined, at: this.#at, text });
  }

  finding(severity: Severity, id: string, text: string, evidence: readonly Evidence[] = []): void {
    if (!this.#first(`finding ${id} ${text}`) || this.findings.length >= CAP) return;
    this.findings.push({ severity, id, at: this.#at, text, evidence });
  }

  #first(key: string): boolean {
    if (this.#quiet || this.#seen.has(key)) return false;
    // The set is bounded too: input decides how many keys there are.
    if (this.#seen.size < 16 * CAP) this.#seen.add(key);
    return true;
  }
}
