import { describe, expect, test } from 'vitest';
import { EngineClient } from '../../../core/protocol/client.ts';
import type { FeedItem } from '../../../core/protocol/contract.ts';
import type { FeedHandlers } from '../../../core/protocol/server.ts';
import { ROADS, DETAIL, deferred, failureOf, roads } from './roads.ts';

describe.each(Object.entries(ROADS))('over %s', (_name, build) => {
  const { connect, another } = roads(build);

  /** A feed of chunks numbered by their offset, which counts what was sent. */
  function chunks(count: number, sent: { count: number }): FeedHandlers {
    return {
      'console.data': async (_request, sink) => {
        for (let i = 0; i < count && !sink.signal.aborted; i++) {
          await sink.push({ offset: i, data: '', total: 0, lines: [], marks: [] });
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
            await sink.push({ offset, data: '', total: 0, lines: [], marks: [] });
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
    const second = await another();
    first.server.serve(second.engine);
    const other = new EngineClient(second.view);
    await expect(other.call('files.list', {})).resolves.toEqual(DETAIL);
    await expect(first.client.call('files.list', {})).resolves.toEqual(DETAIL);
    expect(first.server.views).toBe(2);
  });
});
