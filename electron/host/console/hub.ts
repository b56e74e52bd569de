import { existsSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ConsoleInfo, PhaseItem } from '../../../core/protocol/contract.ts';
import { Failure } from '../../../core/memory/failure.ts';
import type { LogStory } from '../../../core/explain/story.ts';
import type { FaultRecord } from '../../../core/iommu/fault.ts';
import type { FaultTable } from '../../../core/session/fault-table.ts';
import type { LowerBound } from '../../../core/session/lower-bounds.ts';
import { fileSource } from '../platform.ts';
import type { Job } from '../jobs.ts';
import { identityOf, isThere } from '../provenance.ts';
import type { KeptConsole, SessionFolder } from '../session-folder.ts';
import { Arming } from './arming.ts';
import { Console } from './console.ts';
import { KernelClocks } from './kernel-clocks.ts';
import { copyRecord, LogFile, resumeLog } from './log-file.ts';
import type { ReaderSink } from './reader.ts';
import { plainLog } from './plain-log.ts';
import { Recording } from './recording.ts';
import { ConsoleRecord } from './record.ts';
import { Replay, type ReplayBegin } from './replay.ts';
import { Stories } from './stories.ts';
import type { PortOpener } from './port-opener.ts';
import { keptLine, lineText, reachedAt, type LineSettings } from './line-settings.ts';

/** What the hub tells the engine. */
export interface HubEvents {
  /** Long work on a console begins. @param id the same for the same work */
  job(id: string, name: string): Job;
  /** Lines, state or replay position of a console changed. */
  changed(): void;
  /** Faults came, grew or went. */
  faults(): void;
  /** What a log tells beside its faults grew: why a fault happened may be known better. */
  story(): void;
}

/** All consoles of a session, and what was found in their text. */
export class ConsoleHub {
  readonly clocks = new KernelClocks();
  /** Of which console writes are armed. */
  readonly arming: Arming;
  readonly #folder: SessionFolder;
  readonly #faults: FaultTable;
  readonly #events: HubEvents;
  readonly #ports: PortOpener;
  readonly #consoles = new Map<string, Console>();
  readonly #stories = new Stories();
  readonly #consoleOf = new WeakMap<FaultRecord, string>();
  /** Log files that are being read in. */
  readonly #readings = new Set<Promise<void>>();
  /** Consoles of the session whose log is not where it was. */
  #missing: KeptConsole[] = [];

  constructor(folder: SessionFolder, faults: FaultTable, ports: PortOpener, events: HubEvents) {
    this.#folder = folder;
    this.#ports = ports;
    this.#faults = faults;
    this.#events = events;
    this.arming = new Arming(() => events.changed());
  }

  infos(): ConsoleInfo[] {
    return [...this.#consoles.values()].map((console) => console.info);
  }

  /** The console of an id. @throws Failure when there is none. */
  get(id: string): Console {
    const console = this.#consoles.get(id);
    if (console) return console;
    throw new Failure(
      'usage',
      `There is no console ${id}.`,
      'It may have been closed.',
      'Choose one that is open.',
    );
  }

  /** Milestones of all consoles, in the order of each. */
  phases(): PhaseItem[] {
    return this.#stories.phases((id, kernel, time) => this.clocks.at(id, kernel, time));
  }

  /** The stage of the boot in which a fault was told. */
  stageOf(record: FaultRecord): string | undefined {
    return this.#stories.stageAt(this.#consoleOf.get(record), record);
  }

  /** What a console's log tells beside its faults; undefined when there is no such console. */
  story(id: string): LogStory | undefined {
    return this.#stories.story(id);
  }

  /** Drivers by device that speak in the crash kernel's part of a console's log. */
  crashDrivers(id: string): ReadonlyMap<string, string> | undefined {
    return this.#stories.crashDrivers(id);
  }

  /** Another text whenever the logs told more of the hand-off than before. */
  get told(): string {
    return this.#stories.told;
  }

  /** The console that told a fault. */
  consoleOf(record: FaultRecord): string | undefined {
    return this.#consoleOf.get(record);
  }

  /** Lines of the logs that were looked through. */
  get lines(): number {
    return this.infos().reduce((sum, info) => sum + info.lines, 0);
  }

  /** Why there were more faults than the logs tell; empty when there is no sign of that. */
  get lowerBounds(): LowerBound[] {
    return this.#stories.lowerBounds();
  }

  /** Opens a serial port, a pty or a connection. @throws Failure when it does not open. */
  async connect(settings: LineSettings, typing: boolean): Promise<string> {
    const kept = this.#remember({
      id: this.#nextId(),
      ...reachedAt(settings),
      settings: lineText(settings),
      typing,
    });
    const console = this.#make(kept, typing);
    try {
      await console.start(this.#ports.port(settings, kept.id, () => console.record.bytes));
    } catch (error) {
      await this.close(kept.id);
      throw error;
    }
    return kept.id;
  }

