import type { SessionInfo } from '../../core/protocol/contract.ts';

type JobItem = SessionInfo['jobs'][number];

/** A job that runs, as whoever does it tells of it. */
export interface Job {
  /** @param part of the work, 0 to 1; undefined while that is not known */
  progress(part: number | undefined, detail?: string): void;
  end(): void;
}

/** The long work of a session, as the status bar shows it. */
export class Jobs {
  readonly #items = new Map<string, JobItem>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  list(): JobItem[] {
    return [...this.#items.values()].map((item) => ({ ...item }));
  }

  /** @param id one that is in use is taken over */
  begin(id: string, name: string, detail = ''): Job {
    const item: JobItem = { id, name, percent: undefined, detail };
    this.#items.set(id, item);
    this.#changed();
    return {
      progress: (part, more) => {
        item.percent = part === undefined ? undefined : Math.floor(part * 100);
        if (more !== undefined) item.detail = more;
        this.#changed();
      },
      end: () => {
        if (this.#items.get(id) === item) this.#items.delete(id);
        this.#changed();
      },
    };
  }
}
