import type { Severity } from '../format/severity.ts';
import type { Detail, Phase } from './records.ts';

/** How one of the kernel's messages is recognised. */
export interface PhaseRule {
  /** A text that every such line holds, at least eight characters; the line is found by it. */
  readonly key: string;
  /** Matched against the message without its prefixes; named groups become details. */
  readonly pattern: RegExp;
  readonly phase: Phase;
  readonly event: string;
  readonly severity: Severity;
  /** Kinds of the named groups that are not text. */
  readonly kinds?: Readonly<Record<string, 'hex' | 'decimal'>>;
  /** Details that the message implies without saying them. */
  readonly implies?: Readonly<Record<string, Detail>>;
  /** Unit from the groups, where a group `unit` does not hold its name. */
  readonly unitOf?: (groups: Readonly<Record<string, string | undefined>>) => string | undefined;
}
