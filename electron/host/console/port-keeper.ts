import { Failure } from '../../../core/memory/failure.ts';
import type { ConsoleInfo } from '../../../core/protocol/contract.ts';
import type { FailureText, PortEvent, PortRequest } from '../thread-messages.ts';
import { openLine, type LineSettings } from './line-settings.ts';
import type { ConsoleSource } from './source.ts';

/** Bytes that a port may have delivered and nobody recorded; hours at a serial port's rate. */
const MAX_WAITING = 64 << 20;
/** With this much waiting, who can wait is told to; and to go on when a part of it is recorded. */
const ENOUGH = 8 << 20;
const LITTLE = 2 << 20;

interface Chunk {
  readonly bytes: Uint8Array;
  readonly at: number;
  /** Offset in the console's record behind its last byte. */
  readonly end: number;
}

interface Held {
  readonly source: ConsoleSource;
  readonly waiting: Chunk[];
  /** Offset in the record of the byte that comes next. */
  end: number;
  /** Where the record was when it was last told. */
  recorded: number;
  state: ConsoleInfo['state'];
  status: string;
  /** The other end waits. */
  paused: boolean;
}

/**
 * Holds the ports and connections in the process's first thread, where serialport has to run, for
 * the engine in the other one. When the engine ends, its ports stay open, and what they say is kept
 * until the next one has it on disk.
 */
export class PortKeeper {
  readonly #held = new Map<string, Held>();
  readonly #tell: (event: PortEvent) => void;
  readonly #open: (settings: LineSettings) => ConsoleSource;

  /** @param tell says something to the engine of now, if there is one */
  constructor(
    tell: (event: PortEvent) => void,
    open: (settings: LineSettings) => ConsoleSource = openLine,
  ) {
    this.#tell = tell;
    this.#open = open;
  }

  /** Does what the engine asks, and answers. */
  async ask(request: PortRequest): Promise<void> {
    const { call, console } = request;
    try {
      const settings = await this.#do(console, request);
      this.#tell({ kind: 'answer', call, settings });
    } catch (error) {
      this.#tell({ kind: 'answer', call, failure: failureText(error) });
    }
  }

  /** Closes all ports. */
  async close(): Promise<void> {
    for (const console of this.#held.keys()) await this.#close(console);
  }

  async #do(console: string, request: PortRequest): Promise<string | undefined> {
    if (request.ask === 'open') return await this.#start(console, request);
    const held = this.#held.get(console);
    if (request.ask === 'attach') return held && this.#attach(console, held, request.recorded);
    if (request.ask === 'recorded') {
      if (held) forget(held, request.recorded);
    } else if (request.ask === 'write') await held?.source.write?.(request.bytes);
    else if (request.ask === 'break') await held?.source.sendBreak?.();
    else await this.#close(console);
    return undefined;
  }

  async #start(
    console: string,
    { settings, recorded }: { readonly settings: LineSettings; readonly recorded: number },
  ): Promise<string> {
    await this.#close(console);
    const source = this.#open(settings);
    const held: Held = {
      source,
      waiting: [],
      end: recorded,
      recorded,
      state: 'connecting',
      status: 'connecting…',
      paused: false,
    };
    this.#held.set(console, held);
    try {
      await source.start({
        data: (bytes, at) => this.#data(console, held, bytes, at),
        state: (state, status) => {
          Object.assign(held, { state, status });
          this.#tell({ kind: 'state', console, state, status });
        },
      });
    } catch (error) {
      this.#held.delete(console);
      throw error;
    }
    return source.settings;
  }

  #data(console: string, held: Held, bytes: Uint8Array, at: number): void {
    held.end += bytes.length;
    held.waiting.push({ bytes, at, end: held.end });
    this.#tell({ kind: 'data', console, bytes, at, end: held.end });
    regulate(held);
    if (held.end - held.recorded <= MAX_WAITING) return;
    void this.#close(console);
    this.#tell({
      kind: 'state',
      console,
      state: 'failed',
      status: 'disconnected: what it said was not recorded any more',
    });
  }

  /** Sends what the record does not hold, then how the port stands. */
  #attach(console: string, held: Held, recorded: number): string {
    forget(held, recorded);
    for (const { bytes, at, end } of held.waiting)
      this.#tell({ kind: 'data', console, bytes, at, end });
    this.#tell({ kind: 'state', console, state: held.state, status: held.status });
    return held.source.settings;
  }

  async #close(console: string): Promise<void> {
    const held = this.#held.get(console);
    this.#held.delete(console);
    await held?.source.close();
  }
}

function forget(held: Held, recorded: number): void {
  held.recorded = recorded;
  while (held.waiting.length > 0 && held.waiting[0].end <= recorded) held.waiting.shift();
  regulate(held);
}

/** Has the other end wait while much of what it said is not recorded. */
function regulate(held: Held): void {
  const waiting = held.end - held.recorded;
  const paused = held.paused ? waiting > LITTLE : waiting > ENOUGH;
  if (paused === held.paused) return;
  held.paused = paused;
  held.source.pause?.(paused);
}

function failureText(error: unknown): FailureText {
  if (error instanceof Failure)
    return { happened: error.message, means: error.means, advice: error.advice };
  return { happened: (error as Error).message, means: '', advice: '' };
}
