import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineClient } from '../../../core/protocol/client.ts';
import type { CompareRow } from '../../../core/protocol/contract-compare.ts';
import { directEngine, type Engine } from '../../../electron/host/engine.ts';
import { SessionFolder } from '../../../electron/host/session-folder.ts';
import { CAPTURES, captureJson, capturePath, type CaptureName } from '../../support/captures.ts';

/**
 * Two states of one machine over the contract: the tables just before the panic and those of the
 * crash kernel (test/fixtures/captures), held against what a separate walker found in both.
 */
interface TruthDevice {
  readonly bdf: string;
  readonly pasid?: number | null;
  readonly domain: number | null;
  readonly pageTable: string | null;
}
interface Truth {
  readonly units: readonly { readonly devices: readonly TruthDevice[] }[];
}

const files = (capture: CaptureName, moment: 'before' | 'crash'): string[] => [
  capturePath(capture, `tables.${moment}.elf`),
  capturePath(capture, `regs.${moment}.json`),
];

/** An engine that holds both states; `second` is the crash kernel's. */
async function both(
  capture: CaptureName,
): Promise<{ engine: Engine; client: EngineClient; second: string }> {
  const made = directEngine({});
  await made.client.call('session.open', { paths: files(capture, 'before'), add: false });
  const { state } = await made.client.call('states.open', { paths: files(capture, 'crash') });
  return { ...made, second: state };
}

/** All rows, every fold open. */
async function allRows(client: EngineClient, a: string, b: string): Promise<CompareRow[]> {
  const folded = await client.call('compare.rows', { a, b, flipped: [], from: 0, to: 4096 });
  const flipped = folded.rows
    .filter((row) => row.expandable && !row.expanded)
    .map(({ key }) => key);
  const opened = await client.call('compare.rows', { a, b, flipped, from: 0, to: 4096 });
  return opened.rows;
}

const rowName = ({ bdf, pasid }: TruthDevice): string =>
  pasid === undefined || pasid === null ? bdf : `${bdf} PASID ${pasid}`;

describe.each(CAPTURES)('%s: before the panic and in the crash kernel', (capture) => {
  let engine: Engine;
  let client: EngineClient;
  let second: string;
  let rows: readonly CompareRow[];
  beforeAll(async () => {
    ({ engine, client, second } = await both(capture));
    rows = await allRows(client, 'captured', second);
  });
  afterAll(() => engine.dispose());

  test('opens a row with everything below it, and folds nothing that was open', async () => {
    const pair = { a: 'captured', b: second };
    const ask = (flipped: string[]) =>
      client.call('compare.rows', { ...pair, flipped, from: 0, to: 4096 });
    const { rows: first } = await ask([]);
    const unit = first[0];
    const closed = first.filter(({ expandable, expanded }) => expandable && !expanded);
    expect(closed.length).toBeGreaterThan(0);
    const inside = closed[0].key;
    const answer = await client.call('compare.expand', {
      ...pair,
      flipped: [inside, unit.key],
      key: unit.key,
    });
    expect(answer.cut).toBe(false);
    const { rows: opened } = await ask(answer.flipped);
    const end = opened.findIndex(({ depth }, at) => at > 0 && depth === 0);
    const below = opened.slice(0, end < 0 ? undefined : end);
    expect(below.filter(({ expandable, expanded }) => expandable && !expanded)).toEqual([]);
    expect(below.length).toBeGreaterThan(first.length);
    expect(
      await client.call('compare.expand', { ...pair, flipped: answer.flipped, key: unit.key }),
    ).toEqual({ ...answer, flipped: expect.arrayContaining(answer.flipped) as string[] });
    expect(
      await client.call('compare.expand', { ...pair, flipped: [], key: 'no such row' }),
    ).toEqual({ flipped: [], cut: false });
  });

  /** What the field rows of a device say. */
  function fieldsOf(
    device: string,
  ): Record<string, readonly [string | undefined, string | undefined]> {
    const at = rows.findIndex(({ kind, label }) => kind === 'entry' && label === device);
    const fields: Record<string, readonly [string | undefined, string | undefined]> = {};
    if (at < 0) return fields;
    for (let index = at + 1; rows[index]?.kind === 'field'; index++)
      fields[rows[index].label] = [rows[index].a, rows[index].b];
    return fields;
  }

  test('every domain and page table that the crash kernel changed, and no other', () => {
    const [before, crash] = ['before', 'crash'].map((moment) =>
      captureJson<Truth>(capture, `truth.${moment}.json`).units.flatMap(({ devices }) => devices),
    );
    const then = new Map(crash.map((device) => [rowName(device), device]));
    let moved = 0;
    for (const device of before) {
      const other = then.get(rowName(device));
      if (!other) continue;
      const { Domain, 'Page table': pageTable } = fieldsOf(rowName(device));
      const pair = (a: string | number | null, b: string | number | null) =>
        a === b
          ? undefined
          : [a === null ? undefined : String(a), b === null ? undefined : String(b)];
      expect(Domain, rowName(device)).toEqual(pair(device.domain, other.domain));
      expect(pageTable, rowName(device)).toEqual(pair(device.pageTable, other.pageTable));
      if (device.pageTable !== other.pageTable) moved++;
    }
    const listed = rows.filter(({ kind, label }) => kind === 'field' && label === 'Page table');
    expect(listed.length).toBeGreaterThanOrEqual(moved);
  });

  test('each entry that differs can be shown in the states that have it', async () => {
    const states = [
      ['captured', second, 'inA'],
      [second, 'captured', 'inB'],
    ] as const;
    for (const row of rows.filter(({ kind }) => kind === 'entry'))
      for (const [state, against, place] of states) {
        const path = row[place];
        if (path === undefined) continue;
        const entry = await client.call('entry.get', { path, state, against });
        expect(entry.path).toBe(path);
        expect(entry.other?.state).toBe(against);
      }
  });

  test('a state does not differ from itself', async () => {
    const { total, equal, compared } = await client.call('compare.rows', {
      a: second,
      b: second,
      flipped: [],
      from: 0,
      to: 10,
    });
    expect([total, equal]).toEqual([0, true]);
    expect(compared.devices).toBeGreaterThan(0);
  });
});

