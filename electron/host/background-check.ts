import type { Analyses } from './analyses.ts';
import type { Capture } from './capture.ts';
import { sweepUnits, type FindingIndex } from './findings.ts';
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

/** Changes that follow each other within this time are looked at together, ms. */
const PAUSE = 250;

/** Looks through a capture in the background: findings that roll up in the tree, then the audit. */
export class BackgroundCheck {
  readonly #parts: BackgroundParts;
  #run = new AbortController();
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: BackgroundParts) {
    this.#parts = parts;
  }

  /** Begins anew with what is open now. */
  start(): void {
    this.stop();
    this.#run = new AbortController();
    this.#begin(this.#parts.capture.findings);
  }

  /**
   * The tables were changed here: what was found before stays until it is known again, once the
   * changes pause.
   */
  again(): void {
    const { capture } = this.#parts;
    if (!capture.investigation) return;
    this.stop();
    this.#run = new AbortController();
    this.#pause = setTimeout(() => this.#begin(capture.firstFindings()), PAUSE);
  }

  stop(): void {
    clearTimeout(this.#pause);
    this.#run.abort();
  }

  #begin(into: FindingIndex): void {
    const { signal } = this.#run;
    this.#check(into, signal).catch((error: unknown) => {
      if (!signal.aborted) this.#parts.onBug(error, 'findings');
    });
  }

  async #check(into: FindingIndex, signal: AbortSignal): Promise<void> {
    const { worlds, capture, analyses, jobs, swept } = this.#parts;
    await sweepUnits(worlds, into, jobs, signal);
    if (signal.aborted) return;
    if (into === capture.findings || !into.equals(capture.findings)) {
      capture.found(into);
      swept();
    }
    await analyses.audit(undefined, signal);
  }
}
