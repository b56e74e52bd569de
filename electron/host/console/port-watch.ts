import type { ConsoleInfo } from '../../../core/protocol/contract.ts';
import { Reconnecting } from './reconnecting.ts';
import { SILENT_AFTER, Silence } from './silence.ts';

/** Watches a port: says when it is silent, and opens it again when it is lost. */
export class PortWatch {
  readonly #reopen: () => Promise<void>;
  readonly #changed: () => void;
  readonly #silence: Silence;
  #silent = false;
  #reconnecting: Reconnecting | undefined;
  #wait: number | undefined;

  /** @param reopen opens the port again; throws when it does not open */
  constructor(reopen: () => Promise<void>, changed: () => void, silentAfter = SILENT_AFTER) {
    this.#reopen = reopen;
    this.#changed = changed;
    this.#silence = new Silence((silent) => {
      this.#silent = silent;
      changed();
    }, silentAfter);
  }

  /** Seconds until the next try to open the port. */
  get retry(): number | undefined {
    return this.#wait;
  }

  heard(): void {
    this.#silence.heard();
  }

  /** The port's state is another one. */
  state(state: ConsoleInfo['state']): void {
    this.#silent = false;
    this.#silence.stop();
    if (state === 'live') {
      this.stopRetry();
      this.#silence.start();
    } else if (state === 'failed')
      this.#reconnecting ??= new Reconnecting({
        open: this.#reopen,
        waiting: (seconds) => {
          this.#wait = seconds;
          this.#changed();
        },
      });
    else if (state === 'ended') this.stopRetry();
  }

  /** The words for the port's state. */
  status(words: string): string {
    if (this.#wait !== undefined) return `${words} · retrying in ${this.#wait} s`;
    return this.#silent ? `no data for ${SILENT_AFTER / 1000} s` : words;
  }

  stopRetry(): void {
    this.#reconnecting?.stop();
    this.#reconnecting = undefined;
  }

  stop(): void {
    this.#silence.stop();
    this.stopRetry();
  }
}
