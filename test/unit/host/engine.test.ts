import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FeedItem } from '../../../core/protocol/contract.ts';
import { captureBytes } from '../../support/captures.ts';
import { capturedEngine } from './captured-engine.ts';

const captured = capturedEngine();
const { client } = captured;

describe('the session', () => {
  test('names its sources, units and consoles', async () => {
    const info = await client.call('session.get', {});
    expect(info).toMatchObject({ title: 'tables.before.elf', empty: false, shell: 'direct' });
    expect(info.sources.map(({ kind, state }) => [kind, state])).toEqual([
      ['dump', 'ready'],
      ['registers', 'ready'],
      ['log', 'ended'],
    ]);
    expect(info.units).toMatchObject([
      { name: 'dmar0', vendor: 'intel', mode: 'legacy', from: 'file', translationEnabled: true },
    ]);
    expect(info.counts.faults).toBe(3);
  });

  test.each([['relative.log'], ['/tmp/../etc/passwd'], ['/tmp/a\0b']])(
    'the path %j is refused',
    async (path) => {
      await expect(client.call('session.open', { paths: [path], add: true })).rejects.toMatchObject(
        { kind: 'usage' },
      );
    },
  );

  test('a file that is nothing known is refused with what it starts with', async () => {
    const path = join(captured.state, 'packed.zip');
    writeFileSync(path, Buffer.from('504b0304000000ff', 'hex'));
    await expect(client.call('session.open', { paths: [path], add: true })).rejects.toMatchObject({
      kind: 'unreadable',
      message: expect.stringContaining('50 4b 03 04 (ZIP)') as string,
    });
    expect((await client.call('session.get', {})).units).toHaveLength(1);
  });

  test('the window’s own state is kept with it', async () => {
    expect((await client.call('view.load', {})).state).toBeUndefined();
    await client.call('view.save', { state: '{"theme":"light"}' });
    expect((await client.call('view.load', {})).state).toBe('{"theme":"light"}');
  });
});

describe('the console', () => {
  test('its feed gives every byte once, with the lines that start and those that are marked', async () => {
    const { consoles } = await client.call('session.get', {});
    const bytes = captureBytes('intel-6.1', 'console.log');
    const chunks: FeedItem<'console.data'>[] = [];
    let got = 0;
    for await (const chunk of client.subscribe('console.data', {
      console: consoles[0].id,
      from: 0,
    })) {
      expect(chunk.offset).toBe(got);
      got += chunk.data.length;
      chunks.push(chunk);
      if (got >= bytes.length) break;
    }
    expect(Buffer.from(chunks.map(({ data }) => data).join(''), 'latin1').equals(bytes)).toBe(true);
    const lines = chunks.flatMap((chunk) => chunk.lines);
    expect(lines.map(({ line }) => line)).toEqual(lines.map((_, index) => index + 1));
    const marks = chunks.flatMap((chunk) => chunk.marks).filter(({ kind }) => kind === 'fault');
    expect(marks.map(({ fault }) => fault)).toEqual([1, 2, 3]);
  });

  test('any line is a place to read from, with so many before it as there are', async () => {
    const { consoles } = await client.call('session.get', {});
    const console = consoles[0].id;
    const { lines } = consoles[0];
    for (const [line, before, first] of [
      [undefined, 0, lines],
      [undefined, 100, lines - 100],
      [500, 20, 480],
      [500, 4000, 1],
      [lines * 9, 3, lines - 3],
    ] as const) {
      const place = await client.call('console.place', { console, line, before });
      expect(place).toMatchObject({ line: first, lines });
      for await (const chunk of client.subscribe('console.data', { console, from: place.offset })) {
        expect([chunk.lines[0].line, chunk.total]).toEqual([first, lines]);
        break;
      }
    }
  });

  test('its overview says where the marks are, and where its kernels start', async () => {
    const { consoles } = await client.call('session.get', {});
    const console = consoles[0].id;
    const { lines } = consoles[0];
    const all = await client.call('console.lines', { console, from: 1, to: lines + 1 });
    const marked = all.lines.flatMap(({ mark }) => mark ?? []);
    const seen = await client.call('console.overview', { console, parts: 64 });
    expect(seen.lines).toBe(lines);
    for (const severity of ['error', 'warning', 'note', 'ok'] as const) {
      const parts = marked
        .filter((mark) => mark.severity === severity)
        .map(({ line }) => Math.floor(((line - 1) / lines) * 64));
      expect(seen.marks.find((each) => each.severity === severity)?.parts ?? []).toEqual([
        ...new Set(parts),
      ]);
    }
    const starts = seen.starts.map((line) => all.lines[line - 1].text);
    expect(starts).toEqual([
      expect.stringContaining('Linux version'),
      expect.stringContaining('Linux version'),
    ]);
  });

  test('lines are read by their numbers', async () => {
    const { consoles } = await client.call('session.get', {});
    const { fault } = await client.call('explain', { fault: 1 });
    const { lines, total } = await client.call('console.lines', {
      console: consoles[0].id,
      from: fault.line,
      to: fault.line + 1,
    });
    expect(total).toBe(consoles[0].lines);
    expect(lines[0].text).toContain('[DMA Read');
    expect(lines[0].mark).toMatchObject({ kind: 'fault', fault: 1 });
  });

  test('a log can not be typed into or replayed', async () => {
    const { consoles } = await client.call('session.get', {});
    const console = consoles[0].id;
    await expect(client.call('console.write', { console, data: 'x' })).rejects.toMatchObject({
      kind: 'usage',
    });
    await expect(client.call('console.replay', { console, action: 'play' })).rejects.toMatchObject({
      kind: 'usage',
    });
    await expect(client.call('console.disconnect', { console: 'nothing' })).rejects.toMatchObject({
      kind: 'usage',
    });
  });
});

