import { bridge } from '../engine/road.ts';
import { textsOf } from '../state/saved.ts';
import { onlyPanel } from '../state/windows.ts';
import type { Workbench } from '../state/workbench.ts';
import type { Seat } from './dock-model.ts';

/** What the view keeps of tabs that are in windows of their own. */
const KEPT = 'windows';

/**
 * Registers what moves a tab to a window of its own, where the shell has windows. The tab is back
 * in its group when that window is closed, and when the app is started again.
 */
export function registerWindowAction(workbench: Workbench): void {
  const { actions, dock } = workbench;
  if (onlyPanel() !== undefined) {
    // What is left of a window without its only tab is nothing.
    actions.add({ id: 'view.closeTab', title: 'Close this tab', run: () => globalThis.close() });
    return;
  }
  const { state } = dock;
  const settle = (): void => {
    if (state.get().open.length === 0) return;
    stop();
    for (const seat of away(workbench)) bringBack(workbench, seat.id);
  };
  // Windows of the last start are gone.
  const stop = state.subscribe(settle);
  const shell = bridge();
  if (!shell) return;
  actions.add({
    id: 'view.window',
    title: 'Move this tab to a window of its own',
    possible: () => state.get().active !== undefined && state.get().open.length > 1,
    run: () => {
      const { active } = state.get();
      const seat = active === undefined ? undefined : dock.seat(active);
      if (!seat) return;
      keep(workbench, [...away(workbench).filter(({ id }) => id !== seat.id), seat]);
      shell.openPanel(seat.id);
      dock.close(seat.id);
    },
  });
}

/** A panel's own window was closed: its tab stands where it was. */
export function bringBack(workbench: Workbench, panel: string): void {
  const seats = away(workbench);
  const seat = seats.find(({ id }) => id === panel);
  if (!seat) return;
  keep(
    workbench,
    seats.filter((each) => each !== seat),
  );
  workbench.dock.back(seat);
}

function keep({ view }: Workbench, seats: readonly Seat[]): void {
  view.remember(KEPT, { away: seats });
}

/** Tabs that are elsewhere, as the view has them. */
function away({ view }: Workbench): readonly Seat[] {
  const { away: saved } = view.panel<{ away?: unknown }>(KEPT, {});
  if (!Array.isArray(saved)) return [];
  return saved.flatMap((each: unknown) => {
    const { id, beside, index } = Object(each) as Partial<Record<keyof Seat, unknown>>;
    if (typeof id !== 'string' || typeof index !== 'number') return [];
    return [{ id, beside: textsOf(beside), index }];
  });
}
