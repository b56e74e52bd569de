import { setTimeout as wait } from 'node:timers/promises';
import type { SerialPort } from 'serialport';
import { Failure } from '../../../core/memory/failure.ts';
import type { ConsoleSource, SourceSink } from './source.ts';

export interface SerialSettings {
  readonly path: string;
  readonly baud: number;
  readonly dataBits: 5 | 6 | 7 | 8;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
}

/** Longer than any character at 50 baud; what a kernel takes for a break, ms. */
const BREAK = 250;

/** `115200 8n1`. */
export function settingsText(settings: SerialSettings): string {
  return `${settings.baud} ${settings.dataBits}${settings.parity[0]}${settings.stopBits}`;
}

/** The settings of such a text; undefined when it is none. */
export function settingsOf(path: string, text: string): SerialSettings | undefined {
  const match = /^(\d{2,7}) ([5-8])([neo])([12])$/.exec(text);
  if (!match) return undefined;
  const parities = { n: 'none', e: 'even', o: 'odd' } as const;
  return {
    path,
    baud: Number(match[1]),
    dataBits: Number(match[2]) as SerialSettings['dataBits'],
    parity: parities[match[3] as keyof typeof parities],
    stopBits: match[4] === '2' ? 2 : 1,
  };
}

type PortOptions = ConstructorParameters<typeof SerialPort>[0];

/** What is used of a serial port: tests have one without a line. */
export type Port = Pick<SerialPort, 'open' | 'on' | 'write' | 'drain' | 'set' | 'close' | 'isOpen'>;

/** Loaded when a port is opened and not before: it brings a native module along. */
async function systemPort(options: PortOptions): Promise<Port> {
  const { SerialPort } = await import('serialport');
  return new SerialPort(options);
}

/**
 * A serial port or a pty, through the serialport package. It has to be read in the engine's main
 * thread: serialport's poller belongs to the process's first event loop, and ends the process
 * when it is used in a worker.
 */
export class SerialSource implements ConsoleSource {
  readonly settings: string;
  readonly #settings: SerialSettings;
  readonly #makePort: (options: PortOptions) => Promise<Port>;
  #port: Port | undefined;

  constructor(settings: SerialSettings, makePort = systemPort) {
    this.#makePort = makePort;
    this.#settings = settings;
    this.settings = settingsText(settings);
  }

  async start(sink: SourceSink): Promise<void> {
    const { path, baud, dataBits, parity, stopBits } = this.#settings;
    const port = await this.#makePort({
      path,
      baudRate: baud,
      dataBits,
      parity,
      stopBits,
      autoOpen: false,
    });
    await new Promise<void>((resolve, reject) =>
      port.open((error) => (error ? reject(openFailure(path, error)) : resolve())),
    );
    this.#port = port;
    const began = performance.now();
    port.on('data', (bytes: Buffer) => sink.data(bytes, (performance.now() - began) / 1000));
    port.on('error', (error: Error) => sink.state('failed', `failed: ${error.message}`));
    port.on('close', (error: Error | null) => {
      if (this.#port !== port) return;
      this.#port = undefined;
      sink.state('failed', `disconnected: ${error?.message ?? 'the port has gone'}`);
    });
    sink.state('live', 'connected');
  }

  async write(bytes: Uint8Array): Promise<void> {
    const port = this.#port;
    if (!port) throw notOpen(this.#settings.path);
    await new Promise<void>((resolve, reject) =>
      port.write(Buffer.from(bytes), undefined, (error) =>
        error ? reject(writeFailure(this.#settings.path, error)) : resolve(),
      ),
    );
  }

  /** @throws Failure when the line has no break: a pty has none. */
  async sendBreak(): Promise<void> {
    const port = this.#port;
    if (!port) throw notOpen(this.#settings.path);
    const set = (brk: boolean): Promise<void> =>
      new Promise((resolve, reject) =>
        port.set({ brk }, (error) =>
          error ? reject(breakFailure(this.#settings.path, error)) : resolve(),
        ),
      );
    // What was written before goes out before the line is held.
    await new Promise<void>((resolve) => port.drain(() => resolve()));
    await set(true);
    await wait(BREAK);
    await set(false);
  }

  async close(): Promise<void> {
    const port = this.#port;
    this.#port = undefined;
    if (port?.isOpen) await new Promise<void>((resolve) => port.close(() => resolve()));
  }
}

/** Words for what the system says when a port does not open. */
const OPEN_REASONS: readonly (readonly [RegExp, string, string, string])[] = [
  [
    /permission denied|EACCES|access denied/i,
    'permission denied',
    "Your user isn't in the group that owns it.",
    'Add it and log in again, or choose another port.',
  ],
  [
    /no such file|ENOENT|file not found/i,
    'there is no such port',
    'The cable or adapter may be unplugged.',
    'Plug it in, or choose another port.',
  ],
  [
    /lock|busy|EBUSY|temporarily unavailable/i,
    'another program has it open',
    'Only one program can read a port.',
    'Close the other program, or choose another port.',
  ],
];

function openFailure(path: string, error: Error): Failure {
  const known = OPEN_REASONS.find(([pattern]) => pattern.test(error.message));
  const [, reason, means, advice] = known ?? [
    undefined,
    error.message,
    'Nothing can be read from it.',
    'Choose another port.',
  ];
  return new Failure('system', `Couldn't open ${path}: ${reason}.`, means, advice);
}

function writeFailure(path: string, error: Error): Failure {
  return new Failure(
    'system',
    `Couldn't write to ${path}: ${error.message}.`,
    'What was typed did not reach the target.',
    'Connect again.',
  );
}

function breakFailure(path: string, error: Error): Failure {
  const reason = /ioctl|ENOTTY|not supported/i.test(error.message)
    ? 'it is no real line'
    : error.message;
  return new Failure(
    'system',
    `Couldn't send a break on ${path}: ${reason}.`,
    'Nothing was sent to the target.',
    'Use a serial port of hardware, or write to /proc/sysrq-trigger on the target.',
  );
}

function notOpen(path: string): Failure {
  return new Failure(
    'system',
    `${path} is not connected.`,
    'What was typed did not reach the target.',
    'Connect again.',
  );
}
