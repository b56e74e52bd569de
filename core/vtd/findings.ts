/** Findings of the VT-d decoders, bounded: damage may be everywhere. */
import type { Layout, Words } from '../bits/layout.ts';
import { hex } from '../format/hex.ts';
import type { Severity } from '../format/severity.ts';
import type { Finding, Incomplete } from '../iommu/finding.ts';
import type { UnknownPage } from '../memory/physical.ts';
import { UNKNOWN_WORDS } from '../memory/unknown-words.ts';

/** Findings of one rule that are told one by one; the rest is counted. */
const EACH = 32;

/** Collects findings; of each rule the first ones stand by themselves, the rest as a count. */
export class Findings {
  readonly #all: Finding[] = [];
  readonly #counts = new Map<string, { count: number; last: Finding }>();

  /** @param make is called only for findings that are kept. */
  add(id: string, make: () => Omit<Finding, 'id'>): void {
    const seen = this.#counts.get(id);
    if (seen && seen.count >= EACH) {
      seen.count++;
      return;
    }
    const finding: Finding = { id, ...make() };
    this.#all.push(finding);
    this.#counts.set(id, { count: (seen?.count ?? 0) + 1, last: finding });
  }

  /** Takes findings that were made elsewhere. */
  take(findings: readonly Finding[]): void {
    for (const finding of findings) this.add(finding.id, () => finding);
  }

  list(): Finding[] {
    const more: Finding[] = [];
    for (const [id, { count, last }] of this.#counts)
      if (count > EACH)
        more.push({
          severity: last.severity,
          id,
          at: last.at,
          text: `${count - EACH} more findings of the rule ${id} are not listed.`,
          evidence: [],
        });
    return [...this.#all, ...more];
  }
}

/** One finding about an entry, with the entry as its evidence. */
export function entryFinding(
  severity: Severity,
  at: string,
  text: string,
  entry: { readonly address: bigint; readonly words: Words; readonly layout: Layout },
  field?: string,
): Omit<Finding, 'id'> {
  const { address, words, layout } = entry;
  return {
    severity,
    at,
    text,
    evidence: [{ what: layout.name, address, words, ...(field === undefined ? {} : { field }) }],
  };
}

/** The page that an answer needed and did not get. */
export function missingPage(what: string, at: string, page: bigint, why: UnknownPage): Incomplete {
  return { address: page, at, text: `${what} at ${hex(page)}: ${UNKNOWN_WORDS[why]}` };
}
