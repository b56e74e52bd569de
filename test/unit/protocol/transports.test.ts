import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { MessageChannel as NodeMessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { EngineClient } from '../../../core/protocol/client.ts';
import type { FeedItem } from '../../../core/protocol/contract.ts';
import { directPair } from '../../../core/protocol/direct.ts';
import { EngineFailure } from '../../../core/protocol/failure.ts';
import { eventPort, mainPort, portChannel, type MainPort } from '../../../core/protocol/port.ts';
import type { CallHandlers, FeedHandlers } from '../../../core/protocol/server.ts';
import { EngineServer } from '../../../core/protocol/server.ts';
import { socketChannel } from '../../../core/protocol/socket.ts';
import type { Channel } from '../../../core/protocol/wire.ts';
import { MAX_MESSAGE } from '../../../core/protocol/wire.ts';

/** One road: its two ends, and how it is taken down. */
interface Road {
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

const ROADS: Readonly<Record<string, () => Promise<Road>>> = {
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

const DETAIL = { path: '/', entries: [] };

function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

async function failureOf(promise: Promise<unknown>): Promise<EngineFailure> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EngineFailure);
  return error as EngineFailure;
}

describe.each(Object.entries(ROADS))('over %s', (_name, build) => {
  const taken: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const end of taken.splice(0)) await end();
  });

  async function connect(calls: CallHandlers, feeds: FeedHandlers = {}) {
    const road = await build();
    taken.push(road.end);
    const bugs: unknown[] = [];
    const server = new EngineServer(calls, feeds, { onBug: (error) => bugs.push(error) });
    const view = server.serve(road.engine);
    return { client: new EngineClient(road.view), server, view, bugs, road };
  }

  test('a call is answered, and requests reach the handler as they were', async () => {
    const asked: unknown[] = [];
    const { client } = await connect({
      'files.list': (request) => {
        asked.push(request);
        return { path: request.path ?? '/', entries: [{ name: 'grün.log', kind: 'file' }] };
      },
    });
    await expect(client.call('files.list', { path: '/tmp/ö' })).resolves.toEqual({
      path: '/tmp/ö',
      entries: [{ name: 'grün.log', kind: 'file' }],
    });
    expect(asked).toEqual([{ path: '/tmp/ö' }]);
  });

  test('calls are answered out of order, each to its own', async () => {
    const slow = deferred();
    const { client } = await connect({
      'files.list': async ({ path }) => {
        if (path === 'slow') await slow.promise;
        return { path: path ?? '', entries: [] };
      },
    });
    const first = client.call('files.list', { path: 'slow' });
    await expect(client.call('files.list', { path: 'fast' })).resolves.toMatchObject({
      path: 'fast',
    });
    slow.resolve();
    await expect(first).resolves.toMatchObject({ path: 'slow' });
  });

  test('nothing is shared between the ends', async () => {
    const kept = { path: '/', entries: [{ name: 'a', kind: 'file' as const }] };
    const { client } = await connect({ 'files.list': () => kept });
    const answer = await client.call('files.list', {});
    answer.entries[0].name = 'changed';
    expect(kept.entries[0].name).toBe('a');
  });

  test('cancelling a call aborts its handler and rejects at once', async () => {
    const started = deferred();
    const aborted = deferred();
    const { client } = await connect({
      inspect: async (_request, { signal }) => {
        started.resolve();
        await new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => resolve(), { once: true }),
        );
        aborted.resolve();
        return { groups: [], findings: [] };
      },
    });
    const stop = new AbortController();
    const call = client.call('inspect', {}, { signal: stop.signal });
    await started.promise;
    stop.abort();
    expect((await failureOf(call)).kind).toBe('cancelled');
    await aborted.promise;
  });

  test('a call with a signal that is aborted already is not sent', async () => {
    const { client } = await connect({});
    const call = client.call('inspect', {}, { signal: AbortSignal.abort() });
    expect((await failureOf(call)).kind).toBe('cancelled');
  });

  test('a Failure crosses with its three sentences', async () => {
    const { client, bugs } = await connect({
      'session.open': () => {
        throw Object.assign(new Error('Could not read the file.'), {
          name: 'Failure',
          kind: 'unreadable',
          means: 'It is not a dump.',
          advice: 'Choose another.',
        });
      },
    });
    const failure = await failureOf(client.call('session.open', { paths: ['x'], add: false }));
    expect(failure).toMatchObject({
      kind: 'unreadable',
      message: 'Could not read the file.',
      means: 'It is not a dump.',
      advice: 'Choose another.',
    });
    expect(bugs).toEqual([]);
  });

  test('any other exception crosses as a bug, without its stack', async () => {
    const { client, bugs } = await connect({
      inspect: () => {
        throw new TypeError('x is not a function');
      },
    });
    const failure = await failureOf(client.call('inspect', {}));
    expect(failure.kind).toBe('bug');
    expect(failure.message).not.toMatch(/\.ts|node:/);
    expect(bugs).toHaveLength(1);
  });

  test.each([
    ['a name that is no call', 'nothing.here', {}],
    ['a name of the object prototype', 'constructor', {}],
    ['a call that this engine lacks', 'handoff.list', {}],
    ['a body of the wrong form', 'files.list', { path: 7 }],
  ])('%s is refused', async (_what, name, body) => {
    const { road } = await connect({ 'files.list': () => DETAIL });
    const answered = deferred<unknown>();
    road.view.onMessage(answered.resolve);
    road.view.send({ type: 'call', id: 9, name, body });
    await expect(answered.promise).resolves.toMatchObject({
      type: 'failure',
      id: 9,
      failure: { kind: 'usage' },
    });
  });

  test('a request that does not fit is refused at the view already', async () => {
    const { client } = await connect({});
    const bad = { path: 7 } as unknown as { path: string };
    expect((await failureOf(client.call('files.list', bad))).kind).toBe('usage');
  });

  test('an answer that does not fit is withheld as a bug of the engine', async () => {
    const { client, bugs } = await connect({
      'files.list': () => ({ path: 5 }) as unknown as typeof DETAIL,
    });
    expect((await failureOf(client.call('files.list', {}))).kind).toBe('bug');
    expect(bugs).toHaveLength(1);
  });

  test.each<[string, (channel: Channel) => void]>([
    ['no object', (channel) => channel.send('hello')],
    ['an unknown type', (channel) => channel.send({ type: 'shout', id: 1 })],
    ['a negative id', (channel) => channel.send({ type: 'cancel', id: -1 })],
    ['an id that is no number', (channel) => channel.send({ type: 'cancel', id: '1' })],
  ])('a message with %s ends the connection', async (_what, send) => {
    const { road, view } = await connect({});
    const closed = deferred<string>();
    road.view.onClose(closed.resolve);
    send(road.view);
    await expect(closed.promise).resolves.toMatch(/no form of the protocol/);
    expect(view.signal.aborted).toBe(true);
  });

  test('an id that is in use already ends the connection', async () => {
    const { road } = await connect({
      inspect: () => new Promise(() => {}),
    });
    const closed = deferred<string>();
    road.view.onClose(closed.resolve);
    road.view.send({ type: 'call', id: 3, name: 'inspect', body: {} });
    road.view.send({ type: 'call', id: 3, name: 'inspect', body: {} });
    await expect(closed.promise).resolves.toMatch(/id 3 is already in use/);
  });

  test('a message that weighs too much ends the connection or is not sent', async () => {
    const { road } = await connect({ 'files.list': () => DETAIL });
    const closed = deferred<string>();
    road.view.onClose(closed.resolve);
    const send = (): void =>
      road.view.send({
        type: 'call',
        id: 1,
        name: 'files.list',
        body: { path: 'x'.repeat(MAX_MESSAGE + 1) },
      });
    try {
      send();
      await expect(closed.promise).resolves.toMatch(/longer/);
    } catch (error) {
      expect(error).toMatchObject({ name: 'Failure', kind: 'limit' });
    }
  });

  test('when the view goes, its handlers are aborted and its calls rejected', async () => {
    const started = deferred();
    const aborted = deferred();
    const { client, view, server } = await connect({
      inspect: (_request, { signal }) => {
        signal.addEventListener('abort', () => aborted.resolve(), { once: true });
        started.resolve();
        return new Promise(() => {});
      },
    });
    const call = failureOf(client.call('inspect', {}));
    await started.promise;
    client.close();
    expect((await call).kind).toBe('lost');
    await aborted.promise;
    expect(view.signal.aborted).toBe(true);
    expect(server.views).toBe(0);
  });

  test('when the engine goes, calls and feeds end with the reason', async () => {
    const started = deferred();
    const { client, server } = await connect(
      { inspect: () => new Promise(() => {}) },
      {
        'faults.changes': async (_request, sink) => {
          started.resolve();
          await sink.over;
        },
      },
    );
    const call = failureOf(client.call('inspect', {}));
    const feed = client.subscribe('faults.changes', {});
    await started.promise;
    server.close('the engine is told to stop');
    expect((await call).message).toMatch(/told to stop/);
    expect((await failureOf(feed.done)).message).toMatch(/told to stop/);
    expect((await failureOf(client.call('inspect', {}))).kind).toBe('lost');
  });

  /** A feed of chunks numbered by their offset, which counts what was sent. */
  function chunks(count: number, sent: { count: number }): FeedHandlers {
    return {
      'console.data': async (_request, sink) => {
        for (let i = 0; i < count && !sink.signal.aborted; i++) {
          await sink.push({ offset: i, data: '', lines: [], marks: [] });
          sent.count++;
        }
      },
    };
  }

  test('a feed delivers all of its items in order, and ends', async () => {
    const sent = { count: 0 };
    const { client } = await connect({}, chunks(1000, sent));
    const got: number[] = [];
    for await (const item of client.subscribe('console.data', { console: 'c', from: 0 }))
      got.push(item.offset);
    expect(got).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  });

  test('an engine sends no more items than the view granted', async () => {
    const sent = { count: 0 };
    const { client } = await connect({ 'files.list': () => DETAIL }, chunks(100, sent));
    const feed = client.subscribe('console.data', { console: 'c', from: 0 }, { credit: 5 });
    // A call that goes the same way behind the subscription proves that it was worked on.
    await client.call('files.list', {});
    await client.call('files.list', {});
    expect(sent.count).toBe(5);
    const iterator = feed[Symbol.asyncIterator]();
    for (let i = 0; i < 10; i++) expect((await iterator.next()).value).toMatchObject({ offset: i });
    await client.call('files.list', {});
    await client.call('files.list', {});
    expect(sent.count).toBeLessThanOrEqual(15);
    expect(sent.count).toBeGreaterThanOrEqual(10);
    feed.cancel();
  });

  test('a coalescing feed keeps only the newest item for a slow view', async () => {
    const started = deferred();
    const pushed = deferred();
    const { client } = await connect(
      {},
      {
        'faults.changes': async (_request, sink) => {
          for (let all = 1; all <= 500; all++) {
            await sink.push({ all });
            if (all === 1) started.resolve();
          }
          pushed.resolve();
          await sink.over;
        },
      },
    );
    const got: number[] = [];
    const feed = client.subscribe('faults.changes', {}, { credit: 1 });
    await pushed.promise;
    for await (const { all } of feed) {
      got.push(all);
      if (all === 500) break;
    }
    expect(got).toEqual([1, 500]);
    await started.promise;
  });

  test('leaving the iteration cancels the feed', async () => {
    const over = deferred();
    const { client } = await connect(
      {},
      {
        'faults.changes': async (_request, sink) => {
          void sink.over.then(over.resolve);
          await sink.push({ all: 1 });
          await sink.over;
        },
      },
    );
    for await (const item of client.subscribe('faults.changes', {})) {
      expect(item).toEqual({ all: 1 });
      break;
    }
    await over.promise;
  });

  test('a listener gets its items one after another, and its error ends the feed', async () => {
    const over = deferred();
    const { client } = await connect(
      {},
      {
        'console.data': async (_request, sink) => {
          void sink.over.then(over.resolve);
          for (let offset = 0; !sink.signal.aborted; offset++)
            await sink.push({ offset, data: '', lines: [], marks: [] });
        },
      },
    );
    const got: FeedItem<'console.data'>[] = [];
    const { done } = client.listen('console.data', { console: 'c', from: 0 }, async (item) => {
      got.push(item);
      if (got.length === 20) throw new Error('enough');
    });
    await expect(done).rejects.toThrow('enough');
    expect(got.map((item) => item.offset)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    await over.promise;
  });

  test('an item that does not fit ends the feed as a bug', async () => {
    const { client, bugs } = await connect(
      {},
      {
        'faults.changes': async (_request, sink) => {
          await sink.push({ all: -1 });
        },
      },
    );
    const feed = client.subscribe('faults.changes', {});
    expect((await failureOf(feed.done)).kind).toBe('bug');
    expect(bugs).toHaveLength(1);
  });

  test('one engine serves several views', async () => {
    const first = await connect({ 'files.list': () => DETAIL });
    const second = await build();
    taken.push(second.end);
    first.server.serve(second.engine);
    const other = new EngineClient(second.view);
    await expect(other.call('files.list', {})).resolves.toEqual(DETAIL);
    await expect(first.client.call('files.list', {})).resolves.toEqual(DETAIL);
    expect(first.server.views).toBe(2);
  });
});
