import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { browserHistory } from '../../../renderer/state/history.ts';
import type { HistoryKeeper } from '../../../renderer/state/selection.ts';
import { SelectionBus, selectionText } from '../../../renderer/state/selection.ts';

/** A browser's history: pushing drops what was ahead. */
class FakeHistory implements HistoryKeeper {
  entries = [0];
  at = 0;
  #listener: (index: number) => void = () => {};

  push(index: number): void {
    this.entries.length = this.at + 1;
    this.entries.push(index);
    this.at++;
  }

  go(delta: number): void {
    this.at += delta;
    this.#listener(this.entries[this.at]);
  }

  onMove(listener: (index: number) => void): void {
    this.#listener = listener;
  }
}

describe('the selection bus', () => {
  it('tells every panel of a new selection', () => {
    const bus = new SelectionBus();
    const heard: (string | undefined)[] = [];
    bus.store.subscribe(() => heard.push(bus.current.bdf));
    bus.publish({ bdf: '00:06.0', from: 'faults' });
    bus.publish({ bdf: '00:07.0', from: 'tables' });
    expect(heard).toEqual(['00:06.0', '00:07.0']);
  });

  it.each([['with the browser', true] as const, ['by itself', false] as const])(
    'goes back and forward %s',
    (_how, browser) => {
      const bus = new SelectionBus(browser ? new FakeHistory() : undefined);
      bus.publish({ fault: 1, from: 'faults' });
      bus.publish({ fault: 2, from: 'faults' });
      bus.back();
      expect(bus.current).toEqual({ fault: 1, from: 'history' });
      expect([bus.canGoBack, bus.canGoForward]).toEqual([true, true]);
      bus.forward();
      expect(bus.current.fault).toBe(2);
      bus.forward();
      expect(bus.current.fault).toBe(2);
      bus.back();
      bus.back();
      bus.back();
      expect(bus.current).toEqual({ from: 'history' });
      expect(bus.canGoBack).toBe(false);
    },
  );

  it('forgets what was ahead when a new selection is made', () => {
    const bus = new SelectionBus(new FakeHistory());
    bus.publish({ fault: 1, from: 'faults' });
    bus.publish({ fault: 2, from: 'faults' });
    bus.back();
    bus.publish({ fault: 3, from: 'faults' });
    expect(bus.canGoForward).toBe(false);
    bus.back();
    expect(bus.current.fault).toBe(1);
  });

  it('makes no history entry of a selection that says nothing new', () => {
    const history = new FakeHistory();
    const bus = new SelectionBus(history);
    bus.publish({ fault: 1, bdf: '00:06.0', from: 'faults' });
    bus.publish({ bdf: '00:06.0', fault: 1, from: 'explain' });
    expect(history.entries).toHaveLength(2);
    expect(bus.current.from).toBe('explain');
  });

  it('keeps a bounded number of entries', () => {
    const bus = new SelectionBus();
    for (let fault = 1; fault <= 1000; fault++) bus.publish({ fault, from: 'faults' });
    let steps = 0;
    while (bus.canGoBack) {
      bus.back();
      steps++;
    }
    expect(steps).toBe(199);
  });

  it('remembers the last value of a part', () => {
    const bus = new SelectionBus();
    bus.publish({ fault: 7, from: 'faults' });
    bus.publish({ entry: 'dmar0/root', from: 'tables' });
    expect(bus.last((selection) => selection.fault)).toBe(7);
    expect(bus.last((selection) => selection.register)).toBeUndefined();
  });
});

describe("the browser's history", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function keeper() {
    const entries: unknown[] = [];
    const moves: number[] = [];
    const listeners = new Map<string, (event: object) => void>();
    const kept = browserHistory({
      history: {
        replaceState: (state: unknown) => entries.push(state),
        pushState: (state: unknown) => entries.push(state),
        go: (delta: number) => moves.push(delta),
      },
      setTimeout: (work: () => void, after: number) => setTimeout(work, after),
      clearTimeout: (timer: never) => clearTimeout(timer),
      addEventListener: (name: string, listener: (event: object) => void) =>
        void listeners.set(name, listener),
    } as never);
    const indices = (): unknown[] =>
      entries.map((each) => (each as { selection: number }).selection);
    return {
      kept,
      indices,
      moves,
      popped: (selection: number) => listeners.get('popstate')?.({ state: { selection } }),
      key: (repeat: boolean) => listeners.get('keydown')?.({ repeat }),
    };
  }

  it('takes the last of what a held key passes', () => {
    const { kept, indices, key } = keeper();
    kept.push(1, false);
    for (let index = 2; index <= 300; index++) {
      key(true);
      kept.push(index, true);
      vi.advanceTimersByTime(33);
    }
    expect(indices()).toEqual([0]);
    vi.advanceTimersByTime(200);
    expect(indices()).toEqual([0, 300]);
  });

  it('keeps what was selected in another panel, and what a person stayed at', () => {
    const { kept, indices, key } = keeper();
    kept.push(1, false);
    kept.push(2, false);
    vi.advanceTimersByTime(200);
    key(false);
    kept.push(3, true);
    vi.advanceTimersByTime(50);
    kept.push(4, true);
    vi.advanceTimersByTime(50);
    expect(indices()).toEqual([0, 1, 2, 3, 4]);
  });

  it('goes back from what was selected just now, and forgets it when the browser went first', () => {
    const { kept, indices, moves, popped } = keeper();
    const heard: number[] = [];
    kept.onMove((index) => heard.push(index));
    kept.push(1, false);
    kept.go(-1);
    expect([indices(), moves]).toEqual([[0, 1], [-1]]);
    kept.push(2, false);
    popped(0);
    vi.advanceTimersByTime(1000);
    expect([indices(), heard]).toEqual([[0, 1], [0]]);
  });
});

describe('the selection in words', () => {
  it.each([
    [{ bdf: '00:06.0', iova: '0x1f00000', from: '' }, '00:06.0 IOVA 0x1f00000'],
    [{ bdf: '00:06.0', entry: 'dmar0/00:06.0/context', from: '' }, '00:06.0 dmar0/00:06.0/context'],
    [{ unit: 'sim0', register: 'GSTS', from: '' }, 'sim0 GSTS'],
    [{ physical: '0x1000', from: '' }, 'physical 0x1000'],
    [{ line: 512, from: '' }, 'line 512'],
    [{ from: 'start' }, ''],
  ])('%j is %s', (selection, text) => {
    expect(selectionText(selection)).toBe(text);
  });
});
