import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { Failure } from '../../core/memory/failure.ts';
import {
  EMPTY_SESSION,
  parseSession,
  sessionText,
  type KeptConsole,
  type Packed,
  type SessionFile,
} from '../../core/session/session-file.ts';
import { VERSION } from '../../core/session/version.ts';
import { claim, owner, release } from './session-claim.ts';
import { readText, stateFolder, writeWhole } from './state-folder.ts';

export type { KeptConsole };

/** Name of the session's file in its folder. */
export const SESSION_FILE = 'session.faultline';
/** What is not as urgent waits this long after its last change, ms, and at most the other. */
const SAVE_AFTER = 1000;
const SAVE_AT_MOST = 5000;

/**
 * A session on disk: its file, and beside it what only the session holds (consoles' records,
 * pasted texts). One engine goes from session to session by moving this to another folder.
 */
export class SessionFolder {
  /** What was wrong with the folder that this one was made instead of. */
  readonly problem: Failure | undefined;
  /** A temporary session's own folder, which is removed with it. */
  readonly #home: string | undefined;
  #path: string;
  #kept: SessionFile;
  #timer: NodeJS.Timeout | undefined;
  #dirtySince: number | undefined;
  #moved: (path: string) => void = () => {};

  private constructor(
    path: string,
    kept: SessionFile,
    more: { temporary?: boolean; problem?: Failure } = {},
  ) {
    this.#path = path;
    this.#kept = kept;
    this.#home = more.temporary ? path : undefined;
    this.problem = more.problem;
  }

  /** A new, empty session under the state folder. */
  static create(root = stateFolder()): SessionFolder {
    return new SessionFolder(newFolder(join(root, 'sessions')), EMPTY_SESSION);
  }

  /** A session that nobody takes up again: gone when it is removed. */
  static temporary(): SessionFolder {
    const path = mkdtempSync(join(tmpdir(), 'faultline-session-'));
    return new SessionFolder(path, EMPTY_SESSION, { temporary: true });
  }

  /**
   * A session that may have been left by an engine that ended; created when it is not there.
   * @throws Failure when its file is damaged or of a newer program
   */
  static open(path: string): SessionFolder {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return new SessionFolder(path, readFolder(path));
  }

  /** The same, but a folder that can't be read stays as it is and a new one is taken instead. */
  static take(path: string): SessionFolder {
    try {
      const taken = SessionFolder.open(path);
      claim(path);
      return taken;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const fresh = newFolder(dirname(path));
      claim(fresh);
      return new SessionFolder(fresh, EMPTY_SESSION, { problem: error });
    }
  }

  get path(): string {
    return this.#path;
  }

