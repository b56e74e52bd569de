/** Paths name entries; the tree shows them. */
import { describe, expect, test } from 'vitest';
import type { TreeNode } from '../../../core/iommu/unit.ts';
import { Bench, CONTEXTS, DIRECTORY, LEVEL, PASIDS, ROOT } from './bench-unit.ts';

const IRT = 0x8000n;
const QUEUE = 0x9000n;

const legacy = (): Bench => new Bench().legacy().chain(4, 3n).put(LEVEL[1], 0x20_0003n);

describe('paths', () => {
  const full = (): Bench => {
    const bench = legacy();
    bench.facts = {
      ...bench.facts,
      interrupts: { table: IRT, capacity: 256, extended: false },
      queue: { base: QUEUE, length: 4096, descriptor: 16, head: 0, tail: 32 },
    };
    return bench.put(QUEUE + 16n, 0x2_0000_0025n, 0x100_1004n).put(IRT + 16n * 42n, 1n, 0n);
  };

  test.each([
    ['dmar0/bus.02', ROOT + 32n, 'root entry'],
    ['dmar0/02:00.0/context', CONTEXTS, 'context entry'],
    ['dmar0/02:00.0', CONTEXTS, 'context entry'],
    ['dmar0/02:00.0/L4[0]', LEVEL[4], 'SS-PML4E'],
    ['dmar0/02:00.0/L4[0]/L3[3]', LEVEL[3] + 24n, 'SS-PDPE'],
    ['dmar0/02:00.0/L4[0]/L3[0]/L2[0]/L1[511]', LEVEL[1] + 8n * 511n, 'SS-PTE'],
    ['dmar0/02:00.0/L4[0]/L3[0]/L2[0]/L1[1-511]', LEVEL[1] + 8n, 'SS-PTE'],
    ['dmar0/irq/42', IRT + 16n * 42n, 'IRTE (remapped, xAPIC)'],
    ['dmar0/queue/1', QUEUE + 16n, 'invalidation wait'],
  ])('%s', (path, address, name) => {
    const entry = full().unit().entry(path);
    expect(entry).toMatchObject({
      path: path === 'dmar0/02:00.0' ? `${path}/context` : expectedPath(path),
      address,
    });
    expect(entry?.layout.name).toBe(name);
  });

  /** A run is named by its first entry. */
  const expectedPath = (path: string): string => path.replace(/\[(\d+)-\d+\]$/, '[$1]');

  test.each([
    'dmar0',
    'dmar1/02:00.0/context',
    'dmar0/03:00.0/context',
    'dmar0/02:00.0/pasid.0',
    'dmar0/02:00.0/L3[0]',
    'dmar0/02:00.0/L4[512]',
    'dmar0/02:00.0/L4[1]/L3[0]/L2[0]/L1[0]/L0[0]',
    'dmar0/02:00.0/L4[0-3]/L3[0]',
    'dmar0/irq/256',
    'dmar0/queue/256',
    'dmar0/nothing',
    'not a path',
    '',
  ])('%s names nothing', (path) => {
    expect(full().unit().entry(path)).toBeUndefined();
  });

  test.each([
    ['dmar0/02:00.0/pasid-dir.0', DIRECTORY, 'scalable-mode PASID directory entry'],
    ['dmar0/02:00.0/pasid.3', PASIDS + 192n, 'scalable-mode PASID table entry'],
    ['dmar0/02:00.0/pasid.0/L4[0]', LEVEL[4], 'FS-PML4E'],
    ['dmar0/02:00.0/L4[0]/L3[0]', LEVEL[3], 'FS-PDPE'],
  ])('scalable mode: %s', (path, address, name) => {
    const bench = new Bench().scalable().chain(4, 7n);
    const entry = bench.unit().entry(path);
    expect(entry).toMatchObject({ path, address });
    expect(entry?.layout.name).toBe(name);
  });

  test('below a page there is nothing', () => {
    const bench = legacy().put(LEVEL[2], 0x4000_0083n);
    expect(bench.unit().entry('dmar0/02:00.0/L4[0]/L3[0]/L2[0]/L1[0]')).toBeUndefined();
  });

  test('every path that the tree shows names the entry that it shows', () => {
    const unit = full().unit();
    const visit = (node: TreeNode): void => {
      if (node.entry && node.kind !== 'run') expect(unit.entry(node.path)).toEqual(node.entry);
      for (const child of node.children(true))
        if (child.kind !== 'run' || child.present) visit(child);
    };
    visit(unit.tree());
  });
});

const outline = (node: TreeNode, depth = 0, all = false): string[] => [
  `${'  '.repeat(depth)}${node.label} | ${node.kind} | ${node.decoded}`,
  ...node.children(all).flatMap((child) => outline(child, depth + 1, all)),
];

