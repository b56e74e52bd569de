/**
 * The one error type at the edge: what happened, what it means, what to do. Everything that an
 * input can cause and that leaves no answer at all is one of these; damage inside an answer is a
 * finding instead, and any other exception is a bug.
 */
export type FailureKind =
  /** The request itself is wrong (exit 2). */
  | 'usage'
  /** The input can't be read as anything, or does not hold what was asked (exit 3). */
  | 'unreadable'
  /** The caller cancelled (exit 130). */
  | 'cancelled'
  /** A bound of time, memory or depth was reached. */
  | 'limit'
  /** A platform service failed: a port that does not open, a file without permission. */
  | 'system';

export class Failure extends Error {
  override readonly name = 'Failure';
  readonly kind: FailureKind;
  /** What it means for the user, one sentence. */
  readonly means: string;
  /** What to do about it, one sentence. */
  readonly advice: string;

  constructor(kind: FailureKind, happened: string, means: string, advice: string) {
    super(happened);
    this.kind = kind;
    this.means = means;
    this.advice = advice;
  }

  /** The three sentences as one line. */
  line(): string {
    return [this.message, this.means, this.advice].filter(Boolean).join(' ');
  }
}
