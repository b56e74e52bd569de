import { hostname } from 'node:os';
import { basename } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExplainContext } from '../../core/explain/judgement.ts';
import type { LogStory } from '../../core/explain/story.ts';
import { formatBdf } from '../../core/format/bdf.ts';
import type { Unit } from '../../core/iommu/unit.ts';
import type { SessionInfo, UnitInfo } from '../../core/protocol/contract.ts';
import { Failure } from '../../core/memory/failure.ts';
import { FaultTable } from '../../core/session/fault-table.ts';
import { explainContext, knownFunctions } from '../../core/session/explain-document.ts';
import type { Investigation } from '../../core/session/investigation.ts';
import type { PhysicalMap } from '../../core/explain/physical-map.ts';
import { bareMap, physicalMapOf } from '../../core/session/physical-map.ts';
import { sourceRows, type SourceRow } from '../../core/session/source-rows.ts';
import type { KeptSource, KeptState, SessionFile } from '../../core/session/session-file.ts';
import { Analyses } from './analyses.ts';
import { ConsoleHub } from './console/hub.ts';
import { Explainer } from './explainer.ts';
import { FindingIndex, sweepUnits } from './findings.ts';
import { Journal } from './journal.ts';
import { MappingIndexes } from './mapping-index.ts';
import { Jobs } from './jobs.ts';
import { runSteps } from './kept-answers.ts';
import { knowledgeBase } from './knowledge.ts';
import { MachineActs, repeatActs } from './machine-acts.ts';
import { NoteBook } from './note-book.ts';
import { investigate, sortFiles, type Sorted } from './opening.ts';
import { pinPlace } from './pin-place.ts';
import { changedSince, identityOf, isThere } from './provenance.ts';
import type { PortOpener } from './console/port-opener.ts';
import { Pulse } from './pulse.ts';
import { SAMPLE_TITLE } from './sample.ts';
import type { SessionFolder } from './session-folder.ts';
import { findSession, type FoundSession } from './sessions.ts';
import { simulate } from './simulated.ts';
import { unitInfo } from './session-items.ts';
import { sourceItems } from './source-items.ts';
import { noMemory, States } from './states.ts';
import { TreeViews } from './tree-views.ts';
import { capturedWorld, simulatedWorld, Worlds, type World } from './worlds.ts';

export interface WorkbenchOptions {
  readonly folder: SessionFolder;
  readonly shell: SessionInfo['shell'];
  readonly onBug: (error: unknown, where: string) => void;
  /** How consoles come to serial ports. */
  readonly ports: PortOpener;
}

/** How files are opened. */
export interface OpenOptions {
  /** Recordings stand at their end at once. */
  readonly replayAtEnd?: boolean;
  /** The session's title; the first file's name without it. */
  readonly title?: string;
}

const EMPTY_TITLE = 'Faultline';
/** Register values that point to tables which were found or named here. */
const GIVEN_TABLES = 'given tables.json';

/** All state of one session. Views ask it through the handlers; it holds nothing of theirs. */
export class Workbench {
  readonly folder: SessionFolder;
  readonly worlds = new Worlds();
  /** What was done to simulated machines. */
  readonly acts = new MachineActs();
  readonly journal = new Journal((world, address, bytes) =>
    this.acts.stored(world.name, address, bytes),
  );
  readonly notes: NoteBook;
  readonly faults: FaultTable;
  readonly explainer: Explainer;
  readonly hub: ConsoleHub;
  readonly trees: TreeViews;
  /** Who maps what, built when it is first asked for. */
  readonly mappings: MappingIndexes;
  readonly states: States;
  readonly analyses: Analyses;
  /** Beats when anything that the session item holds changed. */
  readonly pulse = new Pulse();
  /** Beats when faults came or went. */
  readonly faultPulse = new Pulse();
  investigation: Investigation | undefined;
  findings = new FindingIndex();
  readonly #options: WorkbenchOptions;
  readonly #jobs = new Jobs(() => this.pulse.changed());
  #generation = 0;
  #sweep = new AbortController();
  /** Aborted when the engine ends. */
  readonly #over = new AbortController();
  /** What the investigation's files are. */
  #sourceRows: readonly SourceRow[] = [];
  /** Drivers by BDF, when the kernel was asked. */
  #drivers: ReadonlyMap<string, string> | undefined;
  /** Files of the session that are not where they were. */
  #missing: readonly KeptSource[] = [];
  /** Changes of the session that could not be made again; they stay in its file. */
  #unmade: SessionFile['changes'] = NO_CHANGES;
  /** What was not as the session remembers it. */
  #problems: string[] = [];
  #busy: Promise<unknown> = Promise.resolve();

