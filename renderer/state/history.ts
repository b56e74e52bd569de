import type { HistoryKeeper } from './selection.ts';

/** Selections within that time of each other are one entry, ms: about a frame. */
const SETTLED = 20;
/** The same while a key is held: it repeats faster. */
const HELD = 150;

/**
 * Keeps selections in the browser's own history, so that its Back and Forward keys work. What a
 * key that is held passes on its way makes no entries: browsers take some two hundred in ten
 * seconds, at a millisecond each, and nobody goes back through them.
 */
export function browserHistory(target: Window): HistoryKeeper {
  target.history.replaceState({ selection: 0 }, '');
  let waiting: number | undefined;
  let timer = 0;
  let held = false;
  target.addEventListener('keydown', ({ repeat }) => (held = repeat), true);
  const forget = (): void => {
    target.clearTimeout(timer);
    waiting = undefined;
  };
  const settle = (): void => {
    if (waiting !== undefined) target.history.pushState({ selection: waiting }, '');
    forget();
  };
  return {
    push(index, passing) {
      if (!passing) settle();
      target.clearTimeout(timer);
      waiting = index;
      timer = target.setTimeout(settle, held ? HELD : SETTLED);
    },
    go(delta) {
      settle();
      target.history.go(delta);
    },
    onMove(listener) {
      target.addEventListener('popstate', ({ state }) => {
        forget();
        const index: unknown = (state as { selection?: unknown } | null)?.selection;
        if (typeof index === 'number') listener(index);
      });
    },
  };
}
