import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Announcer } from '../../../renderer/panels/console/announcer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('says a few lines as they are, without control sequences', () => {
  const say = vi.fn();
  const announcer = new Announcer(say);
  announcer.take('\u001b[1;31mDMAR: fault\u001b[0m\r\n\u001b]0;title\u0007second\nunfinished', 1);
  expect(say).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1000);
  expect(say.mock.calls).toEqual([['DMAR: fault\nsecond']]);
  announcer.take('third\n', 0);
  vi.advanceTimersByTime(1000);
  expect(say).toHaveBeenLastCalledWith('third');
});

it('sums up a storm every five seconds, and says nothing else of it', () => {
  const say = vi.fn();
  const announcer = new Announcer(say);
  for (let n = 0; n < 120; n++) {
    announcer.take('equal line\n'.repeat(100), 2);
    vi.advanceTimersByTime(100);
  }
  expect(say.mock.calls).toEqual([['5,000 lines, 100 marked'], ['5,000 lines, 100 marked']]);
  announcer.stop();
  expect(vi.getTimerCount()).toBe(0);
});
