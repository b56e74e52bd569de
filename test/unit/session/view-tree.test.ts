import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TreeNode } from '../../../core/iommu/unit.ts';
import { FlatTree } from '../../../core/session/flat-tree.ts';
import { pathsAbove } from '../../../core/session/tree-paths.ts';

/** How many children each node has, by level; the last level has none. */
function node(path: string, fanOut: readonly number[], made: { count: number }): TreeNode {
  made.count++;
  const [here = 0, ...below] = fanOut;
  return {
    path,
    label: path,
    kind: 'entry',
    entry: undefined,
    pointsTo: undefined,
    decoded: '',
    rights: undefined,
    present: true,
    findings: [],
    childCount: here,
    children: () =>
      Array.from({ length: here }, (_, index) => node(`${path}/${index}`, below, made)),
    child: () => undefined,
  };
}

const childrenOf = (each: TreeNode): readonly TreeNode[] => each.children(false);

function paths(tree: FlatTree, from = 0, to = tree.total): string[] {
  return tree.rows(from, to).map((row) => row.node.path);
}

describe('the flattened tree', () => {
  test('shows its roots folded, and a node’s children when it is expanded', () => {
    const made = { count: 0 };
    const tree = new FlatTree([node('u0', [2, 2], made), node('u1', [1], made)], childrenOf);
    expect(paths(tree)).toEqual(['u0', 'u1']);
    expect(tree.expand('u0', true)).toEqual({ index: 0, cut: false });
    expect(paths(tree)).toEqual(['u0', 'u0/0', 'u0/1', 'u1']);
    expect(tree.expand('u0/1', true)?.index).toBe(2);
    expect(
      tree.rows(0, 10).map((row) => [row.depth, row.position, row.setSize, row.expanded]),
    ).toEqual([
      [0, 1, 2, true],
      [1, 1, 2, false],
      [1, 2, 2, true],
      [2, 1, 2, false],
      [2, 2, 2, false],
      [0, 2, 2, false],
    ]);
    expect(tree.expand('u0', false)?.index).toBe(0);
    expect(paths(tree)).toEqual(['u0', 'u1']);
  });

  test('every window is the same part of the whole, whatever is expanded', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(200), { maxLength: 40 }),
        fc.nat(150),
        fc.nat(60),
        (picks, from, length) => {
          const tree = new FlatTree(
            [node('u0', [4, 3, 5], { count: 0 }), node('u1', [2, 2], { count: 0 })],
            childrenOf,
          );
          for (const pick of picks) {
            const at = pick % tree.total;
            const [row] = tree.rows(at, at + 1);
            expect(tree.expand(row.node.path, !row.expanded)?.index).toBe(at);
          }
          const all = paths(tree);
          expect(all).toHaveLength(tree.total);
          expect(new Set(all).size).toBe(all.length);
          expect(paths(tree, from, from + length)).toEqual(all.slice(from, from + length));
        },
      ),
    );
  });

  test('what is unfolded in one tree unfolds another of the same tables alike', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2000), { maxLength: 24 }), (picks) => {
        const roots = () => [node('u0', [4, 3, 5], { count: 0 }), node('u1', [2, 2], { count: 0 })];
        const [tree, other] = [
          new FlatTree(roots(), childrenOf),
          new FlatTree(roots(), childrenOf),
        ];
        for (const pick of picks) {
          const at = pick % tree.total;
          const [row] = tree.rows(at, at + 1);
          tree.expand(row.node.path, !row.expanded);
        }
        other.unfold([...tree.unfolded(1000), 'u9', 'u0/99']);
        expect(paths(other)).toEqual(paths(tree));
        // Those above come first: a part of them unfolds too.
        const few = new FlatTree(roots(), childrenOf);
        few.unfold(tree.unfolded(2));
        expect(few.unfolded(1000)).toEqual(tree.unfolded(2));
      }),
    );
  });

  test('reveals a path, expanding what is above it and nothing else', () => {
    const made = { count: 0 };
    const tree = new FlatTree([node('u0', [512, 512, 512], made)], childrenOf);
    const index = tree.reveal('u0/300/200/100');
    expect(index).toBe(1 + 300 + 1 + 200 + 1 + 100);
    expect(paths(tree, index!, index! + 1)).toEqual(['u0/300/200/100']);
    expect(tree.total).toBe(1 + 3 * 512);
    expect(made.count).toBeLessThan(4000);
    expect(tree.reveal('u0/600')).toBeUndefined();
    expect(tree.reveal('nothing')).toBeUndefined();
  });

  test('a window into millions of rows makes only the tables it touches', () => {
    const made = { count: 0 };
    const tree = new FlatTree([node('u0', [64, 512, 512], made)], childrenOf);
    tree.expand('u0', true);
    for (let i = 0; i < 64; i++) tree.expand(`u0/${i}`, true);
    const [first] = tree.rows(1, 2);
    expect(first.node.path).toBe('u0/0');
    for (let i = 0; i < 64; i++)
      for (let j = 0; j < 512; j += 64) tree.expand(`u0/${i}/${j}`, true);
    expect(tree.total).toBe(1 + 64 + 64 * 512 + 64 * 8 * 512);
    made.count = 0;
    const rows = tree.rows(200_000, 200_060);
    expect(rows).toHaveLength(60);
    expect(made.count).toBeLessThan(2000);
  });

  test('a subtree expands within its bound of rows', () => {
    const tree = new FlatTree([node('u0', [512, 512, 512], { count: 0 })], childrenOf);
    expect(tree.expand('u0', true, true)).toEqual({ index: 0, cut: true });
    expect(tree.total - 1).toBeGreaterThan(9_000);
    expect(tree.total - 1).toBeLessThanOrEqual(10_000);
    const small = new FlatTree([node('u0', [3, 4], { count: 0 })], childrenOf);
    expect(small.expand('u0', true, true)).toEqual({ index: 0, cut: false });
    expect(small.total).toBe(1 + 3 + 12);
  });

  test('a new state of the tables keeps what was expanded and still is there', () => {
    const tree = new FlatTree([node('u0', [3, 3], { count: 0 })], childrenOf);
    tree.expand('u0', true);
    tree.expand('u0/2', true);
    tree.replace([node('u0', [3, 1], { count: 0 })]);
    expect(paths(tree)).toEqual(['u0', 'u0/0', 'u0/1', 'u0/2', 'u0/2/0']);
    tree.replace([node('u0', [2, 1], { count: 0 })]);
    expect(paths(tree)).toEqual(['u0', 'u0/0', 'u0/1']);
  });

  test('a node that holds itself is bounded in depth', () => {
    const loop: TreeNode = { ...node('u0', [1], { count: 0 }), children: () => [loop] };
    const tree = new FlatTree([loop], childrenOf);
    tree.expand('u0', true, true);
    expect(tree.total).toBeLessThan(40);
  });
});

describe('paths above an entry', () => {
  test.each([
    [
      'dmar0/02:00.0/L4[0]/L3[3]',
      ['dmar0', 'dmar0/root', 'dmar0/bus.02', 'dmar0/02:00.0/context', 'dmar0/02:00.0/L4[0]'],
    ],
    ['dmar0/02:00.0/pasid.70/L4[0]', ['dmar0/02:00.0/pasid-dir.1', 'dmar0/02:00.0/pasid.70']],
    ['ivhd0/00:14.0/dte', ['ivhd0', 'ivhd0/00:14.0/dte']],
    ['dmar0/irq/42', ['dmar0', 'dmar0/irq']],
  ])('%s', (path, above) => {
    expect(pathsAbove(path)).toEqual(expect.arrayContaining(above));
  });
});
