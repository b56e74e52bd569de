import { describe, expect, it } from 'vitest';
import type { JobItem } from '../../../core/protocol/contract-jobs.ts';
import { jobWords, placeOf, shownJobs } from '../../../renderer/shell/jobs.ts';

const JOB: JobItem = {
  id: 'audit',
  name: 'Checking',
  percent: 41,
  detail: '',
  seconds: 0.5,
  stopped: false,
};

describe('long work in the status bar', () => {
  it.each<[string, Partial<JobItem>, string]>([
    ['how far it is', {}, 'Checking 41 %'],
    ['its rate', { seconds: 8 }, 'Checking 41 % · 5.1 %/s'],
    ['how long it still takes, above 10 s', { seconds: 20 }, 'Checking 41 % · 2.0 %/s · 29 s left'],
    ['minutes', { seconds: 600 }, 'Checking 41 % · 0.1 %/s · 14 min 23 s left'],
    ['work of unknown size', { percent: undefined, seconds: 20 }, 'Checking…'],
    ['no rate before anything is done', { percent: 0, seconds: 20 }, 'Checking 0 %'],
    ['that it is stopped', { stopped: true, seconds: 20 }, 'Stopped at 41 %.'],
    ['that work of unknown size is', { stopped: true, percent: undefined }, 'Stopped.'],
  ])('says %s', (_what, change, words) => {
    expect(jobWords({ ...JOB, ...change })).toBe(words);
  });

  it('shows after a second, or when it is stopped', () => {
    const jobs = [
      { ...JOB, id: 'short' },
      { ...JOB, id: 'long', seconds: 1 },
      { ...JOB, id: 'stopped', stopped: true },
    ];
    expect(shownJobs(jobs).map(({ id }) => id)).toEqual(['long', 'stopped']);
  });

  it.each([
    ['findings', 'go.tables'],
    ['audit', 'go.audit'],
    ['compare', 'go.compare'],
    ['mappings-captured', 'go.map'],
    ['open', undefined],
  ])('%s leads to %s', (id, action) => {
    expect(placeOf({ ...JOB, id })).toBe(action);
  });
});
