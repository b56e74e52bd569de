import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, rmSync, statfsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { formatSize } from '../../core/format/size.ts';
import type { UploadAnswer } from '../../core/protocol/shell.ts';
import { stateFolder } from '../host/state-folder.ts';
import { pruneUploads, uploadedBytes, uploadsFolder } from '../host/uploads.ts';

/** Bytes of all files that pages sent and sessions name. */
const MOST_KEPT = 64 * 2 ** 30;
/** The part of the room that is left on the disk which one file may take. */
const PART_OF_FREE = 0.9;
const MAX_NAME = 120;

/**
 * Files that a page sent. They are kept beside the sessions, so that a session which names one
 * finds it again, and go with the last session that does.
 */
export class Uploads {
  readonly #state: string;
  readonly #most: number;

  constructor(state = stateFolder(), most = MOST_KEPT) {
    this.#state = state;
    this.#most = most;
  }

  /** Stores a request's body under its name. Answers with its path, or with why not. */
  async take(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    const length = Number(request.headers['content-length']);
    if (!Number.isSafeInteger(length)) return answer(response, 411, { why: 'its size is unknown' });
    const folder = join(uploadsFolder(this.#state), randomBytes(6).toString('hex'));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const why = this.#noRoom(length);
    if (why !== undefined) {
      rmSync(folder, { recursive: true, force: true });
      return answer(response, 413, { why });
    }
    const path = join(folder, safeName(name));
    try {
      await pipeline(request, createWriteStream(path, { mode: 0o600 }));
      answer(response, 200, { path });
    } catch (error) {
      // The page went away, or the disk is full: what came is of no use.
      rmSync(folder, { recursive: true, force: true });
      const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
      if (!response.headersSent)
        answer(response, 500, { why: full ? 'the disk there is full' : 'it did not arrive whole' });
    }
  }

  /** Removes what was sent and no session names. */
  clear(): void {
    pruneUploads(this.#state, 0);
  }

  #noRoom(length: number): string | undefined {
    const kept = uploadedBytes(this.#state);
    if (kept + length > this.#most)
      return `at most ${formatSize(this.#most)} of sent files are kept there, and ${formatSize(kept)} are: remove sessions that are not needed`;
    const { bavail, bsize } = statfsSync(dirname(uploadsFolder(this.#state)));
    const free = bavail * bsize;
    return length > free * PART_OF_FREE
      ? `there are ${formatSize(free)} free on the disk there`
      : undefined;
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

function answer(response: ServerResponse, status: number, body: UploadAnswer): void {
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    // What was not taken is still on its way.
    ...(status === 200 ? {} : { Connection: 'close' }),
  });
  response.end(JSON.stringify(body));
}