  constructor(options: WorkbenchOptions) {
    this.#options = options;
    this.folder = options.folder;
    if (this.folder.problem) this.#problems.push(this.folder.problem.line());
    this.notes = new NoteBook(this.folder, (pin) => pinPlace(this, pin));
    this.explainer = new Explainer(
      (console) => this.#explainContext(console),
      (record) => this.hub.consoleOf(record),
    );
    this.faults = new FaultTable({
      driver: (bdf) => this.driver(bdf),
      unit: (bdf) => this.worlds.serving(bdf)?.facts.name,
      verdict: (record) => this.explainer.verdict(record),
      knownVerdict: (record) => this.explainer.known(record),
      phase: (record) => this.hub.phaseOf(record),
    });
    this.hub = new ConsoleHub(this.folder, this.faults, options.ports, {
      changed: () => this.pulse.changed(),
      faults: () => {
        this.faultPulse.changed();
        this.pulse.changed();
      },
      story: () => {
        this.explainer.forget();
        this.faults.forget();
      },
    });
    this.states = new States({
      worlds: this.worlds,
      journal: this.journal,
      investigation: () => this.investigation,
      name: () => basename(this.folder.kept.sources[0]?.path ?? ''),
    });
    this.analyses = new Analyses({
      states: this.states,
      stamp: () => `${this.#generation} ${this.hub.told}`,
      job: (id, name) => this.#jobs.begin(id, name),
      story: () => this.#story(),
      changed: () => this.pulse.changed(),
    });
    this.trees = new TreeViews({
      worlds: this.worlds,
      journal: this.journal,
      findings: () => this.findings,
      driver: (bdf) => this.driver(bdf),
      generation: () => this.#generation,
      states: this.states,
    });
    this.mappings = new MappingIndexes({
      units: (world) => this.worlds.unitsOf(world),
      physical: (world) => this.#physicalMap(world),
      physicalTurn: () => (this.investigation?.kernel() ? 0 : this.hub.phases().length),
      job: (world) => this.#jobs.begin(`mappings-${world.name}`, 'Reading mappings', world.name),
    });
    this.pulse.listen(() => this.#keepSummary());
  }

  get generation(): number {
    return this.#generation;
  }

  get title(): string {
    return this.folder.kept.title || EMPTY_TITLE;
  }

  info(): SessionInfo {
    const consoles = this.hub.infos();
    const sources = sourceItems({
      kept: this.folder.kept,
      investigation: this.investigation,
      rows: this.#sourceRows,
      missing: this.#missing,
      missingLogs: this.hub.missing,
      consoles,
      worlds: this.worlds.all(),
      states: this.states.sources(),
    });
    return {
      id: this.folder.id,
      title: this.title,
      host: hostname(),
      shell: this.#options.shell,
      sample: this.title === SAMPLE_TITLE,
      empty: sources.length === 0 && this.worlds.all().length === 0,
      sources,
      units: this.units(),
      consoles,
      counts: {
        faults: this.faults.size,
        findings: this.findings.size,
        changes: this.journal.size,
        notes: this.notes.size,
        ...this.analyses.counts,
      },
      problems: [...this.#problems],
      worstFinding: this.findings.worst,
      generation: this.#generation,
      vmcoreinfo: this.investigation?.dump && this.investigation.dump.vmcoreinfo !== undefined,
      addressBits: this.#addressBits(),
      canUndo: this.journal.canUndo,
      canRedo: this.journal.canRedo,
      armed: this.hub.arming.state,
      jobs: this.#jobs.list(),
    };
  }

  units(): UnitInfo[] {
    return this.worlds.units().map((unit) => unitInfo(unit.facts));
  }

  /** The driver bound to a device, by the dump's kernel. */
  driver(bdf: string): string | undefined {
    return this.#drivers?.get(bdf);
  }

  /**
   * Opens files, one opening at a time; a session's file takes up that session.
   * @throws Failure; what was open then stays as it was.
   */
  open(paths: readonly string[], add: boolean, options: OpenOptions = {}): Promise<void> {
    return this.#alone(async () => {
      const found = findSession(paths, this.folder);
      if (found) return await this.#openSession(found);
      const blamed = paths.filter((path) => this.folder.kept.blamed.includes(path));
      if (blamed.length > 0)
        this.folder.keep({
          blamed: this.folder.kept.blamed.filter((path) => !blamed.includes(path)),
        });
      await this.#open(sortFiles(paths), add, options);
    });
  }

