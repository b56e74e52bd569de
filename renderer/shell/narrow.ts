import type { SerializedDockview } from 'dockview-react';

/** A group of tabs in dockview's own form of a layout. */
interface Leaf {
  readonly type: 'leaf';
  readonly size?: number;
  readonly data: {
    readonly id: string;
    readonly views: readonly string[];
    readonly activeView?: string;
  };
}

interface Branch {
  readonly type: 'branch';
  readonly size?: number;
  readonly data: readonly Node[];
}

type Node = Leaf | Branch;

/**
 * A layout for a window under 1200 px: what stands to the right becomes tabs of the last group
 * on the left, in front there, since it is what answers. A left column of one group at the top
 * of the layout gets a second one below it for that.
 */
export function narrowed(layout: SerializedDockview): SerializedDockview {
  const { grid } = layout;
  const orientation: string = grid.orientation;
  const root = fold(grid.root as Node, orientation === 'HORIZONTAL', true);
  const groups = leavesOf(root);
  // A group that was merged is gone: what is active is then where its tabs are.
  const active = groups.find(({ data }) => data.id === layout.activeGroup) ?? groups.at(-1);
  return {
    ...layout,
    grid: { ...grid, root: root as SerializedDockview['grid']['root'] },
    activeGroup: active?.data.id,
  };
}

function fold(node: Node, across: boolean, top: boolean): Node {
  if (node.type === 'leaf') return node;
  const children = node.data.map((child) => fold(child, !across, false));
  const [left, ...right] = children;
  if (!across || right.length === 0) return { ...node, data: children };
  const moved = right.flatMap(leavesOf);
  const views = moved.flatMap(({ data }) => data.views);
  const front = moved[0]?.data.activeView ?? views[0];
  const size = children.reduce((sum, child) => sum + (child.size ?? 0), 0);
  const [only, second] = leavesOf(left);
  if (top && second === undefined) {
    const half = Math.round((node.size ?? 0) / 2);
    const below: Leaf = {
      type: 'leaf',
      size: half,
      data: { id: moved[0].data.id, views, activeView: front },
    };
    return { ...node, data: [{ type: 'branch', size, data: [{ ...only, size: half }, below] }] };
  }
  return { ...node, data: [{ ...withTabs(left, views, front), size }] };
}

/** Adds tabs to the last group of a node, one of them in front. */
function withTabs(node: Node, views: readonly string[], front: string): Node {
  if (node.type === 'branch') {
    const { data } = node;
    const last = data.at(-1);
    return last ? { ...node, data: [...data.slice(0, -1), withTabs(last, views, front)] } : node;
  }
  return {
    ...node,
    data: { ...node.data, views: [...node.data.views, ...views], activeView: front },
  };
}

function leavesOf(node: Node): Leaf[] {
  return node.type === 'leaf' ? [node] : node.data.flatMap(leavesOf);
}
