import { describe, expect, test } from 'vitest';
import type { CallAnswer } from '../../../core/protocol/contract.ts';
import { directEngine } from '../../../electron/host/engine.ts';
import { capturedEngine, truth } from './captured-engine.ts';

const captured = capturedEngine();
const { client } = captured;

describe('tables', () => {
  test('the devices are those of the truth file', async () => {
    const { devices } = await client.call('devices.list', {});
    expect(devices.map(({ bdf, domain, pageTable }) => ({ bdf, domain, pageTable }))).toEqual(
      truth.devices.map(({ bdf, domain, pageTable }) => ({ bdf, domain, pageTable })),
    );
  });

  test('leaves come in pieces, all of them once and in order', async () => {
    const device = truth.devices.toSorted((a, b) => b.leaves - a.leaves)[0];
    const leaves: string[] = [];
    let next: string | undefined = '0x0';
    while (next !== undefined) {
      const piece: CallAnswer<'mappings.read'> = await client.call('mappings.read', {
        unit: 'dmar0',
        bdf: device.bdf,
        from: next,
        count: 7,
      });
      leaves.push(...piece.leaves.map(([iova]) => iova));
      next = piece.next;
    }
    expect(leaves).toHaveLength(device.leaves);
    expect(leaves).toEqual(leaves.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)));
  });

  test('the tree opens down to a leaf, row by row', async () => {
    const { tree, total } = await client.call('tree.open', { all: false });
    expect(total).toBe(1);
    const device = truth.devices.find(({ leaves }) => leaves > 0)!;
    const path = `dmar0/${device.bdf}/context`;
    const { index } = await client.call('tree.reveal', { tree, path });
    const { rows } = await client.call('tree.rows', { tree, from: index, to: index + 1 });
    expect(rows[0]).toMatchObject({
      path,
      depth: 3,
      expandable: true,
      pointsTo: device.pageTable,
    });
    let at = index;
    for (let level = 0; level < 3; level++) {
      const [row] = (await client.call('tree.rows', { tree, from: at, to: at + 1 })).rows;
      await client.call('tree.expand', { tree, path: row.path, open: true });
      at++;
    }
    const [deepest] = (await client.call('tree.rows', { tree, from: at, to: at + 1 })).rows;
    expect(deepest.depth).toBe(6);
    expect(deepest.path).toMatch(/L1\[/);
    await client.call('tree.close', { tree });
    await expect(client.call('tree.rows', { tree, from: 0, to: 1 })).rejects.toMatchObject({
      kind: 'usage',
    });
  });

  test('an entry that is not present can be revealed all the same', async () => {
    const { tree } = await client.call('tree.open', { all: false });
    const path = 'dmar0/00:06.0/L3[0]';
    const { index } = await client.call('tree.reveal', { tree, path });
    const [row] = (await client.call('tree.rows', { tree, from: index, to: index + 1 })).rows;
    expect(row).toMatchObject({ path, present: false });
    expect(
      await client.call('tree.reveal', { tree, path: 'dmar0/00:06.0/L3[0]/L2[0]' }),
    ).toMatchObject({ index, path });
    await client.call('tree.close', { tree });
  });

  test('an entry says what it is, where it stands and what it points to', async () => {
    const entry = await client.call('entry.get', { path: 'dmar0/00:06.0/context' });
    const device = truth.devices.find(({ bdf }) => bdf === '00:06.0')!;
    expect(entry).toMatchObject({
      title: 'context entry of 00:06.0',
      layout: 'context entry',
      width: 128,
      writable: true,
      pointsTo: { address: device.pageTable },
      reachedFrom: { path: 'dmar0/bus.00' },
      mentionedIn: { faults: 3 },
    });
    expect(entry.fields.find(({ name }) => name === 'DID')).toMatchObject({
      value: `0x${device.domain.toString(16)}`,
      text: String(device.domain),
    });
    await expect(client.call('entry.get', { path: 'dmar0/ff:1f.7/context' })).rejects.toMatchObject(
      { kind: 'unreadable' },
    );
    await expect(client.call('entry.get', { path: 'dmar9/root' })).rejects.toMatchObject({
      kind: 'usage',
    });
  });

  test('a poke changes what every view says, and can be undone and redone', async () => {
    const path = 'dmar0/00:06.0/context';
    const walk = { bdf: '00:06.0', address: '0x1f00000', access: 'read' } as const;
    const { tree } = await client.call('tree.open', { all: false });
    await client.call('tree.reveal', { tree, path });
    const before = await client.call('walk', walk);
    expect(before.outcome).toMatchObject({ result: 'fault', reason: 6 });

    const { change, entry } = await client.call('entry.poke', { path, field: 'P', value: '0x0' });
    expect(change).toMatchObject({ id: 1, world: 'captured', path, text: 'P 0x1 → 0x0' });
    expect(entry.was).toBeDefined();
    expect(entry.fields.find(({ name }) => name === 'P')).toMatchObject({
      value: '0x0',
      was: '0x1',
    });
    expect((await client.call('walk', walk)).outcome).toMatchObject({ result: 'fault', reason: 2 });
    const { index } = await client.call('tree.reveal', { tree, path });
    const [row] = (await client.call('tree.rows', { tree, from: index, to: index + 1 })).rows;
    expect(row).toMatchObject({ path, present: false, changed: 'P was set' });
    expect(await client.call('session.get', {})).toMatchObject({
      canUndo: true,
      canRedo: false,
      counts: { changes: 1 },
    });

    expect(await client.call('changes.undo', {})).toEqual({
      changes: [],
      canUndo: false,
      canRedo: true,
    });
    expect((await client.call('walk', walk)).outcome).toEqual(before.outcome);
    await client.call('changes.redo', {});
    expect((await client.call('walk', walk)).outcome).toMatchObject({ reason: 2 });
    await client.call('changes.undo', {});
    await client.call('tree.close', { tree });
  });

  test.each([
    ['a field that is not there', 'XYZ', '0x1'],
    ['a value that does not fit', 'P', '0x2'],
  ])('a poke of %s is refused', async (_what, field, value) => {
    const path = 'dmar0/00:06.0/context';
    await expect(client.call('entry.poke', { path, field, value })).rejects.toMatchObject({
      kind: 'usage',
    });
    expect((await client.call('changes.list', {})).changes).toEqual([]);
  });

  test('memory says what is known of it', async () => {
    const { pages } = await client.call('memory.read', {
      address: `0x${(BigInt(truth.rootTable) + 0xff8n).toString(16)}`,
      length: 16,
    });
    // The bytes on both sides of a gap, which is one item of its whole length.
    expect(pages.map(({ provenance }) => provenance)).toEqual(['present', 'absent', 'present']);
    const [before, gap, behind] = pages;
    expect(Buffer.from(before.bytes!, 'base64')).toHaveLength(8);
    expect(gap.bytes).toBeUndefined();
    expect(BigInt(gap.address) + BigInt(gap.length!)).toBe(BigInt(behind.address));
    expect(Buffer.from(behind.bytes!, 'base64')).toHaveLength(8);
    const [absent] = (await client.call('memory.read', { address: '0xfffffff000', length: 8 }))
      .pages;
    expect(absent).toMatchObject({ provenance: 'absent' });
    expect(absent.bytes).toBeUndefined();
  });

  test('registers stand with their fields', async () => {
    const { registers } = await client.call('registers.get', { unit: 'dmar0' });
    const status = registers.find(({ name }) => name === 'GSTS')!;
    expect(status.source).toBe('file');
    expect(status.fields.find(({ name }) => name === 'TES')?.value).toBe('0x1');
    await expect(
      client.call('registers.write', { unit: 'dmar0', offset: '0x18', width: 32, value: '0x0' }),
    ).rejects.toMatchObject({ kind: 'usage' });
  });
});

