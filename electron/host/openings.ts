import { basename } from 'node:path';
import { Failure } from '../../core/memory/failure.ts';
import type { Investigation } from '../../core/session/investigation.ts';
import type { KeptSource, KeptState } from '../../core/session/session-file.ts';
import type { BackgroundCheck } from './background-check.ts';
import type { Capture } from './capture.ts';
import type { ConsoleHub } from './console/hub.ts';
import type { ReplayBegin } from './console/replay.ts';
import { sortFiles, type Sorted } from './opening.ts';
import { changedSince, identityOf } from './provenance.ts';
import type { SessionChanges } from './session-changes.ts';
import type { SessionFolder } from './session-folder.ts';
import { findSession, type FoundSession } from './sessions.ts';
import { noMemory, type States } from './states.ts';
import { capturedWorld, type Worlds } from './worlds.ts';

/** How files are opened. */
export interface OpenOptions {
  /** Where recordings begin; at their end, so that all of them can be asked, without it. */
  readonly replay?: ReplayBegin;
  /** The session's title; the first file's name without it. */
  readonly title?: string;
  /** The files are raw memory, whatever they look like. */
  readonly raw?: boolean;
}

/** What is opened and closed, and who is told. */
export interface OpeningParts {
  readonly folder: SessionFolder;
  readonly capture: Capture;
  readonly worlds: Worlds;
  readonly states: States;
  readonly hub: ConsoleHub;
  readonly changes: SessionChanges;
  readonly check: BackgroundCheck;
  /** What was not as the session remembers it, a line each. */
  readonly problems: string[];
  /** Takes a world away with all that was made of it. */
  readonly removeWorld: (name: string) => void;
  /** What analyses read is about to go. */
  readonly forgetAnalyses: () => void;
  /** Tables, registers or memory changed. */
  readonly touched: () => void;
  /** There is more than before; what is known of it holds. */
  readonly grown: () => void;
  /** The list of what is open changed. */
  readonly changed: () => void;
  readonly onBug: (error: unknown, where: string) => void;
}

/** Register values that point to tables which were found or named here. */
const GIVEN_TABLES = 'given tables.json';

/** Everything that opens or closes what a session is made of, one thing at a time. */
export class Openings {
  readonly #parts: OpeningParts;
  #busy: Promise<unknown> = Promise.resolve();

  constructor(parts: OpeningParts) {
    this.#parts = parts;
  }

