import type { ReactNode } from 'react';
import { useState } from 'react';
import { stoppedWords } from '../shell/jobs.ts';
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
  // How far it was is known no more once it has stopped.
  const [percent, setPercent] = useState<number>();
  if (job && job.percent !== percent) setPercent(job.percent);
  if (stopped)
    return (
      <p className="job-line" role="status">
        {stoppedWords(percent)}{' '}
        <button type="button" className="link" onClick={onContinue}>
          Continue
        </button>
      </p>
    );
  if (!waiting || !job) return null;
  return (
    <p className="job-line" role="status">
      {job.stopped
        ? `${stoppedWords(job.percent)} Continue in the status bar.`
        : `Reading mappings… ${job.detail}`}{' '}
      {!job.stopped && (
        <button type="button" className="link" onClick={onStop}>
          Stop
        </button>
      )}
    </p>
  );
}
