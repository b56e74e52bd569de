import { bridge } from '../engine/road.ts';
import { onlyPanel } from '../state/windows.ts';
import type { Workbench } from '../state/workbench.ts';

/** Registers what moves a tab to a window of its own: where the shell has no windows, nothing. */
export function registerWindowAction({ actions, dock }: Workbench): void {
  const shell = bridge();
  if (!shell || onlyPanel() !== undefined) return;
  const { state } = dock;
  actions.add({
    id: 'view.window',
    title: 'Move this tab to a window of its own',
    possible: () => state.get().active !== undefined && state.get().open.length > 1,
    run: () => {
      const { active } = state.get();
      if (active === undefined) return;
      shell.openPanel(active);
      dock.close(active);
    },
  });
}
