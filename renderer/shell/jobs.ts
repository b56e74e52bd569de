import type { JobItem } from '../../core/protocol/contract-jobs.ts';
import type { Workbench } from '../state/workbench.ts';
import { duration } from '../format/time.ts';
import { attempt } from './actions.ts';

/** A job that lasts shorter shows in its panel alone, s (ui.md, section 4). */
const SHOWN_AFTER = 1;
/** A job that lasts longer says how long it will, s. */
const LEFT_AFTER = 10;

/** The action that leads to where a job's work shows. */
const PLACES: readonly (readonly [id: RegExp, action: string])[] = [
  [/^findings/, 'go.tables'],
  [/^audit/, 'go.audit'],
  [/^compare/, 'go.compare'],
  [/^mappings/, 'go.map'],
  [/^reading /, 'go.console'],
  [/^scan/, 'tables.scan'],
];

export function placeOf(job: JobItem): string | undefined {
  return PLACES.find(([id]) => id.test(job.id))?.[1];
}

/** `Opening vmcore 41 % · 3.2 %/s · 18 s left`, or `Stopped at 41 %.` */
export function jobWords(job: JobItem): string {
  const { name, percent, seconds, stopped } = job;
  if (stopped) return stoppedWords(percent);
  const parts = [percent === undefined ? `${name}…` : `${name} ${percent} %`];
  if (percent !== undefined && percent > 0 && percent < 100 && seconds >= SHOWN_AFTER) {
    parts.push(`${rounded(percent / seconds)} %/s`);
    if (seconds >= LEFT_AFTER)
      parts.push(
        `${duration(Math.max(1, Math.round((seconds * (100 - percent)) / percent)))} left`,
      );
  }
  return parts.join(' · ');
}

/** What is said of work that a person stopped; `Continue` follows it. */
export function stoppedWords(percent: number | undefined): string {
  return percent === undefined ? 'Stopped.' : `Stopped at ${percent} %.`;
}

/** Two digits are enough of a rate that moves. */
function rounded(rate: number): string {
  return rate >= 10 ? String(Math.round(rate)) : rate.toFixed(1);
}

/** Jobs that the status bar shows. */
export function shownJobs(jobs: readonly JobItem[]): readonly JobItem[] {
  return jobs.filter(({ seconds, stopped }) => stopped || seconds >= SHOWN_AFTER);
}

/** Stops a job, or has it go on. */
export function toggleJob(workbench: Workbench, { id, stopped }: JobItem): void {
  attempt(workbench, workbench.engine.call(stopped ? 'jobs.resume' : 'jobs.stop', { job: id }));
}

/** Registers what can be done about long work. */
export function registerJobActions(workbench: Workbench): void {
  const jobs = (): readonly JobItem[] => workbench.session.info.get()?.jobs ?? [];
  workbench.actions.add({
    id: 'job.toggle',
    title: 'Stop or continue long work',
    run: () => {
      const running = jobs().find(({ stopped }) => !stopped);
      const job = running ?? jobs()[0];
      if (job) toggleJob(workbench, job);
    },
    possible: () => jobs().length > 0,
  });
}