describe('the states of a session', () => {
  let engine: Engine;
  let client: EngineClient;
  let second: string;
  beforeAll(async () => ({ engine, client, second } = await both('intel-6.1')));
  afterAll(() => engine.dispose());
  const kinds = async (): Promise<string[]> =>
    (await client.call('states.list', {})).states.map(({ kind }) => kind);

  test('are the capture, further ones, simulated machines, and the capture as it was read', async () => {
    expect(await kinds()).toEqual(['captured', 'second']);
    const info = await client.call('session.get', {});
    expect(info.units).toHaveLength(1);
    expect(info.sources.map(({ id }) => id)).toContain(second);
    await client.call('machine.add', {});
    await client.call('entry.poke', { path: 'dmar0/00:06.0/context', field: 'DID', value: '0x3' });
    expect(await kinds()).toEqual(['captured', 'original', 'second', 'simulated']);
  });

  test('what was changed here is what differs from the capture as it was read', async () => {
    const rows = await allRows(client, 'original', 'captured');
    expect(rows.filter(({ kind }) => kind === 'entry').map(({ inB }) => inB)).toEqual([
      'dmar0/00:06.0/context',
    ]);
    expect(rows.find(({ label }) => label === 'Domain')).toMatchObject({ a: '6', b: '3' });
  });

  test('a unit that one of them lacks is missing, not removed', async () => {
    const rows = await allRows(client, second, 'sim0');
    const notes = rows.filter(({ kind }) => kind === 'note').map(({ label }) => label);
    const paired = rows.some(({ kind }) => kind === 'unit');
    if (!paired)
      expect(notes).toContain("B has no unit dmar0; it's listed as missing, not as removed.");
    expect(rows.every(({ sign, depth }) => depth > 0 || sign !== 'removed')).toBe(true);
  });

  test('an entry can stand beside another state’s, and the tree says what differs', async () => {
    const path = 'dmar0/00:07.0/context';
    const entry = await client.call('entry.get', { path, against: second });
    expect(entry.other).toMatchObject({ state: second, name: 'tables.crash.elf' });
    expect(entry.fields.find(({ name }) => name === 'DID')).toMatchObject({
      value: '0x7',
      was: '0xd',
    });
    const { tree } = await client.call('tree.open', { all: false });
    await client.call('tree.against', { tree, state: second });
    const { index } = await client.call('tree.reveal', { tree, path });
    const { rows } = await client.call('tree.rows', { tree, from: index, to: index + 1 });
    expect(rows[0].changed).toContain('DID was 13');
    await client.call('tree.against', { tree });
    const plain = await client.call('tree.rows', { tree, from: index, to: index + 1 });
    expect(plain.rows[0].changed).toBeUndefined();
  });

  test('a log is no state, and a closed state is gone from everywhere', async () => {
    await expect(
      client.call('states.open', { paths: [capturePath('intel-6.1', 'console.log')] }),
    ).rejects.toMatchObject({ kind: 'unreadable' });
    await client.call('session.close', { source: second });
    expect(await kinds()).toEqual(['captured', 'original', 'simulated']);
    await expect(
      client.call('compare.rows', { a: 'captured', b: second, flipped: [], from: 0, to: 1 }),
    ).rejects.toMatchObject({ kind: 'usage' });
  });
});

test('a session takes its states up again', async () => {
  const root = mkdtempSync(join(tmpdir(), 'faultline-states-'));
  const folder = SessionFolder.create(root);
  const first = directEngine({ folder });
  await first.client.call('session.open', { paths: files('intel-6.1', 'before'), add: false });
  await first.client.call('states.open', { paths: files('intel-6.1', 'crash') });
  const { states } = await first.client.call('states.list', {});
  await first.engine.dispose();
  const again = directEngine({ folder: SessionFolder.open(folder.path) });
  await again.engine.restore();
  expect((await again.client.call('states.list', {})).states).toEqual(states);
  await again.engine.dispose();
  rmSync(root, { recursive: true });
});