describe('tree', () => {
  test('unit, root, bus, device, levels, leaves; contiguous pages are one row', () => {
    const bench = legacy().put(
      LEVEL[1],
      0x20_0003n,
      0x20_1003n,
      0x20_2003n,
      0x40_0003n,
      0n,
      0x50_0001n,
    );
    expect(outline(bench.unit().tree())).toEqual([
      'dmar0 | unit | legacy · translation on',
      '  Root table | table | legacy · 1 of 256 present',
      '    bus 0x02 | entry | 1 of 256 present',
      '      02:00.0 | entry | DID 10 · second-stage · 4-level',
      '        L4[0] | entry | L3 table, 1 of 512 present · rw',
      '          L3[0] | entry | L2 table, 1 of 512 present · rw',
      '            L2[0] | entry | L1 table, 5 of 512 present · rw',
      '              L1[0–2] | run | 3 pages of 4 KiB, contiguous · rw',
      '                L1[0] | leaf | 4 KiB page · rw',
      '                L1[1] | leaf | 4 KiB page · rw',
      '                L1[2] | leaf | 4 KiB page · rw',
      '              L1[3] | leaf | 4 KiB page · rw',
      '              L1[5] | leaf | 4 KiB page · r',
    ]);
  });

  test('with all, what is not present comes as runs', () => {
    const device = legacy().unit().tree().children(true)[0].children(true)[1].children(true)[0];
    expect(
      device
        .children(true)
        .map(({ label, kind, decoded, present }) => [label, kind, decoded, present]),
    ).toEqual([
      ['L4[0]', 'entry', 'L3 table, 1 of 512 present · rw', true],
      ['L4[1–511]', 'run', '511 entries, not present', false],
    ]);
    const [, run] = device.children(true);
    expect(run).toMatchObject({ path: 'dmar0/02:00.0/L4[1-511]', childCount: 511 });
    expect(run.children(false)).toHaveLength(511);
    expect(run.children(false)[4]).toMatchObject({ label: 'L4[5]', present: false, childCount: 0 });
  });

  test('counts are those of the rows, without making them', () => {
    const bench = legacy().put(LEVEL[1], 0x20_0003n, 0x20_1003n, 0n, 0x40_0003n);
    const check = (node: TreeNode): void => {
      const children = node.children(false);
      expect(node.childCount).toBe(children.length);
      children.forEach(check);
    };
    check(bench.unit().tree());
  });

  test('a loop is told and not followed', () => {
    const bench = new Bench()
      .legacy()
      .put(LEVEL[4], LEVEL[3] | 3n)
      .put(LEVEL[3], LEVEL[4] | 3n);
    const lines = outline(bench.unit().tree());
    expect(lines.at(-1)).toBe(
      `          L3[0] | entry | This table points back to L4 at 0x14000; stopped here.`,
    );
    expect(lines).toHaveLength(6);
  });

  test('a table that is not in the dump is a row', () => {
    const bench = new Bench().legacy().put(LEVEL[4], 0x1000_0003n);
    expect(outline(bench.unit().tree()).at(-1)).toBe(
      '          L3 table | missing | not in this dump',
    );
  });

  test('reserved bits are findings of their row', () => {
    const bench = legacy().put(LEVEL[4], LEVEL[3] | 0x83n);
    const device = bench.unit().tree().children(false)[0].children(false)[0].children(false)[0];
    expect(device.children(false)[0].findings).toMatchObject([
      { id: 'reserved-bits', at: 'dmar0/02:00.0/L4[0]' },
    ]);
  });

  test('scalable mode: PASIDs below the device', () => {
    const bench = new Bench().scalable().chain(4, 7n).pasid(5, { PGTT: 4 });
    expect(outline(bench.unit().tree()).slice(0, 7)).toEqual([
      'dmar0 | unit | scalable · translation on',
      '  Root table | table | scalable · 1 of 256 present',
      '    bus 0x02 | entry | 1 of 128 present',
      '      02:00.0 | entry | PASID directory · 2 PASIDs',
      '        PASID 0 | entry | DID 7 · first-stage · 4-level',
      '          L4[0] | entry | L3 table, 1 of 512 present · rw',
      '            L3[0] | entry | L2 table, 1 of 512 present · rw',
    ]);
    expect(outline(bench.unit().tree()).at(-1)).toBe(
      '        PASID 5 | entry | DID 7 · pass-through',
    );
  });

  test('interrupt remapping table and invalidation queue stand behind the root table', () => {
    const bench = legacy();
    bench.facts = {
      ...bench.facts,
      translationEnabled: undefined,
      interrupts: { table: IRT, capacity: 256, extended: false },
      queue: { base: QUEUE, length: 4096, descriptor: 16, head: 16, tail: 32 },
    };
    bench.put(IRT + 16n * 42n, 0x100_0023_000dn, 0x4_ff00n);
    bench.put(QUEUE, 0x9_00f2n, 0xffff_c042n, 0x2_0000_0025n, 0x100_1004n);
    const tree = bench.unit().tree();
    expect(tree.decoded).toBe('legacy · translation unknown');
    const [, irq, queue] = tree.children(false);
    expect(outline(irq)).toEqual([
      'Interrupt remapping table | table | 1 of 256 present',
      '  IRTE 42 | entry | vector 35 · APIC 1 · from ff:00.0',
    ]);
    expect(outline(irq, 0, true)[1]).toBe('  0–41 | run | 42 entries, not present');
    expect(outline(queue)).toEqual([
      'Invalidation queue | queue | 256 descriptors of 128 bits · head 1 · tail 2',
      '  descriptor 0 | entry | IOTLB invalidate · G page · DW 1 · DR 1 · DID 9 · AM 2 · IH 1 · ADDR 0xffffc000',
      '  descriptor 1 | entry | pending, invalidation wait · SW 1 · STDATA 2 · STADDR 0x1001004',
    ]);
  });
});
