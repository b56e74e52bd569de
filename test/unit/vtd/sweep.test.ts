/** The sweep: order, rights, sizes, and damage of every kind that may stand in a dump. */
import { describe, expect, test } from 'vitest';
import type { LeafSink } from '../../../core/iommu/leaves.ts';
import type { Budget, SweepResult } from '../../../core/iommu/unit.ts';
import { DEFAULT_BUDGET } from '../../../core/iommu/unit.ts';
import type { PhysicalMemory } from '../../../core/memory/physical.ts';
import { intelUnit } from '../../../core/vtd/unit.ts';
import { Bench, LEVEL } from './bench-unit.ts';
import { leafLines } from '../../support/leaf-lines.ts';

interface Swept {
  readonly lines: string;
  readonly result: SweepResult;
}

function sweep(bench: Bench, budget: Budget = DEFAULT_BUDGET): Swept {
  const unit = bench.unit();
  const [device] = unit.devices().devices;
  let lines = '';
  const result = unit.sweep(device, (batch) => void (lines += leafLines(batch)), budget);
  return { lines, result };
}

const ids = (result: SweepResult): string[] => result.findings.map(({ id }) => id);

describe('leaves', () => {
  test('pages of all sizes in order of their input address', () => {
    const bench = new Bench().legacy().chain(4, 3n);
    bench.put(LEVEL[3] + 8n, 0x8000_0083n);
    bench.put(LEVEL[2] + 8n, 0x4020_0083n);
    bench.put(LEVEL[1], 0x20_0003n, 0n, 0x20_5001n);
    const { lines, result } = sweep(bench);
    expect(lines).toBe(
      '0 200000 1000 rw\n2000 205000 1000 r\n200000 40200000 200000 rw\n40000000 80000000 40000000 rw\n',
    );
    expect(result).toMatchObject({ leaves: 4, tablePages: 4, mappedBytes: 0x4020_2000 });
    expect([...result.leafSizes]).toEqual([
      [0x1000, 2],
      [0x20_0000, 1],
      [0x4000_0000, 1],
    ]);
    expect(result.findings).toEqual([]);
    expect(result.incomplete).toEqual([]);
  });

  test('rights are those of all levels; a page left without any is a finding, not a leaf', () => {
    const bench = new Bench()
      .legacy()
      .chain(4, 3n)
      .put(LEVEL[2], LEVEL[1] | 1n);
    bench.put(LEVEL[1], 0x20_0003n, 0x20_1002n, 0x20_2001n);
    const { lines, result } = sweep(bench);
    expect(lines).toBe('0 200000 1000 r\n2000 202000 1000 r\n');
    expect(result.findings).toMatchObject([
      { id: 'rights-none', at: 'dmar0/02:00.0/L4[0]/L3[0]/L2[0]/L1[1]' },
    ]);
  });

  test('an entry with R = W = 0 is not present, whatever else it holds', () => {
    const bench = new Bench().legacy().chain(4, 3n).put(LEVEL[1], 0xffff_ffff_ffff_fffcn);
    expect(sweep(bench)).toMatchObject({ lines: '', result: { leaves: 0, findings: [] } });
  });

  test('first stage: P reads, R/W writes; U/S = 0 is told', () => {
    const bench = new Bench().scalable().chain(4, 7n);
    bench.put(LEVEL[1], 0x20_0007n, 0x20_1005n, 0x20_2003n, 0x20_3006n, 0x8000_0000_0020_4007n);
    const { lines, result } = sweep(bench);
    expect(lines).toBe(
      '0 200000 1000 rw\n1000 201000 1000 r\n2000 202000 1000 rw\n4000 204000 1000 rw\n',
    );
    expect(result.findings).toMatchObject([
      { id: 'supervisor-only', at: 'dmar0/02:00.0/pasid.0/L4[0]/L3[0]/L2[0]/L1[2]' },
    ]);
  });

  test('first stage: the input address is not sign-extended', () => {
    const bench = new Bench().scalable();
    for (let level = 4; level > 1; level--)
      bench.put(LEVEL[level] + 8n * 511n, LEVEL[level - 1] | 7n);
    bench.put(LEVEL[1] + 8n * 511n, 0x20_0007n);
    expect(sweep(bench).lines).toBe('fffffffff000 200000 1000 rw\n');
  });

  test('addresses of 52 bits and inputs of 57 stay exact', () => {
    const bench = new Bench().legacy({ AW: 3, SSPTPTR: LEVEL[5] >> 12n });
    bench.facts = { ...bench.facts, hostAddressWidth: 52 };
    for (let level = 5; level > 1; level--)
      bench.put(LEVEL[level] + 8n * 511n, LEVEL[level - 1] | 3n);
    bench.put(LEVEL[1] + 8n * 511n, 0xf_ffff_ffff_f003n);
    expect(sweep(bench).lines).toBe('1fffffffffff000 ffffffffff000 1000 rw\n');
  });

  test('more leaves than a batch holds', () => {
    const bench = new Bench().legacy().chain(4, 3n);
    const tables = 40n;
    for (let table = 0n; table < tables; table++) {
      bench.put(LEVEL[2] + 8n * table, (0x10_0000n + table * 0x1000n) | 3n);
      for (let page = 0n; page < 512n; page++)
        bench.put(0x10_0000n + table * 0x1000n + 8n * page, ((table * 512n + page) << 12n) | 3n);
    }
    const { lines, result } = sweep(bench);
    expect(result).toMatchObject({ leaves: 20480, tablePages: 43 });
    expect(lines.split('\n').length - 1).toBe(20480);
    expect(lines.endsWith('4fff000 4fff000 1000 rw\n')).toBe(true);
  });

  test('nested: both stages, cut to what both allow', () => {
    const bench = new Bench().scalable({ PGTT: 3, SSPTPTR: 0x20n, FSPTPTR: LEVEL[4] >> 12n });
    // Second stage: the first 2 MiB as they are, the third 2 MiB by pages of 4 KiB, read-only.
    bench.put(0x20_000n, 0x21_003n).put(0x21_000n, 0x22_003n);
    bench.put(0x22_000n, 0x83n, 0n, 0x23_003n).put(0x23_000n, 0x70_0001n, 0x60_0001n);
    bench.chain(4, 7n).put(LEVEL[1], 0x5007n, 0x20_0007n);
    bench.put(LEVEL[2] + 8n, 0x40_0087n);
    const { lines, result } = sweep(bench);
    expect(lines).toBe('0 5000 1000 rw\n200000 700000 1000 r\n201000 600000 1000 r\n');
    expect(result).toMatchObject({ leaves: 3, mappedBytes: 0x3000, incomplete: [] });
  });
});

