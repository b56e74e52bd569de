import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SessionInfo } from '../../../core/protocol/contract.ts';
import type { EngineApi } from '../../../renderer/engine/api.ts';
import type { SessionModel } from '../../../renderer/state/session.ts';
import { createStore } from '../../../renderer/state/store.ts';
import { WritesModel, countdown } from '../../../renderer/state/writes.ts';

describe('armed writes', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function made() {
    const info = createStore<SessionInfo | undefined>(undefined);
    const call = vi.fn(() => Promise.resolve({}));
    const writes = new WritesModel(
      { call } as unknown as EngineApi,
      { info } as unknown as SessionModel,
    );
    const arm = (seconds: number): void =>
      info.set({
        armed: { console: 'console-1', target: 'ttyS0', seconds },
      } as unknown as SessionInfo);
    return { writes, info, arm, call };
  }

  it('are counted down in the window', () => {
    const { writes, info, arm } = made();
    arm(300);
    expect(writes.armed.get()).toEqual({ console: 'console-1', target: 'ttyS0', left: 300 });
    vi.advanceTimersByTime(61_000);
    expect(countdown(writes.armed.get()!.left)).toBe('3:59');
    info.set({} as SessionInfo);
    expect(writes.armed.get()).toBeUndefined();
  });

  it('are given up when the window is out of sight for a minute, and not before', () => {
    const { writes, arm, call } = made();
    const target = new EventTarget();
    const end = writes.watch(target as Window);
    arm(300);
    target.dispatchEvent(new Event('blur'));
    vi.advanceTimersByTime(59_000);
    target.dispatchEvent(new Event('focus'));
    vi.advanceTimersByTime(120_000);
    expect(call).not.toHaveBeenCalled();
    target.dispatchEvent(new Event('blur'));
    vi.advanceTimersByTime(60_000);
    expect(call).toHaveBeenCalledWith('console.disarm', {});
    end();
  });

  it.each([
    [300, '5:00'],
    [299, '4:59'],
    [9, '0:09'],
  ])('%i s read %s', (seconds, words) => {
    expect(countdown(seconds)).toBe(words);
  });
});
