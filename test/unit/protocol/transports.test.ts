import { describe, expect, test } from 'vitest';
import type { Channel } from '../../../core/protocol/wire.ts';
import { MAX_MESSAGE } from '../../../core/protocol/wire.ts';
import { ROADS, DETAIL, deferred, failureOf, roads } from './roads.ts';

describe.each(Object.entries(ROADS))('over %s', (_name, build) => {
  const { connect } = roads(build);

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
});
