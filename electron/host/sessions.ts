import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import type { SessionItem } from '../../core/protocol/contract-sessions.ts';
import { Failure } from '../../core/memory/failure.ts';
import {
  isSessionText,
  MAX_SESSION_TEXT,
  parseSession,
  sessionText,
  type Packed,
  type SessionFile,
} from '../../core/session/session-file.ts';
import { checkPath } from './opening.ts';
import { isThere } from './provenance.ts';
import { isClaimed, owner } from './session-claim.ts';
import { isEmptySession, readFolder, SESSION_FILE, type SessionFolder } from './session-folder.ts';

/** Sessions that are always kept, the newest first, and how long the others are, days. */
const KEPT = 20;
const KEPT_DAYS = 30;
const DAY = 86_400_000;
/** Sessions of one list. */
const LISTED = 60;
/** Packed bytes of recordings and pasted texts in a copy: it travels as one message. */
const MAX_COPIED = 24 * 2 ** 20;

/** A session's file that was asked for: one of this machine's sessions, or a copy. */
export type FoundSession =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'copy'; readonly session: SessionFile };

/**
 * The session among files that were asked for; undefined when there is none.
 * @throws Failure when one is damaged, of a newer program, open elsewhere, or not alone
 */
export function findSession(
  paths: readonly string[],
  folder: SessionFolder,
): FoundSession | undefined {
  const files = paths.filter(isSessionFile);
  if (files.length === 0) return undefined;
  if (paths.length > 1)
    throw new Failure(
      'usage',
      'A session was given together with other files.',
      'A session brings its own files; nothing was opened.',
      'Open the session alone, then add the other files to it.',
    );
  const [path] = files;
  const place = dirname(resolve(path));
  if (
    basename(path) === SESSION_FILE &&
    folder.root !== undefined &&
    dirname(place) === folder.root
  ) {
    readFolder(place);
    const other = owner(place);
    if (other !== undefined) throw openElsewhere(other);
    return { kind: 'folder', path: place };
  }
  const { size } = statSync(path);
  if (size > MAX_SESSION_TEXT)
    throw new Failure(
      'limit',
      `${path} has ${size} bytes.`,
      `A session is read up to ${MAX_SESSION_TEXT} bytes; nothing was opened.`,
      'Open the dump and the log themselves.',
    );
  return { kind: 'copy', session: parseSession(readFileSync(path, 'utf8'), path) };
}

/** Whether a file is a session's, by its content or, when it is damaged, by its name. */
function isSessionFile(path: string): boolean {
  checkPath(path);
  if (!isThere(path)) return false;
  if (path.endsWith('.faultline')) return true;
  const head = Buffer.alloc(200);
  return isSessionText(readHead(path, head).toString('latin1'));
}

function openElsewhere(process: number): Failure {
  return new Failure(
    'usage',
    `This session is open in another Faultline (process ${process}).`,
    'Two of them would write over each other; nothing was opened.',
    'Close it there, or go on in that window.',
  );
}

/** Sessions beside the one that is open, the newest first. */
export function listSessions(folder: SessionFolder): {
  readonly sessions: SessionItem[];
  readonly unreadable: { path: string; why: string }[];
  readonly note?: string;
} {
  const sessions: SessionItem[] = [];
  const unreadable: { path: string; why: string }[] = [];
  const folders = foldersOf(folder.root).filter((path) => path !== folder.path);
  for (const path of folders) {
    if (sessions.length >= LISTED) break;
    try {
      const kept = readFolder(path);
      if (!isEmptySession(kept)) sessions.push(itemOf(path, kept));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      unreadable.push({ path: join(path, SESSION_FILE), why: error.line() });
    }
  }
  const old = sessions.filter((each) => each.recorded > 0 && ageOf(each.saved) > KEPT_DAYS);
  return {
    sessions,
    unreadable,
    ...(old.length > 0
      ? {
          note: `${old.length} ${old.length === 1 ? 'session' : 'sessions'} older than ${KEPT_DAYS} days ${old.length === 1 ? 'is' : 'are'} kept for what consoles said in them. Remove what is not needed.`,
        }
      : {}),
  };
}

/**
 * Removes sessions that nobody is likely to want: empty ones, and of those beyond the newest 20
 * the ones older than 30 days. One that holds a console's recording is never removed by itself.
 * @returns the folders that were removed
 */
export function pruneSessions(root: string, own: string, now = Date.now()): string[] {
  const removed: string[] = [];
  let rank = 0;
  for (const path of foldersOf(root)) {
    if (path === own || owner(path) !== undefined) continue;
    let kept: SessionFile;
    try {
      kept = readFolder(path);
    } catch (error) {
      // What can't be read may be a newer program's: it is left alone.
      if (error instanceof Failure) continue;
      throw error;
    }
    const empty = isEmptySession(kept);
    if (!empty) rank++;
    const age = ageOf(kept.saved || new Date(modified(path)).toISOString(), now);
    // An engine that starts right now has not written anything yet.
    const over = empty ? age > 1 : rank > KEPT && age > KEPT_DAYS;
    if (!over || recordedIn(path, kept) > 0) continue;
    rmSync(path, { recursive: true, force: true });
    removed.push(path);
  }
  return removed;
}

