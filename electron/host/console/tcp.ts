import { connect, type Socket } from 'node:net';
import { Failure } from '../../../core/memory/failure.ts';
import type { ConsoleSource, SourceSink } from './source.ts';
import { Telnet, type TelnetMode } from './telnet.ts';
import { addressText, socketAddress, type SocketAddress } from './tcp-address.ts';

export interface TcpSettings {
  /** `host:port`, or the path of a socket. */
  readonly address: string;
  readonly telnet: TelnetMode;
}

/** How long the other end may take to answer, ms. */
const ANSWERS_WITHIN = 10_000;
/** Silence after which the system asks whether the other end is still there, ms. */
const KEEP_ALIVE = 15_000;

const WORDS: Readonly<Record<TelnetMode, string>> = {
  auto: 'TCP',
  always: 'TCP, Telnet',
  never: 'TCP, raw',
};

/** `TCP`, `TCP, Telnet`, `TCP, raw`. */
export function tcpText({ telnet }: TcpSettings): string {
  return WORDS[telnet];
}

/** The settings of such a text; undefined when it is none. */
export function tcpSettingsOf(address: string, text: string): TcpSettings | undefined {
  const modes = Object.keys(WORDS) as TelnetMode[];
  const telnet = modes.find((mode) => WORDS[mode] === text);
  return telnet && { address, telnet };
}

/**
 * A console behind a socket: a terminal server's port, QEMU's `-serial tcp:` or `unix:`, a bridge
 * to a management controller's serial console.
 */
export class TcpSource implements ConsoleSource {
  readonly settings: string;
  readonly #settings: TcpSettings;
  readonly #connect: (address: SocketAddress) => Socket;
  readonly #answersWithin: number;
  #socket: Socket | undefined;
  #telnet: Telnet | undefined;

  constructor(settings: TcpSettings, connectTo = systemSocket, answersWithin = ANSWERS_WITHIN) {
    this.#settings = settings;
    this.#connect = connectTo;
    this.#answersWithin = answersWithin;
    this.settings = tcpText(settings);
  }

  async start(sink: SourceSink): Promise<void> {
    const address = socketAddress(this.#settings.address);
    const name = addressText(address);
    const socket = this.#connect(address);
    try {
      await connected(socket, this.#answersWithin);
    } catch (error) {
      socket.destroy();
      throw connectFailure(name, error as NodeJS.ErrnoException, this.#answersWithin);
    }
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE);
    this.#socket = socket;
    const telnet = new Telnet(this.#settings.telnet, (bytes) => void socket.write(bytes));
    this.#telnet = telnet;
    const began = performance.now();
    let reason = 'the other end closed it';
    socket.on('data', (bytes: Buffer) => {
      const said = telnet.take(bytes);
      if (said.length > 0) sink.data(said, (performance.now() - began) / 1000);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      reason = REASONS[error.code ?? ''] ?? error.message;
    });
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      sink.state('failed', `disconnected: ${reason}`);
    });
    sink.state('live', 'connected');
  }

  async write(bytes: Uint8Array): Promise<void> {
    const { socket, telnet } = this.#open();
    await this.#send(socket, telnet.send(bytes));
  }

  /** @throws Failure when the connection carries bytes alone. */
  async sendBreak(): Promise<void> {
    const { socket, telnet } = this.#open();
    if (!telnet.on)
      throw new Failure(
        'system',
        `Couldn't send a break to ${this.#settings.address}: the connection carries bytes alone.`,
        'Nothing was sent to the target.',
        'Connect to a Telnet port of the terminal server, or write to /proc/sysrq-trigger on the target.',
      );
    await this.#send(socket, Telnet.breakCommand);
  }

  pause(paused: boolean): void {
    if (paused) this.#socket?.pause();
    else this.#socket?.resume();
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    // What was typed last still goes out; the other end need not agree to the end.
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.end(() => socket.destroy());
      setTimeout(() => socket.destroy(), 200).unref();
    });
  }

  #open(): { readonly socket: Socket; readonly telnet: Telnet } {
    if (this.#socket && this.#telnet) return { socket: this.#socket, telnet: this.#telnet };
    throw new Failure(
      'system',
      `${this.#settings.address} is not connected.`,
      'What was typed did not reach the target.',
      'Connect again.',
    );
  }

  async #send(socket: Socket, bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve, reject) =>
      socket.write(bytes, (error) =>
        error
          ? reject(
              new Failure(
                'system',
                `Couldn't write to ${this.#settings.address}: ${error.message}.`,
                'What was typed did not reach the target.',
                'Connect again.',
              ),
            )
          : resolve(),
      ),
    );
  }
}

function systemSocket(address: SocketAddress): Socket {
  return 'path' in address ? connect(address.path) : connect(address);
}

function connected(socket: Socket, within: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
      within,
    );
    const failed = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', failed);
      resolve();
    });
  });
}

/** Words for what the system says of a connection that ended. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNRESET: 'the other end reset it',
  EPIPE: 'the other end closed it',
  ETIMEDOUT: 'the other end does not answer any more',
  EHOSTUNREACH: 'there is no way to the host any more',
  ENETUNREACH: 'there is no way to the network any more',
};

/** Reason, meaning and advice for what the system says when a connection can't be made. */
const REFUSALS: Readonly<Record<string, readonly [string, string, string]>> = {
  ECONNREFUSED: [
    'nothing listens there',
    'The host answers, but no program has that port open, or its one connection is taken.',
    'Look at the port number, and at who else is connected.',
  ],
  ENOTFOUND: [
    'there is no host of that name',
    'The name could not be looked up.',
    'Look at its spelling, or give its address.',
  ],
  EAI_AGAIN: [
    'the name could not be looked up',
    'No name server answered.',
    'Give its address, or look at the network.',
  ],
  EHOSTUNREACH: [
    'there is no way to that host',
    'The network knows no way to it, or a firewall forbids it.',
    'Look at the network of this machine.',
  ],
  ENETUNREACH: [
    'there is no way to that network',
    'This machine has no way there.',
    'Look at the network of this machine.',
  ],
  ENOENT: [
    'there is no such socket',
    'The program that makes it may not run.',
    'Start it, or choose another path.',
  ],
  EACCES: [
    'permission denied',
    'Your user may not open it.',
    'Ask its owner, or choose another one.',
  ],
};

function connectFailure(name: string, error: NodeJS.ErrnoException, within: number): Failure {
  const [reason, means, advice] =
    error.code === 'ETIMEDOUT'
      ? [
          `it did not answer within ${within / 1000} s`,
          'The host may be off, or a firewall drops the packets.',
          'Look at the address and the network.',
        ]
      : (REFUSALS[error.code ?? ''] ?? [
          error.message,
          'Nothing can be read from it.',
          'Look at the address.',
        ]);
  return new Failure('system', `Couldn't connect to ${name}: ${reason}.`, means, advice);
}
