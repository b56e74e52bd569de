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

/** `115200 8n1`. */
export function settingsText(settings: SerialSettings): string {
  return `${settings.baud} ${settings.dataBits}${settings.parity[0]}${settings.stopBits}`;
}

/**
 * A serial port or a pty, through the serialport package. It has to be read in the engine's main
 * thread: serialport's poller belongs to the process's first event loop, and ends the process
 * when it is used in a worker.
 */
export class SerialSource implements ConsoleSource {
  readonly settings: string;
  readonly #settings: SerialSettings;
  #port: SerialPort | undefined;

  constructor(settings: SerialSettings) {
    this.#settings = settings;
    this.settings = settingsText(settings);
  }

  async start(sink: SourceSink): Promise<void> {
    const { path, baud, dataBits, parity, stopBits } = this.#settings;
    // Loaded when a port is opened and not before: it brings a native module along.
    const { SerialPort } = await import('serialport');
    const port = new SerialPort({
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

function notOpen(path: string): Failure {
  return new Failure(
    'system',
    `${path} is not connected.`,
    'What was typed did not reach the target.',
    'Connect again.',
  );
}
