import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EngineClient } from '../../../core/protocol/client.ts';
import { directEngine, type Engine } from '../../../electron/host/engine.ts';
import { captureJson, capturePath, type CaptureName } from '../../support/captures.ts';

/** Tables without a kernel and without registers: only the pages of the capture's tables. */
interface Truth {
  readonly units: readonly {
    readonly rootTable?: string;
    readonly deviceTable?: string;
    readonly capacity?: number;
    readonly devices: readonly { readonly bdf: string; readonly domain: number }[];
  }[];
}

let engine: Engine;
let client: EngineClient;
beforeEach(() => {
  ({ engine, client } = directEngine({}));
});
afterEach(() => engine.dispose());

const open = (capture: CaptureName) =>
  client.call('session.open', { paths: [capturePath(capture, 'tables.before.elf')], add: false });
const truthOf = (capture: CaptureName) => captureJson<Truth>(capture, 'truth.before.json').units[0];
const devices = async (): Promise<string[]> => [
  ...new Set((await client.call('devices.list', {})).devices.map(({ bdf }) => bdf)),
];

describe.each([
  ['intel-6.1', 'root-table'],
  ['intel-6.12-sm', 'scalable-root-table'],
  ['amd-6.1', 'device-table'],
] as const)('%s without registers', (capture, kind) => {
  test('has no units, and a scan finds their tables', async () => {
    const info = await open(capture);
    expect(info).toMatchObject({ units: [], vmcoreinfo: false });
    const { tables, usable } = await client.call('scan.run', {});
    const truth = truthOf(capture);
    expect(tables.filter((table) => table.kind === kind)[0]).toMatchObject({
      address: truth.rootTable ?? truth.deviceTable,
    });
    expect(usable).toBe(true);
  });

  test('works with what the scan found', async () => {
    await open(capture);
    expect((await client.call('scan.use', {})).units).toHaveLength(1);
    expect(await devices()).toEqual(truthOf(capture).devices.map(({ bdf }) => bdf));
  });

  test('works with a root that a person names, and with another after it', async () => {
    await open(capture);
    const { rootTable, deviceTable, capacity } = truthOf(capture);
    await client.call('tables.give', { kind, address: '0x0' }).catch(() => {});
    await client.call('tables.give', {
      kind,
      address: (rootTable ?? deviceTable)!,
      entries: capacity,
    });
    expect(await devices()).toEqual(truthOf(capture).devices.map(({ bdf }) => bdf));
    const { sources } = await client.call('session.get', {});
    expect(sources.filter(({ kind: of }) => of === 'registers')).toHaveLength(1);
  });
});

test.each([
  ['0x25d1008', 'usage', /last three digits are 0/],
  ['0xfffff000', 'unreadable', /No table can be read/],
])('a root at %s is refused', async (address, kind, means) => {
  await open('intel-6.1');
  await expect(client.call('tables.give', { kind: 'root-table', address })).rejects.toMatchObject({
    kind,
    means: expect.stringMatching(means) as string,
  });
  expect((await client.call('session.get', {})).units).toEqual([]);
});

test('without a dump there is nothing to scan', async () => {
  await expect(client.call('scan.run', {})).rejects.toMatchObject({ kind: 'unreadable' });
  await expect(client.call('scan.use', {})).rejects.toMatchObject({ kind: 'unreadable' });
});
