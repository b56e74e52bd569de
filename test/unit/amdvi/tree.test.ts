import { describe, expect, test } from 'vitest';
import { amdUnit } from '../../../core/amdvi/unit.ts';
import { parsePath } from '../../../core/iommu/path.ts';
import type { TreeNode } from '../../../core/iommu/unit.ts';
import type { FactOptions } from './tables.ts';
import { dte, dteAddress, facts, host, ID, PageMemory, sized } from './tables.ts';

const TOP = 0x10000;
const LOW = 0x11000;
const MODE_2 = { Mode: 2, HostPageTableRoot: TOP >> 12, DomainID: 4 };
const RO = 0x2000_0000_0000_0000n;

function treeOf(memory: PageMemory, values = {}, options: FactOptions = {}): TreeNode {
  memory.put(dteAddress(ID), ...dte({ ...MODE_2, ...values }));
  return amdUnit(facts(options), memory).tree();
}

/** The child with a label, or a path below the unit. */
function child(node: TreeNode, label: string, all = false): TreeNode {
  const found = node.children(all).find((each) => each.label === label);
  if (!found)
    throw new Error(
      `no ${label} under ${node.label}: ${node
        .children(all)
        .map((each) => each.label)
        .join()}`,
    );
  return found;
}

const device = (memory: PageMemory, values = {}): TreeNode =>
  child(child(treeOf(memory, values), 'Device table'), '00:04.0');
const texts = (nodes: readonly TreeNode[]): unknown[] =>
  nodes.map(({ kind, label, decoded, pointsTo }) => [kind, label, decoded, pointsTo]);

describe('the rows of a page table', () => {
  const memory = new PageMemory().put(TOP, host(LOW, 1)).put(TOP + 8 * 3, host(0x40000000));
  for (let index = 0; index < 27; index++)
    memory.put(LOW + 8 * (484 + index), host(0x90000 + 0x1000 * index));
  for (let index = 0; index < 16; index++)
    memory.put(LOW + 8 * (16 + index), sized(0x230000, 0x10000n));
  memory.put(LOW, host(0x5000), host(0x6000, 0, RO), host(0x9000, 0, RO));

  test('the device shows its domain and kind, and leads to its entries', () => {
    const row = device(memory);
    expect(row).toMatchObject({
      path: 'ivhd0/00:04.0/dte',
      kind: 'entry',
      decoded: 'domain 4 · v1, 2 levels · rw',
      pointsTo: BigInt(TOP),
      rights: 3,
      childCount: 2,
    });
    expect(texts(row.children(false))).toEqual([
      ['entry', 'L2[0]', 'L1 table, 46 of 512 present · IOVA 0x0', BigInt(LOW)],
      ['leaf', 'L2[3]', '2 MiB · IOVA 0x600000', 0x40000000n],
    ]);
  });

  test('pages that follow each other are one run; a page of many entries is one leaf', () => {
    const table = child(device(memory), 'L2[0]');
    expect(texts(table.children(false))).toEqual([
      ['leaf', 'L1[0]', '4 KiB · IOVA 0x0', 0x5000n],
      ['leaf', 'L1[1]', '4 KiB · IOVA 0x1000', 0x6000n],
      ['leaf', 'L1[2]', '4 KiB · IOVA 0x2000', 0x9000n],
      ['leaf', 'L1[16–31]', '64 KiB · IOVA 0x10000', 0x230000n],
      ['run', 'L1[484–510]', '27 pages of 4 KiB, contiguous · from IOVA 0x1e4000', 0x90000n],
    ]);
    expect(table.childCount).toBe(5);
    const run = child(table, 'L1[484–510]');
    expect(run.path).toBe('ivhd0/00:04.0/L2[0]/L1[484-510]');
    expect(parsePath(run.path)?.at(-1)).toEqual({ kind: 'level', level: 1, index: 484, last: 510 });
    expect(run.childCount).toBe(27);
    expect(run.children(false)[26]).toMatchObject({
      path: 'ivhd0/00:04.0/L2[0]/L1[510]',
      pointsTo: 0xaa000n,
    });
  });

  test('entries that are not present are shown when asked for, as runs', () => {
    const table = child(device(memory), 'L2[0]');
    expect(texts(table.children(true).filter((each) => !each.present))).toEqual([
      ['run', 'L1[3–15]', '13 entries, not present', undefined],
      ['run', 'L1[32–483]', '452 entries, not present', undefined],
      ['entry', 'L1[511]', 'zero', undefined],
    ]);
  });
});

