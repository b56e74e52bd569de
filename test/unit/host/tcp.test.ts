import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Socket, createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EngineClient } from '../../../core/protocol/client.ts';
import type { SessionInfo } from '../../../core/protocol/contract.ts';
import { addressText, socketAddress } from '../../../electron/host/console/tcp-address.ts';
import { TcpSource, tcpSettingsOf, tcpText } from '../../../electron/host/console/tcp.ts';
import { Telnet, type TelnetMode } from '../../../electron/host/console/telnet.ts';
import { directEngine, type Engine } from '../../../electron/host/engine.ts';
import { SessionFolder } from '../../../electron/host/session-folder.ts';
import { captureBytes } from '../../support/captures.ts';

const IAC = 255;
const [WILL, WONT, DO, DONT, SB, SE] = [251, 252, 253, 254, 250, 240];
const [BINARY, ECHO, GO_AHEAD, TERMINAL_TYPE, WINDOW_SIZE] = [0, 1, 3, 24, 31];

const bytesOf = (...parts: (string | number)[]): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part)] : part)),
  );

/** What a connection shows of pieces, and what it answers. */
function through(mode: TelnetMode, pieces: readonly Uint8Array[]) {
  const replies: number[] = [];
  const telnet = new Telnet(mode, (bytes) => replies.push(...bytes));
  const shown = pieces.flatMap((piece) => [...telnet.take(piece)]);
  return { shown: Uint8Array.from(shown), replies: Uint8Array.from(replies), telnet };
}

describe('an address', () => {
  test.each([
    ['lab7:2001', 'lab7:2001'],
    ['  10.0.0.7:23 ', '10.0.0.7:23'],
    ['lab7 2001', 'lab7:2001'],
    ['[fe80::1%eth0]:4000', '[fe80::1%eth0]:4000'],
    ['tcp:127.0.0.1:4444,server,nowait', '127.0.0.1:4444'],
    ['telnet://ts-3.lab.example:7012/', 'ts-3.lab.example:7012'],
    ['unix:/run/vm/console.sock,server=on', '/run/vm/console.sock'],
  ])('%s is %s', (text, name) => {
    expect(addressText(socketAddress(text))).toBe(name);
  });

  test.each([
    '',
    'lab7',
    'lab7:',
    'lab7:0',
    'lab7:65536',
    ':23',
    'a b c:1',
    '/a/../b',
    'http://x/',
  ])('%j is none, and the words say how to write one', (text) => {
    expect(() => socketAddress(text)).toThrow(`Not an address: "${text}".`);
  });

  test.each(['auto', 'always', 'never'] as const)('settings of %s are read back', (telnet) => {
    const settings = { address: 'a:1', telnet };
    expect(tcpSettingsOf('a:1', tcpText(settings))).toEqual(settings);
  });
});

