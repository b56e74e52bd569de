import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EngineClient } from '../../../core/protocol/client.ts';
import type { ConsoleInfo, SessionInfo } from '../../../core/protocol/contract.ts';
import { ConsoleRecord } from '../../../electron/host/console/record.ts';
import { LogReading } from '../../../electron/host/console/log-reading.ts';
import { directEngine, type Engine } from '../../../electron/host/engine.ts';
import { SessionFolder } from '../../../electron/host/session-folder.ts';
import { ConsoleRecord as ViewRecord } from '../../../renderer/panels/console/record.ts';

const FAULT =
  '[    3.000000] DMAR: [DMA Write NO_PASID] Request device [02:00.0] fault addr 0xdead000 [fault reason 0x05] PTE Write access is not set';

let folder: string;
let engine: Engine | undefined;
let client: EngineClient;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-console-log-'));
});
afterEach(async () => {
  await engine?.dispose();
  engine = undefined;
  rmSync(folder, { recursive: true });
});

function start(session = SessionFolder.create(folder)): void {
  ({ engine, client } = directEngine({ folder: session }));
}

async function until(wanted: (info: SessionInfo) => boolean): Promise<ConsoleInfo> {
  for await (const info of client.subscribe('session.changes', {}))
    if (wanted(info)) return info.consoles[0];
  throw new Error('the feed ended');
}