describe('damage', () => {
  test('reserved bits are found, the leaf still stands', () => {
    const bench = new Bench().legacy().chain(4, 3n).put(LEVEL[1], 0x4000_0020_0003n);
    const { lines, result } = sweep(bench);
    expect(lines).toBe('0 400000200000 1000 rw\n');
    expect(result.findings).toMatchObject([
      {
        id: 'reserved-bits',
        severity: 'error',
        at: 'dmar0/02:00.0/L4[0]/L3[0]/L2[0]/L1[0]',
        evidence: [{ what: 'SS-PTE', address: LEVEL[1], words: [0x4000_0020_0003n] }],
      },
    ]);
  });

  test('reserved bits of a table entry', () => {
    const bench = new Bench()
      .legacy()
      .chain(4, 3n)
      .put(LEVEL[4], LEVEL[3] | 0x83n);
    expect(sweep(bench).result.findings).toMatchObject([
      { id: 'reserved-bits', at: 'dmar0/02:00.0/L4[0]' },
    ]);
  });

  test('many findings of one rule are counted, not listed', () => {
    const bench = new Bench().legacy().chain(4, 3n);
    for (let at = 0n; at < 512n; at++) bench.put(LEVEL[1] + 8n * at, 0x4000_0000_0003n);
    const { findings } = sweep(bench).result;
    expect(findings.length).toBe(33);
    expect(findings.at(-1)?.text).toMatch(/^480 more findings/);
  });

  test.each([1, 2, 3, 4])('a table that points back to level %d stops there', (level) => {
    const bench = new Bench().legacy().chain(4, 3n).put(LEVEL[1], 0x20_0003n);
    bench.put(LEVEL[2] + 8n, LEVEL[Math.max(level, 2)] | 3n);
    const { lines, result } = sweep(bench);
    expect(lines).toBe('0 200000 1000 rw\n');
    expect(result.findings).toMatchObject([
      {
        id: 'table-loop',
        at: 'dmar0/02:00.0/L4[0]/L3[0]/L2[1]',
        text: `This table points back to L${Math.max(level, 2)} at 0x${LEVEL[Math.max(level, 2)].toString(16)}; stopped here.`,
      },
    ]);
    expect(result.tablePages).toBe(4);
  });

  test('a top table full of itself ends at once', () => {
    const bench = new Bench().legacy();
    for (let at = 0n; at < 512n; at++) bench.put(LEVEL[4] + 8n * at, LEVEL[4] | 3n);
    const { result } = sweep(bench);
    expect(result).toMatchObject({ leaves: 0, tablePages: 1 });
    expect(ids(result)).toContain('table-loop');
  });

  test('tables that all share the next level end by a finding, not in 2^36 leaves', () => {
    const bench = new Bench().legacy();
    for (let level = 4; level > 1; level--)
      for (let at = 0n; at < 512n; at++) bench.put(LEVEL[level] + 8n * at, LEVEL[level - 1] | 3n);
    for (let at = 0n; at < 512n; at++) bench.put(LEVEL[1] + 8n * at, 0x20_0003n);
    const { result } = sweepCounting(bench);
    expect(ids(result)).toContain('table-shared');
    expect(result.incomplete.length).toBe(1);
    expect(result.tablePages).toBe(4);
  });

  test('a table page that is not there is told once and gives no leaf', () => {
    const bench = new Bench().legacy().chain(4, 3n).put(LEVEL[1], 0x20_0003n);
    bench.put(LEVEL[2] + 8n, 0x1000_0003n, 0x1000_0003n);
    const { lines, result } = sweep(bench);
    expect(lines).toBe('0 200000 1000 rw\n');
    expect(result.incomplete).toMatchObject([
      { address: 0x1000_0000n, at: 'dmar0/02:00.0/L4[0]/L3[0]/L2[1]' },
    ]);
    expect(ids(result)).toEqual(['pointer-outside-memory']);
  });

  test('a top table that is not there', () => {
    const bench = new Bench().legacy({ SSPTPTR: 0x1_0000n });
    const { result } = sweep(bench);
    expect(result).toMatchObject({ leaves: 0, mappedBytes: 0, tablePages: 0 });
    expect(result.incomplete).toMatchObject([{ address: 0x1000_0000n, at: 'dmar0/02:00.0' }]);
  });

  test('levels that no specification has give nothing', () => {
    const bench = new Bench().legacy({ AW: 7 }).chain(4, 3n);
    expect(sweep(bench).result).toMatchObject({ leaves: 0, tablePages: 0 });
  });
});

