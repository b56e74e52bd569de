import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { calm } from '../../../renderer/state/paced.ts';
import { createStore } from '../../../renderer/state/store.ts';

describe('what is only looked at', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.runAllTimers();
    vi.useRealTimers();
  });

  it('is drawn at once, then three times a second at most, and ends at the last value', () => {
    const store = createStore(0);
    const drawn: [at: number, value: number][] = [];
    const began = Date.now();
    calm(store.subscribe, () => drawn.push([Date.now() - began, store.get()]));
    for (let value = 1; value <= 100; value++) {
      store.set(value);
      vi.advanceTimersByTime(10);
    }
    vi.advanceTimersByTime(1000);
    expect(drawn).toEqual([
      [0, 1],
      [330, 33],
      [660, 66],
      [990, 99],
      [1320, 100],
    ]);
    store.set(101);
    expect(drawn.at(-1)).toEqual([2000, 101]);
  });

  it('is drawn with whatever else changed meanwhile', () => {
    const [one, other] = [createStore(0), createStore(0)];
    const drawn: [what: string, at: number][] = [];
    const began = Date.now();
    for (const [what, store] of Object.entries({ one, other }))
      calm(store.subscribe, () => drawn.push([what, Date.now() - began]));
    one.set(1);
    vi.advanceTimersByTime(100);
    other.set(1);
    vi.advanceTimersByTime(100);
    one.set(2);
    vi.advanceTimersByTime(1000);
    expect(drawn).toEqual([
      ['one', 0],
      ['other', 330],
      ['one', 330],
    ]);
  });

  it('is heard of no more when nobody looks', () => {
    const store = createStore(0);
    const heard = vi.fn();
    const stop = calm(store.subscribe, heard);
    store.set(1);
    store.set(2);
    stop();
    vi.advanceTimersByTime(1000);
    expect(heard).toHaveBeenCalledTimes(1);
  });
});
