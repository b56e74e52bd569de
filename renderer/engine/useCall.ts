import { useEffect, useRef, useState } from 'react';
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
}

const IDLE = { state: 'idle', value: undefined, failure: undefined } as const;

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
  const [state, setState] = useState<CallState<CallAnswer<N>>>(IDLE);
  const key = request === undefined ? '' : JSON.stringify(request);
  const asked = useRef('');

  useEffect(() => {
    if (key === '') {
      asked.current = '';
      setState(IDLE);
      return;
    }
    const abort = new AbortController();
    // The same question again keeps the old answer on the screen until the new one is there.
    const same = asked.current === key;
    asked.current = key;
    setState((old) => ({
      state: 'loading',
      value: same ? old.value : undefined,
      failure: undefined,
    }));
    engine.call(name, JSON.parse(key) as CallRequest<N>, abort.signal).then(
      (value) => setState({ state: 'ready', value, failure: undefined }),
      (error: unknown) => {
        if (!isCancelled(error))
          setState({ state: 'failed', value: undefined, failure: asFailure(error) });
      },
    );
    return () => abort.abort();
  }, [engine, name, key, live ? generation : 0]);

  return state;
}
