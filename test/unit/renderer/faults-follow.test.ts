import { describe, expect, it, vi } from 'vitest';
import type { FaultRow } from '../../../core/protocol/contract.ts';
import { FaultsModel } from '../../../renderer/state/faults.ts';
import { SelectionBus } from '../../../renderer/state/selection.ts';
import type { ViewModel } from '../../../renderer/state/view.ts';
import { FakeEngine, fault, settled } from './fake-engine.ts';

const VIEW = {
  panel: (_id: string, initial: object) => initial,
  remember: () => {},
} as unknown as ViewModel;

/** The list of faults over a console that tells them one after the other. */
async function list() {
  let count = 0;
  /** What rows far down the list wait for, and how many asked for them. */
  let gate: Promise<void> | undefined;
  let asked = 0;
  let tell = async (_all: number): Promise<void> => {};
  const rows = (): FaultRow[] =>
    Array.from({ length: count }, (_, index) => ({
      kind: 'fault' as const,
      inGroup: false,
      fault: fault({ n: index + 1, line: 512 + index }),
    }));
  const engine = new FakeEngine(
    {
      'faults.rows': async ({ from, to }) => {
        if (from > 0) asked++;
        if (from > 0) await gate;
        return {
          all: count,
          passed: count,
          total: count,
          from,
          rows: rows().slice(from, to),
          logLines: 600,
          lowerBounds: [],
        };
      },
    },
    {
      'faults.changes': async (_request, sink) => {
        tell = (all) => sink.push({ all });
        await new Promise<void>((resolve) => {
          sink.signal.addEventListener('abort', () => resolve());
        });
      },
    },
  );
  await settled();
  const bus = new SelectionBus();
  const model = new FaultsModel(engine.connection, bus, VIEW);
  await settled();
  const tellMore = async (more: number): Promise<void> => {
    count += more;
    await tell(count);
  };
  const come = async (more: number): Promise<void> => {
    await tellMore(more);
    await vi.waitUntil(() => bus.current.fault === count);
    await settled();
  };
  /** Rows of one burst are still on their way when those of another are told. */
  const overtake = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    await tellMore(200);
    await vi.waitUntil(() => asked > 0);
    await tellMore(200);
    await vi.waitUntil(() => model.rows.state.get().total === count);
    gate = undefined;
    resolve();
    await vi.waitUntil(() => bus.current.fault === count);
    await settled();
  };
  return { model, bus, come, overtake };
}

describe('faults that are followed while they come', () => {
  it.each([1, 3])('stay followed when the first come, %i at once', async (first) => {
    const { model, come } = await list();
    model.toggleFollow();
    await settled();
    await come(first);
    expect(model.state.get()).toMatchObject({ follow: true, held: undefined });
    await come(2);
    expect(model.state.get()).toMatchObject({ follow: true, held: undefined });
  });

  it('stay followed when more come while the rows of those before are on their way', async () => {
    const { model, come, overtake } = await list();
    model.toggleFollow();
    await settled();
    await come(3);
    await overtake();
    expect(model.state.get()).toMatchObject({ follow: true, held: undefined });
  });

  it('are held at another one that is chosen, until the newest is', async () => {
    const { model, come } = await list();
    model.toggleFollow();
    await settled();
    await come(3);
    model.select(0);
    expect(model.state.get()).toMatchObject({ follow: true, held: 3 });
    model.select(2);
    expect(model.state.get().held).toBeUndefined();
  });
});
