import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { EngineClient } from '../../../core/protocol/client.ts';
import { socketChannel, type SocketLike } from '../../../core/protocol/socket.ts';
import { SessionFolder } from '../../../electron/host/session-folder.ts';
import { serve, type Served, type ServeOptions } from '../../../electron/serve/serve.ts';
import { capturePath } from '../../support/captures.ts';

const state = mkdtempSync(join(tmpdir(), 'faultline-serve-'));
const served: Served[] = [];
let lines: string[] = [];

beforeAll(() => {
  lines = [];
});
afterAll(async () => {
  for (const each of served) await each.close();
  rmSync(state, { recursive: true });
});

async function run(options: ServeOptions): Promise<Served> {
  lines = [];
  const made = await serve({
    session: SessionFolder.create(state).path,
    say: (line) => lines.push(line),
    ...options,
  });
  served.push(made);
  return made;
}

/** Comes in as a browser does: by the printed address, then over the WebSocket. */
async function enter(url: string): Promise<{ client: EngineClient; socket: WebSocket }> {
  const { origin, port } = new URL(url);
  const answer = await fetch(url);
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
  const socket = new WebSocket(`ws://127.0.0.1:${port}/engine`, { headers: { cookie, origin } });
  await once(socket, 'open');
  return { client: new EngineClient(socketChannel(socket as unknown as SocketLike)), socket };
}

test('what is named on the command line is open when the browser comes', async () => {
  const { url } = await run({
    paths: [
      capturePath('intel-6.1', 'tables.before.elf'),
      capturePath('intel-6.1', 'regs.before.json'),
    ],
  });
  expect(lines.at(-1)).toBe(`Faultline: ${url}`);
  const { client } = await enter(url);
  const info = await client.call('session.get', {});
  expect(info).toMatchObject({ shell: 'browser', title: 'tables.before.elf', empty: false });
  client.close();
});

test('a view is told when the engine was killed, and connects to the next', async () => {
  const { url, engine } = await run({});
  const { client, socket } = await enter(url);
  const [code, reason] = await (async () => {
    const closed = once(socket, 'close') as Promise<[number, Buffer]>;
    await client.call('session.get', {});
    process.kill(engine.pid!, 'SIGKILL');
    return await closed;
  })();
  expect(code).toBe(1012);
  expect(reason.toString()).toMatch(/The engine ended \(SIGKILL\) and was started again/);
  await engine.ready();
  expect((await engine.client().call('session.get', {})).empty).toBe(true);
});

test('what can not be opened is a line, and the window shows Start', async () => {
  const { url } = await run({ paths: [join(state, 'nothing.vmcore')] });
  expect(lines[0]).toMatch(/nothing\.vmcore can't be opened/);
  const { client } = await enter(url);
  expect((await client.call('session.get', {})).empty).toBe(true);
  client.close();
});

test('listening beyond this machine is warned of', async () => {
  await run({ listen: '0.0.0.0' });
  expect(lines[0]).toMatch(/^Warning: this listens on 0\.0\.0\.0/);
});

test('a port that is taken is an error, and leaves no engine behind', async () => {
  const { url } = served[0];
  await expect(run({ port: Number(new URL(url).port) })).rejects.toThrow(/EADDRINUSE/);
});
