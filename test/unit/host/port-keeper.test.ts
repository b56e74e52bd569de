import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeptPorts } from '../../../electron/host/console/kept-ports.ts';
import { PortKeeper } from '../../../electron/host/console/port-keeper.ts';
import type { ConsoleSource, SourceSink } from '../../../electron/host/console/source.ts';
import { Failure } from '../../../core/memory/failure.ts';
import type { PortEvent } from '../../../electron/host/thread-messages.ts';

const SETTINGS = {
  path: '/dev/x',
  baud: 115_200,
  dataBits: 8,
  parity: 'none',
  stopBits: 1,
} as const;

/** A port that says what it is told to. */
class FakePort implements ConsoleSource {
  readonly settings = '115200 8n1';
  readonly written: number[] = [];
  sink: SourceSink | undefined;
  closed = false;
  async start(sink: SourceSink): Promise<void> {
    this.sink = sink;
    sink.state('live', 'connected');
  }
  async write(bytes: Uint8Array): Promise<void> {
    this.written.push(...bytes);
  }
  async close(): Promise<void> {
    this.closed = true;
  }
}

/** The record of a console, which outlives the engine that wrote it. */
class FakeRecord implements SourceSink {
  readonly bytes: number[] = [];
  readonly states: string[] = [];
  data(bytes: Uint8Array): void {
    this.bytes.push(...bytes);
  }
  state(_state: string, status: string): void {
    this.states.push(status);
  }
}

/** The two threads: events wait in a queue until they are delivered, and die with an engine. */
function threads(port: () => ConsoleSource) {
  let queue: PortEvent[] = [];
  let engine: KeptPorts;
  const keeper = new PortKeeper((event) => queue.push(event), port);
  const start = (): KeptPorts => {
    queue = [];
    engine = new KeptPorts((request) => void keeper.ask(request));
    return engine;
  };
  const deliver = (count = Infinity): void => {
    for (let n = 0; n < count && queue.length > 0; n++) engine.take(queue.shift()!);
  };
  /** Waits for an answer, delivering what comes. */
  const settle = async <T>(promise: Promise<T>): Promise<T> => {
    const delivering = setInterval(deliver, 0);
    try {
      return await promise;
    } finally {
      clearInterval(delivering);
    }
  };
  return { keeper, start, deliver, settle };
}

describe('ports that outlive the engine', () => {
  test('whatever is said while engines come and go is recorded once and in order', async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ say: fc.integer({ min: 1, max: 9 }) }) },
      { weight: 4, arbitrary: fc.record({ deliver: fc.integer({ min: 1, max: 4 }) }) },
      { weight: 1, arbitrary: fc.constant({ die: true as const }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const port = new FakePort();
        const record = new FakeRecord();
        const { start, deliver, settle } = threads(() => port);
        const recorded = (): number => record.bytes.length;
        await settle(start().port(SETTINGS, 'console-1', recorded).start(record));
        let said = 0;
        const next = (): number => said++ & 0xff;
        for (const each of [...steps, { die: true as const }])
          if ('say' in each) port.sink!.data(Uint8Array.from({ length: each.say }, next), said);
          else if ('deliver' in each) deliver(each.deliver);
          else {
            const kept = await settle(start().kept('console-1', recorded));
            await settle(kept!.start(record));
          }
        expect(record.bytes).toEqual(Array.from({ length: said }, (_, n) => n & 0xff));
        expect(record.states.at(-1)).toBe('connected');
      }),
      { numRuns: 200 },
    );
  });

  test('typing goes through, and closing ends it', async () => {
    const port = new FakePort();
    const record = new FakeRecord();
    const { start, settle } = threads(() => port);
    const source = start().port(SETTINGS, 'console-1', () => record.bytes.length);
    await settle(source.start(record));
    await settle(source.write!(Uint8Array.of(104, 105)));
    expect(port.written).toEqual([104, 105]);
    await settle(source.close());
    expect(port.closed).toBe(true);
    expect(await settle(start().kept('console-1', () => 0))).toBeUndefined();
  });

  test('a port that does not open says why, in its own words', async () => {
    const { start, settle } = threads(() => ({
      settings: '',
      start: async () => {
        throw new Failure('system', "Couldn't open /dev/x: busy.", 'It is taken.', 'Choose.');
      },
      close: async () => {},
    }));
    const source = start().port(SETTINGS, 'console-1', () => 0);
    await expect(settle(source.start(new FakeRecord()))).rejects.toMatchObject({
      message: "Couldn't open /dev/x: busy.",
      means: 'It is taken.',
      advice: 'Choose.',
    });
  });

  test('who can wait is told to while much is not recorded, and to go on', async () => {
    const paused: boolean[] = [];
    const port = new FakePort();
    const waits = Object.assign(port, { pause: (now: boolean) => paused.push(now) });
    const record = new FakeRecord();
    const recorded = (): number => record.bytes.length;
    const { start, settle } = threads(() => waits);
    await settle(start().port(SETTINGS, 'console-1', recorded).start(record));
    const mebibyte = new Uint8Array(1 << 20);
    for (let n = 0; n < 9; n++) port.sink!.data(mebibyte, n);
    expect(paused).toEqual([true]);
    // Another engine takes it up with all of it on disk but the last mebibyte.
    const kept = await settle(start().kept('console-1', () => 8 << 20));
    expect(kept).toBeDefined();
    expect(paused).toEqual([true, false]);
  });

  test('a port that nobody records any more is closed before it fills the memory', async () => {
    const port = new FakePort();
    const record = new FakeRecord();
    const { start, deliver, settle } = threads(() => port);
    await settle(
      start()
        .port(SETTINGS, 'console-1', () => 0)
        .start(record),
    );
    const mebibyte = new Uint8Array(1 << 20);
    for (let n = 0; n < 65; n++) port.sink!.data(mebibyte, n);
    expect(port.closed).toBe(true);
    start();
    deliver();
    expect(port.closed).toBe(true);
  });
});
