import { hex } from '../format/hex.ts';
import type { Evidence, Finding, Incomplete } from '../iommu/finding.ts';

/** A finding in the command line's JSON. */
export interface FindingJson {
  readonly [key: string]: string | readonly EvidenceJson[];
  readonly severity: string;
  readonly id: string;
  readonly at: string;
  readonly text: string;
  readonly evidence: readonly EvidenceJson[];
}

export interface EvidenceJson {
  readonly [key: string]: string | readonly string[];
}

/** A finding as every command's JSON writes it. */
export function findingJson(finding: Finding): FindingJson {
  return {
    severity: finding.severity,
    id: finding.id,
    at: finding.at,
    text: finding.text,
    evidence: finding.evidence.map(evidenceJson),
  };
}

/** A piece of evidence as every command's JSON writes it. */
export function evidenceJson(evidence: Evidence): EvidenceJson {
  return {
    what: evidence.what,
    ...(evidence.address === undefined ? {} : { address: hex(evidence.address) }),
    ...(evidence.words === undefined ? {} : { raw: evidence.words.map(hex) }),
    ...(evidence.field === undefined ? {} : { field: evidence.field }),
    ...(evidence.meaning === undefined ? {} : { meaning: evidence.meaning }),
  };
}

export interface IncompleteJson {
  readonly address: string | null;
  readonly at: string;
  readonly text: string;
}

/** What an answer lacks, each page once, in order of address. */
export function incompleteJson(incomplete: readonly Incomplete[]): IncompleteJson[] {
  const seen = new Map<string, IncompleteJson>();
  for (const each of incomplete) {
    const address = each.address === undefined ? null : hex(each.address);
    const key = address ?? each.text;
    if (!seen.has(key)) seen.set(key, { address, at: each.at, text: each.text });
  }
  const rank = (each: IncompleteJson): bigint =>
    each.address === null ? -1n : BigInt(each.address);
  return [...seen.values()].sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
}
