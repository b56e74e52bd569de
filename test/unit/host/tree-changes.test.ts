import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { EngineClient } from '../../../core/protocol/client.ts';
import type { TreeRow } from '../../../core/protocol/contract.ts';
import { directEngine, type Engine } from '../../../electron/host/engine.ts';
import { CAPTURES, capturePath, type CaptureName } from '../../support/captures.ts';

/** What changed, as the tree of a real boot's tables tells it (test/fixtures/captures). */
const files = (capture: CaptureName, moment: 'before' | 'crash'): string[] => [
  capturePath(capture, `tables.${moment}.elf`),
  capturePath(capture, `regs.${moment}.json`),
];

async function opened(capture: CaptureName): Promise<{ engine: Engine; client: EngineClient }> {
  const made = directEngine({});
  await made.client.call('session.open', { paths: files(capture, 'before'), add: false });
  // What the look through all tables finds makes other answers out of date once.
  await vi.waitFor(
    async () => expect((await made.client.call('session.get', {})).counts.audit).toBeDefined(),
    { timeout: 20_000 },
  );
  return made;
}

async function rowsOf(client: EngineClient, tree: string): Promise<readonly TreeRow[]> {
  return (await client.call('tree.rows', { tree, from: 0, to: 4096 })).rows;
}

/** Rows of a path and everything above it, by the tree's own depths. */
function above(rows: readonly TreeRow[], path: string): TreeRow[] {
  const at = rows.findIndex((row) => row.path === path);
  const out = [rows[at]];
  for (let index = at - 1; index >= 0; index--)
    if (rows[index].depth < out[0].depth) out.unshift(rows[index]);
  return out;
}

describe.each([
  ['intel-6.1', 'dmar0/00:07.0/context', 'DID'],
  ['amd-6.1', 'ivhd0/00:04.0/dte', 'DomainID'],
] as const)('%s: an entry that is changed here', (capture, path, field) => {
  let engine: Engine;
  let client: EngineClient;
  let tree: string;
  beforeAll(async () => {
    ({ engine, client } = await opened(capture));
    ({ tree } = await client.call('tree.open', { all: false }));
    await client.call('tree.reveal', { tree, path });
  });
  afterAll(() => engine.dispose());

  test('is counted by every row above it, and by no other, until it is undone', async () => {
    expect((await rowsOf(client, tree)).some(({ changedBelow }) => changedBelow)).toBe(false);
    await client.call('entry.poke', { path, field, value: '0x77' });
    const rows = await rowsOf(client, tree);
    const parents = above(rows, path).slice(0, -1);
    expect(parents.length).toBeGreaterThan(1);
    expect(rows.filter(({ changedBelow }) => changedBelow).map((row) => row.path)).toEqual(
      parents.map((row) => row.path),
    );
    expect(parents.map(({ changedBelow }) => changedBelow)).toEqual(parents.map(() => 1));
    await client.call('changes.undo', {});
    expect((await rowsOf(client, tree)).some(({ changedBelow }) => changedBelow)).toBe(false);
  });

  test('can be listed, and stepped to, though no row showed it before', async () => {
    const other = await client.call('tree.open', { all: false });
    await client.call('entry.poke', { path, field, value: '0x77' });
    const { changes } = await client.call('tree.changes', { tree: other.tree });
    expect(changes.map((change) => change.path)).toEqual([path]);
    const to = 'change';
    expect(await client.call('tree.step', { tree: other.tree, to, by: 1 })).toEqual({ path });
    expect(await client.call('tree.step', { tree: other.tree, to, by: 1, from: path })).toEqual({});
    await client.call('changes.undo', {});
    expect((await client.call('tree.changes', { tree: other.tree })).total).toBe(0);
  });
});

