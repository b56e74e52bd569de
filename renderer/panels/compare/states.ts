import type { StateInfo } from '../../../core/protocol/contract-states.ts';
import type { Store } from '../../state/store.ts';
import { createStore } from '../../state/store.ts';
import type { ViewModel } from '../../state/view.ts';

/** Ids of the two states as they were chosen; absent where nobody chose. */
export interface Pair {
  readonly a?: string;
  readonly b?: string;
}

/** The two states that are compared. They are kept with the view. */
export class ComparedStates {
  readonly chosen: Store<Pair>;
  readonly #view: ViewModel;

  constructor(view: ViewModel) {
    this.#view = view;
    this.chosen = createStore<Pair>({});
  }

  /** Takes what the session was saved with. */
  restore(): void {
    const { a, b } = this.#view.panel<Pair>('compare', {});
    this.chosen.set({
      a: typeof a === 'string' ? a : undefined,
      b: typeof b === 'string' ? b : undefined,
    });
  }

  choose(side: 'a' | 'b', state: string): void {
    const { a, b } = this.chosen.get();
    const other = side === 'a' ? b : a;
    // A state is not compared with itself: the two change places.
    const pair = side === 'a' ? { a: state, b } : { a, b: state };
    this.#set(other === state ? { a: b, b: a } : pair);
  }

  swap(pair: Pair): void {
    this.#set({ a: pair.b, b: pair.a });
  }

  /** A further state was opened: it is compared with the captured one. */
  take(state: string): void {
    this.#set({ a: 'captured', b: state });
  }

  #set(pair: Pair): void {
    this.chosen.set(pair);
    this.#view.remember('compare', pair);
  }
}

/**
 * The pair that shows: what was chosen where it still is there, else the captured state and the
 * first other one (the capture as it was read before the changes made to it).
 */
export function pairOf(states: readonly StateInfo[], chosen: Pair): Required<Pair> | undefined {
  if (states.length < 2) return undefined;
  const there = (id: string | undefined): string | undefined =>
    states.some((state) => state.id === id) ? id : undefined;
  const a = there(chosen.a);
  const b = there(chosen.b);
  if (a !== undefined && b !== undefined && a !== b) return { a, b };
  const original = states.find(({ kind }) => kind === 'original')?.id;
  const other = (not: string | undefined): string =>
    (states.find(({ id, kind }) => id !== not && kind !== 'original') ?? states[0]).id;
  if (a !== undefined) return { a, b: other(a) };
  if (b !== undefined) return { a: other(b), b };
  if (original !== undefined && !states.some(({ kind }) => kind === 'second'))
    return { a: original, b: states[0].id };
  return { a: states[0].id, b: other(states[0].id) };
}
