import { describe, expect, test } from 'vitest';
import { lowerBoundText } from '../../../core/session/lower-bounds.ts';
import { NOTES } from '../../../core/log/notes.ts';

describe('why counts are a lower bound (ui.md, section 5, Faults)', () => {
  test.each([
    ['unit-dropped-faults', 'The unit dropped faults here (PFO set); counts are a lower bound.'],
    [
      'event-log-overflow',
      'The unit dropped events here (event log overflow); counts are a lower bound.',
    ],
    [
      'counts-are-lower-bounds',
      'The kernel left out lines here (rate limit); counts are a lower bound.',
    ],
    ['lines-lost', 'The console lost lines here; counts are a lower bound.'],
  ])('%s', (id, words) => {
    expect(lowerBoundText(id)).toBe(words);
  });

  test('no other note of a log changes the counts', () => {
    const telling = Object.keys(NOTES).filter((id) => lowerBoundText(id) !== undefined);
    expect(telling.sort()).toEqual([
      'counts-are-lower-bounds',
      'lines-lost',
      'unit-dropped-faults',
    ]);
    expect(lowerBoundText('constructor')).toBeUndefined();
  });
});
