import type { Channel, Closing } from './wire.ts';

/**
 * What the channel needs of a message port, whoever made it. The functions below give it for
 * the ports of a page and of Electron, each named by its shape alone.
 */
export interface Port {
  post(message: unknown): void;
  listen(message: (data: unknown) => void, closed: (reason: string) => void): void;
  close(): void;
}

/** A page's MessagePort, or the like of it in Node. */
export interface EventPort {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: () => void): void;
  start?(): void;
  close(): void;
}

/** Electron's MessagePortMain, on the engine's side and in the main process. */
export interface MainPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  start(): void;
  close(): void;
}

const PORT_CLOSED = 'the port was closed';

/** A page's MessagePort as a port of the channel. */
export function eventPort(port: EventPort): Port {
  return {
    post: (message) => port.postMessage(message),
    listen(message, closed) {
      port.addEventListener('message', (event) => message(event.data));
      port.addEventListener('close', () => closed(PORT_CLOSED));
      port.start?.();
    },
    close: () => port.close(),
  };
}

/** Electron's MessagePortMain as a port of the channel. */
export function mainPort(port: MainPort): Port {
  return {
    post: (message) => port.postMessage(message),
    listen(message, closed) {
      port.on('message', (event) => message(event.data));
      port.on('close', () => closed(PORT_CLOSED));
      port.start();
    },
    close: () => port.close(),
  };
}

/** What travels in a port: a message of the protocol, or the reason for which an end closes it. */
type Parcel = { readonly m: unknown } | { readonly bye: string };

function open(data: unknown): { readonly m?: unknown; readonly bye?: string } {
  return typeof data === 'object' && data !== null ? data : {};
}

/** A channel over any port. Ports have no closing reason of their own, so it travels in front. */
export function portChannel(port: Port): Channel {
  let receive: ((message: unknown) => void) | undefined;
  let closed: ((reason: string) => void) | undefined;
  let early: unknown[] = [];
  let reason: string | undefined;

  const end = (text: string): void => {
    if (reason !== undefined) return;
    reason = text;
    closed?.(text);
  };

  port.listen((data) => {
    if (reason !== undefined) return;
    const { m, bye } = open(data);
    if (typeof bye === 'string') {
      end(bye);
      port.close();
    } else if (receive) receive(m);
    else early.push(m);
  }, end);

  return {
    send(message) {
      if (reason === undefined) port.post({ m: message } satisfies Parcel);
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
    close(why?: Closing) {
      if (reason !== undefined) return;
      port.post({ bye: why?.text ?? 'closed at the other end' } satisfies Parcel);
      end(why?.text ?? 'closed at this end');
      port.close();
    },
  };
}