test('lines that come a few bytes at a time have their marks and stamps like whole ones', async () => {
  start();
  const text = Buffer.from(`[    1.000000] booting\n${FAULT}\n[    4.500000] last\n`);
  const server = createServer((socket) => {
    void (async () => {
      for (let at = 0; at < text.length; at += 7) {
        socket.write(text.subarray(at, at + 7));
        await until(({ consoles }) => (consoles[0]?.bytes ?? 0) >= Math.min(text.length, at + 7));
      }
      socket.end();
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { console } = await client.call('console.connect', {
    kind: 'tcp',
    address: `127.0.0.1:${port}`,
    telnet: 'never',
    typing: false,
  });
  const seen = new ViewRecord();
  let got = 0;
  for await (const chunk of client.subscribe('console.data', { console, from: 0 })) {
    seen.take(chunk);
    got += chunk.data.length;
    if (got === text.length && seen.marks.size > 0) break;
  }
  expect([1, 2, 3].map((line) => seen.time(line, 'kernel'))).toEqual(['1.000', '3.000', '4.500']);
  expect(seen.marks.get(2)).toMatchObject({ kind: 'fault', fault: 1 });
  await new Promise((resolve) => server.close(resolve));
});

describe('a log file that somebody else writes', () => {
  test('is read to its end, and goes on when it grows, in the middle of a line too', async () => {
    start();
    const path = join(folder, 'ttyS0.log');
    writeFileSync(path, `booting\n${FAULT.slice(0, 60)}`);
    await client.call('session.open', { paths: [path], add: false });
    const read = await until(({ consoles }) => consoles[0]?.state === 'ended');
    expect(read).toMatchObject({ status: 'log, read to the end', lines: 2 });
    appendFileSync(path, `${FAULT.slice(60)}\n${FAULT}\nand more\n`);
    const grown = await until(
      ({ counts, consoles }) => counts.faults === 2 && consoles[0].lines === 4,
    );
    expect(grown).toMatchObject({ state: 'live', status: 'log file grows' });
    const { lines } = await client.call('console.lines', {
      console: grown.id,
      from: 1,
      to: 5,
    });
    expect(lines.map(({ mark }) => mark?.fault)).toEqual([undefined, 1, 2, undefined]);
  });

  test('that was cut begins anew', async () => {
    start();
    const path = join(folder, 'ttyS0.log');
    writeFileSync(path, `${FAULT}\nold\n`);
    await client.call('session.open', { paths: [path], add: false });
    await until(({ counts }) => counts.faults === 1);
    truncateSync(path);
    appendFileSync(path, 'new\n');
    const info = await until(
      ({ consoles, counts }) => counts.faults === 0 && consoles[0].bytes === 4,
    );
    expect(info.lines).toBe(1);
  });

  test.each([
    [
      'another file takes its place, as log rotation does',
      (path: string) => {
        renameSync(path, `${path}.1`);
        writeFileSync(path, `${FAULT}\nthe next\n`);
      },
    ],
    [
      'it is cut and has grown beyond what was read by the next look',
      (path: string) => {
        truncateSync(path);
        appendFileSync(path, `${FAULT}\n${'x'.repeat(200)}\nthe next\n`);
      },
    ],
  ])('is followed where %s', async (_what, rotate) => {
    start();
    const path = join(folder, 'ttyS0.log');
    writeFileSync(path, `${FAULT}\n${FAULT}\nold\n`);
    await client.call('session.open', { paths: [path], add: false });
    await until(({ counts, consoles }) => counts.faults === 2 && consoles[0].state === 'ended');
    rotate(path);
    const info = await until(({ counts }) => counts.faults === 1);
    expect(info).toMatchObject({
      state: 'live',
      status: 'log file was replaced, read from its start',
      emptied: 1,
    });
    const { lines } = await client.call('console.lines', { console: info.id, from: 1, to: 9 });
    expect(lines.at(-1)?.text).toBe('the next');
    appendFileSync(path, `${FAULT}\n`);
    const grown = await until(({ counts }) => counts.faults === 2);
    expect(grown.lines).toBe(lines.length + 1);
  });

  test('says when it is not there any more, keeps what it read, and takes the next one', async () => {
    start();
    const path = join(folder, 'ttyS0.log');
    writeFileSync(path, `${FAULT}\nold\n`);
    await client.call('session.open', { paths: [path], add: false });
    await until(({ consoles }) => consoles[0]?.state === 'ended');
    rmSync(path);
    const gone = await until(({ consoles }) => consoles[0].status !== 'log, read to the end');
    expect(gone).toMatchObject({ state: 'ended', status: `File not found: ${path}`, lines: 2 });
    writeFileSync(path, 'new\n');
    const info = await until(({ consoles }) => consoles[0].lines === 1);
    expect(info.emptied).toBe(1);
  });

  test('that is long is read as a job, which stops and goes on', async () => {
    start();
    const path = join(folder, 'long.log');
    const piece = `${'[    1.000000] a line of a kernel that says nothing of any use\n'.repeat(999)}${FAULT}\n`;
    writeFileSync(path, piece.repeat(400));
    const job = 'reading console-1';
    await client.call('session.open', { paths: [path], add: false });
    await until(({ jobs }) => jobs.some(({ id, percent }) => id === job && (percent ?? 0) > 0));
    await client.call('jobs.stop', { job });
    const stopped = await until(({ consoles }) => consoles[0].state === 'paused');
    expect(stopped.status).toMatch(/^reading stopped at \d+ %$/);
    expect(stopped.lines).toBeLessThan(400_000);
    // What was read so far is there, and nobody would blame the file.
    await client.call('console.lines', { console: stopped.id, from: stopped.lines, to: 1e6 });
    const { jobs } = await client.call('session.get', {});
    expect(jobs).toMatchObject([{ id: job, name: 'Reading long.log', stopped: true }]);
    expect(engine!.bench.folder.kept.reading).toEqual([]);
    await client.call('jobs.resume', { job });
    const read = await until(({ consoles }) => consoles[0].state === 'ended');
    expect(read).toMatchObject({ status: 'log, read to the end', lines: 400_000 });
    const after = await client.call('session.get', {});
    expect([after.jobs, after.counts.faults]).toEqual([[], 400]);
  });

  test('can be closed while its reading is stopped', async () => {
    start();
    const path = join(folder, 'long.log');
    writeFileSync(path, 'a line\n'.repeat(4 << 20));
    await client.call('session.open', { paths: [path], add: false });
    await until(({ jobs }) => jobs.length === 1);
    await client.call('jobs.stop', { job: 'reading console-1' });
    await until(({ consoles }) => consoles[0].state === 'paused');
    await client.call('session.close', { source: 'console-1' });
    const info = await client.call('session.get', {});
    expect([info.consoles, info.jobs]).toEqual([[], []]);
  });

  test('says that nothing came for 30 s, and that it grows again', async () => {
    vi.useFakeTimers();
    try {
      const path = join(folder, 'a.log');
      writeFileSync(path, 'one\n');
      const record = new ConsoleRecord(path, join(folder, 'a.lines'), true);
      const states: string[] = [];
      const reading = new LogReading({
        record,
        job: () => {
          throw new Error('a few bytes are no long work');
        },
        waits: () => {},
        take: (bytes) => record.append(bytes, 0),
        end: () => {},
        again: async () => {},
        empty: () => record.clear(),
        state: (_state, status) => states.push(status),
      });
      const done = reading.read();
      await vi.runAllTimersAsync();
      await done;
      appendFileSync(path, 'two\n');
      const looked = reading.look();
      await vi.advanceTimersByTimeAsync(1);
      await looked;
      await vi.advanceTimersByTimeAsync(30_000);
      expect(states).toEqual([
        'reading…',
        'log, read to the end',
        'log file grows',
        'no data for 30 s',
      ]);
      reading.stop();
      expect(vi.getTimerCount()).toBe(0);
      record.close();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a console that is logged to a file', () => {
  let server: Server;
  let far: Socket | undefined;
  let session: SessionFolder;
  let path: string;

  beforeEach(async () => {
    server = createServer((socket) => {
      far = socket;
      socket.on('error', () => {});
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    session = SessionFolder.create(folder);
    start(session);
    path = join(folder, 'target.log');
    const { port } = server.address() as AddressInfo;
    const { console } = await client.call('console.connect', {
      kind: 'tcp',
      address: `127.0.0.1:${port}`,
      telnet: 'never',
      typing: false,
    });
    await vi.waitUntil(() => far !== undefined);
    far!.write('before\n');
    await until(({ consoles }) => consoles[0].bytes === 7);
    await client.call('console.log', { action: 'start', console, path, all: false });
    far!.write('one\n');
    await until(({ consoles }) => consoles[0].log?.bytes === 4);
  });
  afterEach(async () => {
    far?.destroy();
    far = undefined;
    await new Promise((resolve) => server.close(resolve));
  });

  /** Another engine takes the session up, and the console is opened again there. */
  async function again(): Promise<ConsoleInfo> {
    await engine!.dispose();
    far?.destroy();
    far = undefined;
    start(SessionFolder.open(session.path));
    await engine!.restore();
    const info = await until(({ consoles }) => consoles.length === 1);
    await client.call('console.reconnect', { console: info.id });
    await vi.waitUntil(() => far !== undefined);
    far!.write('two\n');
    return await until(({ consoles }) => consoles[0].bytes === 15);
  }

  test('is logged on by the next engine, with what the file missed', async () => {
    // The engine ended between the record and the file.
    truncateSync(path, 2);
    const info = await again();
    expect(info.log).toEqual({ path, name: 'target.log', bytes: 8, failed: undefined });
    expect(readFileSync(path, 'latin1')).toBe('one\ntwo\n');
  });

  test.each([
    ['has gone', () => rmSync(path), 'the file is not there any more'],
    [
      'is another one',
      () => writeFileSync(path, 'x'.repeat(99)),
      'somebody else wrote to the file',
    ],
  ])('and not where the file %s: that is said', async (_what, harm, reason) => {
    harm();
    const info = await again();
    expect(info.log?.failed).toBe(`Logging stopped: ${reason}. The console keeps running.`);
  });

  test('is not, when that was ended', async () => {
    const { consoles } = await client.call('session.get', {});
    await client.call('console.log', { action: 'stop', console: consoles[0].id });
    expect((await again()).log).toBeUndefined();
  });
});

test('a console that was closed keeps its record, and the next one begins its own', async () => {
  start();
  const server = createServer((socket) => socket.end('said once\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connect = async (): Promise<string> => {
    const { console } = await client.call('console.connect', {
      kind: 'tcp',
      address: `127.0.0.1:${port}`,
      telnet: 'never',
      typing: false,
    });
    await until(({ consoles }) => consoles[0].bytes === 10);
    return console;
  };
  const first = await connect();
  await client.call('session.close', { source: first });
  expect(await connect()).not.toBe(first);
  await new Promise((resolve) => server.close(resolve));
});
