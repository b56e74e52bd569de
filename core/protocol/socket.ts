import { EngineFailure, tooLong } from './failure.ts';
import type { Channel, Closing } from './wire.ts';
import { MAX_MESSAGE } from './wire.ts';

/** What the channel needs of a WebSocket: the page's own and Node's `ws` both have it. */
export interface SocketLike {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(
    type: 'close',
    listener: (event: { code: number; reason: string }) => void,
  ): void;
}

/** Close codes of RFC 6455 §7.4.1. */
export const CLOSE_CODES: Readonly<Record<Closing['kind'], number>> = {
  done: 1000,
  malformed: 1007,
  policy: 1008,
  oversized: 1009,
};

const CONNECTING = 0;
const OPEN = 1;

/** RFC 6455 allows 123 bytes; a reason is ASCII or nearly so. */
const MAX_REASON = 120;

/** A channel over a WebSocket; messages are JSON text. */
export function socketChannel(socket: SocketLike): Channel {
  let receive: ((message: unknown) => void) | undefined;
  let closed: ((reason: string) => void) | undefined;
  let early: unknown[] = [];
  let waiting: string[] = [];
  let reason: string | undefined;

  const end = (text: string): void => {
    if (reason !== undefined) return;
    reason = text;
    closed?.(text);
  };

  const close = (why?: Closing): void => {
    if (reason !== undefined) return;
    const text = why?.text ?? 'closed at the other end';
    socket.close(CLOSE_CODES[why?.kind ?? 'done'], shortReason(text));
    end(why?.text ?? 'closed at this end');
  };

  socket.addEventListener('open', () => {
    const kept = waiting;
    waiting = [];
    for (const text of kept) socket.send(text);
  });
  socket.addEventListener('message', ({ data }) => {
    if (reason !== undefined) return;
    if (typeof data !== 'string')
      return close({ kind: 'malformed', text: 'a message was not text' });
    if (data.length > MAX_MESSAGE)
      return close({
        kind: 'oversized',
        text: `a message was longer than ${MAX_MESSAGE} characters`,
      });
    let message: unknown;
    try {
      message = JSON.parse(data);
    } catch {
      return close({ kind: 'malformed', text: 'a message was not JSON' });
    }
    if (receive) receive(message);
    else early.push(message);
  });
  socket.addEventListener('close', ({ code, reason: why }) =>
    end(why || `the socket closed with code ${code}`),
  );

  return {
    send(message) {
      if (reason !== undefined) return;
      const text = JSON.stringify(message);
      if (text.length > MAX_MESSAGE) throw new EngineFailure(tooLong(text.length));
      if (socket.readyState === OPEN) socket.send(text);
      else if (socket.readyState === CONNECTING) waiting.push(text);
    },
    onMessage(listener) {
      receive = listener;
      const kept = early;
      early = [];
      for (const message of kept) listener(message);
    },
    onClose(listener) {
      closed = listener;
      if (reason !== undefined) listener(reason);
    },
    close,
  };
}

function shortReason(text: string): string {
  const ascii = text.replace(/[^\x20-\x7e]/g, '?');
  return ascii.length > MAX_REASON ? `${ascii.slice(0, MAX_REASON - 1)}~` : ascii;
}
