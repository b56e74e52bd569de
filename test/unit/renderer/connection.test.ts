import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SessionInfo } from '../../../core/protocol/contract.ts';
import { SessionModel } from '../../../renderer/state/session.ts';
import { FakeEngine, settled } from './fake-engine.ts';

const SESSION: SessionInfo = {
  id: 's1',
  problems: [],
  title: 'sample',
  host: 'lab-7',
  shell: 'browser',
  empty: false,
  sample: false,
  sources: [],
  units: [],
  consoles: [],
  counts: { faults: 3, findings: 0, changes: 0, notes: 0 },
  generation: 1,
  addressBits: 39,
  canUndo: false,
  canRedo: false,
  jobs: [],
};

describe('the road to the engine', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is laid again when it breaks, and what depends on it is asked again', async () => {
    let asked = 0;
    const engine = new FakeEngine({
      'session.get': () => {
        asked++;
        return SESSION;
      },
    });
    const session = new SessionModel(engine.connection);
    await settled();
    expect(engine.connection.link.get()).toMatchObject({ state: 'open', epoch: 1 });
    expect([asked, session.version.get()]).toEqual([1, 1]);

    engine.breakRoad();
    await settled();
    expect(engine.connection.link.get()).toMatchObject({
      state: 'lost',
      reason: 'killed by a test',
    });
    await expect(engine.connection.call('session.get', {})).rejects.toMatchObject({
      kind: 'lost',
    });

    await vi.advanceTimersByTimeAsync(300);
    await settled();
    expect(engine.connection.link.get()).toMatchObject({ state: 'open', epoch: 2 });
    expect([asked, session.version.get()]).toEqual([2, 2]);
    expect(session.info.get()?.title).toBe('sample');
  });

  it('tells new answers from the same session told twice', async () => {
    const engine = new FakeEngine({ 'session.get': () => SESSION });
    const session = new SessionModel(engine.connection);
    await settled();
    session.take({ ...SESSION, counts: { faults: 4, findings: 0, changes: 0, notes: 0 } });
    expect(session.version.get()).toBe(1);
    session.take({ ...SESSION, generation: 2 });
    expect(session.version.get()).toBe(2);
  });
});
