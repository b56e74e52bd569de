import { describe, expect, test } from 'vitest';
import { DEFAULT_BUDGET } from '../../../core/iommu/unit.ts';
import { host, ID, leavesOf, PageMemory, sized } from './tables.ts';
import { TOP, LOW, RO, unitOf, twoLevels, ids } from './sweep-scene.ts';

const WO = 0x4000_0000_0000_0000n;

describe('leaves of a host page table', () => {
  test('one line for each leaf entry, in order of IOVA, never merged', () => {
    const memory = twoLevels()
      .put(LOW, host(0x5000), host(0x6000))
      .put(LOW + 8 * 511, host(0xfff000))
      .put(TOP + 8 * 2, host(0x40000000));
    const { lines, result } = leavesOf(unitOf(memory));
    expect(lines).toEqual([
      '0 5000 1000 rw',
      '1000 6000 1000 rw',
      '1ff000 fff000 1000 rw',
      '400000 40000000 200000 rw',
    ]);
    expect(result).toMatchObject({ leaves: 4, mappedBytes: 0x203000, tablePages: 2 });
    expect([...result.leafSizes]).toEqual([
      [0x1000, 3],
      [0x200000, 1],
    ]);
    expect(result.findings).toEqual([]);
  });

  test('rights are those of the DTE and of every level; a page without any is a finding', () => {
    const memory = new PageMemory()
      .put(TOP, host(LOW, 1, RO))
      .put(LOW, host(0x5000), host(0x6000, 0, WO), host(0x7000, 0, RO));
    const { lines, result } = leavesOf(unitOf(memory));
    expect(lines).toEqual(['0 5000 1000 r', '2000 7000 1000 r']);
    expect(result.findings).toMatchObject([
      {
        id: 'rights-none',
        at: 'ivhd0/00:04.0/L2[0]/L1[1]',
        evidence: [{ address: BigInt(LOW + 8) }],
      },
    ]);
    expect(leavesOf(unitOf(memory, { IR: 0 })).lines).toEqual([]);
  });

  test('a page of non-standard size is one leaf however many entries repeat it', () => {
    const memory = twoLevels();
    for (let index = 0; index < 16; index++)
      memory.put(LOW + 8 * (16 + index), sized(0x230000, 0x10000n));
    // Hardware sets accessed and dirty in the entry that it used.
    memory.put(LOW + 8 * 20, sized(0x230000, 0x10000n) | 0x60n);
    const { lines, result } = leavesOf(unitOf(memory));
    expect(lines).toEqual(['10000 230000 10000 rw']);
    expect(result.findings).toEqual([]);
  });

  test('an entry of such a page that differs is told, and stands for itself', () => {
    const memory = twoLevels();
    for (let index = 0; index < 4; index++) memory.put(LOW + 8 * index, sized(0x8000, 0x4000n));
    memory.put(LOW + 8 * 2, host(0x99000));
    const { lines, result } = leavesOf(unitOf(memory));
    expect(lines).toEqual(['0 8000 4000 rw', '2000 99000 1000 rw']);
    expect(ids(result)).toContain('page-not-repeated');
  });

  test('such a page whose first entry is missing has no leaf', () => {
    const memory = twoLevels().put(LOW + 8, sized(0x8000, 0x2000n));
    const { lines, result } = leavesOf(unitOf(memory));
    expect(lines).toEqual([]);
    expect(ids(result)).toEqual(['page-not-repeated']);
  });

  test.each([
    ['too small for its level', TOP, sized(0x8000, 0x2000n), 'illegal-page-size'],
    ['as large as the level above', LOW, sized(0, 1n << 21n), 'illegal-page-size'],
    ['a next level that is not lower', TOP, host(LOW, 2), 'illegal-level'],
  ])('%s: a finding and no leaf', (_, at, entry, id) => {
    const { lines, result } = leavesOf(unitOf(twoLevels().put(at, entry)));
    expect(lines).toEqual([]);
    expect(ids(result)).toEqual([id]);
  });

  test('reserved bits are a finding; the leaf is listed', () => {
    const memory = new PageMemory()
      .put(TOP, host(LOW, 1) | (1n << 60n))
      .put(LOW, host(0x5000) | (1n << 52n), host(0x6000) | (1n << 60n));
    const { lines, result } = leavesOf(unitOf(memory));
    expect(lines).toHaveLength(2);
    expect(result.findings.map(({ id, at }) => [id, at])).toEqual([
      ['reserved-bits', 'ivhd0/00:04.0/L2[0]'],
      ['reserved-bits', 'ivhd0/00:04.0/L2[0]/L1[0]'],
    ]);
  });

  test('skipped levels and the widest table', () => {
    const memory = new PageMemory()
      .put(TOP + 8 * 127, host(LOW, 1))
      .put(TOP + 8 * 128, host(LOW, 1))
      .put(LOW + 8 * 3, host(0x5000));
    const { lines } = leavesOf(unitOf(memory, { Mode: 6 }));
    expect(lines).toEqual(['fe00000000003000 5000 1000 rw']);
  });

  test('rows that translate nothing have no leaves', () => {
    const memory = twoLevels().put(LOW, host(0x5000));
    expect(leavesOf(unitOf(memory, { TV: 0 })).result).toMatchObject({ leaves: 0, tablePages: 0 });
    expect(leavesOf(unitOf(memory, { Mode: 0, DomainID: 1 })).result.tablePages).toBe(0);
  });

  test('the encryption bit of SME stands in pointers only', () => {
    const bit = 1n << 51n;
    const memory = new PageMemory().put(TOP, host(LOW, 1) | bit).put(LOW, host(0x5000) | bit);
    const root = (BigInt(TOP) | bit) >> 12n;
    expect(leavesOf(unitOf(memory, { HostPageTableRoot: root }, { smeMask: bit })).lines).toEqual([
      '0 5000 1000 rw',
    ]);
  });
});

