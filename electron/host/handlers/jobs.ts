import type { CallHandlers } from '../../../core/protocol/server.ts';
import type { Workbench } from '../workbench.ts';

/** Stopping long work, and having it go on. */
export function jobCalls({ jobs }: Workbench): CallHandlers {
  return {
    'jobs.stop': ({ job }) => {
      jobs.stop(job);
      return {};
    },
    'jobs.resume': ({ job }) => {
      jobs.resume(job);
      return {};
    },
  };
}
