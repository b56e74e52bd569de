import type { SerializedDockview } from 'dockview-react';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../../renderer/shell/layout.ts';
import { narrowed } from '../../../renderer/shell/narrow.ts';
import { PRESETS } from '../../../renderer/shell/presets.ts';
import { moveOf } from '../../../renderer/shell/splitters.ts';

interface Node {
  readonly type: string;
  readonly size?: number;
  readonly data:
    | readonly Node[]
    | { readonly id: string; readonly views: string[]; readonly activeView: string };
}

const isLeaf = (node: Node): boolean => node.type === 'leaf';
const leaf = (node: Node) =>
  node.data as { readonly id: string; readonly views: string[]; readonly activeView: string };
const children = (node: Node): readonly Node[] => node.data as readonly Node[];

/** The groups of a layout from top to bottom, the tab in front marked. */
function groups(layout: SerializedDockview): string[] {
  const all = (node: Node): string[] =>
    isLeaf(node)
      ? [
          leaf(node)
            .views.map((view) => (view === leaf(node).activeView ? `[${view}]` : view))
            .join(' '),
        ]
      : children(node).flatMap(all);
  return all(layout.grid.root as Node);
}

/** Columns of a layout, at most: 1 when nothing stands beside anything. */
function columns(layout: SerializedDockview): number {
  const most = (node: Node, across: boolean): number =>
    isLeaf(node)
      ? 1
      : children(node)
          .map((child) => most(child, !across))
          .reduce((a, b) => (across ? a + b : Math.max(a, b)), 0);
  const orientation: string = layout.grid.orientation;
  return most(layout.grid.root as Node, orientation === 'HORIZONTAL');
}

describe('a layout in a narrow window', () => {
  it.each(PRESETS.map((preset) => [preset.name, preset] as const))(
    '%s has one column, and all its panels',
    (_name, preset) => {
      const wide = layoutOf(preset, 1304, 836);
      const narrow = narrowed(wide);
      expect(columns(narrow)).toBe(1);
      const panels = (layout: SerializedDockview): string[] =>
        groups(layout).join(' ').replaceAll(/[[\]]/g, '').split(' ').toSorted();
      expect(panels(narrow)).toEqual(panels(wide));
      expect(narrow.panels).toEqual(wide.panels);
    },
  );

  it('shows what stood to the right in front of the lowest group', () => {
    expect(groups(narrowed(layoutOf(PRESETS[0], 1304, 836)))).toEqual([
      '[faults] tables',
      'console script [explain] entry translate',
    ]);
  });

  it('gets a second group where the left column had one', () => {
    expect(groups(narrowed(layoutOf(PRESETS[1], 1304, 836)))).toEqual([
      '[tables] registers audit compare',
      '[entry] translate memory script',
    ]);
  });

  it('keeps a group that lies across', () => {
    expect(groups(narrowed(layoutOf(PRESETS[3], 1304, 836)))).toEqual([
      '[timeline] faults',
      'console map memory [explain] translate entry',
    ]);
  });

  it('is the same when it is narrow already', () => {
    const once = narrowed(layoutOf(PRESETS[0], 1304, 836));
    expect(groups(narrowed(once))).toEqual(groups(once));
  });

  it('has a group that is active, also when that one was merged', () => {
    const wide = layoutOf(PRESETS[0], 1304, 836);
    const ids = (layout: SerializedDockview): string[] => {
      const all = (node: Node): string[] =>
        isLeaf(node) ? [leaf(node).id] : children(node).flatMap(all);
      return all(layout.grid.root as Node);
    };
    for (const id of ids(wide)) {
      const narrow = narrowed({ ...wide, activeGroup: id });
      expect(ids(narrow)).toContain(narrow.activeGroup);
    }
  });
});

describe('a splitter', () => {
  it.each([
    ['ArrowLeft', true, -16],
    ['ArrowRight', true, 16],
    ['ArrowUp', true, undefined],
    ['ArrowUp', false, -16],
    ['ArrowDown', false, 16],
    ['ArrowRight', false, undefined],
    ['Enter', true, undefined],
  ] as const)('%s moves it only along its way (upright: %s)', (key, upright, by) => {
    expect(moveOf(key, upright)).toBe(by);
  });

  it('goes to its ends by Home and End', () => {
    expect(moveOf('Home', true)).toBeLessThan(-10_000);
    expect(moveOf('End', false)).toBeGreaterThan(10_000);
  });
});