describe('jumps', () => {
  test.each([
    ['00:06.0', 'device', 'dmar0/00:06.0/context'],
    ['0000:00:06.0', 'device', 'dmar0/00:06.0/context'],
    ['dmar0', 'unit', 'dmar0'],
    ['gsts', 'register', 'dmar0/GSTS'],
    ['#2', 'fault', '#2'],
    ['L1', 'line', 'L1'],
    ['0x1f00000', 'address', '0x1f00000'],
    ['dmar0/00:06.0/context', 'entry', 'dmar0/00:06.0/context'],
    ['faultline://session/dmar0/00:06.0/L3[0]', 'entry', 'dmar0/00:06.0/L3[0]'],
  ])('%s', async (text, kind, target) => {
    const { places } = await client.call('jump', { text });
    expect(places[0]).toMatchObject({ kind, target });
  });

  test.each(['', 'xyz', '#99', 'L999999', '00:06.8'])('"%s" names nothing', async (text) => {
    expect((await client.call('jump', { text })).places).toEqual([]);
  });
});

test('the hand-off lab plays its story', async () => {
  const { scenarios, strategies } = await client.call('handoff.list', {});
  const outcomes = await Promise.all(
    strategies.map(({ id }) =>
      client.call('handoff.run', { scenario: scenarios[0].id, strategy: id, seed: 1 }),
    ),
  );
  expect(new Set(outcomes.map(({ outcome }) => outcome)).size).toBe(2);
});

test('a script asks through the same contract', async () => {
  const output: FeedItem<'script.run'>[] = [];
  const source = "print(units().map((unit) => unit.name).join(' '));";
  for await (const item of client.subscribe('script.run', { run: 'r1', source, repl: false }))
    output.push(item);
  expect(output[0]).toEqual({ kind: 'print', text: 'dmar0' });
  expect(output.at(-1)).toMatchObject({ kind: 'done', state: 'finished' });
});

test('no answer of these was a fault of the engine itself', () => {
  expect(captured.bugs).toEqual([]);
});