describe('faults', () => {
  test('are those that the console tells, explained by the tables', async () => {
    const answer = await client.call('faults.rows', {
      filter: 'bdf == 00:06.0 && reason == 6',
      group: 'none',
      folded: [],
      sort: 'order',
      from: 0,
      to: 10,
    });
    expect(answer).toMatchObject({ all: 3, passed: 1, total: 1 });
    expect(answer.rows[0]).toMatchObject({
      kind: 'fault',
      fault: {
        bdf: '00:06.0',
        address: '0x1f00000',
        access: 'read',
        verdict: { id: 'not-mapped' },
      },
    });
    const explained = await client.call('explain', { fault: 1 });
    expect(explained.sentence).toBe('00:06.0 was refused a DMA read at 0x1f00000');
    expect(explained.walk?.outcome).toMatchObject({ result: 'fault', reason: 6 });
    expect(explained.evidence.some(({ link }) => link === 'dmar0/00:06.0/context')).toBe(true);
    await expect(client.call('explain', { fault: 99 })).rejects.toMatchObject({ kind: 'usage' });
  });

  test('a pasted kernel line is walked', async () => {
    const answer = await client.call('walk', {
      text: 'DMAR: [DMA Write NO_PASID] Request device [00:06.0] fault addr 0xdead000 [fault reason 0x05] PTE Write access is not set',
    });
    expect(answer).toMatchObject({
      unit: 'dmar0',
      bdf: '00:06.0',
      address: '0xdead000',
      access: 'write',
      outcome: { result: 'fault', reason: 5 },
    });
    await expect(client.call('walk', { text: 'nothing' })).rejects.toMatchObject({ kind: 'usage' });
  });

  test('their rate counts every one of them once', async () => {
    const rate = await client.call('faults.rate', { filter: '', bins: 10 });
    const sum = (counts: number[]): number => counts.reduce((total, count) => total + count, 0);
    expect([sum(rate.read), sum(rate.write), sum(rate.interrupt)]).toEqual([1, 2, 0]);
    expect(rate.end).toBeGreaterThan(rate.start);
    expect(rate.untimed).toBe(0);
  });

  test('the phases of both kernels are there', async () => {
    const { phases } = await client.call('phases.list', {});
    expect(new Set(phases.map(({ kernel }) => kernel))).toEqual(new Set([0, 1]));
  });

  test('of very many boots the last phases are told, and how many came before them', async () => {
    const boot = '[    0.000000] Linux version 6.1.0 (test) #1 SMP\n';
    const { engine: own, client: asks } = directEngine();
    try {
      await asks.call('session.openText', {
        name: 'boots.log',
        text: boot.repeat(10_050),
        add: false,
      });
      await expect
        .poll(async () => (await asks.call('phases.list', {})).more, { timeout: 20_000 })
        .toBe(50);
      const { phases } = await asks.call('phases.list', {});
      expect(phases).toHaveLength(10_000);
      expect(phases.at(-1)?.line).toBe(10_050);
    } finally {
      await own.dispose();
    }
  });
});

