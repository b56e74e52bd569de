import { EngineFailure } from '../../core/protocol/failure.ts';
import type { WireFailure } from '../../core/protocol/wire.ts';

/** Any exception as the three sentences that an error block shows. */
export function asFailure(error: unknown): WireFailure {
  if (error instanceof EngineFailure)
    return {
      kind: error.kind,
      happened: error.message,
      means: error.means,
      advice: error.advice,
    };
  return {
    kind: 'bug',
    happened: error instanceof Error ? error.message : String(error),
    means: 'This part of the window could not be shown.',
    advice: 'Copy the details into a report; the rest of the window goes on.',
  };
}

/** Whether an exception only says that the work was cancelled. */
export function isCancelled(error: unknown): boolean {
  if (error instanceof EngineFailure) return error.kind === 'cancelled';
  return error instanceof Error && error.name === 'AbortError';
}
