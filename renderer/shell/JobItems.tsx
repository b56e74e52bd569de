import type { ReactNode } from 'react';
import { useEffect, useState } from 'react';
import type { JobItem } from '../../core/protocol/contract-jobs.ts';
import { useWorkbench } from '../state/context.ts';
import { useStore } from '../state/store.ts';
import { sending, sendingJob } from './upload.ts';
import { jobWords, placeOf, shownJobs, toggleJob } from './jobs.ts';

/** The words of a job change at most once in this time, ms (ui.md, section 1). */
const EVERY = 1000;

const NONE: readonly JobItem[] = [];

/** The long work of the engine: what, how far, and Stop or Continue. */
export function JobItems(): ReactNode {
  const workbench = useWorkbench();
  const engine = useEngineJobs();
  const upload = useUpload();
  const jobs = upload ? [...engine, upload] : engine;
  return (
    <>
      {jobs.map((job) => (
        <span key={job.id} className="status-job">
          <button
            type="button"
            title={job.detail}
            onClick={() => {
              const place = placeOf(job);
              if (place !== undefined) workbench.actions.run(place);
            }}
          >
            {jobWords(job)}
          </button>
          <button
            type="button"
            className="status-stop"
            aria-label={`${job.stopped ? 'Continue' : 'Stop'}: ${job.name}`}
            onClick={() => (job === upload ? sending.get()?.stop() : toggleJob(workbench, job))}
          >
            {job.stopped ? 'Continue' : 'Stop'}
          </button>
        </span>
      ))}
      <span className="visually-hidden" role="status">
        {jobs
          .filter(({ stopped }) => stopped)
          .map(jobWords)
          .join(' ')}
      </span>
    </>
  );
}

/** The file that is being sent, once that lasts, told once a second. */
function useUpload(): JobItem | undefined {
  const under = useStore(sending) !== undefined;
  const [shown, setShown] = useState<JobItem>();
  useEffect(() => {
    if (!under) return;
    const timer = setInterval(() => {
      const now = sending.get();
      setShown(now && sendingJob(now, performance.now()));
    }, EVERY);
    return () => {
      clearInterval(timer);
      setShown(undefined);
    };
  }, [under]);
  return shown;
}

/** The engine's jobs, once they last: told at most once a second, and at once when one stops. */
function useEngineJobs(): readonly JobItem[] {
  const { session } = useWorkbench();
  const [shown, setShown] = useState(NONE);
  useEffect(() => {
    let told = NONE;
    let toldAt = 0;
    let showedAt = 0;
    let key = '';
    const show = (): void => {
      const now = performance.now();
      // A job that says nothing meanwhile goes on all the same.
      const older = (now - toldAt) / 1000;
      const jobs = shownJobs(
        told.map((job) => (job.stopped ? job : { ...job, seconds: job.seconds + older })),
      );
      const next = jobs.map(({ id, stopped }) => `${id} ${stopped}`).join('\n');
      if (next === key && (jobs.length === 0 || now - showedAt < EVERY)) return;
      key = next;
      showedAt = now;
      setShown(jobs);
    };
    const take = (): void => {
      told = session.info.get()?.jobs ?? NONE;
      toldAt = performance.now();
      show();
    };
    take();
    const stop = session.info.subscribe(take);
    const timer = setInterval(show, EVERY / 4);
    return () => {
      stop();
      clearInterval(timer);
    };
  }, [session]);
  return shown;
}
