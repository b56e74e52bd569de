import type { ReactNode } from 'react';
import type { WireFailure } from '../../core/protocol/wire.ts';
import { useWorkbench } from '../state/context.ts';
import { failureText } from '../state/notices.ts';
import { copyText } from './clipboard.ts';
import { Glyph } from './Glyph.tsx';

/** A failure in the place where it happened: what happened, what it means, what to do. */
export function ErrorBlock({
  failure,
  retry,
  action,
}: {
  readonly failure: WireFailure;
  readonly retry?: () => void;
  /** What else a person may do about it. */
  readonly action?: { readonly title: string; run(): void };
}): ReactNode {
  const { notices } = useWorkbench();
  return (
    <div className="error-block" role="alert">
      <p>
        <Glyph kind="error" /> <strong>{failure.happened}</strong>
      </p>
      <p className="second">{failure.means}</p>
      <p className="second">{failure.advice}</p>
      <div className="button-row">
        {retry && (
          <button type="button" className="btn" onClick={retry}>
            Try again
          </button>
        )}
        {action && (
          <button type="button" className="btn" onClick={() => action.run()}>
            {action.title}
          </button>
        )}
        <button
          type="button"
          className="btn"
          onClick={() => void copyText(failureText(failure), notices)}
        >
          Copy details
        </button>
      </div>
    </div>
  );
}
