import { Failure } from '../../core/memory/failure.ts';
import type { JobItem } from '../../core/protocol/contract-jobs.ts';

/** A job that runs, as whoever does it tells of it. */
export interface Job {
  /** A person has stopped it. */
  readonly stopped: boolean;
  /** @param part of the work, 0 to 1; undefined while that is not known */
  progress(part: number | undefined, detail?: string): void;
  /**
   * Waits while a person has stopped it: asked between two pieces of the work.
   * @throws Failure of kind `cancelled` when the work is given up
   */
  going(): Promise<void>;
  end(): void;
}

/** The long work of a session, as the status bar shows it. What is stopped keeps what it has. */
export class Jobs {
  readonly #jobs = new Map<string, RunningJob>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  list(): JobItem[] {
    return [...this.#jobs.values()].map((job) => job.item);
  }

  /** @param id one that is in use is taken over */
  begin(id: string, name: string, detail = ''): Job {
    const job = new RunningJob(id, name, detail, this.#changed, () => {
      if (this.#jobs.get(id) === job) this.#jobs.delete(id);
    });
    this.#jobs.set(id, job);
    this.#changed();
    return job;
  }

  /** A person stops a job, or has it go on. One that has ended meanwhile is left alone. */
  stop(id: string): void {
    this.#jobs.get(id)?.stop();
  }

  resume(id: string): void {
    this.#jobs.get(id)?.resume();
  }

  /** Gives up a job that was stopped: other work wants its place. */
  giveUp(id: string): void {
    this.#jobs.get(id)?.giveUp();
  }
}

class RunningJob implements Job {
  readonly #id: string;
  readonly #name: string;
  readonly #changed: () => void;
  readonly #ended: () => void;
  #detail: string;
  #percent: number | undefined;
  /** Time that it ran before it began or went on last, ms; and when that was. */
  #ran = 0;
  #since: number | undefined = performance.now();
  #gate: PromiseWithResolvers<void> | undefined;

  constructor(id: string, name: string, detail: string, changed: () => void, ended: () => void) {
    this.#id = id;
    this.#name = name;
    this.#detail = detail;
    this.#changed = changed;
    this.#ended = ended;
  }

  get stopped(): boolean {
    return this.#gate !== undefined;
  }

  get item(): JobItem {
    return {
      id: this.#id,
      name: this.#name,
      percent: this.#percent,
      detail: this.#detail,
      seconds: this.#running / 1000,
      stopped: this.stopped,
    };
  }

  progress(part: number | undefined, detail?: string): void {
    this.#percent = part === undefined ? undefined : Math.floor(Math.min(1, part) * 100);
    if (detail !== undefined) this.#detail = detail;
    this.#changed();
  }

  async going(): Promise<void> {
    await this.#gate?.promise;
  }

  end(): void {
    this.#gate?.resolve();
    this.#ended();
    this.#changed();
  }

  stop(): void {
    if (this.#gate) return;
    this.#ran = this.#running;
    this.#since = undefined;
    this.#gate = Promise.withResolvers();
    // Nobody may be waiting at it when it is given up.
    this.#gate.promise.catch(() => {});
    this.#changed();
  }

  resume(): void {
    if (!this.#gate) return;
    this.#since = performance.now();
    this.#gate.resolve();
    this.#gate = undefined;
    this.#changed();
  }

  giveUp(): void {
    this.#gate?.reject(
      new Failure(
        'cancelled',
        `${this.#name} was stopped.`,
        'Nothing was changed.',
        'Begin it once more.',
      ),
    );
  }

  get #running(): number {
    return this.#ran + (this.#since === undefined ? 0 : performance.now() - this.#since);
  }
}
