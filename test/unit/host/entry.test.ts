import { afterAll, describe, expect, test } from 'vitest';
import type { EngineClient } from '../../../core/protocol/client.ts';
import { directEngine } from '../../../electron/host/engine.ts';
import { captureBytes, capturePath, type CaptureName } from '../../support/captures.ts';

/** Where entries lead, on the tables of real boots (test/fixtures/captures). */
const made: ReturnType<typeof directEngine>[] = [];

async function opened(capture: CaptureName, log = false): Promise<EngineClient> {
  const engine = directEngine({});
  made.push(engine);
  await engine.client.call('session.open', {
    paths: [
      capturePath(capture, 'tables.before.elf'),
      capturePath(capture, 'regs.before.json'),
      ...(log ? [capturePath(capture, 'console.log')] : []),
    ],
    add: false,
  });
  return engine.client;
}
afterAll(() => Promise.all(made.map(({ engine }) => engine.dispose())));

/** Path of the first leaf of a device. */
async function leafOf(client: EngineClient, unit: string, bdf: string): Promise<string> {
  const { leaves } = await client.call('mappings.read', { unit, bdf, from: '0x0', count: 1 });
  const walk = await client.call('walk', { unit, bdf, address: leaves[0][0], access: 'read' });
  return walk.steps.at(-1)!.path!;
}

const target = async (client: EngineClient, path: string) =>
  (await client.call('entry.get', { path })).pointsTo?.address;

test.each([
  ['intel-6.1', 'dmar0', '00:07.0', 'ADDR', ['R', 'W']],
  ['amd-6.1', 'ivhd0', '00:04.0', 'PageAddress', ['PR']],
] as const)(
  '%s: a page at physical address 0 is a page; an entry that is not present leads nowhere',
  async (capture, unit, bdf, address, present) => {
    const client = await opened(capture);
    const path = await leafOf(client, unit, bdf);
    const before = await target(client, path);
    expect(BigInt(before!)).toBeGreaterThan(0n);
    await client.call('entry.poke', { path, field: address, value: '0x0' });
    expect(await target(client, path)).toBe('0x0');
    await client.call('changes.undo', {});
    for (const field of present) await client.call('entry.poke', { path, field, value: '0x0' });
    expect(await target(client, path)).toBeUndefined();
  },
);

test('a device’s entry leads to its page table, whichever field holds it, and names who shares it', async () => {
  const legacy = await opened('intel-6.1');
  const { pointsTo } = await legacy.call('entry.get', { path: 'dmar0/00:1f.2/context' });
  expect(pointsTo).toMatchObject({ label: 'L3 table' });
  expect(pointsTo!.usedBy).toEqual(['00:1f.0', '00:1f.3']);
  // Pass-through: what stands in the pointer's bits is none.
  await legacy.call('entry.poke', { path: 'dmar0/00:07.0/context', field: 'TT', value: '0x2' });
  expect(await target(legacy, 'dmar0/00:07.0/context')).toBeUndefined();

  const scalable = await opened('intel-6.12-sm');
  const first = await scalable.call('entry.get', { path: 'dmar0/00:07.0/pasid.0' });
  const table = first.fields.find(({ name }) => name === 'FSPTPTR')!;
  expect(first.pointsTo).toMatchObject({ label: 'L4 table', address: table.text });
});

describe('what mentions an entry', () => {
  test('all faults of its device; of a page-table entry those below it', async () => {
    const client = await opened('intel-6.1', true);
    await expect
      .poll(
        async () =>
          (await client.call('session.get', {})).consoles.every(({ state }) => state === 'ended'),
        { timeout: 20_000 },
      )
      .toBe(true);
    const { mentionedIn } = await client.call('entry.get', { path: 'dmar0/00:06.0/context' });
    expect(mentionedIn).toMatchObject({ faults: 3, filter: 'bdf:00:06.0', device: '00:06.0' });
    const named = await client.call('console.mentions', { bdf: '00:06.0' });
    const text = captureBytes('intel-6.1', 'console.log').toString('latin1').split('\n');
    const lines = [...text.keys()].filter((at) => text[at].includes('00:06.0'));
    expect(named.first.map(({ line }) => line)).toEqual(lines.map((at) => at + 1));
    expect(named.lines).toBeGreaterThan(3);
    // 0x1f00000, 0xdead000 and 0xdeaf000: L2[15] covers 0x1e00000 to 0x1ffffff.
    const below = await client.call('entry.get', { path: 'dmar0/00:06.0/L3[0]' });
    expect(below.mentionedIn).toMatchObject({
      faults: 3,
      filter: 'bdf:00:06.0 addr:0x0-0x3fffffff',
    });
    const none = await client.call('entry.get', { path: 'dmar0/00:06.0/L3[1]' });
    expect(none.mentionedIn.faults).toBe(0);
    const { groups } = await client
      .call('faults.rows', {
        filter: below.mentionedIn.filter,
        group: 'none',
        folded: [],
        sort: 'order',
        from: 0,
        to: 10,
      })
      .then((answer) => ({ groups: answer.passed }));
    expect(groups).toBe(3);
  });
});