describe('Telnet', () => {
  test('is taken out of what comes, and only what is needed is agreed to', () => {
    const { shown, replies } = through('auto', [
      bytesOf(IAC, WILL, ECHO, IAC, WILL, GO_AHEAD, IAC, DO, TERMINAL_TYPE, IAC, DO, BINARY),
      bytesOf('login: ', IAC, SB, TERMINAL_TYPE, 1, IAC, IAC, 7, IAC, SE, 'x', IAC, IAC),
    ]);
    expect(shown).toEqual(bytesOf('login: x', IAC));
    expect(replies).toEqual(
      Uint8Array.from([
        IAC,
        DO,
        ECHO,
        IAC,
        DO,
        GO_AHEAD,
        IAC,
        WONT,
        TERMINAL_TYPE,
        IAC,
        WILL,
        BINARY,
      ]),
    );
  });

  test('answers a change, never an answer: two ends come to rest', () => {
    const { replies } = through('always', [
      bytesOf(IAC, WILL, ECHO, IAC, WILL, ECHO, IAC, WONT, ECHO, IAC, WONT, ECHO, IAC, DONT, 99),
    ]);
    expect(replies).toEqual(bytesOf(IAC, DO, ECHO, IAC, DONT, ECHO));
  });

  test('a raw connection is left alone: 0xff is a byte like others', () => {
    const noise = bytesOf('boot\r\n', IAC, 0x41, IAC, 0x80, IAC, IAC, 'x');
    expect(through('auto', [noise]).shown).toEqual(noise);
    expect(through('never', [bytesOf(IAC, WILL, ECHO)]).shown).toEqual(bytesOf(IAC, WILL, ECHO));
    expect(through('never', [bytesOf(IAC, WILL, ECHO)]).replies).toHaveLength(0);
  });

  test('is not begun by bytes far into a connection', () => {
    const late = [new Uint8Array(4096).fill(0x2e), bytesOf(IAC, WILL, ECHO)];
    const { shown, replies } = through('auto', late);
    expect([shown.length, replies.length]).toEqual([4099, 0]);
  });

  test('doubles 0xff, and a return is CR NUL unless the line is binary', () => {
    const { telnet } = through('always', []);
    expect(telnet.send(bytesOf('ls\r', IAC))).toEqual(bytesOf('ls\r', 0, IAC, IAC));
    telnet.take(bytesOf(IAC, DO, BINARY));
    expect(telnet.send(bytesOf('ls\r'))).toEqual(bytesOf('ls\r'));
    expect(telnet.take(bytesOf('a\r', 0, '\n'))).toEqual(bytesOf('a\r\n'));
    telnet.take(bytesOf(IAC, WILL, BINARY));
    expect(telnet.take(bytesOf('a\r', 0, '\n'))).toEqual(bytesOf('a\r', 0, '\n'));
  });

  test('reads the same however the network cuts it', () => {
    const part = fc.oneof(
      fc.string({ maxLength: 8 }).map((text) => bytesOf(text.replace(/[^ -~]/g, ''))),
      fc.constantFrom(
        bytesOf(IAC, IAC),
        bytesOf(IAC, WILL, ECHO),
        bytesOf(IAC, DO, WINDOW_SIZE),
        bytesOf(IAC, SB, WINDOW_SIZE, 0, 80, IAC, SE),
        bytesOf(IAC, 241),
        bytesOf('\r', 0),
      ),
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 20 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        fc.constantFrom<TelnetMode>('auto', 'always'),
        (parts, cuts, mode) => {
          const whole = Uint8Array.from([
            IAC,
            WILL,
            GO_AHEAD,
            ...parts.flatMap((each) => [...each]),
          ]);
          const at = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort(
            (a, b) => a - b,
          );
          const pieces = [0, ...at].map((from, index) => whole.subarray(from, at[index]));
          const cut = through(mode, pieces);
          const once = through(mode, [whole]);
          expect(cut.shown).toEqual(once.shown);
          expect(cut.replies).toEqual(once.replies);
        },
      ),
    );
  });
});