  /** Opens a console's port or connection again. @throws Failure when it does not open. */
  async reconnect(id: string): Promise<void> {
    const console = this.get(id);
    const kept = this.#folder.kept.consoles.find((each) => each.id === id);
    const settings = kept && keptLine(kept);
    if (!settings)
      throw new Failure(
        'usage',
        `${console.name} is no port and no connection.`,
        'There is nothing to open again.',
        'Connect to a console.',
      );
    await console.restart(this.#ports.port(settings, id, () => console.record.bytes));
  }

  /** Opens a recording. @throws Failure when the file is none. */
  async replay(path: string, begin: ReplayBegin, speed = 1): Promise<string> {
    const recording = new Recording(fileSource(path));
    const kept = this.#remember({
      id: this.#nextId(),
      name: basename(path),
      kind: 'replay',
      path,
      settings: '',
      speed,
    });
    const console = this.#make(kept, false);
    const ahead = begin === 'fault' ? () => !console.hasFault : undefined;
    await console.start(this.#player(console, recording, { speed, playing: true, ahead }));
    if (begin === 'end') console.replay('end', undefined);
    return kept.id;
  }

  /** Reads a log file in, in the background. @throws Failure when it can't be opened. */
  log(path: string): string {
    fileSource(path).close();
    const kept = this.#remember({
      id: this.#nextId(),
      name: basename(path),
      kind: 'log',
      path,
      settings: '',
    });
    this.#readLog(this.#make(kept, false), kept.path);
    return kept.id;
  }

  /**
   * Writes everything that a console says from now on to a new file.
   * @param all what it has said so far comes first
   * @throws Failure when the file can't be made, or is there already
   */
  startLog(id: string, path: string, all: boolean): void {
    const console = this.get(id);
    const file = new LogFile(path);
    const from = all ? 0 : console.record.bytes;
    copyRecord(console.record, from, file);
    console.logTo(file);
    this.#keepLog(id, { path, from });
  }

  stopLog(id: string): void {
    this.get(id).logTo(undefined);
    this.#keepLog(id, undefined);
  }

  #keepLog(id: string, log: KeptConsole['log']): void {
    this.#folder.keep({
      consoles: this.#folder.kept.consoles.map((each) =>
        each.id === id ? { ...each, log } : each,
      ),
    });
  }

  /** Consoles of the session that could not be taken up: their log is not where it was. */
  get missing(): readonly KeptConsole[] {
    return this.#missing;
  }

  /** Takes up the consoles of a session that an engine left behind. */
  async restore(): Promise<void> {
    this.#missing = [];
    for (const kept of this.#folder.kept.consoles) {
      if (kept.kind === 'log' && !isThere(kept.path)) this.#missing.push(kept);
      else await this.#takeUp(kept);
    }
    this.#events.changed();
  }

  /** A console's file was found elsewhere. @throws Failure when it is none that can be read. */
  async locate(id: string, path: string): Promise<void> {
    const kept = this.#folder.kept.consoles.find((each) => each.id === id);
    if (!kept) return;
    fileSource(path).close();
    const found = { ...kept, ...identityOf(path) };
    await this.#consoles.get(id)?.close();
    this.#consoles.delete(id);
    this.#missing = this.#missing.filter((each) => each.id !== id);
    this.#folder.keep({
      consoles: this.#folder.kept.consoles.map((each) => (each.id === id ? found : each)),
    });
    this.#faults.clear(id);
    await this.#takeUp(found);
  }

  async #takeUp(kept: KeptConsole): Promise<void> {
    const console = this.#make(kept, kept.typing ?? false);
    if (kept.log) console.logTo(resumeLog(console.record, kept.log));
    if (kept.kind === 'log') this.#readLog(console, kept.path);
    else if (kept.kind !== 'replay')
      await console.start(await this.#ports.kept(kept.id, () => console.record.bytes));
    else if (isThere(kept.path))
      await console.start(
        this.#player(console, new Recording(fileSource(kept.path)), {
          speed: kept.speed ?? 1,
          playing: true,
          skip: console.record.bytes,
        }),
      );
    else {
      // What it said so far is in the session's own record.
      await console.start(undefined);
      console.state('ended', `File not found: ${kept.path}`);
    }
  }

  /** Takes a console, its faults and its phases out of the session. */
  async close(id: string): Promise<void> {
    if (!this.#missing.some((kept) => kept.id === id)) {
      const console = this.get(id);
      this.#consoles.delete(id);
      this.#forget(console);
      this.#stories.delete(id);
      const recorded = console.kind === 'log' ? 0 : console.record.bytes;
      await console.close();
      // What can be made again goes; what a target said is never removed by itself.
      for (const ending of ['lines', 'log', ...(recorded === 0 ? ['raw'] : [])])
        rmSync(`${this.#at(id)}.${ending}`, { force: true });
    }
    this.#missing = this.#missing.filter((kept) => kept.id !== id);
    this.#folder.keep({
      consoles: this.#folder.kept.consoles.filter((kept) => kept.id !== id),
    });
    this.#events.changed();
  }

  /** Leaves all consoles as they are kept: another session is taken up after this. */
  async leave(): Promise<void> {
    const left = [...this.#consoles.values()];
    for (const console of left) this.#forget(console);
    await this.stop();
    this.#stories.clear();
    this.#missing = [];
    this.#events.changed();
  }

  /** Stops all sources; records and the session's list stay, for another engine. */
  async stop(): Promise<void> {
    for (const console of this.#consoles.values()) await console.close();
    await Promise.all(this.#readings);
    this.#consoles.clear();
  }

  /** An id that no console has, nor one that was closed: its record stays on disk. */
  #nextId(): string {
    const used = new Set(this.#folder.kept.consoles.map((kept) => kept.id));
    for (let n = 1; ; n++) {
      const id = `console-${n}`;
      if (!used.has(id) && !existsSync(`${this.#at(id)}.raw`)) return id;
    }
  }

  /** Where a console's files stand, without their endings. */
  #at(id: string): string {
    return join(this.#folder.path, 'consoles', id);
  }

  #remember(console: KeptConsole): KeptConsole {
    const file = console.kind === 'log' || console.kind === 'replay';
    const kept = file ? { ...console, ...identityOf(console.path) } : console;
    this.#folder.keep({ consoles: [...this.#folder.kept.consoles, kept] });
    return kept;
  }

  #make(kept: KeptConsole, typing: boolean): Console {
    const at = this.#at(kept.id);
    const own = kept.kind !== 'log';
    const path = own ? `${at}.raw` : plainLog(kept.path, `${at}.log`);
    const record = new ConsoleRecord(path, `${at}.lines`, !own);
    const console = new Console({
      id: kept.id,
      name: kept.name,
      kind: kept.kind,
      record,
      mayWrite: () => typing || this.arming.has(kept.id),
      ...(keptLine(kept) ? { reopen: () => this.reconnect(kept.id) } : {}),
      job: () => this.#events.job(`reading ${kept.id}`, `Reading ${kept.name}`),
      // An engine that ends while nothing is read was not ended by the file.
      waits: (waiting) =>
        waiting ? this.#folder.endReading([kept.path]) : this.#folder.beginReading([kept.path]),
      over: () => this.arming.disarm(kept.id),
      readerSink: () => this.#sink(kept.id),
      faultNumber: (_console, ordinal) => this.#faults.numberOf(kept.id, ordinal),
      changed: () => this.#events.changed(),
      emptied: (emptied) => this.#forget(emptied),
    });
    this.#stories.begin(kept.id);
    this.#consoles.set(kept.id, console);
    this.#events.changed();
    return console;
  }

  #player(
    console: Console,
    recording: Recording,
    options: { speed: number; playing: boolean; skip?: number; ahead?: () => boolean },
  ): Replay {
    return new Replay(recording, options, () => console.empty());
  }

  #readLog(console: Console, path: string): void {
    this.#folder.beginReading([path]);
    const read = console
      .readLog()
      .catch((error: unknown) => {
        console.state('failed', `reading failed: ${(error as Error).message}`);
      })
      .finally(() => {
        this.#folder.endReading([path]);
        this.#readings.delete(read);
      });
    this.#readings.add(read);
  }

  #forget(console: Console): void {
    this.#faults.clear(console.id);
    this.#stories.begin(console.id);
    this.#events.story();
    this.clocks.clear(console.id);
    this.#events.faults();
  }

  #sink(id: string): Omit<ReaderSink, 'mark'> {
    return {
      fault: (record, ordinal) => {
        this.clocks.seen(id, record.kernel, record.time);
        this.#consoleOf.set(record, id);
        this.#faults.add(record, id, ordinal);
        this.#events.faults();
      },
      faultGrown: (record, ordinal) => {
        this.#consoleOf.set(record, id);
        const n = this.#faults.numberOf(id, ordinal);
        if (n !== undefined) this.#faults.replace(n, record);
        this.#events.faults();
      },
      phase: (record) => {
        this.clocks.seen(id, record.kernel, record.time);
        this.#stories.phase(id, record);
        this.#events.story();
        this.#events.changed();
      },
      kernel: (record) => {
        this.#stories.kernel(id, record);
        this.#events.story();
        this.#events.changed();
      },
      note: (note) => this.#stories.note(id, note),
      bytes: (bytes) => this.#stories.bytes(id, bytes),
    };
  }
}