/** All files that the sessions under a folder name; undefined when one of them can't be read. */
export function filesOfSessions(root: string): ReadonlySet<string> | undefined {
  const files = new Set<string>();
  try {
    for (const folder of foldersOf(root)) {
      const { sources, consoles, states } = readFolder(folder);
      for (const { path } of [...sources, ...consoles, ...states.flatMap((each) => each.files)])
        files.add(path);
    }
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
  return files;
}

/** @throws Failure when it is none of the sessions here, or is open. */
export function removeSession(folder: SessionFolder, file: string): void {
  checkPath(file);
  const path = dirname(resolve(file));
  if (folder.root === undefined || dirname(path) !== folder.root || path === folder.path)
    throw new Failure(
      'usage',
      `${file} is not a session that can be removed.`,
      'Nothing was removed.',
      'Choose one of the list; close it first when it is open.',
    );
  const other = owner(path);
  if (other !== undefined) throw openElsewhere(other);
  rmSync(path, { recursive: true, force: true });
}

/** The session as one file, with what nobody else keeps in it. */
export function copySession(folder: SessionFolder): { name: string; text: string; left: string[] } {
  const { kept } = folder;
  const left: string[] = [];
  let room = MAX_COPIED;
  const packed = (path: string, what: string): Packed | undefined => {
    const bytes = readFileSync(path);
    const data = zstdCompressSync(bytes).toString('base64');
    if (data.length > room) {
      left.push(`${what}: ${bytes.length} bytes`);
      return undefined;
    }
    room -= data.length;
    return { encoding: 'zstd+base64', bytes: bytes.length, data };
  };
  const paths = [...new Set([...kept.sources, ...kept.consoles].map(({ path }) => path))];
  const pasted = paths
    .filter((path) => folder.isPasted(path) && isThere(path))
    .flatMap((path) => {
      const text = packed(path, basename(path));
      return text ? [{ path, text }] : [];
    });
  // A log file is of this machine alone.
  const consoles = kept.consoles.map(({ log: _log, ...console }) => {
    const record = join(folder.path, 'consoles', `${console.id}.raw`);
    const alone = console.kind !== 'log' && isThere(record);
    const recording = alone ? packed(record, `the record of ${console.name}`) : undefined;
    return { ...console, ...(recording ? { recording } : {}) };
  });
  const copy: SessionFile = {
    ...kept,
    saved: new Date().toISOString(),
    consoles,
    pasted,
    reading: [],
  };
  const name = (kept.title || 'session').replace(/[^\w.-]+/g, '-').replace(/^[-.]+|-+$/g, '');
  return { name: `${name || 'session'}.faultline`, text: sessionText(copy), left };
}

function itemOf(path: string, kept: SessionFile): SessionItem {
  const files = [...kept.sources, ...kept.consoles.filter(({ kind }) => kind === 'log')];
  return {
    path: join(path, SESSION_FILE),
    title: kept.title || 'Untitled',
    saved: kept.saved || new Date(modified(path)).toISOString(),
    sources: [
      ...kept.sources.map((source) => basename(source.path)),
      ...kept.consoles.map(({ name }) => name),
      ...kept.machines.map(({ name }) => name),
    ],
    missing: files.filter((each) => !isThere(each.path)).map((each) => each.path),
    faults: kept.summary?.faults ?? 0,
    findings: kept.summary?.findings ?? 0,
    notes: kept.notes.length,
    changes: kept.changes.done.length,
    ...(kept.summary?.worst === undefined ? {} : { worst: kept.summary.worst }),
    recorded: recordedIn(path, kept),
    interrupted: isClaimed(path),
    elsewhere: owner(path) !== undefined,
  };
}

/** Bytes of consoles that stand in a session's folder and in no other file. */
function recordedIn(path: string, kept: SessionFile): number {
  return kept.consoles
    .filter(
      ({ kind, path: from }) =>
        kind === 'serial' || kind === 'tcp' || (kind === 'replay' && !isThere(from)),
    )
    .reduce((sum, { id }) => sum + sizeOf(join(path, 'consoles', `${id}.raw`)), 0);
}

/** Folders of sessions, the newest first: their names begin with the time. */
function foldersOf(root: string | undefined): string[] {
  if (root === undefined) return [];
  try {
    return readdirSync(root, { withFileTypes: true })
      .filter((each) => each.isDirectory() && /^\d{8}T\d{6}-[0-9a-f]{8}$/.test(each.name))
      .map(({ name }) => join(root, name))
      .sort()
      .reverse();
  } catch {
    return [];
  }
}

function modified(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

/** Days since a time. */
function ageOf(time: string, now = Date.now()): number {
  return (now - Date.parse(time)) / DAY;
}

function readHead(path: string, into: Buffer): Buffer {
  const fd = openSync(path, 'r');
  try {
    return into.subarray(0, readSync(fd, into, 0, into.length, 0));
  } finally {
    closeSync(fd);
  }
}