  /** Opens files as a further state. @returns its id @throws Failure; nothing was opened then */
  openState(paths: readonly string[]): Promise<string> {
    return this.#alone(async () => {
      const { sources } = sortFiles(paths);
      if (sources.length === 0) throw noMemory(basename(paths[0]));
      const id = this.states.freeId();
      await this.#addState({ id, files: sources.map(identityOf) });
      this.folder.keep({ states: this.states.kept() });
      // What is known of the session's own tables holds; views learn of the new state.
      this.#generation++;
      this.pulse.changed();
      return id;
    });
  }

  /** Takes register values that a person gave or a scan found, in the place of earlier ones. */
  giveRegisters(registers: Record<string, unknown>): Promise<void> {
    return this.#alone(async () => {
      const text = `${JSON.stringify(registers, null, 1)}\n`;
      const path = this.folder.keepText(GIVEN_TABLES, text);
      const others = this.folder.kept.sources
        .filter((kept) => !this.#missing.includes(kept))
        .map(pathOf)
        .filter((each) => !(this.folder.isPasted(each) && basename(each) === GIVEN_TABLES));
      // The first register values of a case count.
      const given = new Set(
        this.#sourceRows.filter(({ kind }) => kind === 'registers').map(({ name }) => name),
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
      this.folder.blame();
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
      const log = this.hub.missing.find(({ id }) => id === source);
      const file = log ?? this.#missing[Number(/^missing-(\d+)$/.exec(source)?.[1] ?? -1)];
      if (!file) throw notMissing(source);
      const differs = changedSince({ ...file, path });
      if (differs !== undefined) throw anotherFile(path, differs);
      if (log) await this.hub.locate(log.id, path);
      else {
        const place = (kept: KeptSource): KeptSource => (kept === file ? { ...kept, path } : kept);
        const sources = this.folder.kept.sources.map((kept) =>
          kept.path === file.path ? { ...kept, path } : kept,
        );
        this.#missing = this.#missing.map(place).filter((kept) => !isThere(kept.path));
        this.folder.keep({ sources });
        await this.#investigate(
          sources.filter((kept) => !this.#missing.includes(kept)).map(pathOf),
        );
      }
      this.touched();
    });
  }

  /** Closes one source by its id, or the session: it stays on disk, and can be opened again. */
  close(source: string | undefined): Promise<void> {
    return this.#alone(async () => {
      if (source === undefined) await this.#leave(() => this.folder.renew());
      else if (source === 'investigation') this.#closeInvestigation();
      else if (this.states.has(source)) this.#closeState(source);
      else if (this.worlds.all().some((world) => world.name === source)) {
        this.#removeWorld(source);
        this.acts.forget(source);
        this.keepChanges();
      } else if (source.startsWith('missing-')) this.#forgetMissing(source);
      else await this.hub.close(source);
      this.touched();
    });
  }

  /** Puts a simulated machine beside what is open. */
  addMachine(): void {
    const names = new Set(this.worlds.all().map((world) => world.name));
    let n = 0;
    while (names.has(`sim${n}`)) n++;
    this.worlds.add(simulatedWorld(simulate(`sim${n}`)));
    this.acts.begin(`sim${n}`);
    this.keepChanges();
    this.touched();
  }

  /** Writes the changes made here into the session's file, at once. */
  keepChanges(): void {
    const { done, undone } = this.journal.kept();
    this.folder.keep({
      machines: this.acts.kept(),
      changes: {
        done: [...this.#unmade.done, ...done],
        undone: [...this.#unmade.undone, ...undone],
      },
    });
  }

  /** The same for acts on a machine, of which a script does many. */
  keepActs(): void {
    this.folder.keepSoon({ machines: this.acts.kept() });
  }

  /** Tables, registers or memory changed: views ask again. */
  touched(): void {
    this.#generation++;
    this.analyses.forget();
    this.explainer.forget();
    this.faults.forget();
    this.pulse.changed();
    this.faultPulse.changed();
  }

  async dispose(): Promise<void> {
    this.#over.abort();
    this.#sweep.abort();
    this.pulse.stop();
    this.faultPulse.stop();
    await this.hub.stop();
    this.analyses.forget();
    this.states.clear();
    this.investigation?.close();
    this.folder.close();
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#busy;
    const run = (async () => {
      await before.catch(() => {});
      return await work();
    })();
    this.#busy = run;
    run.catch(() => {});
    return await run;
  }

  async #open(files: Sorted, add: boolean, options: OpenOptions): Promise<void> {
    const known = add ? this.folder.kept.sources.map(pathOf) : [];
    const present = known.filter((path) => !this.#missing.some((each) => each.path === path));
    const paths = [...new Set([...present, ...files.sources])];
    const made = files.sources.length > 0 ? await this.#read(paths) : undefined;
    if (!add && !this.folder.isEmpty) await this.#leave(() => this.folder.renew());
    if (made) this.#take(made, paths);
    const first = [...files.sources, ...files.logs, ...files.recordings][0];
    if (!add || !this.folder.kept.title)
      this.folder.keep({ title: options.title ?? basename(first) });
    for (const path of files.logs) this.hub.log(path);
    for (const path of files.recordings)
      await this.hub.replay(path, 1, { end: options.replayAtEnd });
    this.touched();
  }

  /** Takes up another session; the one that was open stays on disk as it is. */
  async #openSession(found: FoundSession): Promise<void> {
    await this.#leave(() => {
      if (found.kind === 'folder') this.folder.moveTo(found.path);
      else this.folder.adopt(found.session);
    });
    // Whoever ended the engine then ended everything: that blames no file.
    this.folder.keep({ reading: [] });
    await this.#restore();
    this.touched();
  }

  async #restore(): Promise<void> {
    const { kept } = this.folder;
    this.#missing = kept.sources.filter(({ path }) => !isThere(path));
    for (const { name, acts, more } of kept.machines) {
      const machine = simulate(name);
      const failed = repeatActs(machine, acts);
      this.worlds.add(simulatedWorld(machine));
      this.acts.begin(name, acts, more);
      if (failed > 0) this.#problems.push(`${failed} acts on ${name} could not be repeated.`);
      if (more)
        this.#problems.push(
          `More was done to ${name} than a session keeps: its later acts are missing.`,
        );
    }
    const present = kept.sources.filter((source) => !this.#missing.includes(source));
    for (const source of present) {
      const differs = changedSince(source);
      if (differs !== undefined)
        this.#problems.push(`${source.path} has changed since it was opened: ${differs}.`);
    }
    try {
      if (present.length > 0) await this.#investigate(present.map(pathOf));
      else this.#remakeChanges();
    } catch (error) {
      if (error instanceof Failure) this.#problems.push(error.line());
      else this.#options.onBug(error, 'restore');
    }
    await this.#restoreStates(kept.states);
    await this.hub.restore();
    this.pulse.changed();
  }

  /** Opens the session's further captures again; one that can't be read stays in its file. */
  async #restoreStates(states: readonly KeptState[]): Promise<void> {
    for (const state of states)
      try {
        await this.#addState(state);
      } catch (error) {
        this.states.leaveOut(state);
        if (error instanceof Failure) this.#problems.push(error.line());
        else this.#options.onBug(error, 'restore');
      }
  }

  /** Reads a further capture beside the session's own. */
  async #addState(state: KeptState): Promise<void> {
    this.states.add(state, await this.#read(state.files.map(pathOf)));
  }

  #closeState(id: string): void {
    this.analyses.forget();
    this.states.remove(id);
    this.folder.keep({ states: this.states.kept() });
  }

  /** Lets go of everything that is open, as it is kept, before another session begins. */
  async #leave(go: () => void): Promise<void> {
    await this.hub.leave();
    for (const world of this.worlds.all()) this.#removeWorld(world.name);
    this.#dropInvestigation();
    this.states.clear();
    this.acts.clear();
    this.#missing = [];
    this.#unmade = NO_CHANGES;
    this.#problems = [];
    go();
  }

  async #investigate(paths: readonly string[]): Promise<void> {
    const unique = [...new Set(paths)];
    this.#take(await this.#read(unique), unique);
    this.touched();
  }

  /** Reads dumps and registers, and finds their units. */
  async #read(paths: readonly string[]): Promise<Investigation> {
    const job = this.#jobs.begin('open', 'Opening', basename(paths[0]));
    this.folder.beginReading(paths);
    try {
      // A turn for the views to see the job before the engine is busy with it.
      await nextTurn();
      const made = investigate(paths);
      await runSteps(made.findKernel(), this.#over.signal, (part) => job.progress(part));
      made.units();
      return made;
    } finally {
      this.folder.endReading(paths);
      job.end();
    }
  }

  /** Puts what was read in the place of what was open; changes made here are made again. */
  #take(made: Investigation, paths: readonly string[]): void {
    this.#dropInvestigation();
    this.investigation = made;
    const world = capturedWorld(made);
    if (world) this.worlds.add(world);
    this.#drivers = driversOf(made);
    this.#sourceRows = sourceRows(made);
    this.findings.add(made.findings());
    this.findings.addIncomplete(made.incomplete());
    const known = new Map(this.folder.kept.sources.map((kept) => [kept.path, kept]));
    this.folder.keep({
      sources: [...paths.map((path) => known.get(path) ?? identityOf(path)), ...this.#missing],
    });
    this.#remakeChanges();
    this.#startSweep();
  }

  #remakeChanges(): void {
    const { changes } = this.folder.kept;
    this.#unmade = this.journal.restore(changes, this.worlds.all());
    const missing = this.#missing.length > 0;
    const { length } = this.#unmade.done;
    if (length > 0 && !missing)
      this.#problems.push(
        `${length} ${length === 1 ? 'change' : 'changes'} could not be made again: the memory is not what it was. They stay in the session.`,
      );
  }

  /** Closes the dump and the registers, and forgets the changes made to them. */
  #closeInvestigation(): void {
    this.#dropInvestigation();
    this.folder.keep({ sources: [...this.#missing] });
    this.keepChanges();
  }

  #dropInvestigation(): void {
    this.#sweep.abort();
    this.analyses.forget();
    this.#removeWorld('captured');
    this.investigation?.close();
    this.investigation = undefined;
    this.#drivers = undefined;
    this.findings = new FindingIndex();
  }

  #forgetMissing(source: string): void {
    const at = Number(source.slice('missing-'.length));
    const { path } = this.#missing[at] ?? { path: undefined };
    this.#missing = this.#missing.filter((_, index) => index !== at);
    this.folder.keep({ sources: this.folder.kept.sources.filter((kept) => kept.path !== path) });
  }

  #removeWorld(name: string): void {
    const world = this.worlds.all().find((each) => each.name === name);
    if (!world) return;
    this.journal.forget(world);
    this.mappings.forget(world);
    this.worlds.remove(name);
  }

  /** What a list of sessions says of this one. */
  #keepSummary(): void {
    if (this.folder.isEmpty) return;
    const summary = {
      faults: this.faults.size,
      findings: this.findings.size,
      ...(this.findings.worst === undefined ? {} : { worst: this.findings.worst }),
    };
    const { summary: old } = this.folder.kept;
    if (JSON.stringify(old) !== JSON.stringify(summary)) this.folder.keepSoon({ summary });
  }

  /** Looks through all tables in the background, for findings that roll up in the tree. */
  #startSweep(): void {
    this.#sweep = new AbortController();
    const { signal } = this.#sweep;
    const run = async (): Promise<void> => {
      await sweepUnits(this.worlds, this.findings, this.#jobs, signal);
      if (signal.aborted) return;
      this.#generation++;
      this.pulse.changed();
      await this.analyses.audit(undefined, signal);
    };
    run().catch((error: unknown) => {
      if (!signal.aborted) this.#options.onBug(error, 'findings');
    });
  }

  /** What the session's log tells beside its faults: of several consoles the first's. */
  #story(): LogStory | undefined {
    const [console] = this.hub.infos();
    return console && this.hub.story(console.id);
  }

  /** What stands where in a world's physical memory, by its kernel, the firmware and the log. */
  #physicalMap(world: World): PhysicalMap {
    const { investigation } = this;
    if (world.machine !== undefined || !investigation) return bareMap(world.memory);
    return physicalMapOf(investigation, this.#story());
  }

  #explainingUnits(): readonly Unit[] {
    const captured = this.worlds.captured();
    return captured.length > 0 ? captured : this.worlds.units();
  }

  #explainContext(console: string | undefined): ExplainContext {
    const about = {
      knowledge: knowledgeBase(),
      story: console === undefined ? undefined : this.hub.story(console),
    };
    const units = this.#explainingUnits();
    const { investigation } = this;
    return investigation
      ? explainContext(investigation, units, about)
      : { ...about, units, tablesOf: undefined, driverOf: (bdf) => this.driver(bdf) };
  }

  /** Width of physical addresses: the dump's, in whole hexadecimal digits. */
  #addressBits(): number {
    const maxPfn = this.investigation?.dump?.facts.maxPfn ?? 0;
    const bits = maxPfn > 0 ? Math.ceil(Math.log2(maxPfn)) + 12 : 32;
    return Math.min(52, Math.max(32, Math.ceil(bits / 4) * 4));
  }
}

function driversOf(investigation: Investigation): ReadonlyMap<string, string> {
  const drivers = new Map<string, string>();
  for (const { segment, id, driver } of knownFunctions(investigation))
    if (driver !== undefined) drivers.set(formatBdf(id, segment), driver);
  return drivers;
}

const NO_CHANGES: SessionFile['changes'] = { done: [], undone: [] };

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
