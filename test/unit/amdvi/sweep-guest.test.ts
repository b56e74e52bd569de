import { describe, expect, test } from 'vitest';
import { DEFAULT_BUDGET } from '../../../core/iommu/unit.ts';
import { host, ID, leavesOf, PageMemory } from './tables.ts';
import { TOP, RO, unitOf, ids } from './sweep-scene.ts';

describe('guest page tables', () => {
  const GCR3 = 0x30000;
  const p = (address: number, flags = 7n): bigint => BigInt(address) | flags;
  const V2 = { Mode: 0, GV: 1, GIoV: 1, GCR3TableRoot: GCR3 >> 12, DomainID: 9 };
  const tables = (): PageMemory =>
    new PageMemory()
      .put(GCR3, p(0x31000, 1n), 0n, p(0x36000, 1n))
      .put(0x31000, p(0x32000))
      .put(0x32000, p(0x33000), p(0xc0000000, 0x87n))
      .put(0x33000, p(0x34000), p(0x40001000, 0x85n))
      .put(0x34000, p(0x5000), p(0x6000, 5n), p(0x7000, 3n), p(0x8000) | (1n << 63n));

  test('pages of three sizes, PASID 0; U/S, NX and PAT give no other leaves', () => {
    const { lines, result } = leavesOf(unitOf(tables(), V2));
    expect(lines).toEqual([
      '0 5000 1000 rw',
      '1000 6000 1000 r',
      '2000 7000 1000 rw',
      '3000 8000 1000 rw',
      '200000 40000000 200000 r',
      '40000000 c0000000 40000000 rw',
    ]);
    expect(result.tablePages).toBe(4);
    expect(ids(result)).toEqual(['supervisor-only', 'no-execute']);
    expect(result.findings[0].at).toBe('ivhd0/00:04.0/pasid.0/L4[0]/L3[0]/L2[0]/L1[2]');
  });

  test('every other PASID with a guest page table has a row of its own', () => {
    const unit = unitOf(tables().put(0x36000, p(0x32000)), V2);
    expect(unit.devices().devices.map(({ pasid, pageTable }) => [pasid, pageTable])).toEqual([
      [undefined, 0x31000n],
      [2, 0x36000n],
    ]);
    expect(leavesOf(unit, ID, DEFAULT_BUDGET, 2).lines).toHaveLength(6);
  });

  test('the DTE limits rights', () => {
    expect(leavesOf(unitOf(tables(), { ...V2, IW: 0 })).lines[0]).toBe('0 5000 1000 r');
  });

  test('nested: a guest page is cut into the host pages beneath it', () => {
    const memory = tables();
    // The host maps guest physical 0..2 MiB one to one, 0x40000000 up by one page and by none.
    memory.put(TOP, host(0, 0)).put(TOP + 8 * 512, 0n);
    memory.put(0x50000, host(TOP, 2), host(0x51000, 2)).put(0x51000, host(0x52000, 1));
    memory.put(0x52000, host(0x777000), 0n, host(0x888000, 0, RO));
    const { lines, result } = leavesOf(unitOf(memory, { ...V2, Mode: 3, HostPageTableRoot: 0x50 }));
    expect(lines).toEqual([
      '0 5000 1000 rw',
      '1000 6000 1000 r',
      '2000 7000 1000 rw',
      '3000 8000 1000 rw',
      '200000 777000 1000 r',
      '202000 888000 1000 r',
    ]);
    expect(ids(result)).toContain('host-unmapped');
  });

  test('nested: a guest table that the host does not map is a finding', () => {
    const memory = tables().put(0x50000, 0n);
    const { lines, result } = leavesOf(unitOf(memory, { ...V2, Mode: 2, HostPageTableRoot: 0x50 }));
    expect(lines).toEqual([]);
    expect(ids(result)).toEqual(['guest-table-unmapped']);
  });
});
