import { expect, test } from 'vitest';
import { Restarts } from '../../../core/protocol/restarts.ts';

test('the second end within a minute blames, the fifth gives up, and an older one is forgotten', () => {
  const restarts = new Restarts();
  const verdicts = [0, 1000, 2000, 3000, 4000].map((now) => restarts.ended(now));
  expect(verdicts.map(({ ends }) => ends)).toEqual([1, 2, 3, 4, 5]);
  expect(verdicts.map(({ blame }) => blame)).toEqual([false, true, true, true, true]);
  expect(verdicts.map(({ giveUp }) => giveUp)).toEqual([false, false, false, false, true]);
  expect(restarts.ended(62_500)).toEqual({ ends: 3, blame: true, giveUp: false });
  expect(restarts.ended(200_000)).toEqual({ ends: 1, blame: false, giveUp: false });
});