  /**
   * Opens files; a session's file takes up that session.
   * @param add beside what is open, otherwise as a session of their own
   * @throws Failure; what was open then stays as it was
   */
  open(paths: readonly string[], add: boolean, options: OpenOptions = {}): Promise<void> {
    return this.#alone(async () => {
      const { folder } = this.#parts;
      const found = findSession(paths, folder);
      if (found) return await this.#openSession(found);
      const { blamed } = folder.kept;
      if (paths.some((path) => blamed.includes(path)))
        folder.keep({ blamed: blamed.filter((path) => !paths.includes(path)) });
      await this.#openFiles(sortFiles(paths, options.raw), add, options);
    });
  }

  /** Opens files as a further state. @returns its id @throws Failure; nothing was opened then */
  openState(paths: readonly string[]): Promise<string> {
    return this.#alone(async () => {
      const { folder, states, grown } = this.#parts;
      const { sources } = sortFiles(paths);
      if (sources.length === 0) throw noMemory(basename(paths[0]));
      const id = states.freeId();
      await this.#addState({ id, files: sources.map(identityOf) });
      folder.keep({ states: states.kept() });
      grown();
      return id;
    });
  }

  /** Takes register values that a person gave or a scan found, in the place of earlier ones. */
  giveRegisters(registers: Record<string, unknown>): Promise<void> {
    return this.#alone(async () => {
      const { folder, capture } = this.#parts;
      const path = folder.keepText(GIVEN_TABLES, `${JSON.stringify(registers, null, 1)}\n`);
      const others = capture.present
        .map(pathOf)
        .filter((each) => !(folder.isPasted(each) && basename(each) === GIVEN_TABLES));
      // The first register values of a case count.
      const given = new Set(
        capture.rows.filter(({ kind }) => kind === 'registers').map(({ name }) => name),
      );
      await this.#investigate([
        ...others.filter((each) => !given.has(each)),
        path,
        ...others.filter((each) => given.has(each)),
      ]);
    });
  }

  /** Takes up what an engine before this one left behind. */
  restore(): Promise<void> {
    return this.#alone(async () => {
      this.#parts.folder.blame();
      await this.#restore();
    });
  }

  /**
   * A file of the session was found elsewhere.
   * @param source its id in the list of sources
   * @throws Failure when the file is another one, or can't be read
   */
  locate(source: string, path: string): Promise<void> {
    return this.#alone(async () => {
      const { hub, capture, touched } = this.#parts;
      const log = hub.missing.find(({ id }) => id === source);
      const file = log ?? capture.missingFile(source);
      if (!file) throw notMissing(source);
      const differs = changedSince({ ...file, path });
      if (differs !== undefined) throw anotherFile(path, differs);
      if (log) await hub.locate(log.id, path);
      else {
        capture.relocate(file, path);
        await this.#investigate(capture.present.map(pathOf));
      }
      touched();
    });
  }

  /** Closes one source by its id, or the session: it stays on disk, and can be opened again. */
  close(source: string | undefined): Promise<void> {
    return this.#alone(async () => {
      const { folder, capture, states, worlds, hub, changes } = this.#parts;
      if (source === undefined) await this.#leave(() => folder.renew());
      else if (source === 'investigation') {
        this.#release();
        capture.remove();
        changes.keep();
      } else if (states.has(source)) {
        this.#parts.forgetAnalyses();
        states.remove(source);
        folder.keep({ states: states.kept() });
      } else if (worlds.all().some(({ name }) => name === source)) {
        this.#parts.removeWorld(source);
        changes.forgetMachine(source);
      } else if (source.startsWith('missing-')) capture.forgetMissing(source);
      else await hub.close(source);
      this.#parts.touched();
    });
  }

  /** Work that opens or closes something waits for the work before it, however that ended. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#busy;
    // What a person stopped waits for ever: it does not keep others from being opened.
    this.#parts.capture.giveWay();
    const run = (async () => {
      await before.catch(() => {});
      return await work();
    })();
    this.#busy = run;
    run.catch(() => {});
    return await run;
  }

  async #openFiles(files: Sorted, add: boolean, options: OpenOptions): Promise<void> {
    const { folder, capture, hub, touched } = this.#parts;
    const present = add ? capture.present.map(pathOf) : [];
    const paths = [...new Set([...present, ...files.sources])];
    const raw = options.raw ? files.sources : [];
    const made = files.sources.length > 0 ? await capture.read(paths, raw) : undefined;
    if (!add && !folder.isEmpty) await this.#leave(() => folder.renew());
    if (made) this.#take(made, paths, raw);
    const first = [...files.sources, ...files.logs, ...files.recordings][0];
    if (!add || !folder.kept.title) folder.keep({ title: options.title ?? basename(first) });
    for (const path of files.logs) hub.log(path);
    for (const path of files.recordings) await hub.replay(path, options.replay ?? 'end');
    touched();
  }

  /** Takes up another session; the one that was open stays on disk as it is. */
  async #openSession(found: FoundSession): Promise<void> {
    const { folder, touched } = this.#parts;
    await this.#leave(() => {
      if (found.kind === 'folder') folder.moveTo(found.path);
      else folder.adopt(found.session);
    });
    // Whoever ended the engine then ended everything: that blames no file.
    folder.keep({ reading: [] });
    await this.#restore();
    touched();
  }

  async #restore(): Promise<void> {
    const { folder, capture, changes, hub, problems, changed } = this.#parts;
    capture.lookForFiles();
    changes.restoreMachines();
    const { present } = capture;
    for (const source of present) {
      const differs = changedSince(source);
      if (differs !== undefined)
        problems.push(`${source.path} has changed since it was opened: ${differs}.`);
    }
    try {
      if (present.length > 0) await this.#investigate(present.map(pathOf));
      else this.#remakeChanges();
    } catch (error) {
      this.#couldNotRestore(error);
    }
    await this.#restoreStates(folder.kept.states);
    await hub.restore();
    changed();
  }

  /** Opens the session's further captures again; one that can't be read stays in its file. */
  async #restoreStates(kept: readonly KeptState[]): Promise<void> {
    for (const state of kept)
      try {
        await this.#addState(state);
      } catch (error) {
        this.#parts.states.leaveOut(state);
        this.#couldNotRestore(error);
      }
  }

  #couldNotRestore(error: unknown): void {
    if (error instanceof Failure) this.#parts.problems.push(error.line());
    else this.#parts.onBug(error, 'restore');
  }

  /** Reads a further capture beside the session's own. */
  async #addState(state: KeptState): Promise<void> {
    const { states, capture } = this.#parts;
    states.add(state, await capture.read(state.files.map(pathOf)));
  }

  async #investigate(paths: readonly string[]): Promise<void> {
    const unique = [...new Set(paths)];
    this.#take(await this.#parts.capture.read(unique), unique);
    this.#parts.touched();
  }

  /** Puts what was read in the place of what was open; changes made here are made again. */
  #take(made: Investigation, paths: readonly string[], raw: readonly string[] = []): void {
    const { capture, worlds, check } = this.#parts;
    this.#release();
    capture.take(made, paths, raw);
    const world = capturedWorld(made);
    if (world) worlds.add(world);
    this.#remakeChanges();
    check.start();
  }

  #remakeChanges(): void {
    const { changes, capture } = this.#parts;
    changes.remake(capture.missing.length === 0);
  }

  /** Ends all that reads the capture, and what was made of it. */
  #release(): void {
    const { check, forgetAnalyses, removeWorld } = this.#parts;
    check.stop();
    forgetAnalyses();
    removeWorld('captured');
  }

  /** Lets go of everything that is open, as it is kept, before another session begins. */
  async #leave(go: () => void): Promise<void> {
    const { hub, worlds, capture, states, changes, problems, removeWorld } = this.#parts;
    await hub.leave();
    for (const { name } of worlds.all()) removeWorld(name);
    this.#release();
    capture.leave();
    states.clear();
    changes.clear();
    problems.length = 0;
    go();
  }
}

const pathOf = ({ path }: KeptSource): string => path;

function notMissing(source: string): Failure {
  return new Failure(
    'usage',
    `${source} is no source of this session that is missing.`,
    'Nothing was changed.',
    'Look at the list of sources.',
  );
}

function anotherFile(path: string, differs: string): Failure {
  return new Failure(
    'usage',
    `${path} is another file than the one of this session: ${differs}.`,
    'Changes and notes were made on the other one; nothing was opened.',
    'Choose the file itself, or open this one as a session of its own.',
  );
}
