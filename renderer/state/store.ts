import { useSyncExternalStore } from 'react';

/** State that lives outside React: read it, set it, hear of changes. */
export interface Store<T> {
  readonly get: () => T;
  /** Sets a new value, or one made from the old; nobody hears of an equal one. */
  readonly set: (next: T | ((old: T) => T)) => void;
  /** @returns a function that ends the subscription */
  readonly subscribe: (listener: () => void) => () => void;
}

/** Makes a store that holds `initial`. */
export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      const made = typeof next === 'function' ? (next as (old: T) => T)(value) : next;
      if (Object.is(made, value)) return;
      value = made;
      // A listener may end its subscription, or another's.
      for (const listener of new Set(listeners)) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The store's value in a component; `pick` must give equal values for equal states. */
export function useStore<T>(store: Store<T>): T;
export function useStore<T, P>(store: Store<T>, pick: (value: T) => P): P;
export function useStore<T, P>(store: Store<T>, pick?: (value: T) => P): T | P {
  const read = (): T | P => (pick ? pick(store.get()) : store.get());
  return useSyncExternalStore(store.subscribe, read);
}
