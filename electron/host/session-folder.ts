import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { randomBytes } from 'node:crypto';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { readText, stateFolder, writeWhole } from './state-folder.ts';

/** A console as a session remembers it, so that it can be taken up again. */
export const KeptConsole = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(['replay', 'serial', 'tcp', 'log']),
  /** Recording, log or port that it came from. */
  path: z.string(),
  settings: z.string(),
  speed: z.number().optional(),
  /** What a person types goes to the port. */
  typing: z.boolean().optional(),
});
export type KeptConsole = z.infer<typeof KeptConsole>;

const Kept = z.object({
  version: z.literal(1),
  title: z.string(),
  /** Dump and register files, in the order in which they were opened. */
  sources: z.array(z.string()),
  consoles: z.array(KeptConsole),
  /** Files that are being read right now: when the engine ends here, they are to blame. */
  reading: z.array(z.string()),
  /** Files that ended the engine; they are not opened again without being asked. */
  blamed: z.array(z.string()),
});
export type Kept = z.infer<typeof Kept>;

const EMPTY: Kept = {
  version: 1,
  title: '',
  sources: [],
  consoles: [],
  reading: [],
  blamed: [],
};

/** A session on disk: what is open, the consoles' records, the window's own state. */
export class SessionFolder {
  readonly path: string;
  #kept: Kept;

  private constructor(path: string, kept: Kept) {
    this.path = path;
    this.#kept = kept;
  }

  /** A new, empty session under the state folder. */
  static create(root = stateFolder()): SessionFolder {
    const stamp = new Date().toISOString().replace(/[-:]/g, '').replace(/\..*/, '');
    const path = join(root, 'sessions', `${stamp}-${randomBytes(4).toString('hex')}`);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return new SessionFolder(path, EMPTY);
  }

  /** A session that nobody takes up again: gone when it is removed. */
  static temporary(): SessionFolder {
    return new SessionFolder(mkdtempSync(join(tmpdir(), 'faultline-session-')), EMPTY);
  }

  /** A session that may have been left by an engine that ended; created when it is not there. */
  static open(path: string): SessionFolder {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const text = readText(join(path, 'session.json'));
    return new SessionFolder(path, text === undefined ? EMPTY : parse(text));
  }

  get kept(): Kept {
    return this.#kept;
  }

  keep(change: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...change };
    writeWhole(join(this.path, 'session.json'), `${JSON.stringify(this.#kept, null, 2)}\n`);
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
    const { reading, blamed, sources, consoles } = this.#kept;
    if (reading.length === 0) return;
    this.keep({
      blamed: [...new Set([...blamed, ...reading])],
      reading: [],
      sources: sources.filter((path) => !reading.includes(path)),
      consoles: consoles.filter(({ kind, path }) => kind !== 'log' || !reading.includes(path)),
    });
  }

  /** Writes a pasted text into the session, under a name of its own. @returns its path. */
  keepText(name: string, text: string): string {
    const safe = basename(name).replace(/[^\w. -]/g, '_') || 'pasted';
    const folder = join(this.path, 'pasted', randomBytes(4).toString('hex'));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, safe);
    writeFileSync(path, text, { mode: 0o600, encoding: isBytes(text) ? 'latin1' : 'utf8' });
    return path;
  }

  /** Deletes the session and everything recorded in it. */
  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  /** The window's own state (layout, widths, theme), as it saved it. */
  get view(): string | undefined {
    return readText(join(this.path, 'view.json'));
  }

  set view(state: string) {
    writeWhole(join(this.path, 'view.json'), state);
  }
}

/** Whether a text is bytes, a character each, as a window reads a dropped file. */
function isBytes(text: string): boolean {
  return !/[^\u0000-\u00ff]/.test(text);
}

/** A session file that can't be read is an empty session: the consoles' records stay on disk. */
function parse(text: string): Kept {
  try {
    const parsed = Kept.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : EMPTY;
  } catch {
    return EMPTY;
  }
}
