import type { WireFailure } from '../../core/protocol/wire.ts';
import type { Store } from './store.ts';
import { createStore } from './store.ts';

/** The one bar above the status bar, for what needs a decision or was done out of sight. */
export interface Notice {
  readonly severity: 'error' | 'warning' | 'note' | 'ok';
  readonly text: string;
  /** What `Copy details` copies. */
  readonly details?: string;
  /** What a person may do about it. */
  readonly action?: { readonly title: string; run(): void };
}

const PASSING = 4000;

/** At most one notice at a time; Esc dismisses it. */
export class Notices {
  readonly current: Store<Notice | undefined> = createStore<Notice | undefined>(undefined);
  #timer: ReturnType<typeof setTimeout> | undefined;

  show(notice: Notice): void {
    clearTimeout(this.#timer);
    this.current.set(notice);
    // A mere confirmation goes by itself.
    if (notice.severity === 'ok') this.#timer = setTimeout(() => this.dismiss(), PASSING);
  }

  /** A failure of something that was asked for outside a panel. */
  fail(failure: WireFailure, action?: Notice['action']): void {
    // The bar speaks of a lost engine itself, until it is back.
    if (failure.kind === 'lost') return;
    this.show({
      severity: 'error',
      text: `${failure.happened} ${failure.means} ${failure.advice}`,
      details: failureText(failure),
      action,
    });
  }

  dismiss(): boolean {
    const had = this.current.get() !== undefined;
    this.current.set(undefined);
    return had;
  }
}

/** A failure as text for a report. */
export function failureText(failure: WireFailure): string {
  return [failure.happened, failure.means, failure.advice, `kind: ${failure.kind}`].join('\n');
}
