import { useState } from 'react';
import type { WireFailure } from '../../core/protocol/wire.ts';
import { asFailure } from './failure.ts';

export interface Attempt {
  /** Whether the work runs. */
  readonly busy: boolean;
  /** Why the last attempt did not end well. */
  readonly failure: WireFailure | undefined;
  /** Runs work unless some runs already. @param done called when it ended well */
  readonly run: <T>(work: () => Promise<T>, done: (answer: T) => void) => void;
}

/** What a person may try again as long as it fails: a dialog's work. */
export function useAttempt(): Attempt {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<WireFailure>();
  const run = async <T>(work: () => Promise<T>, done: (answer: T) => void): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setFailure(undefined);
    try {
      done(await work());
    } catch (error) {
      setFailure(asFailure(error));
    }
    setBusy(false);
  };
  return { busy, failure, run: (work, done) => void run(work, done) };
}