describe('what the tree says of damage', () => {
  test('a table that points back is not expanded', () => {
    const loop = new PageMemory().put(TOP, host(LOW, 2)).put(LOW, host(TOP, 1));
    const row = child(child(device(loop, { Mode: 3 }), 'L3[0]'), 'L2[0]');
    expect(row).toMatchObject({ childCount: 0, findings: [{ id: 'table-loop' }] });
    expect(row.decoded).toBe('This table points back to L3 at 0x10000; stopped here.');
  });

  test('a table page that is not known is one row that says why', () => {
    const memory = new PageMemory().put(TOP, host(LOW, 1));
    memory.forget(LOW, 'excluded');
    expect(child(device(memory), 'L2[0]').children(false)).toMatchObject([
      {
        kind: 'missing',
        decoded: "page excluded by the dump's filter",
        present: false,
        pointsTo: BigInt(LOW),
      },
    ]);
  });

  test('broken entries and reserved bits are findings of their rows', () => {
    const memory = new PageMemory().put(
      TOP,
      host(LOW, 2),
      host(LOW, 1) | (1n << 55n),
      sized(0, 0x2000n),
    );
    expect(
      device(memory)
        .children(false)
        .map((each) => each.findings.map(({ id }) => id)),
    ).toEqual([['illegal-level'], ['reserved-bits'], ['illegal-page-size']]);
  });
});

describe('the unit', () => {
  test('its parts in order, with the state of translation', () => {
    const queue = { base: 0x50000n, length: 4096, descriptor: 16, head: 16, tail: undefined };
    const memory = new PageMemory()
      .put(0x50000 + 16, 0x2070000d_000000a1n, 0x245a0c0n)
      .put(0x60000, 0x30000004_00000000n, 0x7fffffff_fffff003n);
    const tree = treeOf(
      memory,
      { IV: 1, IntCtl: 2, IntTabLen: 2, IntTabRoot: 0x40000 >> 6 },
      { eventLog: queue, commandBuffer: { ...queue, base: 0x60000n, tail: 32 } },
    );
    expect(tree).toMatchObject({ path: 'ivhd0', kind: 'unit', decoded: 'AMD-Vi · translation on' });
    expect(tree.children(false).map(({ path, label, decoded }) => [path, label, decoded])).toEqual([
      ['ivhd0/devices', 'Device table', '256 entries'],
      ['ivhd0/irq', 'Interrupt remapping tables', '1 table · 128-bit entries'],
      ['ivhd0/cmd', 'Command buffer', '256 entries · head 1 · tail 2'],
      ['ivhd0/event', 'Event log', '256 entries · head 1 · tail unknown'],
    ]);
    expect(texts(child(tree, 'Event log').children(false))).toEqual([
      ['entry', '1', 'IO_PAGE_FAULT · 00:14.1 · DomainID 13 · 0x245a0c0 · PR RW PE', undefined],
    ]);
    expect(texts(child(tree, 'Command buffer').children(false))).toEqual([
      [
        'entry',
        '0',
        'INVALIDATE_IOMMU_PAGES · DomainID 4 · S · PDE · 0x7ffffffffffff000',
        undefined,
      ],
    ]);
    expect(child(tree, 'Event log').children(true)).toHaveLength(256);
  });

  test('a queue of many pages: every entry that is not zero, and each page that is missing', () => {
    const eventLog = { base: 0x50000n, length: 0x4000, descriptor: 16, head: 0, tail: 0 };
    const event = [0x2070000d_000000a1n, 0x245a0c0n];
    const memory = new PageMemory()
      .put(0x4f000, ...event)
      .put(0x50000 + 4096 - 16, ...event)
      .put(0x51000, 0n, 1n)
      .put(0x53000 + 8, ...event)
      .put(0x54000, ...event);
    memory.forget(0x52000, 'excluded');
    const log = child(treeOf(memory, {}, { eventLog }), 'Event log');
    expect(log.children(false).map(({ kind, label }) => [kind, label])).toEqual([
      ['missing', 'missing'],
      ['entry', '255'],
      ['entry', '256'],
      ['entry', '768'],
      ['entry', '769'],
    ]);
  });

  test('entries of one value are runs between the devices', () => {
    const memory = new PageMemory();
    for (let id = 0; id < 64; id++) memory.put(dteAddress(id), 3n, 0n, 1n, 0n);
    const table = child(treeOf(memory), 'Device table');
    expect(texts(table.children(false)).map((each) => (each as unknown[])[1])).toEqual([
      '00:00.0 – 00:03.7',
      '00:04.0',
      '00:04.1 – 00:07.7',
    ]);
    expect(table.children(true).at(-1)).toMatchObject({
      label: '00:08.0 – 00:1f.7',
      present: false,
      childCount: 192,
    });
    const run = table.children(false)[0];
    expect(run).toMatchObject({
      childCount: 32,
      decoded: '32 equal entries · domain 0 · blocked · nothing',
    });
    expect(run.children(false)[3]).toMatchObject({ path: 'ivhd0/00:00.3/dte', label: '00:00.3' });
  });

  test('interrupt tables: enabled entries, or all', () => {
    const memory = new PageMemory().put(0x40000 + 16, 0x141n, 0x22n);
    const tree = treeOf(memory, { IV: 1, IntCtl: 2, IntTabLen: 2, IntTabRoot: 0x40000 >> 6 });
    const table = child(child(tree, 'Interrupt remapping tables'), '00:04.0');
    expect(table).toMatchObject({ decoded: '1 of 4 entries enabled', pointsTo: 0x40000n });
    expect(texts(table.children(false))).toEqual([
      ['entry', '1', 'vector 0x22 · destination 1', undefined],
    ]);
    expect(table.children(true)).toHaveLength(4);
  });

  test('guest translation: guest CR3, then levels; nested devices show both tables', () => {
    const p = (address: number): bigint => BigInt(address) | 7n;
    const memory = new PageMemory()
      .put(0x30000, 0x31001n, 0x36001n)
      .put(0x31000, p(0x32000))
      .put(0x32000, p(0x33000))
      .put(0x33000, p(0x34000))
      .put(0x34000, p(0x5000));
    const row = device(memory, { Mode: 0, GV: 1, GIoV: 1, GCR3TableRoot: 0x30 });
    expect(row.children(false).map(({ path, label }) => [path, label])).toEqual([
      ['ivhd0/00:04.0/pasid.0', 'Guest CR3, PASID 0'],
      ['ivhd0/00:04.0/pasid.1', 'Guest CR3, PASID 1'],
    ]);
    const leaf = ['L4[0]', 'L3[0]', 'L2[0]', 'L1[0]'].reduce(
      (node, label) => child(node, label),
      row.children(false)[0],
    );
    expect(leaf).toMatchObject({
      path: 'ivhd0/00:04.0/pasid.0/L4[0]/L3[0]/L2[0]/L1[0]',
      pointsTo: 0x5000n,
    });
    memory.put(TOP, host(0));
    const nested = device(memory, { GV: 1, GIoV: 1, GCR3TableRoot: 0x30 });
    expect(nested.children(false).map(({ label }) => label)).toEqual([
      'Guest CR3, PASID 0',
      'Guest CR3, PASID 1',
      'L2[0]',
    ]);
  });
});

