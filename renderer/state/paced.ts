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

/** What is to be told at the next beat; all of it then, so that a bar of several parts draws once. */
let told = new Set<() => void>();
let beating: ReturnType<typeof setTimeout> | undefined;

function beat(): void {
  beating = undefined;
  const now = told;
  told = new Set();
  if (now.size === 0) return;
  beating = setTimeout(beat, CALM);
  for (const tell of now) tell();
}

/** Hears of changes at most three times a second: the first at once, and always the last. */
export function calm(
  subscribe: (listener: () => void) => () => void,
  heard: () => void,
): () => void {
  const tell = (): void => heard();
  const stop = subscribe(() => {
    told.add(tell);
    if (beating === undefined) beat();
  });
  return () => {
    told.delete(tell);
    stop();
  };
}
