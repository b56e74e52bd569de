import type { UnknownPage } from './physical.ts';

/** Why a page is not there, in the exact words that every view uses. */
export const UNKNOWN_WORDS: Readonly<Record<UnknownPage, string>> = {
  excluded: "page excluded by the dump's filter",
  absent: 'not in this dump',
  failed: 'page damaged',
  pending: 'not read yet',
};
