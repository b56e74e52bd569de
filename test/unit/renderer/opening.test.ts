import { describe, expect, it, vi } from 'vitest';
import type { SessionInfo } from '../../../core/protocol/contract.ts';
import { followSession } from '../../../renderer/state/opening.ts';
import { Notices } from '../../../renderer/state/notices.ts';
import { SelectionBus } from '../../../renderer/state/selection.ts';
import { createStore } from '../../../renderer/state/store.ts';
import type { Workbench } from '../../../renderer/state/workbench.ts';
import { settled } from './fake-engine.ts';

const INFO = { id: 's1', empty: false, sources: [], problems: [] } as unknown as SessionInfo;
const VMCORE = { id: 'blamed-0', name: 'vmcore', kind: 'other', detail: '', state: 'failed' };

/** As much of a window as follows a session; `had` is what loading its saved view answers. */
function window(had: () => boolean) {
  const calls: string[] = [];
  const kept = { unfolded: ['dmar0', 7, { path: 'dmar0/root', subtree: false }] };
  const info = createStore<SessionInfo | undefined>(undefined);
  const restore = vi.fn();
  const bench = {
    session: { info, take: (next: SessionInfo) => info.set(next) },
    view: {
      load: () => Promise.resolve(had()),
      panel: (name: string, otherwise: unknown) => (name === 'tree' ? kept : otherwise),
      remember: () => {},
    },
    faults: { restore },
    timeline: { restore },
    compared: { restore },
    tree: { restore, restart: () => {}, kept: createStore({ all: false, unfolded: [] }) },
    selection: new SelectionBus(),
    ready: createStore(false),
    notices: new Notices(),
    engine: {
      call: (name: string, body: unknown) => {
        calls.push(`${name} ${JSON.stringify(body)}`);
        return Promise.resolve(INFO);
      },
    },
  };
  followSession(bench as unknown as Workbench);
  return { ...bench, restore, calls };
}

describe('a session that is followed', () => {
  it('shows when its saved view is there, with what was unfolded', async () => {
    const { session, ready, tree } = window(() => true);
    session.take(INFO);
    await settled();
    expect(ready.get()).toBe(true);
    expect(tree.restore).toHaveBeenCalledWith({ all: false, unfolded: ['dmar0', 'dmar0/root'] });
  });

  it('asks the next engine for its saved view when one ended meanwhile', async () => {
    let lost = true;
    const { session, ready, restore } = window(() => !lost);
    session.take(INFO);
    await settled();
    expect(ready.get()).toBe(false);
    expect(restore).not.toHaveBeenCalled();
    lost = false;
    session.take({ ...INFO });
    await settled();
    expect(ready.get()).toBe(true);
  });

  it('says what the engine ended with, and reads it again when asked to', async () => {
    const { session, notices, calls } = window(() => true);
    const blamed = { ...INFO, sources: [{ ...VMCORE, blamed: '/dumps/vmcore' }] } as SessionInfo;
    session.take(blamed);
    const notice = notices.current.get();
    expect(notice?.text).toMatch(/^The engine ended with vmcore open/);
    notice?.action?.run();
    await settled();
    expect(calls).toEqual(['session.open {"paths":["/dumps/vmcore"],"add":true}']);
    expect(notices.current.get()).toBeUndefined();
    // When it ends with that file again, that is said again.
    session.take({ ...blamed });
    expect(notices.current.get()?.text).toBe(notice?.text);
  });
});