describe('tables that are missing or damaged', () => {
  test('a table page that is not known is named and gives no leaf', () => {
    const memory = twoLevels()
      .put(TOP + 8, host(0x20000, 1))
      .put(0x20000, host(0x5000));
    memory.forget(LOW, 'excluded');
    const { lines, result } = leavesOf(unitOf(memory));
    expect(lines).toEqual(['200000 5000 1000 rw']);
    expect(result.tablePages).toBe(2);
    expect(result.incomplete).toEqual([
      {
        address: BigInt(LOW),
        at: 'ivhd0/00:04.0/L2[0]',
        text: "Page table at 0x11000: page excluded by the dump's filter.",
      },
    ]);
  });

  test('with the top table missing everything is zero', () => {
    const memory = twoLevels();
    memory.forget(TOP, 'absent');
    const { lines, result } = leavesOf(unitOf(memory));
    expect(lines).toEqual([]);
    expect(result).toMatchObject({ leaves: 0, mappedBytes: 0, tablePages: 0 });
    expect(result.incomplete).toHaveLength(1);
  });

  test('a pointer beyond all memory is damage', () => {
    const { result } = leavesOf(unitOf(new PageMemory(0x100).put(TOP, host(0x4_0000_0000, 1))));
    expect(ids(result)).toEqual(['pointer-outside-memory']);
    expect(result.incomplete).toHaveLength(1);
  });

  test('a table that points back to one above it is told once and left', () => {
    const memory = new PageMemory()
      .put(TOP, host(LOW, 2))
      .put(LOW, host(TOP, 1), host(0x12000, 1))
      .put(0x12000, host(0x5000));
    const { lines, result } = leavesOf(unitOf(memory, { Mode: 3 }));
    expect(lines).toEqual(['200000 5000 1000 rw']);
    expect(result.findings).toMatchObject([
      {
        id: 'table-loop',
        severity: 'error',
        at: 'ivhd0/00:04.0/L3[0]/L2[0]',
        text: 'This table points back to L3 at 0x10000; stopped here.',
      },
    ]);
  });

  test('tables that share pages without end are cut off', () => {
    // Every entry of every level leads to the same next table: 512^4 leaves out of four pages.
    const memory = new PageMemory();
    for (let level = 4; level >= 1; level--)
      for (let index = 0; index < 512; index++)
        memory.put(
          TOP + 0x1000 * (4 - level) + 8 * index,
          level === 1 ? host(0x99000) : host(TOP + 0x1000 * (5 - level), level - 1),
        );
    let leaves = 0;
    const unit = unitOf(memory, { Mode: 4 });
    const [device] = unit.devices().devices;
    const result = unit.sweep(device, (batch) => void (leaves += batch.count), DEFAULT_BUDGET);
    expect(ids(result)).toEqual(['table-shared']);
    expect(result.incomplete).toHaveLength(1);
    expect(result.tablePages).toBe(4);
    expect(result.leaves).toBe(leaves);
    expect(leaves).toBeLessThan(512 * (65536 + 4));
  });

  test('shared tables that hold nothing cost nothing', () => {
    const memory = new PageMemory();
    for (let level = 6; level > 1; level--)
      for (let index = 0; index < 512; index++)
        memory.put(
          TOP + 0x1000 * (6 - level) + 8 * index,
          host(TOP + 0x1000 * (7 - level), level - 1),
        );
    const { result } = leavesOf(unitOf(memory, { Mode: 6 }));
    expect(result).toMatchObject({ leaves: 0, tablePages: 6, findings: [], incomplete: [] });
  });

  test('findings of one kind are told up to a bound, then counted', () => {
    const memory = twoLevels();
    for (let index = 0; index < 512; index++) memory.put(LOW + 8 * index, host(0x5000, 0, 0n));
    const { result } = leavesOf(unitOf(memory));
    expect(result.findings).toHaveLength(17);
    expect(result.findings.at(-1)).toMatchObject({
      id: 'rights-none-more',
      text: '496 more findings "rights-none" are not listed one by one.',
    });
  });
});

