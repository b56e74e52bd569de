import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { EngineClient } from '../../../core/protocol/client.ts';
import { EngineServer } from '../../../core/protocol/server.ts';
import { socketChannel, type SocketLike } from '../../../core/protocol/socket.ts';
import { MAX_MESSAGE } from '../../../core/protocol/wire.ts';
import type { ViewSocket } from '../../../electron/host/engine-process.ts';
import { CONTENT_SECURITY_POLICY } from '../../../core/protocol/shell.ts';
import { WebServer } from '../../../electron/serve/server.ts';

/** The engine's side of relayed views, in this process. */
class FakeEngine {
  readonly server = new EngineServer(
    { 'files.list': () => ({ path: '/', entries: [] }) },
    { 'faults.changes': async (_request, sink) => sink.over },
  );

  attach(view: ViewSocket): { text(text: string): void; gone(): void } {
    const listeners = new Map<string, (event: never) => void>();
    const socket: SocketLike = {
      readyState: 1,
      send: (text) => view.send(text),
      close: (code, reason) => view.close(code ?? 1000, reason ?? ''),
      addEventListener: (type: string, listener: (event: never) => void) =>
        void listeners.set(type, listener),
    };
    this.server.serve(socketChannel(socket));
    return {
      text: (text) => listeners.get('message')?.({ data: text } as never),
      gone: () => listeners.get('close')?.({ code: 1001, reason: 'gone' } as never),
    };
  }
}

