import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Bytes of one upload: more than a dump of a large server, less than a mistake. */
const MAX_UPLOAD = 512 * 2 ** 30;
const MAX_NAME = 120;

/** Files that a page sent, in a folder of the server's own that goes with it. */
export class Uploads {
  #folder: string | undefined;

  /** Stores a request's body under its name. Answers with its path, or with why not. */
  async take(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    const length = Number(request.headers['content-length']);
    if (!Number.isSafeInteger(length) || length > MAX_UPLOAD) return answer(response, 413, {});
    this.#folder ??= mkdtempSync(join(tmpdir(), 'faultline-'));
    const folder = join(this.#folder, randomBytes(4).toString('hex'));
    mkdirSync(folder, { mode: 0o700 });
    const path = join(folder, safeName(name));
    try {
      await pipeline(request, createWriteStream(path, { mode: 0o600 }));
      answer(response, 200, { path });
    } catch {
      // The page went away, or the disk is full: what came is of no use.
      rmSync(folder, { recursive: true, force: true });
      if (!response.headersSent) answer(response, 500, {});
    }
  }

  /** Removes everything that was sent. */
  clear(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }
}

/** The last part of a name, without characters that mean something to a system. */
function safeName(name: string): string {
  const last = name.split(/[\\/]/).at(-1) ?? '';
  const safe = last
    .replace(/[^\w. +-]/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, MAX_NAME);
  return safe || 'upload';
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  });
  response.end(JSON.stringify(body));
}
