import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { MessageChannel as NodeMessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, expect } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { EngineClient } from '../../../core/protocol/client.ts';
import { directPair } from '../../../core/protocol/direct.ts';
import { EngineFailure } from '../../../core/protocol/failure.ts';
import { eventPort, mainPort, portChannel, type MainPort } from '../../../core/protocol/port.ts';
import type { CallHandlers, FeedHandlers } from '../../../core/protocol/server.ts';
import { EngineServer } from '../../../core/protocol/server.ts';
import { socketChannel } from '../../../core/protocol/socket.ts';
import type { Channel } from '../../../core/protocol/wire.ts';
import { MAX_MESSAGE } from '../../../core/protocol/wire.ts';

/** One road: its two ends, and how it is taken down. */
export interface Road {
  readonly view: Channel;
  readonly engine: Channel;
  readonly end: () => Promise<void> | void;
}

/** Node's port in the shape of Electron's: a message comes as the data of an event. */
function asMainPort(port: MessagePort): MainPort {
  return {
    postMessage: (message) => port.postMessage(message),
    on: (event: 'message' | 'close', listener: (event: { data: unknown }) => void) =>
      port.on(event, (data: unknown) => listener({ data })),
    start: () => port.start(),
    close: () => port.close(),
  };
}

export const ROADS: Readonly<Record<string, () => Promise<Road>>> = {
  'in memory': async () => {
    const [view, engine] = directPair();
    return { view, engine, end: () => view.close() };
  },
  "a page's MessagePort": async () => {
    const { port1, port2 } = new MessageChannel();
    return {
      view: portChannel(eventPort(port1)),
      engine: portChannel(eventPort(port2)),
      end: () => port1.close(),
    };
  },
  "Electron's MessagePortMain": async () => {
    const { port1, port2 } = new NodeMessageChannel();
    return {
      view: portChannel(mainPort(asMainPort(port1))),
      engine: portChannel(mainPort(asMainPort(port2))),
      end: () => port1.close(),
    };
  },
  'a WebSocket': async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: MAX_MESSAGE });
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    // The view may speak before the socket is open.
    const view = socketChannel(socket);
    const [peer] = (await accepted) as [WebSocket];
    return {
      view,
      engine: socketChannel(peer),
      end: async () => {
        // Taken down before it is open, a socket says so as an error.
        socket.on('error', () => {});
        socket.terminate();
        peer.terminate();
        server.close();
        await once(server, 'close');
      },
    };
  },
};

export const DETAIL = { path: '/', entries: [] };

export function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

export async function failureOf(promise: Promise<unknown>): Promise<EngineFailure> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EngineFailure);
  return error as EngineFailure;
}

/** Builds roads for the tests of one describe block; all are taken down after each test. */
export function roads(build: () => Promise<Road>) {
  const taken: Road[] = [];
  afterEach(async () => {
    for (const { end } of taken.splice(0)) await end();
  });

  async function another(): Promise<Road> {
    const road = await build();
    taken.push(road);
    return road;
  }

  /** An engine with one view over a road. */
  async function connect(calls: CallHandlers, feeds: FeedHandlers = {}) {
    const road = await another();
    const bugs: unknown[] = [];
    const server = new EngineServer(calls, feeds, { onBug: (error) => bugs.push(error) });
    const view = server.serve(road.engine);
    return { client: new EngineClient(road.view), server, view, bugs, road };
  }

  return { connect, another };
}