describe('a simulated machine beside the captured one', () => {
  test('acts as hardware does, and what was changed in it can be undone', async () => {
    const info = await client.call('machine.add', {});
    expect(info.units.map(({ name }) => name)).toEqual(['dmar0', 'sim0']);
    const { devices } = await client.call('devices.list', { unit: 'sim0' });
    const { bdf } = devices[0];
    const { leaves } = await client.call('mappings.read', {
      unit: 'sim0',
      bdf,
      from: '0x0',
      count: 1,
    });
    const dma = { unit: 'sim0', bdf, address: leaves[0][0], length: 64, access: 'write' } as const;
    expect(await client.call('machine.dma', dma)).toMatchObject({ ok: true });

    // The entry is cleared and nobody tells the unit: its cache lets the device through.
    const walk = await client.call('walk', { unit: 'sim0', bdf, address: leaves[0][0] });
    const leaf = walk.steps.at(-1)!.path!;
    await client.call('entry.poke', { path: leaf, field: 'R', value: '0x0' });
    await client.call('entry.poke', { path: leaf, field: 'W', value: '0x0' });
    expect(await client.call('machine.dma', dma)).toMatchObject({ ok: true });

    // A global IOTLB invalidation, and the same DMA is refused.
    const { registers } = await client.call('registers.get', { unit: 'sim0' });
    const iotlb = registers.find(({ name }) => name.startsWith('IOTLB'))!;
    const { events } = await client.call('registers.write', {
      unit: 'sim0',
      offset: iotlb.offset,
      width: 64,
      value: '0x9000000000000000',
    });
    expect(events.some(({ kind }) => kind === 'invalidation')).toBe(true);
    expect(await client.call('machine.dma', dma)).toMatchObject({ ok: false });

    await client.call('changes.undo', {});
    await client.call('changes.undo', {});
    expect((await client.call('changes.list', {})).changes).toEqual([]);
    expect(await client.call('machine.dma', dma)).toMatchObject({ ok: true });
    const closed = await client.call('session.close', { source: 'sim0' });
    expect(closed.units.map(({ name }) => name)).toEqual(['dmar0']);
  });
});

test('no answer of these was a fault of the engine itself', () => {
  expect(captured.bugs).toEqual([]);
});
