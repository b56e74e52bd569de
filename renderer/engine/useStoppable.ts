import { useCallback, useState } from 'react';
import type { CallAnswer, CallName, CallRequest } from '../../core/protocol/contract.ts';
import type { CallState } from './useCall.ts';
import { useCall } from './useCall.ts';

export interface StoppableCall<T> extends CallState<T> {
  readonly stopped: boolean;
  /** Cancels the work; another question, or `resume`, begins again. */
  readonly stop: () => void;
  readonly resume: () => void;
}

/** A call that may take long and can be stopped by a person. */
export function useStoppable<N extends CallName>(
  name: N,
  request: CallRequest<N> | undefined,
): StoppableCall<CallAnswer<N>> {
  const key = JSON.stringify(request);
  const [stoppedAt, setStoppedAt] = useState<string>();
  const stopped = request !== undefined && stoppedAt === key;
  const answer = useCall(name, stopped ? undefined : request);
  return {
    ...answer,
    stopped,
    stop: useCallback(() => setStoppedAt(key), [key]),
    resume: useCallback(() => setStoppedAt(undefined), []),
  };
}