describe('bounds and going on', () => {
  const wide = (): PageMemory => {
    const memory = new PageMemory();
    for (let index = 0; index < 512; index++) {
      memory.put(TOP + 8 * index, host(0x100000 + 0x1000 * index, 1));
      memory.put(0x100000 + 0x1000 * index, host(0x5000), host(0x6000));
    }
    return memory;
  };

  test('the bound of table pages stops the sweep and says so', () => {
    const { result } = leavesOf(unitOf(wide()), ID, { tablePages: 100 });
    expect(result.tablePages).toBe(100);
    expect(result.incomplete).toMatchObject([{ address: undefined }]);
  });

  test('a sink that returns false stops it; what was found stands', () => {
    const unit = unitOf(wide());
    const [device] = unit.devices().devices;
    let batches = 0;
    const result = unit.sweep(device, () => (batches++, false), DEFAULT_BUDGET);
    expect(batches).toBe(1);
    expect(result.leaves).toBeGreaterThan(0);
  });

  test('a signal stops it, progress is told', () => {
    const unit = unitOf(wide());
    const [device] = unit.devices().devices;
    const stop = new AbortController();
    const told: number[] = [];
    const result = unit.sweep(device, () => {}, {
      ...DEFAULT_BUDGET,
      signal: stop.signal,
      progress: (pages) => {
        told.push(pages);
        stop.abort();
      },
    });
    expect(told).toHaveLength(1);
    expect(result.leaves).toBeLessThan(1024);
    expect(result.incomplete[0].text).toMatch(/Interrupted/);
  });

  test('a sweep goes on from an input address with the leaves that end above it', () => {
    const memory = twoLevels().put(TOP + 8, host(0x40000000));
    for (let index = 0; index < 16; index++) memory.put(LOW + 8 * index, sized(0x30000, 0x10000n));
    memory.put(LOW + 8 * 16, host(0x5000), host(0x6000));
    const all = leavesOf(unitOf(memory)).lines;
    expect(all).toHaveLength(4);
    for (const [from, skipped] of [
      [0, 0],
      [15, 0],
      [16, 1],
      [17, 2],
      [18, 3],
      [512, 3],
      [1023, 3],
      [1024, 4],
    ])
      expect(leavesOf(unitOf(memory), ID, { ...DEFAULT_BUDGET, from }).lines).toEqual(
        all.slice(skipped),
      );
  });
});
