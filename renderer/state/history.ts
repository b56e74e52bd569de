import type { HistoryKeeper } from './selection.ts';

/** Keeps selections in the browser's own history, so that its Back and Forward keys work. */
export function browserHistory(target: Window): HistoryKeeper {
  target.history.replaceState({ selection: 0 }, '');
  return {
    push: (index) => target.history.pushState({ selection: index }, ''),
    go: (delta) => target.history.go(delta),
    onMove(listener) {
      target.addEventListener('popstate', ({ state }) => {
        const index: unknown = (state as { selection?: unknown } | null)?.selection;
        if (typeof index === 'number') listener(index);
      });
    },
  };
}