describe.each(CAPTURES)('%s: another state beside the tree', (capture) => {
  let engine: Engine;
  let client: EngineClient;
  let second: string;
  let tree: string;
  beforeAll(async () => {
    ({ engine, client } = await opened(capture));
    ({ state: second } = await client.call('states.open', { paths: files(capture, 'crash') }));
    ({ tree } = await client.call('tree.open', { all: false }));
    await client.call('tree.against', { tree, state: second });
  });
  afterAll(() => engine.dispose());

  test('rows count what differs below them as soon as the two were compared', async () => {
    const { total, rows: differing } = await client.call('compare.entries', {
      a: second,
      b: 'captured',
      from: 0,
      to: 4096,
    });
    expect(total).toBeGreaterThan(0);
    for (const { inB } of differing) {
      if (inB === undefined) continue;
      const { index, path } = await client.call('tree.reveal', { tree, path: inB });
      expect(index, inB).toBeGreaterThan(-1);
      const rows = await rowsOf(client, tree);
      for (const row of above(rows, path!).slice(0, -1))
        expect(row.changedBelow ?? 0, `${row.path} above ${inB}`).toBeGreaterThan(0);
    }
    await client.call('tree.against', { tree });
    expect((await rowsOf(client, tree)).some(({ changedBelow }) => changedBelow)).toBe(false);
  });

  test('what only the other state has leads to its row, or to the nearest above it', async () => {
    const { rows } = await client.call('compare.entries', {
      a: second,
      b: 'captured',
      from: 0,
      to: 4096,
    });
    for (const { inA, inB } of rows) {
      const place = inB ?? inA;
      if (place === undefined) continue;
      const found = await client.call('tree.reveal', { tree, path: place });
      expect(found.index, place).toBeGreaterThan(-1);
    }
  });
});

describe('moving in the tree', () => {
  let engine: Engine;
  let client: EngineClient;
  let tree: string;
  beforeAll(async () => {
    ({ engine, client } = await opened('intel-6.1'));
    ({ tree } = await client.call('tree.open', { all: false }));
  });
  afterAll(() => engine.dispose());

  test('finding by finding, each once', async () => {
    const path = 'dmar0/00:06.0/context';
    const { fields } = await client.call('entry.get', { path });
    const reserved = fields.find(({ kind }) => kind === 'reserved')!;
    await client.call('entry.poke', { path, field: reserved.name, value: '0x1' });
    await expect
      .poll(() => client.call('tree.step', { tree, to: 'finding', by: 1 }), { timeout: 10_000 })
      .toEqual({ path });
    expect(await client.call('tree.step', { tree, to: 'finding', by: 1, from: path })).toEqual({});
    expect(
      await client.call('tree.step', { tree, to: 'finding', by: -1, from: 'dmar0/irq' }),
    ).toEqual({ path });
    await client.call('changes.undo', {});
  });

  test('by the beginning of a name, round from the end to the start', async () => {
    await client.call('tree.reveal', { tree, path: 'dmar0/00:07.0/context' });
    const rows = await rowsOf(client, tree);
    const at = (label: string) => rows.findIndex((row) => row.label === label);
    const find = async (text: string, from: number) =>
      (await client.call('tree.find', { tree, text, from })).index;
    expect(await find('00:07', 0)).toBe(at('00:07.0'));
    expect(await find('ROOT', at('00:07.0'))).toBe(at('Root table'));
    expect(await find('zz', 0)).toBe(-1);
  });

  test('a device’s own path leads to its entry, and a place that is not there to what is above', async () => {
    expect((await client.call('tree.reveal', { tree, path: 'dmar0/00:07.0' })).path).toBe(
      'dmar0/00:07.0/context',
    );
    const { path } = await client.call('tree.reveal', {
      tree,
      path: 'dmar0/00:06.0/L3[0]/L2[0]/L1[5]',
    });
    expect(path).toMatch(/^dmar0\/00:06\.0\/(?:context|L3\[0\])/);
    expect((await client.call('tree.reveal', { tree, path: 'dmar7/root' })).index).toBe(-1);
  });
});
