import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { bytesSource } from '../../../core/memory/platform.ts';
import { Recording } from '../../../electron/host/console/recording.ts';
import { Replay } from '../../../electron/host/console/replay.ts';

const HEADER = '{"version": 2, "width": 80, "height": 24}';

function cast(...lines: string[]): Recording {
  return new Recording(bytesSource('a.cast', Buffer.from([HEADER, ...lines, ''].join('\n'))));
}

const event = (at: number, text: string): string => JSON.stringify([at, 'o', text]);

describe('a recording (asciicast v2)', () => {
  test('counts its time from the first output, and never back', () => {
    const recording = cast(event(10.5, 'a'), event(11, 'b'), event(10.9, 'c'), event(12.5, 'd'));
    expect(recording.duration).toBe(2);
    expect([...recording.events()].map(({ at }) => at)).toEqual([0, 0.5, 0.5, 2]);
  });

  test('its characters are bytes, and text beyond them is UTF-8', () => {
    const recording = cast(event(0, '\u00ff\u001b[0m'), event(1, '→'));
    const bytes = [...recording.events()].map((each) => [...each.bytes]);
    expect(bytes).toEqual([
      [0xff, 0x1b, 0x5b, 0x30, 0x6d],
      [0xe2, 0x86, 0x92],
    ]);
  });

  test('lines that are no output are passed over', () => {
    const recording = cast(
      event(1, 'a'),
      'damaged',
      '[2, "i", "typed"]',
      '["x", "o", "y"]',
      '[3]',
      event(4, 'b'),
      '[5, "o"',
    );
    expect(Buffer.concat([...recording.events()].map(({ bytes }) => bytes)).toString()).toBe('ab');
    expect(recording.duration).toBe(3);
  });

  test('a recording longer than any block is read as a whole', () => {
    const lines = Array.from({ length: 5000 }, (_, n) =>
      event(n, `line ${n} ${'x'.repeat(60)}\r\n`),
    );
    const recording = cast(...lines);
    expect(recording.duration).toBe(4999);
    expect([...recording.events()]).toHaveLength(5000);
  });

  test.each([
    ['an empty file', ''],
    ['a log', '[    0.000000] Linux version 6.1'],
    ['version 1', '{"version": 1}\n[0, "o", "a"]'],
    ['no output', `${HEADER}\n`],
  ])('%s is refused with what it is', (_what, text) => {
    expect(() => new Recording(bytesSource('a', Buffer.from(text)))).toThrow(
      expect.objectContaining({ name: 'Failure', kind: 'unreadable' }),
    );
  });
});

describe('a replay', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function play(
    options: { speed?: number; playing?: boolean; skip?: number; until?: string } = {},
  ) {
    let text = '';
    const { until } = options;
    const ahead = until === undefined ? undefined : () => !text.includes(until);
    const states: string[] = [];
    const restarted = vi.fn(() => {
      text = '';
    });
    const replay = new Replay(
      cast(event(5, 'a'), event(6, 'b'), event(7.5, 'cd'), event(15, 'e')),
      { speed: 1, playing: true, ...options, ahead },
      restarted,
    );
    const sink = {
      data: (bytes: Uint8Array) => {
        text += Buffer.from(bytes).toString();
      },
      state: (state: string) => states.push(state),
    };
    return { replay, sink, text: () => text, states, restarted };
  }

  test('plays with its own timing', async () => {
    const { replay, sink, text, states } = play();
    await replay.start(sink);
    expect(text()).toBe('a');
    vi.advanceTimersByTime(999);
    expect(text()).toBe('a');
    vi.advanceTimersByTime(2);
    expect(text()).toBe('ab');
    vi.advanceTimersByTime(1500);
    expect(text()).toBe('abcd');
    expect(replay.state).toMatchObject({ duration: 10, speed: 1, playing: true });
    vi.advanceTimersByTime(8000);
    expect(text()).toBe('abcde');
    expect(states.at(-1)).toBe('ended');
    expect(replay.state).toMatchObject({ position: 10, playing: false });
  });

  test('ten times as fast', async () => {
    const { replay, sink, text } = play({ speed: 10 });
    await replay.start(sink);
    vi.advanceTimersByTime(260);
    expect(text()).toBe('abcd');
  });

  test('pauses, goes on where it was, and changes its speed', async () => {
    const { replay, sink, text, states } = play();
    await replay.start(sink);
    vi.advanceTimersByTime(500);
    replay.act('pause', undefined);
    vi.advanceTimersByTime(60_000);
    expect(text()).toBe('a');
    expect(replay.state.position).toBeCloseTo(0.5);
    expect(states.at(-1)).toBe('paused');
    replay.act('speed', 2);
    expect(replay.state.playing).toBe(false);
    replay.act('play', undefined);
    vi.advanceTimersByTime(251);
    expect(text()).toBe('ab');
  });

  test('runs ahead to what is waited for, and keeps its own timing from there', async () => {
    const { replay, sink, text } = play({ until: 'c' });
    await replay.start(sink);
    expect(text()).toBe('abcd');
    expect(replay.state).toMatchObject({ position: 2.5, playing: true });
    vi.advanceTimersByTime(7400);
    expect(text()).toBe('abcd');
    vi.advanceTimersByTime(200);
    expect(text()).toBe('abcde');
  });

  test('runs to its end where what is waited for never comes', async () => {
    const { replay, sink, text } = play({ until: 'x' });
    await replay.start(sink);
    expect(text()).toBe('abcde');
    expect(replay.state).toMatchObject({ position: 10, playing: false });
  });

  test('that starts again does not run ahead', async () => {
    const { replay, sink, text } = play({ until: 'x' });
    await replay.start(sink);
    replay.act('restart', undefined);
    expect(text()).toBe('a');
  });

  test('goes to its end at once', async () => {
    const { replay, sink, text } = play({ playing: false });
    await replay.start(sink);
    expect(text()).toBe('');
    replay.act('end', undefined);
    vi.runAllTimers();
    expect(text()).toBe('abcde');
    expect(replay.state.position).toBe(10);
  });

  test('starts again with an empty record', async () => {
    const { replay, sink, text, restarted } = play();
    await replay.start(sink);
    replay.act('end', undefined);
    replay.act('restart', undefined);
    expect(restarted).toHaveBeenCalledTimes(1);
    expect(text()).toBe('a');
    vi.advanceTimersByTime(1001);
    expect(text()).toBe('ab');
  });

  test('goes on behind the bytes that were delivered before', async () => {
    const { replay, sink, text } = play({ skip: 3 });
    await replay.start(sink);
    vi.runAllTimers();
    expect(text()).toBe('de');
  });

  test('delivers nothing after it was closed', async () => {
    const { replay, sink, text } = play();
    await replay.start(sink);
    await replay.close();
    vi.runAllTimers();
    expect(text()).toBe('a');
  });
});
