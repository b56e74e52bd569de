import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SerialPortMock } from 'serialport';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Failure } from '../../../core/memory/failure.ts';
import type { EngineClient } from '../../../core/protocol/client.ts';
import type { SessionInfo } from '../../../core/protocol/contract.ts';
import { SYSRQS } from '../../../core/protocol/sysrq.ts';
import { Arming } from '../../../electron/host/console/arming.ts';
import { LogFile, freeLogPath } from '../../../electron/host/console/log-file.ts';
import { PortWatch } from '../../../electron/host/console/port-watch.ts';
import { SerialSource, settingsOf, settingsText } from '../../../electron/host/console/serial.ts';
import { directEngine, type Engine } from '../../../electron/host/engine.ts';
import { SessionFolder } from '../../../electron/host/session-folder.ts';
import { SOCAT, cable } from '../../support/cable.ts';

const PORT = { baud: 115_200, dataBits: 8, parity: 'none', stopBits: 1 } as const;
const TARGET = { id: 'console-1', name: 'ttyS0' };

describe('arming', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('asks for the target’s name, lasts five minutes and says how long it still does', () => {
    const changed = vi.fn();
    const arming = new Arming(changed, () => Date.now());
    expect(() => arming.arm(TARGET, 'ttyS1')).toThrow(Failure);
    expect(arming.state).toBeUndefined();
    arming.arm(TARGET, ' ttyS0 ');
    expect(arming.has('console-1')).toBe(true);
    expect(arming.has('console-2')).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(arming.state).toEqual({ console: 'console-1', target: 'ttyS0', seconds: 299 });
    vi.advanceTimersByTime(299_000);
    expect(arming.state).toBeUndefined();
    expect(changed).toHaveBeenCalledTimes(2);
  });

  test('one target at a time, and only its own end disarms it', () => {
    const arming = new Arming(() => {});
    arming.arm(TARGET, 'ttyS0');
    arming.disarm('console-9');
    expect(arming.has('console-1')).toBe(true);
    arming.arm({ id: 'console-2', name: 'ttyS1' }, 'ttyS1');
    expect(arming.has('console-1')).toBe(false);
    arming.disarm('console-2');
    expect(arming.state).toBeUndefined();
  });
});

describe('a port that is watched', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('says that it is silent for 30 s, until something comes', () => {
    const watch = new PortWatch(
      () => Promise.resolve(),
      () => {},
    );
    watch.state('live');
    vi.advanceTimersByTime(29_000);
    watch.heard();
    vi.advanceTimersByTime(29_000);
    expect(watch.status('connected')).toBe('connected');
    vi.advanceTimersByTime(1000);
    expect(watch.status('connected')).toBe('no data for 30 s');
    watch.heard();
    expect(watch.status('connected')).toBe('connected');
    watch.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is opened again when it is lost, less and less often, and stops when told', async () => {
    const open = vi.fn(() => Promise.reject(new Error('gone')));
    const watch = new PortWatch(open, () => {});
    watch.state('failed');
    expect(watch.status('disconnected: gone')).toBe('disconnected: gone · retrying in 1 s');
    await vi.advanceTimersByTimeAsync(1000);
    expect(open).toHaveBeenCalledTimes(1);
    expect(watch.retry).toBe(2);
    await vi.advanceTimersByTimeAsync(2000 + 4000 + 8000);
    expect(open).toHaveBeenCalledTimes(4);
    watch.stopRetry();
    expect(watch.status('disconnected: gone')).toBe('disconnected: gone');
    await vi.advanceTimersByTimeAsync(100_000);
    expect(open).toHaveBeenCalledTimes(4);
  });

  test('is left alone when a person disconnects it', () => {
    const watch = new PortWatch(
      () => Promise.resolve(),
      () => {},
    );
    watch.state('live');
    watch.state('ended');
    expect([watch.retry, vi.getTimerCount()]).toEqual([undefined, 0]);
  });
});

