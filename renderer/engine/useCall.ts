import { useCallback, useEffect, useState } from 'react';
import type { CallAnswer, CallName, CallRequest } from '../../core/protocol/contract.ts';
import type { WireFailure } from '../../core/protocol/wire.ts';
import { useWorkbench } from '../state/context.ts';
import { useStore } from '../state/store.ts';
import { asFailure, isCancelled } from './failure.ts';

/** What a panel has of an answer: the last good one stays while a newer is on its way. */
export interface CallState<T> {
  readonly state: 'idle' | 'loading' | 'ready' | 'failed';
  readonly value: T | undefined;
  readonly failure: WireFailure | undefined;
  /** Asks once more. */
  readonly retry: () => void;
}

interface Answer<T> {
  /** The question, and the turn at which it was asked. */
  readonly key: string;
  readonly turn: string;
  readonly value?: T;
  readonly failure?: WireFailure;
}

/**
 * Asks the engine and asks again when the request, the session's generation or the connection
 * changes. A request of undefined asks nothing.
 * @param live false leaves the generation out: the answer does not depend on the session.
 */
export function useCall<N extends CallName>(
  name: N,
  request: CallRequest<N> | undefined,
  live = true,
): CallState<CallAnswer<N>> {
  const { engine, session } = useWorkbench();
  const generation = useStore(session.version);
  const [retries, setRetries] = useState(0);
  const [answer, setAnswer] = useState<Answer<CallAnswer<N>>>();
  const key = request === undefined ? '' : JSON.stringify(request);
  const turn = `${live ? generation : 0}.${retries}`;

  useEffect(() => {
    if (key === '') return;
    const abort = new AbortController();
    engine.call(name, JSON.parse(key) as CallRequest<N>, abort.signal).then(
      (value) => setAnswer({ key, turn, value }),
      (error: unknown) => {
        if (!isCancelled(error)) setAnswer({ key, turn, failure: asFailure(error) });
      },
    );
    return () => abort.abort();
  }, [engine, name, key, turn]);

  const retry = useCallback(() => setRetries((old) => old + 1), []);
  // The same question again keeps the old answer on the screen until the new one is there.
  const mine = key !== '' && answer?.key === key ? answer : undefined;
  const current = mine?.turn === turn ? mine : undefined;
  return {
    state:
      key === ''
        ? 'idle'
        : !current
          ? 'loading'
          : current.failure === undefined
            ? 'ready'
            : 'failed',
    value: mine?.value,
    failure: current?.failure,
    retry,
  };
}
