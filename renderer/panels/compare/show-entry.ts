import { deviceOfPath } from '../../shell/go.ts';
import type { Workbench } from '../../state/workbench.ts';

/**
 * Shows in Tables an entry that only another state has: its row there, or the nearest above it,
 * with that state beside the tree; Entry shows the entry itself.
 */
export function showEntryOf(
  workbench: Workbench,
  found: { readonly entry: string; readonly source: string; readonly against: string },
  how: { readonly focus: boolean; readonly beside?: boolean },
): void {
  const { dock, selection, tree } = workbench;
  if (tree.state.get().against !== found.source) void tree.compareWith(found.source);
  dock.open('tables', how);
  selection.publish({
    ...found,
    unit: found.entry.split('/')[0],
    bdf: deviceOfPath(found.entry),
    from: 'compare',
  });
}
