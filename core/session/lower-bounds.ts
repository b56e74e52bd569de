/**
 * Signs in a log that there were more faults than it tells, and the words for each. Notes and
 * milestones of the log's reader are named by their identity.
 */
const WORDS: Readonly<Record<string, string>> = {
  'unit-dropped-faults': 'The unit dropped faults here (PFO set); counts are a lower bound.',
  'event-log-overflow':
    'The unit dropped events here (event log overflow); counts are a lower bound.',
  'counts-are-lower-bounds':
    'The kernel left out lines here (rate limit); counts are a lower bound.',
  'lines-lost': 'The console lost lines here; counts are a lower bound.',
};

/** Why counts are a lower bound, and the line of the log that shows it first. */
export interface LowerBound {
  readonly text: string;
  readonly console: string;
  readonly line: number;
}

/** The words for a note or a milestone; undefined for one that leaves the counts as they are. */
export function lowerBoundText(id: string): string | undefined {
  return Object.hasOwn(WORDS, id) ? WORDS[id] : undefined;
}
