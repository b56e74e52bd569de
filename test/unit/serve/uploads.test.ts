import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { UploadAnswer } from '../../../core/protocol/shell.ts';
import { SessionFolder } from '../../../electron/host/session-folder.ts';
import { pruneUploads } from '../../../electron/host/uploads.ts';
import { Uploads } from '../../../electron/serve/upload.ts';

let state: string;
let server: Server;
let uploads: Uploads;

beforeEach(async () => {
  state = mkdtempSync(join(tmpdir(), 'faultline-uploads-'));
  uploads = new Uploads(state, 100);
  server = createServer((asked, response) => void uploads.take(asked, response, 'vmcore'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(state, { recursive: true });
});

async function send(body: string): Promise<{ status: number; answer: UploadAnswer }> {
  const asked = request({
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    method: 'POST',
    headers: { 'content-length': String(body.length) },
  });
  asked.on('error', () => {});
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [
    NodeJS.ReadableStream & { statusCode: number },
  ];
  let text = '';
  for await (const part of response) text += String(part);
  return { status: response.statusCode, answer: JSON.parse(text) as UploadAnswer };
}

/** A session that names files. */
function keep(paths: readonly string[]): SessionFolder {
  const session = SessionFolder.create(state);
  session.keep({ sources: paths.map((path) => ({ path })) });
  return session;
}

test('a file that a session names outlives the server, one that none names does not', async () => {
  const { path: named } = (await send('named')).answer;
  const { path: other } = (await send('other')).answer;
  const session = keep([named!]);
  uploads.clear();
  expect([existsSync(named!), existsSync(other!)]).toEqual([true, false]);
  expect(readFileSync(named!, 'utf8')).toBe('named');
  // The session is removed: the file goes with it.
  rmSync(session.path, { recursive: true });
  pruneUploads(state, 0);
  expect(readdirSync(join(state, 'uploads'))).toEqual([]);
});

test('a file that has only just come is not taken away', async () => {
  const { path } = (await send('new')).answer;
  pruneUploads(state, 60_000);
  expect(existsSync(path!)).toBe(true);
  pruneUploads(state, 60_000, Date.now() + 120_000);
  expect(existsSync(path!)).toBe(false);
});

test('while one session can’t be read, nothing is removed: it may name the file', async () => {
  const { path } = (await send('kept')).answer;
  const damaged = join(state, 'sessions', '20260101T000000-0123abcd');
  mkdirSync(damaged, { recursive: true });
  writeFileSync(join(damaged, 'session.faultline'), '{');
  uploads.clear();
  expect(existsSync(path!)).toBe(true);
});

test('what is kept is bounded, and the words say so', async () => {
  expect((await send('x'.repeat(60))).status).toBe(200);
  expect(await send('y'.repeat(60))).toEqual({
    status: 413,
    answer: {
      why: 'at most 100 B of sent files are kept there, and 60 B are: remove sessions that are not needed',
    },
  });
  expect((await send('z'.repeat(40))).status).toBe(200);
});
