import type { Layout, Words } from '../bits/layout.ts';

/**
 * One entry that a text states, with the layout that decodes it. The text may state only the
 * first words of it: fields beyond them are unknown.
 */
export interface ImportedEntry {
  /** `root entry`, `DTE`, `IRTE`: the layout's own name. */
  readonly layout: Layout;
  /** The words that the text gives, lowest-addressed first. */
  readonly words: Words;
  /** Physical address of the entry, where the text tells it. */
  readonly address: bigint | undefined;
  /** Line of the text, from 1. */
  readonly line: number;
}
