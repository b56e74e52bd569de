import { describe, expect, test } from 'vitest';
import { READ, WRITE } from '../../../core/iommu/leaves.ts';
import { eventText } from '../../../core/machine/events.ts';
import { readBytes } from '../../../core/memory/physical.ts';
import { DEVICE, MEMORY_BYTES, Platform } from './platform.ts';

const BOTH = READ | WRITE;
const PA = 0x200_0000n;

/** Two pages in a row of input addresses that lie apart in memory; a third one is not mapped. */
function mapped(): Platform {
  const platform = new Platform();
  const tables = platform.attach(DEVICE, 7, 0x1000n, PA + 0x5000n, BOTH);
  tables.map(0x2000n, PA, BOTH);
  platform.enable();
  return platform;
}

describe('DMA', () => {
  test('is split at page boundaries, each page translated for itself', () => {
    const { machine } = mapped();
    const data = Uint8Array.from({ length: 32 }, (_, index) => index + 1);
    const written = machine.dma({
      id: DEVICE,
      address: 0x1ff0n,
      length: 32,
      access: 'write',
      data,
    });
    expect(written).toMatchObject({ ok: true, text: 'done' });
    expect(written.pieces.map((piece) => [piece.address, piece.length])).toEqual([
      [0x1ff0n, 16],
      [0x2000n, 16],
    ]);
    expect(readBytes(machine.memory, PA + 0x5ff0n, 16)).toEqual(data.slice(0, 16));
    expect(readBytes(machine.memory, PA, 16)).toEqual(data.slice(16));
    const read = machine.dma({ id: DEVICE, address: 0x1ff0n, length: 32, access: 'read' });
    expect(read.data).toEqual(data);
  });

  test('a read ends at the first page that is blocked, and gets ones there', () => {
    const { machine } = mapped();
    const read = machine.dma({ id: DEVICE, address: 0x2fffn, length: 0x2000, access: 'read' });
    expect(read.ok).toBe(false);
    expect(read.pieces.map((piece) => piece.decision.result)).toEqual(['through', 'blocked']);
    expect([read.data[0], read.data[1]]).toEqual([0, 0xff]);
    expect(read.text).toBe('0x3000: blocked, reason 0x06 (PTE Read access is not set)');
  });

  test('writes are posted: the rest goes on behind a page that is blocked', () => {
    const { machine } = mapped();
    const write = machine.dma({ id: DEVICE, address: 0n, length: 0x2000, access: 'write' });
    expect(write.pieces.map((piece) => piece.decision.result)).toEqual(['blocked', 'through']);
  });

  test('whose memory was reached is told', () => {
    const { machine } = mapped();
    const read = machine.dma({ id: DEVICE, address: 0x1000n, length: 1, access: 'read' });
    expect(read.pieces[0].owner).toBe('old kernel');
  });

  test('a page that maps no memory answers ones', () => {
    const platform = new Platform();
    platform.attach(DEVICE, 7, 0n, MEMORY_BYTES, BOTH);
    platform.enable();
    const read = platform.machine.dma({ id: DEVICE, address: 0n, length: 2, access: 'read' });
    expect(read).toMatchObject({ ok: false, text: '0x0: no memory at 0x4000000' });
    expect(read.data).toEqual(Uint8Array.of(0xff, 0xff));
  });
});

describe('events', () => {
  test('a DMA tells every look-up in order', () => {
    const { machine } = mapped();
    const from = machine.log.last;
    machine.dma({ id: DEVICE, address: 0x1000n, length: 4, access: 'write' });
    machine.dma({ id: DEVICE, address: 0x1800n, length: 4, access: 'read' });
    machine.dma({ id: DEVICE, address: 0x8000n, length: 4, access: 'read' });
    const told = machine.log.since(from).map(eventText);
    expect(told.map((line) => line.replace(/0x1[0-9a-f]{5}\b/g, '0xTABLE'))).toEqual([
      'context cache miss: 02:00.0',
      'context cache filled: 02:00.0 domain 7 → 0xTABLE',
      'IOTLB miss: 0x1000 domain 7',
      'IOTLB filled: 0x1000+0x1000 domain 7 → 0x2005000 rw',
      'DMA write: 4 bytes at 0x2005000',
      '02:00.0 write 4 bytes at 0x1000: reached 0x2005000 (old kernel)',
      'context cache hit: 02:00.0 domain 7 → 0xTABLE',
      'IOTLB hit: 0x1000+0x1000 domain 7 → 0x2005000 rw',
      '02:00.0 read 4 bytes at 0x1800: reached 0x2005800 (old kernel)',
      'context cache hit: 02:00.0 domain 7 → 0xTABLE',
      'IOTLB miss: 0x8000 domain 7',
      'fault 0x06 (PTE Read access is not set): 02:00.0 read at 0x8000, in fault recording register 0',
      '02:00.0 read 4 bytes at 0x8000: blocked, reason 0x06 (PTE Read access is not set)',
    ]);
  });

  test('the log keeps the latest events and goes on counting', () => {
    const platform = mapped();
    const { log } = platform.machine;
    for (let at = 0; at < 30_000; at++) platform.request(0x1000n);
    const held = log.since(0);
    expect(held.length).toBeGreaterThan(10_000);
    expect(held.length).toBeLessThanOrEqual(40_000);
    expect(held.at(-1)?.n).toBe(log.last);
    expect(log.since(log.last - 3)).toHaveLength(3);
  });
});

describe('the tables as a captured unit shows them', () => {
  test('devices and leaves are what was written', () => {
    const platform = mapped();
    const view = platform.machine.unit.view();
    const { devices } = view.devices();
    expect(devices).toMatchObject([
      { bdf: '02:00.0', translation: 'second-stage', domain: 7, levels: 4 },
    ]);
    const leaves: string[] = [];
    const swept = view.sweep(
      devices[0],
      (batch) => {
        for (let at = 0; at < batch.count; at++)
          leaves.push(`${batch.iova[at].toString(16)} ${batch.pa[at].toString(16)}`);
      },
      { tablePages: 100 },
    );
    expect(leaves).toEqual(['1 2005', '2 2000']);
    expect(swept).toMatchObject({ leaves: 2, tablePages: 4, findings: [] });
  });

  test('the view follows stores and commands', () => {
    const platform = new Platform();
    const view = platform.machine.unit.view();
    expect(view.facts).toMatchObject({ translationEnabled: false, rootTable: undefined });
    platform.attach(DEVICE, 7, 0n, PA, BOTH);
    platform.enable();
    expect(view.facts).toMatchObject({ translationEnabled: true, rootTable: platform.root.root });
    expect(view.devices().devices).toHaveLength(1);
  });
});
