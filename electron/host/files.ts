import { readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Failure } from '../../core/memory/failure.ts';
import { checkPath } from './opening.ts';

/** Names shown of one folder. */
const MAX_ENTRIES = 5000;

interface FolderEntry {
  readonly name: string;
  readonly kind: 'folder' | 'file';
  readonly bytes?: number;
}

export interface Folder {
  readonly path: string;
  readonly parent?: string;
  readonly entries: FolderEntry[];
}

/** A folder of this machine, folders first. @throws Failure when it can't be read. */
export function listFolder(path: string = homedir()): Folder {
  checkPath(path);
  const folder = resolve(path);
  let names: string[];
  try {
    names = readdirSync(folder).slice(0, MAX_ENTRIES);
  } catch (error) {
    throw new Failure(
      'unreadable',
      `${folder} can't be listed: ${(error as Error).message}.`,
      'Its files are not shown.',
      'Choose another folder.',
    );
  }
  const entries = names.flatMap((name) => entryOf(folder, name));
  const rank = (entry: FolderEntry): number => (entry.kind === 'folder' ? 0 : 1);
  entries.sort(
    (a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, 'en', { numeric: true }),
  );
  const parent = dirname(folder);
  return { path: folder, parent: parent === folder ? undefined : parent, entries };
}

function entryOf(folder: string, name: string): FolderEntry[] {
  try {
    const stat = statSync(join(folder, name));
    if (stat.isDirectory()) return [{ name, kind: 'folder' }];
    return stat.isFile() ? [{ name, kind: 'file', bytes: stat.size }] : [];
  } catch {
    // A link that leads nowhere, or a file that has gone since.
    return [];
  }
}
