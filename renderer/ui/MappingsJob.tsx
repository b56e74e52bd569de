import type { ReactNode } from 'react';
import { useWorkbench } from '../state/context.ts';
import { useStore } from '../state/store.ts';

/** The line of the one sweep over all mappings, which reverse and the address map wait for. */
export function MappingsJob({
  waiting,
  stopped,
  onStop,
  onContinue,
}: {
  readonly waiting: boolean;
  readonly stopped: boolean;
  readonly onStop: () => void;
  readonly onContinue: () => void;
}): ReactNode {
  const { session } = useWorkbench();
  const job = useStore(session.info, (info) =>
    info?.jobs.find(({ id }) => id.startsWith('mappings-')),
  );
  if (stopped)
    return (
      <p className="job-line" role="status">
        Stopped before all mappings were read.{' '}
        <button type="button" className="link" onClick={onContinue}>
          Continue
        </button>
      </p>
    );
  if (!waiting || !job) return null;
  return (
    <p className="job-line" role="status">
      Reading mappings… {job.detail}{' '}
      <button type="button" className="link" onClick={onStop}>
        Stop
      </button>
    </p>
  );
}
