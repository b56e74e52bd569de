import type { WireFailure } from './wire.ts';
import { MAX_MESSAGE, WireFailure as WireFailureSchema } from './wire.ts';

/**
 * A failure that came over the border, or that the border itself found: what happened (the
 * message), what it means, what to do. It has the shape of core/memory's Failure, which stands
 * above this folder, so that either crosses again unchanged.
 */
export class EngineFailure extends Error {
  override readonly name = 'Failure';
  readonly kind: WireFailure['kind'];
  /** What it means for the user, one sentence. */
  readonly means: string;
  /** What to do about it, one sentence. */
  readonly advice: string;

  constructor(failure: WireFailure) {
    super(failure.happened);
    this.kind = failure.kind;
    this.means = failure.means;
    this.advice = failure.advice;
  }
}

/** A failure's wire form; undefined when the error is not a failure but a bug. */
function failureOf(error: unknown): WireFailure | undefined {
  if (!(error instanceof Error) || error.name !== 'Failure') return undefined;
  const { kind, means, advice } = error as Partial<EngineFailure>;
  const parsed = WireFailureSchema.safeParse({ kind, happened: error.message, means, advice });
  return parsed.success ? parsed.data : undefined;
}

/**
 * What crosses for an exception: a Failure as it is; anything else is a bug, told without its
 * stack (`onBug` gets the exception itself, for the log).
 */
export function toWireFailure(error: unknown, onBug?: (error: unknown) => void): WireFailure {
  const failure = failureOf(error);
  if (failure) return failure;
  onBug?.(error);
  return {
    kind: 'bug',
    happened: `The engine met a fault of its own: ${error instanceof Error ? error.message : String(error)}`,
    means: 'This answer could not be made; everything else goes on.',
    advice: 'Please report it with what you did; the crash log has the details.',
  };
}

/** What was asked was cancelled. @param what its name, for the sentence */
export function cancelled(what: string): WireFailure {
  return {
    kind: 'cancelled',
    happened: `${what} was stopped.`,
    means: 'Its answer is not there.',
    advice: 'Ask again to have it.',
  };
}

/** The road to the engine ended before there was an answer. */
export function connectionEnded(reason: string): WireFailure {
  return {
    kind: 'lost',
    happened: `The connection to the engine ended: ${reason}`,
    means: 'What was asked has no answer.',
    advice: 'The window connects again by itself; ask again then.',
  };
}

/** A request, or its name, that the contract does not allow. */
export function misuse(happened: string): WireFailure {
  return {
    kind: 'usage',
    happened,
    means: 'The engine did not act on it.',
    advice: 'Check the request against the contract of this version.',
  };
}

/** An answer or item that the contract does not allow: the fault of the end that made it. */
export function brokenContract(happened: string): WireFailure {
  return {
    kind: 'bug',
    happened,
    means: 'The engine and the window do not agree on the contract, so the answer is withheld.',
    advice: 'Please report it; the versions of engine and window may differ.',
  };
}

/** A message that is longer than a message may be. */
export function tooLong(length: number): WireFailure {
  return {
    kind: 'limit',
    happened: `A message of ${length} characters is longer than ${MAX_MESSAGE}.`,
    means: 'It was not sent or not acted on.',
    advice: 'Ask for less at once; open large texts as files.',
  };
}
