import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { calm } from '../../../renderer/state/paced.ts';
import { createStore } from '../../../renderer/state/store.ts';

describe('what is only looked at', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

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