function sweepCounting(bench: Bench): { result: SweepResult } {
  const unit = bench.unit();
  return { result: unit.sweep(unit.devices().devices[0], () => {}, DEFAULT_BUDGET) };
}

describe('bounds', () => {
  const wide = (): Bench => {
    const bench = new Bench().legacy().chain(4, 3n);
    for (let table = 0n; table < 64n; table++) {
      bench.put(LEVEL[2] + 8n * table, (0x10_0000n + table * 0x1000n) | 3n);
      bench.put(0x10_0000n + table * 0x1000n, 0x20_0003n);
    }
    return bench;
  };

  test('the budget of table pages ends a sweep, and says so', () => {
    const { result } = sweep(wide(), { tablePages: 10 });
    expect(result).toMatchObject({ leaves: 7, tablePages: 10 });
    expect(result.incomplete[0].text).toMatch(/stopped after 10 table pages/);
  });

  test('an aborted signal ends it, keeping what was found', () => {
    const controller = new AbortController();
    const bench = wide();
    let pages = 0;
    const memory: PhysicalMemory = {
      page: (pfn) => {
        if (++pages === 20) controller.abort();
        return bench.memory.page(pfn);
      },
      provenance: (pfn) => bench.memory.provenance(pfn),
      ranges: () => bench.memory.ranges(),
      describe: (pfn) => bench.memory.describe(pfn),
    };
    const unit = intelUnit(bench.facts, memory);
    const [device] = unit.devices().devices;
    pages = 0;
    const result = unit.sweep(device, () => {}, { tablePages: 1000, signal: controller.signal });
    expect(result.leaves).toBe(17);
    expect(result.incomplete[0].text).toMatch(/stopped on request/);
  });

  test('a sink that returns false ends it', () => {
    const unit = wide().unit();
    let calls = 0;
    const sink: LeafSink = () => {
      calls++;
      return false;
    };
    unit.sweep(unit.devices().devices[0], sink, DEFAULT_BUDGET);
    expect(calls).toBe(1);
  });

  test('a sweep inside the sink of another one leaves its batch alone', () => {
    const unit = wide().unit();
    const [device] = unit.devices().devices;
    const seen: number[] = [];
    unit.sweep(
      device,
      (batch) => {
        const before = leafLines(batch);
        unit.sweep(device, () => false, DEFAULT_BUDGET);
        const small = new Bench().legacy().chain(4, 3n).put(LEVEL[1], 0x77_7003n);
        expect(sweep(small).lines).toBe('0 777000 1000 rw\n');
        expect(leafLines(batch)).toBe(before);
        seen.push(...batch.iova.subarray(0, batch.count));
      },
      DEFAULT_BUDGET,
    );
    expect(seen.length).toBe(64);
  });

  test('a sink that throws does not spoil the next sweep', () => {
    const unit = wide().unit();
    const [device] = unit.devices().devices;
    expect(() =>
      unit.sweep(
        device,
        () => {
          throw new Error('sink');
        },
        DEFAULT_BUDGET,
      ),
    ).toThrow('sink');
    expect(sweep(wide()).result.leaves).toBe(64);
  });

  test('progress is told now and then', () => {
    const bench = new Bench().legacy().chain(4, 3n);
    for (let table = 0n; table < 4n; table++) {
      bench.put(LEVEL[3] + 8n * table, (0x10_0000n + table * 0x1000n) | 3n);
      for (let at = 0n; at < 512n; at++)
        bench.put(
          0x10_0000n + table * 0x1000n + 8n * at,
          (0x20_0000n + ((table * 512n + at) << 12n)) | 3n,
        );
    }
    const told: number[] = [];
    sweep(bench, { tablePages: 1 << 20, progress: (pages) => void told.push(pages) });
    expect(told).toEqual([1024, 2048]);
  });
});