describe('entries by path', () => {
  const memory = new PageMemory()
    .put(TOP, host(LOW, 1))
    .put(LOW + 8 * 5, host(0x5000))
    .put(0x40000 + 16, 0x141n, 0x22n)
    .put(
      dteAddress(ID),
      ...dte({ ...MODE_2, IV: 1, IntCtl: 2, IntTabLen: 2, IntTabRoot: 0x40000 >> 6 }),
    )
    .put(dteAddress(ID + 8), ...dte({ GV: 1, GLX: 1, GCR3TableRoot: 0x30 }))
    .put(0x30000 + 8, 0x31001n)
    .put(0x31000 + 16, 0x32001n)
    .put(0x32000 + 24, 7n);
  const unit = amdUnit(
    facts({ commandBuffer: { base: 0x60000n, length: 4096, descriptor: 16, head: 0, tail: 0 } }),
    memory,
  );

  test.each([
    ['ivhd0/00:04.0/dte', 0x1400, 'DTE'],
    ['ivhd0/00:04.0/L2[0]', TOP, 'PDE'],
    ['ivhd0/00:04.0/L2[0]/L1[5]', LOW + 40, 'PTE'],
    ['ivhd0/00:04.0/L2[0]/L1[6]', LOW + 48, 'PTE'],
    ['ivhd0/00:04.0/L2[0]/L1[5-9]', LOW + 40, 'PTE'],
    ['ivhd0/irq/00:04.0/1', 0x40010, 'IRTE, remapped'],
    ['ivhd0/00:05.0/gcr3/L2[1]', 0x30008, 'guest CR3 table entry'],
    ['ivhd0/00:05.0/pasid.514', 0x31010, 'guest CR3 table entry'],
    ['ivhd0/00:05.0/pasid.514/L4[3]', 0x32018, 'guest PDE'],
    ['ivhd0/cmd/255', 0x60ff0, 'undefined command'],
  ])('%s', (path, address, layout) => {
    expect(unit.entry(path)).toMatchObject({ address: BigInt(address), layout: { name: layout } });
  });

  test.each([
    'ivhd1/00:04.0/dte',
    'ivhd0',
    'ivhd0/devices',
    'ivhd0/00:04.0',
    'ivhd0/00:04.0/L3[0]',
    'ivhd0/00:04.0/L2[1]/L1[0]',
    'ivhd0/00:04.0/L2[0]/L1[5]/L1[0]',
    'ivhd0/00:04.0/L2[512]',
    'ivhd0/00:04.0/pasid.0',
    'ivhd0/00:05.0/gcr3/L3[0]',
    'ivhd0/00:05.0/pasid.262144',
    'ivhd0/irq/00:04.0/4',
    'ivhd0/irq/00:05.0/0',
    'ivhd0/cmd/256',
    'ivhd0/event/0',
    'ivhd0/20:00.0/dte',
    '0001/nonsense',
    '',
  ])('%s names no entry', (path) => {
    expect(unit.entry(path)).toBeUndefined();
  });
});