describe('a console behind a socket', () => {
  const state = mkdtempSync(join(tmpdir(), 'faultline-tcp-'));
  let server: Server;
  let address: string;
  let sockets: Socket[];
  let engine: Engine;
  let client: EngineClient;

  async function until(wanted: (info: SessionInfo) => boolean): Promise<SessionInfo> {
    for await (const info of client.subscribe('session.changes', {})) if (wanted(info)) return info;
    throw new Error('the feed ended');
  }

  /** The target's end of the next connection. */
  async function accepted(): Promise<Socket> {
    if (sockets.length === 0) await once(server, 'connection');
    return sockets.shift()!;
  }

  async function connect(telnet: TelnetMode, typing = true): Promise<{ id: string; far: Socket }> {
    const { console: id } = await client.call('console.connect', {
      kind: 'tcp',
      address,
      telnet,
      typing,
    });
    return { id, far: await accepted() };
  }

  beforeAll(async () => {
    sockets = [];
    server = createServer((socket) => {
      socket.on('error', () => {});
      sockets.push(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    ({ engine, client } = directEngine({ folder: SessionFolder.create(state) }));
  });
  afterEach(async () => {
    for (const { id } of (await client.call('session.get', {})).consoles)
      await client.call('session.close', { source: id });
  });
  afterAll(async () => {
    await engine.dispose();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    rmSync(state, { recursive: true });
  });

  test('brings a boot to the fault list, byte for byte', async () => {
    const { id, far } = await connect('auto');
    const bytes = captureBytes('intel-6.1', 'console.log');
    far.write(bytes);
    let got = '';
    for await (const { data } of client.subscribe('console.data', { console: id, from: 0 }))
      if ((got += data).length === bytes.length) break;
    expect(Buffer.from(got, 'latin1').equals(bytes)).toBe(true);
    const { consoles } = await until(({ counts }) => counts.faults === 3);
    expect(consoles[0]).toMatchObject({
      name: address,
      kind: 'tcp',
      settings: 'TCP',
      status: 'connected',
      state: 'live',
      canWrite: true,
      canArm: true,
    });
    far.destroy();
  });

  test('what is typed arrives, and a break goes by Telnet', async () => {
    const { id, far } = await connect('auto');
    const got: number[] = [];
    far.on('data', (bytes: Buffer) => got.push(...bytes));
    await expect(client.call('console.break', { console: id })).rejects.toThrow(
      'the connection carries bytes alone',
    );
    far.write(bytesOf(IAC, WILL, ECHO, IAC, DO, BINARY, 'login: '));
    await until(({ consoles }) => consoles[0].bytes === 7);
    await client.call('console.write', { console: id, data: 'root\r' });
    await client.call('console.sysrq', { console: id, letter: 'h' });
    const wanted = bytesOf(IAC, DO, ECHO, IAC, WILL, BINARY, 'root\r', IAC, 243, 'h');
    await expect.poll(() => Uint8Array.from(got)).toEqual(wanted);
    far.destroy();
  });

  test('says why it was lost, tries again, and goes on in the same record', async () => {
    const { id, far } = await connect('never', false);
    far.write('before\n');
    await until(({ consoles }) => consoles[0].bytes === 7);
    far.end();
    const lost = await until(({ consoles }) => consoles[0].retry !== undefined);
    expect(lost.consoles[0]).toMatchObject({ state: 'failed', canArm: false });
    expect(lost.consoles[0].status).toMatch(
      /^disconnected: the other end closed it · retrying in \d+ s$/,
    );
    await client.call('console.stopRetry', { console: id });
    const idle = await until(({ consoles }) => consoles[0].retry === undefined);
    expect(idle.consoles[0].status).toBe('disconnected: the other end closed it');
    await client.call('console.reconnect', { console: id });
    (await accepted()).write('after\n');
    await until(({ consoles }) => consoles[0].bytes === 13 && consoles[0].state === 'live');
    const { lines } = await client.call('console.lines', { console: id, from: 1, to: 3 });
    expect(lines.map(({ text }) => text)).toEqual(['before', 'after']);
    await client.call('console.disconnect', { console: id });
    const [ended] = (await client.call('session.get', {})).consoles;
    expect([ended.state, ended.status, ended.retry]).toEqual(['ended', 'disconnected', undefined]);
  });

  test.each([
    ['nowhere', 'Not an address: "nowhere".'],
    ['127.0.0.1:1', "Couldn't connect to 127.0.0.1:1: nothing listens there."],
    ['/run/no-such.sock', "Couldn't connect to /run/no-such.sock: there is no such socket."],
  ])('%s: %s', async (to, words) => {
    await expect(
      client.call('console.connect', { kind: 'tcp', address: to, telnet: 'auto', typing: false }),
    ).rejects.toThrow(words);
    expect((await client.call('session.get', {})).consoles).toEqual([]);
  });

  test('a host that says nothing is waited for, and not for ever', async () => {
    const source = new TcpSource({ address: 'lab7:9', telnet: 'auto' }, () => new Socket(), 50);
    await expect(source.start({ data: () => {}, state: () => {} })).rejects.toThrow(
      "Couldn't connect to lab7:9: it did not answer within 0.05 s.",
    );
  });

  test('QEMU’s unix: sockets are consoles as well', async () => {
    const path = join(state, 'vm.sock');
    const local = createServer((socket) => socket.write('from a socket\n'));
    local.listen(path);
    await once(local, 'listening');
    const { console: id } = await client.call('console.connect', {
      kind: 'tcp',
      address: `unix:${path}`,
      telnet: 'auto',
      typing: false,
    });
    const info = await until(({ consoles }) => consoles[0].lines === 1);
    expect(info.consoles[0]).toMatchObject({ id, name: 'vm.sock' });
    await client.call('session.close', { source: id });
    await new Promise((resolve) => local.close(resolve));
  });
});
