import { readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesOfSessions } from './sessions.ts';

/** The folder of files that pages sent, beside the sessions that name them. */
export function uploadsFolder(state: string): string {
  return join(state, 'uploads');
}

/** Bytes of all files that pages sent. */
export function uploadedBytes(state: string): number {
  return filesOf(state).reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Removes files that pages sent and no session names. While one session can't be read, nothing is
 * removed: it may name them.
 * @param youngest files that came later than so many ms ago stay: they may be about to be opened
 */
export function pruneUploads(state: string, youngest: number, now = Date.now()): void {
  const named = filesOfSessions(join(state, 'sessions'));
  if (!named) return;
  for (const { path, came } of filesOf(state))
    if (!named.has(path) && now - came >= youngest)
      rmSync(dirname(path), { recursive: true, force: true });
}

interface Uploaded {
  readonly path: string;
  readonly bytes: number;
  /** When its last byte came, ms. */
  readonly came: number;
}

/** Each file stands in a folder of its own, so that its name is the one that it came with. */
function filesOf(state: string): Uploaded[] {
  const folder = uploadsFolder(state);
  return names(folder).flatMap((name) =>
    names(join(folder, name)).flatMap((file) => {
      const path = join(folder, name, file);
      try {
        const { size, mtimeMs } = statSync(path);
        return [{ path, bytes: size, came: mtimeMs }];
      } catch {
        return [];
      }
    }),
  );
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
