import { useCallback, useSyncExternalStore } from 'react';
import type { Store } from './store.ts';

const waiting = new Set<() => void>();

/**
 * Runs work in the next frame, each piece once however often it was asked for. In a page that is
 * not shown there are no frames: the work is done at once.
 */
export function inNextFrame(work: () => void): void {
  if (document.hidden) return work();
  if (waiting.size === 0) requestAnimationFrame(runWaiting);
  waiting.add(work);
}

function runWaiting(): void {
  const now = [...waiting];
  waiting.clear();
  for (const work of now) work();
}

/**
 * As useStore, for what many keys or answers change within one frame: the component hears of all
 * of them once, in the frame that shows them.
 */
export function useFrameStore<T>(store: Store<T>): T {
  const subscribe = useCallback(
    (heard: () => void) => {
      let over = false;
      const tell = (): void => {
        if (!over) heard();
      };
      const stop = store.subscribe(() => inNextFrame(tell));
      return () => {
        over = true;
        stop();
      };
    },
    [store],
  );
  return useSyncExternalStore(subscribe, store.get);
}

/**
 * Least time between two drawings of counts, charts and states, ms: with what a bar draws for
 * other reasons it stays at 4 Hz (ui.md, section 7).
 */
const CALM = 330;

/**
 * As useStore, for what is only looked at: a change shows at once when nothing changed for a
 * while, and further ones at most three times a second.
 */
export function useCalmStore<T>(store: Store<T>): T {
  const subscribe = useCallback((heard: () => void) => calm(store.subscribe, heard), [store]);
  return useSyncExternalStore(subscribe, store.get);
}

/** Hears of changes at most three times a second: the first at once, and always the last. */
export function calm(
  subscribe: (listener: () => void) => () => void,
  heard: () => void,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let more = false;
  const beat = (): void => {
    timer = undefined;
    if (!more) return;
    more = false;
    timer = setTimeout(beat, CALM);
    heard();
  };
  const stop = subscribe(() => {
    more = true;
    if (timer === undefined) beat();
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}
