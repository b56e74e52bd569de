/**
 * Something that a reader should know about the input: damage, a rule broken, a doubt. Damage in
 * untrusted data is always a finding and never an exception.
 */
import { hex } from '../format/hex.ts';
import type { Severity } from '../format/severity.ts';

export interface Evidence {
  /** What this is: `context entry of 02:00.0`, `console line 1704`. */
  readonly what: string;
  /** Physical address of the entry, where there is one. */
  readonly address?: bigint;
  readonly words?: readonly bigint[];
  /** The field that decides, by the specification's name. */
  readonly field?: string;
  readonly meaning?: string;
}

export interface Finding {
  readonly severity: Severity;
  /** Stable identity of the rule: `reserved-bits`, `table-loop`, `page-missing`. */
  readonly id: string;
  /** Path of the entry (see path.ts), or of the nearest parent that exists. */
  readonly at: string;
  /** What happened, what it means; one or two sentences. */
  readonly text: string;
  readonly evidence: readonly Evidence[];
}

/** A page that an answer needed and did not get; it stands in `incomplete` and makes exit 4. */
export interface Incomplete {
  /** Physical address of the page, or undefined when it is not about a page. */
  readonly address: bigint | undefined;
  readonly at: string;
  readonly text: string;
}

/**
 * A table that is one of its own ancestors, in the same words wherever it is met.
 * @param level of the table that is pointed back to
 * @param address of that table
 */
export function loopText(level: number, address: bigint): string {
  return `This table points back to L${level} at ${hex(address)}; stopped here.`;
}