  /** Names the session among the others. */
  get id(): string {
    return basename(this.#path);
  }

  /** The folder that holds the sessions; undefined for a temporary one. */
  get root(): string | undefined {
    return this.#home === undefined ? dirname(this.#path) : undefined;
  }

  get kept(): SessionFile {
    return this.#kept;
  }

  /** Called with the folder that was gone over to. */
  onMove(moved: (path: string) => void): void {
    this.#moved = moved;
  }

  /** Changes what is kept, and writes it. */
  keep(change: Partial<SessionFile>): void {
    this.#kept = { ...this.#kept, ...change };
    this.#write();
  }

  /** Changes what is kept; it is written 1 s after the last of such changes. */
  keepSoon(change: Partial<SessionFile>): void {
    this.#kept = { ...this.#kept, ...change };
    const now = performance.now();
    this.#dirtySince ??= now;
    clearTimeout(this.#timer);
    const wait = Math.min(SAVE_AFTER, Math.max(0, this.#dirtySince + SAVE_AT_MOST - now));
    this.#timer = setTimeout(() => this.#write(), wait);
  }

  /** Writes what is not written yet. */
  flush(): void {
    if (this.#dirtySince !== undefined) this.#write();
  }

  /** Notes that files are being read: should the engine end meanwhile, they are to blame. */
  beginReading(paths: readonly string[]): void {
    this.keep({ reading: [...new Set([...this.#kept.reading, ...paths])] });
  }

  endReading(paths: readonly string[]): void {
    this.keep({ reading: this.#kept.reading.filter((path) => !paths.includes(path)) });
  }

  /** Blames what an engine before this one was reading when it ended: it is not opened by itself. */
  blame(): void {
    const { reading, blamed, sources, states, consoles } = this.#kept;
    if (reading.length === 0) return;
    this.keep({
      blamed: [...new Set([...blamed, ...reading])],
      reading: [],
      sources: sources.filter(({ path }) => !reading.includes(path)),
      states: states.filter(({ files }) => !files.some(({ path }) => reading.includes(path))),
      consoles: consoles.filter(({ kind, path }) => kind !== 'log' || !reading.includes(path)),
    });
  }

  /** Whether there is anything that somebody could want back. */
  get isEmpty(): boolean {
    return isEmptySession(this.#kept);
  }

  /** Leaves this session as it is kept, and begins a new one. */
  renew(): void {
    this.#goTo(newFolder(this.#home ?? dirname(this.#path)), EMPTY_SESSION);
  }

  /**
   * Leaves this session as it is kept, and goes over to that of another folder.
   * @throws Failure when it can't be read, or another engine has it
   */
  moveTo(path: string): void {
    if (path === this.#path) return;
    const kept = readFolder(path);
    const other = owner(path);
    if (other !== undefined)
      throw new Failure(
        'usage',
        `This session is open in another Faultline (process ${other}).`,
        'Two of them would write over each other; nothing was opened.',
        'Close it there, or go on in that window.',
      );
    this.#goTo(path, kept);
  }

  /** Leaves this session as it is kept, and begins a new one with what a copy holds. */
  adopt(copy: SessionFile): void {
    const { pasted = [], ...rest } = copy;
    const path = newFolder(this.#home ?? dirname(this.#path));
    const places = new Map<string, string>();
    for (const { path: was, text } of pasted)
      places.set(was, writePasted(path, basename(was), unpack(text)));
    const consoles = rest.consoles.map(({ recording, ...console }) => {
      const record = recording && unpack(recording);
      if (record) {
        mkdirSync(join(path, 'consoles'), { recursive: true, mode: 0o700 });
        writeFileSync(join(path, 'consoles', `${safeName(console.id)}.raw`), record, {
          mode: 0o600,
        });
      }
      return { ...console, path: places.get(console.path) ?? console.path };
    });
    this.#goTo(path, {
      ...rest,
      consoles,
      sources: rest.sources.map((source) => ({
        ...source,
        path: places.get(source.path) ?? source.path,
      })),
    });
    this.#write();
  }

  /** Writes a pasted text into the session, under a name of its own. @returns its path. */
  keepText(name: string, text: string): string {
    return writePasted(this.#path, name, Buffer.from(text, isBytes(text) ? 'latin1' : 'utf8'));
  }

  /** Whether a file was pasted into this session and is nowhere else. */
  isPasted(path: string): boolean {
    return path.startsWith(join(this.#path, 'pasted'));
  }

  /** The session is not written any more by this engine. */
  close(): void {
    this.flush();
    clearTimeout(this.#timer);
    release(this.#path);
  }

  /** Deletes the session and everything recorded in it. */
  remove(): void {
    clearTimeout(this.#timer);
    this.#dirtySince = undefined;
    rmSync(this.#home ?? this.#path, { recursive: true, force: true });
  }

  /** The window's own state (layout, widths, theme), as it saved it. */
  get view(): string | undefined {
    return this.#kept.view;
  }

  set view(state: string) {
    this.keep({ view: state });
  }

  #goTo(path: string, kept: SessionFile): void {
    this.flush();
    release(this.#path);
    this.#path = path;
    this.#kept = kept;
    claim(path);
    this.#moved(path);
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#dirtySince = undefined;
    this.#kept = { ...this.#kept, program: VERSION, saved: new Date().toISOString() };
    writeWhole(join(this.#path, SESSION_FILE), sessionText(this.#kept));
  }
}

/** Whether a session holds nothing that somebody could want back. */
export function isEmptySession(kept: SessionFile): boolean {
  return [kept.sources, kept.consoles, kept.machines, kept.notes, kept.writes, kept.blamed].every(
    (list) => list.length === 0,
  );
}

/**
 * What a session's folder holds; an empty session when there is no file of either version.
 * @throws Failure when its file is damaged or of a newer program
 */
export function readFolder(path: string): SessionFile {
  const text = readText(join(path, SESSION_FILE));
  if (text !== undefined) return parseSession(text, join(path, SESSION_FILE));
  const first = readText(join(path, 'session.json'));
  if (first === undefined) return EMPTY_SESSION;
  return parseSession(first, join(path, 'session.json'), readText(join(path, 'view.json')));
}

function newFolder(root: string): string {
  const stamp = new Date().toISOString().replace(/[-:]/g, '').replace(/\..*/, '');
  const path = join(root, `${stamp}-${randomBytes(4).toString('hex')}`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}

function writePasted(session: string, name: string, bytes: Uint8Array): string {
  const folder = join(session, 'pasted', randomBytes(4).toString('hex'));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, safeName(name));
  writeFileSync(path, bytes, { mode: 0o600 });
  return path;
}

/** A name without anything that a file system could take for more. */
function safeName(name: string): string {
  return (
    basename(name)
      .replace(/[^\w. -]/g, '_')
      .replace(/^\.+/, '_')
      .slice(0, 120) || 'pasted'
  );
}

/** @throws Failure when the bytes are not what the copy says they are. */
function unpack({ bytes, data }: Packed): Buffer {
  try {
    const unpacked = zstdDecompressSync(Buffer.from(data, 'base64'), {
      maxOutputLength: bytes + 1,
    });
    if (unpacked.length === bytes) return unpacked;
  } catch {
    // Told below.
  }
  throw new Failure(
    'unreadable',
    'A recording in this session can not be unpacked.',
    'The file is damaged; nothing was opened.',
    'Open another copy of it, or the dump and the log themselves.',
  );
}

/** Whether a text is bytes, a character each, as a window reads a dropped file. */
function isBytes(text: string): boolean {
  return !/[^\u0000-\u00ff]/.test(text);
}