const folder = mkdtempSync(join(tmpdir(), 'faultline-test-'));
const pages = join(folder, 'pages');
let server: WebServer;
let entry: URL;
let cookie = '';
const engine = new FakeEngine();

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function ask(
  path: string,
  headers: Record<string, string> = {},
  options: { method?: string; body?: string } = {},
): Promise<Answer> {
  const sent = request({
    host: '127.0.0.1',
    port: entry.port,
    path,
    method: options.method ?? 'GET',
    headers: { host: entry.host, ...headers },
  });
  sent.end(options.body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  for await (const part of response) body += String(part);
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

/** Connects a WebSocket; the HTTP status when it is refused, or the socket. */
async function connect(headers: Record<string, string>): Promise<WebSocket | number> {
  const socket = new WebSocket(`ws://127.0.0.1:${entry.port}/engine`, { headers });
  return await new Promise((resolve) => {
    socket.on('open', () => resolve(socket));
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on('error', () => {});
  });
}

const good = (): Record<string, string> => ({ cookie, origin: entry.origin });

async function socket(): Promise<WebSocket> {
  const connected = await connect(good());
  if (typeof connected === 'number') throw new Error(`refused with ${connected}`);
  return connected;
}

async function closeCode(of: WebSocket): Promise<number> {
  const [code] = (await once(of, 'close')) as [number];
  return code;
}

beforeAll(async () => {
  mkdirSync(join(pages, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  writeFileSync(join(pages, 'index.html'), '<!doctype html><title>window</title>');
  writeFileSync(join(pages, 'assets', 'app-12345678.js'), 'export {};');
  writeFileSync(join(pages, 'assets', 'module.wasm'), '');
  server = new WebServer({ state: folder, engine, pages, listen: '127.0.0.1', port: 0 });
  entry = new URL(await server.start());
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

describe('before the token is redeemed', () => {
  test.each(['/', '/assets/app-12345678.js', '/nothing'])(
    '%s is refused with 401',
    async (path) => {
      const { status, body } = await ask(path);
      expect(status).toBe(401);
      expect(body).not.toContain('window');
    },
  );

  test('a wrong token is refused and sets no cookie', async () => {
    const answer = await ask('/enter?token=wrong');
    expect(answer.status).toBe(401);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  test('a WebSocket without the cookie is refused with 401', async () => {
    expect(await connect({ origin: entry.origin })).toBe(401);
  });

  test('the token is exchanged once for a cookie that scripts can not read', async () => {
    const answer = await ask(`${entry.pathname}${entry.search}`);
    expect(answer.status).toBe(200);
    const set = answer.headers['set-cookie']?.[0] ?? '';
    expect(set).toMatch(/^faultline-\d+=[\w-]{32}; HttpOnly; SameSite=Strict; Path=\/$/);
    cookie = set.split(';')[0];
    expect((await ask(`${entry.pathname}${entry.search}`)).status).toBe(401);
  });
});

describe('with the cookie', () => {
  test('the window is served with its policy', async () => {
    const { status, headers, body } = await ask('/', { cookie });
    expect(status).toBe(200);
    expect(body).toContain('window');
    expect(headers['content-security-policy']).toBe(CONTENT_SECURITY_POLICY);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
  });

  test('the policy lets scripts and connections of the own origin alone', () => {
    expect(CONTENT_SECURITY_POLICY).toMatch(/^default-src 'none'/);
    expect(CONTENT_SECURITY_POLICY).toContain("script-src 'self';");
    expect(CONTENT_SECURITY_POLICY).toContain("connect-src 'self';");
    expect(CONTENT_SECURITY_POLICY).toContain("frame-ancestors 'none'");
  });

  test.each([
    ['/assets/app-12345678.js', 'text/javascript; charset=utf-8', /immutable/],
    ['/assets/module.wasm', 'application/wasm', /no-cache/],
  ])('%s has type %s', async (path, type, cache) => {
    const { status, headers } = await ask(path, { cookie });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe(type);
    expect(headers['cache-control']).toMatch(cache);
  });

  test.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/%00',
    '/%',
    '//secret.txt',
    '/assets',
  ])('%s leads out of the pages, or to no file, and is not found', async (path) => {
    const { status, body } = await ask(path, { cookie });
    expect(status).toBe(404);
    expect(body).not.toContain('secret');
  });

  test.each(['evil.example', 'evil.example:80', '127.0.0.1:1', 'x'])(
    'Host "%s" is refused with 403',
    async (host) => {
      expect((await ask('/', { cookie, host })).status).toBe(403);
    },
  );

  test('localhost is another name of the same server', async () => {
    expect((await ask('/', { cookie, host: `localhost:${entry.port}` })).status).toBe(200);
  });

  test.each(['DELETE', 'PUT', 'POST'])('%s is refused with 405', async (method) => {
    expect((await ask('/', { cookie }, { method })).status).toBe(405);
  });
});

describe('the WebSocket', () => {
  test.each([
    ['a foreign origin', () => ({ cookie, origin: 'http://evil.example' }), 403],
    ['no origin', () => ({ cookie }), 403],
    ['the origin "null"', () => ({ cookie, origin: 'null' }), 403],
    ['another port', () => ({ cookie, origin: 'http://127.0.0.1:1' }), 403],
    ['https', () => ({ cookie, origin: entry.origin.replace('http', 'https') }), 403],
    [
      'a foreign Host',
      () => ({ cookie, origin: 'http://evil.example', host: 'evil.example' }),
      403,
    ],
    ['a wrong cookie', () => ({ cookie: `${cookie}x`, origin: entry.origin }), 401],
  ])('with %s is refused', async (_what, headers, status) => {
    expect(await connect(headers())).toBe(status);
  });

  test('answers who came in properly', async () => {
    const connected = await socket();
    const client = new EngineClient(socketChannel(connected as unknown as SocketLike));
    await expect(client.call('files.list', {})).resolves.toEqual({ path: '/', entries: [] });
    client.close();
  });

  test.each<[string, string | Buffer, number]>([
    ['no JSON', 'hello', 1007],
    ['bytes', Buffer.from([1, 2]), 1007],
    ['another form', '{"type":"shout"}', 1007],
  ])('a message of %s closes it with %i', async (_what, data, code) => {
    const connected = await socket();
    const closed = closeCode(connected);
    connected.send(data);
    expect(await closed).toBe(code);
  });

  test('a message id that is in use closes it with 1008', async () => {
    const connected = await socket();
    const closed = closeCode(connected);
    // A feed stays open, so that its id is in use when the second comes.
    const subscribe = JSON.stringify({
      type: 'subscribe',
      id: 1,
      name: 'faults.changes',
      body: {},
      credit: 1,
    });
    connected.send(subscribe);
    connected.send(subscribe);
    expect(await closed).toBe(1008);
  });

  test('an oversized message closes it with 1009', async () => {
    const connected = await socket();
    const closed = closeCode(connected);
    connected.send('x'.repeat(MAX_MESSAGE + 1));
    expect(await closed).toBe(1009);
  });
});

describe('uploads', () => {
  const send = (headers: Record<string, string>, name = 'my%20dump.bin'): Promise<Answer> =>
    ask(`/upload?name=${name}`, headers, { method: 'POST', body: 'bytes' });
  const asked = { 'x-faultline': '1', 'content-length': '5' };

  test('are kept under their name in a folder beside the sessions', async () => {
    const { status, body } = await send({ ...good(), ...asked });
    expect(status).toBe(200);
    const { path } = JSON.parse(body) as { path: string };
    expect(path).toMatch(/\/uploads\/\w{12}\/my dump\.bin$/);
    expect(path.startsWith(folder)).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('bytes');
  });

  test('with a path for a name stay in that folder', async () => {
    const { body } = await send({ ...good(), ...asked }, '..%2F..%2Fetc%2Fpasswd');
    expect((JSON.parse(body) as { path: string }).path).toMatch(/\/\w{12}\/passwd$/);
  });

  test.each<[string, () => Record<string, string>]>([
    ['a foreign origin', () => ({ cookie, origin: 'http://evil.example', ...asked })],
    ['no cookie', () => ({ origin: entry.origin, ...asked })],
    ['no header of the window', () => ({ ...good(), 'content-length': '5' })],
  ])('with %s are refused', async (_what, headers) => {
    expect((await send(headers())).status).toBe(403);
  });
});