describe('the line', () => {
  afterEach(() => SerialPortMock.binding.reset());

  test('is held in the break state for a moment, after what was written', async () => {
    SerialPortMock.binding.createPort('/dev/mock', { echo: false, record: true });
    const made: SerialPortMock[] = [];
    const source = new SerialSource({ path: '/dev/mock', ...PORT }, (options) => {
      const port = new SerialPortMock(options);
      made.push(port);
      return Promise.resolve(port);
    });
    await source.start({ data: () => {}, state: () => {} });
    const set = vi.spyOn(made[0], 'set');
    await source.write(Buffer.from('x'));
    await source.sendBreak();
    expect(set.mock.calls.map(([options]) => options)).toEqual([{ brk: true }, { brk: false }]);
    expect(made[0].port?.recording.toString()).toBe('x');
    await source.close();
    await expect(source.sendBreak()).rejects.toThrow(/not connected/);
  });

  test.each([
    [
      'Error: Permission denied, cannot open /dev/ttyS0',
      "Couldn't open /dev/ttyS0: permission denied. Your user isn't in the group that owns it. Add it and log in again, or choose another port.",
    ],
    [
      'Error: No such file or directory, cannot open /dev/ttyS0',
      "Couldn't open /dev/ttyS0: there is no such port. The cable or adapter may be unplugged. Plug it in, or choose another port.",
    ],
    [
      'Error: Resource temporarily unavailable Cannot lock port',
      "Couldn't open /dev/ttyS0: another program has it open. Only one program can read a port. Close the other program, or choose another port.",
    ],
  ])('that does not open says why: %s', async (said, words) => {
    const port = { open: (done: (error: Error) => void) => done(new Error(said)) };
    const source = new SerialSource({ path: '/dev/ttyS0', ...PORT }, () =>
      Promise.resolve(port as unknown as SerialPortMock),
    );
    const failure: unknown = await source
      .start({ data: () => {}, state: () => {} })
      .catch((error: unknown) => error);
    expect((failure as Failure).line()).toBe(words);
  });

  test.each([
    ['115200 8n1', { baud: 115_200, dataBits: 8, parity: 'none', stopBits: 1 }],
    ['9600 7e2', { baud: 9600, dataBits: 7, parity: 'even', stopBits: 2 }],
  ])('its settings are read back from %s', (text, settings) => {
    const read = settingsOf('/dev/ttyS0', text);
    expect(read).toMatchObject(settings);
    expect(settingsText(read!)).toBe(text);
  });

  test.each(['', '8n1', '115200 9n1', 'fast 8n1'])('%j are no settings', (text) => {
    expect(settingsOf('/dev/ttyS0', text)).toBeUndefined();
  });
});

describe('a log file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-log-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('gets every byte, and grows', () => {
    const log = new LogFile(join(folder, 'a.log'));
    log.write(Buffer.from('one\n'));
    log.write(Buffer.from('two\n'));
    expect(log.state).toMatchObject({ name: 'a.log', bytes: 8, failed: undefined });
    log.close();
    expect(readFileSync(join(folder, 'a.log'), 'latin1')).toBe('one\ntwo\n');
  });

  test('never overwrites', () => {
    writeFileSync(join(folder, 'b.log'), 'mine');
    expect(() => new LogFile(join(folder, 'b.log'))).toThrow(/a file of that name already/);
    expect(() => new LogFile(join(folder, 'none', 'c.log'))).toThrow(/no such folder/);
    expect(readFileSync(join(folder, 'b.log'), 'latin1')).toBe('mine');
  });

  test('says that the disk is full, and takes no more', () => {
    const log = new LogFile('/dev/full', (path) => openSync(path, 'w'));
    log.write(Buffer.from('lost'));
    expect(log.state.failed).toBe('Logging stopped: disk full. The console keeps running.');
    log.write(Buffer.from('more'));
    expect(log.state.bytes).toBe(0);
  });

  test('is offered under a name that is free', () => {
    const now = new Date('2026-01-02T03:04:05Z');
    const first = freeLogPath('ttyS0 /x', now, folder);
    expect(first).toBe(join(folder, 'faultline-ttyS0__x-2026-01-02-030405.log'));
    writeFileSync(first, '');
    expect(freeLogPath('ttyS0 /x', now, folder)).toBe(first.replace('.log', '-1.log'));
  });
});

test('SysRq letters are told apart by what they risk', () => {
  const letters = SYSRQS.map(({ letter }) => letter);
  expect(new Set(letters).size).toBe(letters.length);
  const destroying = SYSRQS.filter(({ risk }) => risk === 'destroys').map(({ letter }) => letter);
  expect(destroying).toEqual(expect.arrayContaining(['b', 'c', 'o']));
});

