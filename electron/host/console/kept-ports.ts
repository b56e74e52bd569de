import { Failure } from '../../../core/memory/failure.ts';
import type { PortDemand, PortEvent, PortRequest } from '../thread-messages.ts';
import type { PortOpener } from './port-opener.ts';
import { lineText, type LineSettings } from './line-settings.ts';
import type { ConsoleSource, SourceSink } from './source.ts';

interface KeptSink {
  data(event: Extract<PortEvent, { kind: 'data' }>): void;
  state: SourceSink['state'];
}

type Answer = Extract<PortEvent, { kind: 'answer' }>;

/** The engine's side of the ports that the process's first thread keeps. */
export class KeptPorts implements PortOpener {
  readonly #send: (request: PortRequest) => void;
  readonly #calls = new Map<number, (answer: Answer) => void>();
  readonly #sinks = new Map<string, KeptSink>();
  #nextCall = 1;

  constructor(send: (request: PortRequest) => void) {
    this.#send = send;
  }

  port(settings: LineSettings, console: string, recorded: () => number): ConsoleSource {
    return this.#source(lineText(settings), console, recorded, async () => {
      await this.#ask(console, { ask: 'open', settings, recorded: recorded() });
    });
  }

  async kept(console: string, recorded: () => number): Promise<ConsoleSource | undefined> {
    const { settings } = await this.#ask(console, { ask: 'attach', recorded: recorded() });
    if (settings === undefined) return undefined;
    return this.#source(settings, console, recorded, async () => {
      await this.#ask(console, { ask: 'attach', recorded: recorded() });
    });
  }

  /** Takes what the keeper says. */
  take(event: PortEvent): void {
    if (event.kind === 'answer') {
      this.#calls.get(event.call)?.(event);
      this.#calls.delete(event.call);
    } else if (event.kind === 'data') this.#sinks.get(event.console)?.data(event);
    else this.#sinks.get(event.console)?.state(event.state, event.status);
  }

  #source(
    settings: string,
    console: string,
    recorded: () => number,
    begin: () => Promise<void>,
  ): ConsoleSource {
    return {
      settings,
      start: async (sink) => {
        this.#sinks.set(console, {
          data: ({ bytes, at, end }) => {
            // What was under way while the port was taken up comes twice.
            const fresh = end - recorded();
            if (fresh <= 0) return;
            sink.data(bytes.subarray(Math.max(0, bytes.length - fresh)), at);
            this.#tell(console, { ask: 'recorded', recorded: recorded() });
          },
          state: (state, status) => sink.state(state, status),
        });
        await begin();
      },
      write: async (bytes) => {
        await this.#ask(console, { ask: 'write', bytes });
      },
      sendBreak: async () => {
        await this.#ask(console, { ask: 'break' });
      },
      close: async () => {
        this.#sinks.delete(console);
        await this.#ask(console, { ask: 'close' });
      },
    };
  }

  #tell(console: string, demand: PortDemand): void {
    this.#send({ console, call: this.#nextCall++, ...demand });
  }

  async #ask(console: string, demand: PortDemand): Promise<Answer> {
    const call = this.#nextCall++;
    const answered = new Promise<Answer>((resolve) => this.#calls.set(call, resolve));
    this.#send({ console, call, ...demand });
    const answer = await answered;
    const { failure } = answer;
    if (failure) throw new Failure('system', failure.happened, failure.means, failure.advice);
    return answer;
  }
}
