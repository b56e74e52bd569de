import type { Analyses } from './analyses.ts';
import type { Capture } from './capture.ts';
import { sweepUnits } from './findings.ts';
import type { Jobs } from './jobs.ts';
import type { Worlds } from './worlds.ts';

export interface BackgroundParts {
  readonly worlds: Worlds;
  readonly capture: Capture;
  readonly analyses: Analyses;
  readonly jobs: Jobs;
  /** All tables were looked through. */
  readonly swept: () => void;
  readonly onBug: (error: unknown, where: string) => void;
}

/** Looks through a capture in the background: findings that roll up in the tree, then the audit. */
export class BackgroundCheck {
  readonly #parts: BackgroundParts;
  #run = new AbortController();

  constructor(parts: BackgroundParts) {
    this.#parts = parts;
  }

  /** Begins anew with what is open now. */
  start(): void {
    this.stop();
    this.#run = new AbortController();
    const { signal } = this.#run;
    this.#check(signal).catch((error: unknown) => {
      if (!signal.aborted) this.#parts.onBug(error, 'findings');
    });
  }

  stop(): void {
    this.#run.abort();
  }

  async #check(signal: AbortSignal): Promise<void> {
    const { worlds, capture, analyses, jobs, swept } = this.#parts;
    await sweepUnits(worlds, capture.findings, jobs, signal);
    if (signal.aborted) return;
    swept();
    await analyses.audit(undefined, signal);
  }
}