describe.skipIf(!SOCAT)('a target on a pty', () => {
  const state = mkdtempSync(join(tmpdir(), 'faultline-drive-'));
  let engine: Engine;
  let client: EngineClient;
  let child: ChildProcess;
  let target: string;
  let here: string;
  let fd: number;
  let console: string;
  let name: string;

  async function until(wanted: (info: SessionInfo) => boolean): Promise<SessionInfo> {
    for await (const info of client.subscribe('session.changes', {})) if (wanted(info)) return info;
    throw new Error('the feed ended');
  }

  /** What arrived at the target's end. */
  function arrived(): string {
    const into = Buffer.alloc(64);
    return into.toString('latin1', 0, readSync(fd, into));
  }

  beforeAll(async () => {
    ({ child, target, here } = await cable());
    fd = openSync(target, 'r+');
    ({ engine, client } = directEngine({ folder: SessionFolder.create(state) }));
    const settings = { kind: 'serial', path: here, ...PORT } as const;
    ({ console } = await client.call('console.connect', { ...settings, typing: false }));
    name = here.split('/').at(-1)!;
  });
  afterAll(async () => {
    await engine.dispose();
    closeSync(fd);
    child.kill();
    await once(child, 'exit');
    rmSync(state, { recursive: true });
  });

  test('is read-only until its writes are armed by its name', async () => {
    await expect(client.call('console.write', { console, data: 'x' })).rejects.toThrow(/read-only/);
    await expect(client.call('console.break', { console })).rejects.toThrow(/read-only/);
    await expect(client.call('console.arm', { console, target: 'other' })).rejects.toThrow(
      `called ${name}`,
    );
    const armed = await client.call('console.arm', { console, target: name });
    expect(armed).toEqual({ console, target: name, seconds: 300 });
    const info = await until(({ consoles }) => consoles[0]?.canWrite);
    expect(info.armed).toMatchObject({ console, target: name });
    await client.call('console.write', { console, data: 'ls\r' });
    expect(arrived()).toBe('ls\r');
    await client.call('console.disarm', {});
    await expect(client.call('console.write', { console, data: 'x' })).rejects.toThrow(/read-only/);
  });

  test('every write is written down', async () => {
    const { writes } = await client.call('notes.list', {});
    expect(writes).toMatchObject([
      { console: name, source: console, line: 1, bytes: 3, text: 'ls\\r' },
    ]);
    expect(await probes(client)).toEqual(['ls\\r']);
  });

  /** What the timeline's lane of that name holds. */
  async function probes(of: EngineClient): Promise<string[]> {
    const view = { console, clocks: 'best', bins: 10, overviewBins: 10 } as const;
    const { lanes } = await of.call('timeline.get', view);
    return lanes.find(({ id }) => id === 'probes')!.marks.map(({ text }) => text);
  }

  test('a pty has no break, and that is said', async () => {
    await client.call('console.arm', { console, target: name });
    await expect(client.call('console.break', { console })).rejects.toThrow(/no real line/);
    await expect(client.call('console.sysrq', { console, letter: 'c' })).rejects.toThrow(
      `called ${name}`,
    );
    await expect(
      client.call('console.sysrq', { console, letter: 'x', target: name }),
    ).rejects.toThrow(/not one of the letters/);
    expect((await client.call('notes.list', {})).writes).toHaveLength(1);
  });

  test('what it says is logged to a file, with what it said before', async () => {
    writeSync(fd, 'before\n');
    await until(({ consoles }) => consoles[0].bytes >= 7);
    const path = join(state, 'target.log');
    await client.call('console.log', { action: 'start', console, path, all: true });
    writeSync(fd, 'after\n');
    const info = await until(({ consoles }) => (consoles[0].log?.bytes ?? 0) >= 13);
    expect(info.consoles[0].log).toMatchObject({ name: 'target.log', bytes: 13 });
    expect(readFileSync(path, 'latin1')).toBe('before\nafter\n');
    await expect(
      client.call('console.log', { action: 'start', console, path, all: false }),
    ).rejects.toThrow(/a file of that name already/);
    await client.call('console.log', { action: 'stop', console });
    expect((await client.call('session.get', {})).consoles[0].log).toBeUndefined();
  });

  test('disconnecting disarms', async () => {
    await client.call('console.arm', { console, target: name });
    await client.call('console.disconnect', { console });
    const info = await client.call('session.get', {});
    expect(info.armed).toBeUndefined();
    await expect(client.call('console.arm', { console, target: name })).rejects.toThrow(
      /Nothing can be written/,
    );
    await client.call('console.reconnect', { console });
    await until(({ consoles }) => consoles[0].state === 'live');
  });

  test('what was written stands on the timeline after a restart too', async () => {
    const { path } = engine.bench.folder;
    await engine.dispose();
    ({ engine, client } = directEngine({ folder: SessionFolder.open(path) }));
    await engine.restore();
    await until(({ consoles }) => consoles.some(({ id }) => id === console));
    expect(await probes(client)).toEqual(['ls\\r']);
  });
});
