import { describe, expect, it } from 'vitest';
import type { FaultRecord } from '../../../core/iommu/fault.ts';
import { FaultTable } from '../../../core/session/fault-table.ts';
import { FaultsModel } from '../../../renderer/state/faults.ts';
import { rowKey } from '../../../renderer/state/fault-row.ts';
import { SelectionBus } from '../../../renderer/state/selection.ts';
import type { ViewModel } from '../../../renderer/state/view.ts';
import { FakeEngine, settled } from './fake-engine.ts';

const VIEW = {
  panel: (_id: string, initial: object) => initial,
  remember: () => {},
} as unknown as ViewModel;

const WORLD = {
  driver: () => undefined,
  unit: () => undefined,
  phase: () => undefined,
  verdict: () => undefined,
  knownVerdict: () => undefined,
};

/** The list over the engine's own table: ten faults of one device, then two of another. */
async function list() {
  const table = new FaultTable(WORLD);
  for (let n = 0; n < 12; n++) {
    const bdf = n < 10 ? '02:00.0' : '04:00.1';
    const record = { vendor: 'intel', type: 'dma', access: 'read', bdf, address: 0xffff_f000n };
    table.add({ ...record, reason: 6, line: 100 + n, kernel: 0 } as FaultRecord, 'c1', n);
  }
  const engine = new FakeEngine({
    'faults.rows': (query) => ({ ...table.rows(query), logLines: 12, lowerBounds: [] }),
    'faults.place': ({ query, of }) => ({ row: table.place(query, of) }),
  });
  await settled();
  const bus = new SelectionBus();
  const model = new FaultsModel(engine.connection, bus, VIEW);
  model.rows.show(0, 20);
  await settled();
  const rows = (): (string | undefined)[] =>
    Array.from({ length: model.rows.state.get().total }, (_, index) => {
      const row = model.rows.row(index);
      return row && rowKey(row);
    });
  const selected = () => rows()[model.state.get().selected];
  return { bus, model, rows, selected };
}

const FEW = ['02:00.0', '#1', '#2', '#3', '#4', 'more 02:00.0', '04:00.1', '#11', '#12'];
const ALL = ['02:00.0', ...Array.from({ length: 10 }, (_, n) => `#${n + 1}`), ...FEW.slice(6)];

describe('faults that share a row', () => {
  it('get rows of their own when their row is toggled, and share one again when folded', async () => {
    const { model, rows } = await list();
    expect(rows()).toEqual(FEW);
    model.toggle(5);
    await settled();
    expect(rows()).toEqual(ALL);
    model.toggle(0);
    await settled();
    model.toggle(0);
    await settled();
    expect(rows()).toEqual(FEW);
    model.expandAll(0);
    await settled();
    expect(rows()).toEqual(ALL);
  });

  it.each([
    ['the next of the last that has a row', '#4', 1, '#5'],
    ['the one before the next group’s', '#11', -1, '#10'],
  ] as const)('get them when they are stepped to: %s', async (_, from, direction, to) => {
    const { model, rows, selected } = await list();
    model.select(FEW.indexOf(from));
    await model.step(direction);
    await settled();
    expect(rows()).toEqual(ALL);
    expect(selected()).toBe(to);
  });

  it('get them when one of them is selected elsewhere', async () => {
    const { bus, model, rows, selected } = await list();
    bus.publish({ fault: 8, from: 'console' });
    model.follow(8);
    await settled();
    expect(rows()).toEqual(ALL);
    expect(selected()).toBe('#8');
  });

  it('are told by the first of them while they share it', async () => {
    const { bus, model } = await list();
    model.select(5);
    expect(bus.current.fault).toBe(5);
  });
});
