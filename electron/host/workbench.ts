import { hostname } from 'node:os';
import { basename } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExplainContext } from '../../core/explain/judgement.ts';
import { formatBdf } from '../../core/format/bdf.ts';
import type { Unit } from '../../core/iommu/unit.ts';
import type { SessionInfo, SourceInfo, UnitInfo } from '../../core/protocol/contract.ts';
import { Failure } from '../../core/memory/failure.ts';
import { FaultTable } from '../../core/session/fault-table.ts';
import { explainContext, knownFunctions } from '../../core/session/explain-document.ts';
import type { Investigation } from '../../core/session/investigation.ts';
import type { PhysicalMap } from '../../core/explain/physical-map.ts';
import { bareMap, physicalMapOf } from '../../core/session/physical-map.ts';
import { sourceRows, type SourceRow } from '../../core/session/source-rows.ts';
import { ConsoleHub } from './console/hub.ts';
import { Explainer } from './explainer.ts';
import { FindingIndex, sweepFindings } from './findings.ts';
import { Journal } from './journal.ts';
import { MappingIndexes } from './mapping-index.ts';
import { knowledgeBase } from './knowledge.ts';
import { checkPath, investigate, sortFiles, type Sorted } from './opening.ts';
import { fileSource } from './platform.ts';
import type { PortOpener } from './console/port-opener.ts';
import { Pulse } from './pulse.ts';
import type { SessionFolder } from './session-folder.ts';
import { simulate } from './simulated.ts';
import { unitInfo } from './session-items.ts';
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

interface Job {
  readonly id: string;
  readonly name: string;
  percent: number | undefined;
  detail: string;
}

const EMPTY_TITLE = 'Faultline';

/** All state of one session. Views ask it through the handlers; it holds nothing of theirs. */
export class Workbench {
  readonly folder: SessionFolder;
  readonly worlds = new Worlds();
  readonly journal = new Journal();
  readonly faults: FaultTable;
  readonly explainer: Explainer;
  readonly hub: ConsoleHub;
  readonly trees: TreeViews;
  /** Who maps what, built when it is first asked for. */
  readonly mappings: MappingIndexes;
  /** Beats when anything that the session item holds changed. */
  readonly pulse = new Pulse();
  /** Beats when faults came or went. */
  readonly faultPulse = new Pulse();
  investigation: Investigation | undefined;
  findings = new FindingIndex();
  readonly #options: WorkbenchOptions;
  readonly #jobs = new Map<string, Job>();
  #generation = 0;
  #sweep = new AbortController();
  /** What the investigation's files are. */
  #sourceRows: readonly SourceRow[] = [];
  /** Drivers by BDF, when the kernel was asked. */
  #drivers: ReadonlyMap<string, string> | undefined;
  #busy: Promise<unknown> = Promise.resolve();

  constructor(options: WorkbenchOptions) {
    this.#options = options;
    this.folder = options.folder;
    this.explainer = new Explainer(
      (console) => this.#explainContext(console),
      (record) => this.hub.consoleOf(record),
    );
    this.faults = new FaultTable({
      driver: (bdf) => this.driver(bdf),
      unit: (bdf) => this.worlds.serving(bdf)?.facts.name,
      verdict: (record) => this.explainer.verdict(record),
      knownVerdict: (record) => this.explainer.known(record),
      phase: (record) =>
        this.hub
          .phases()
          .filter(({ kernel, line }) => kernel === record.kernel && line <= record.line)
          .at(-1)?.phase,
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
    this.trees = new TreeViews({
      worlds: this.worlds,
      journal: this.journal,
      findings: () => this.findings,
      driver: (bdf) => this.driver(bdf),
      generation: () => this.#generation,
    });
    this.mappings = new MappingIndexes({
      units: (world) => this.worlds.unitsOf(world),
      physical: (world) => this.#physicalMap(world),
      physicalTurn: () => (this.investigation?.kernel() ? 0 : this.hub.phases().length),
      job: (world) => {
        const job = this.#job(`mappings-${world.name}`, 'Reading mappings', world.name);
        return {
          say: (percent, detail) => {
            job.percent = percent;
            job.detail = detail;
            this.pulse.changed();
          },
          end: () => this.#endJob(job),
        };
      },
    });
  }

  get generation(): number {
    return this.#generation;
  }

  get title(): string {
    return this.folder.kept.title || EMPTY_TITLE;
  }

  info(): SessionInfo {
    const consoles = this.hub.infos();
    const sources = this.#sources();
    return {
      title: this.title,
      host: hostname(),
      shell: this.#options.shell,
      empty: sources.length === 0 && this.worlds.all().length === 0,
      sources,
      units: this.units(),
      consoles,
      counts: {
        faults: this.faults.size,
        findings: this.findings.size,
        changes: this.journal.size,
      },
      worstFinding: this.findings.worst,
      generation: this.#generation,
      addressBits: this.#addressBits(),
      canUndo: this.journal.canUndo,
      canRedo: this.journal.canRedo,
      jobs: [...this.#jobs.values()].map((job) => ({ ...job })),
    };
  }

  units(): UnitInfo[] {
    return this.worlds.units().map((unit) => unitInfo(unit.facts));
  }

  /** The driver bound to a device, by the dump's kernel. */
  driver(bdf: string): string | undefined {
    return this.#drivers?.get(bdf);
  }

  /** Opens files, one opening at a time. @throws Failure; what was open then stays as it was. */
  open(paths: readonly string[], add: boolean, options: OpenOptions = {}): Promise<void> {
    return this.#alone(async () => {
      const blamed = paths.filter((path) => this.folder.kept.blamed.includes(path));
      if (blamed.length > 0)
        this.folder.keep({
          blamed: this.folder.kept.blamed.filter((path) => !blamed.includes(path)),
        });
      await this.#open(sortFiles(paths), add, options);
    });
  }

  /** Takes up what an engine before this one left behind. */
  restore(): Promise<void> {
    return this.#alone(async () => {
      this.folder.blame();
      const { sources } = this.folder.kept;
      try {
        if (sources.length > 0) await this.#investigate(sources);
      } catch (error) {
        this.#options.onBug(error, 'restore');
      }
      await this.hub.restore();
      this.pulse.changed();
    });
  }

  /** Closes one source by its id, or everything. */
  close(source: string | undefined): Promise<void> {
    return this.#alone(async () => {
      if (source === undefined) {
        await this.hub.closeAll();
        for (const world of this.worlds.all()) this.#removeWorld(world.name);
        this.#closeInvestigation();
        this.folder.keep({ title: '', blamed: [] });
      } else if (source === 'investigation') this.#closeInvestigation();
      else if (this.worlds.all().some((world) => world.name === source)) this.#removeWorld(source);
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
    this.touched();
  }

  /** Tables, registers or memory changed: views ask again. */
  touched(): void {
    this.#generation++;
    this.explainer.forget();
    this.faults.forget();
    this.pulse.changed();
    this.faultPulse.changed();
  }

  async dispose(): Promise<void> {
    this.#sweep.abort();
    this.pulse.stop();
    this.faultPulse.stop();
    await this.hub.stop();
    this.investigation?.close();
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
    const { kept } = this.folder;
    if (files.sources.length > 0)
      await this.#investigate(add ? [...kept.sources, ...files.sources] : files.sources);
    else if (!add) this.#closeInvestigation();
    if (!add) await this.hub.closeAll();
    const first = [...files.sources, ...files.logs, ...files.recordings][0];
    if (!add || !kept.title) this.folder.keep({ title: options.title ?? basename(first) });
    for (const path of files.logs) this.hub.log(path);
    for (const path of files.recordings)
      await this.hub.replay(path, 1, { end: options.replayAtEnd });
    this.touched();
  }

  /** Reads dumps and registers, and finds their units. The old ones stay until that is done. */
  async #investigate(paths: readonly string[]): Promise<void> {
    const unique = [...new Set(paths)];
    const job = this.#job('open', 'Opening', basename(unique[0]));
    this.folder.beginReading(unique);
    try {
      // A turn for the views to see the job before the engine is busy with it.
      await nextTurn();
      const made = investigate(unique);
      const world = capturedWorld(made);
      made.units();
      this.#closeInvestigation();
      this.investigation = made;
      if (world) this.worlds.add(world);
      this.#drivers = driversOf(made);
      this.#sourceRows = sourceRows(made);
      this.findings.add(made.findings());
      this.findings.addIncomplete(made.incomplete());
      this.folder.keep({ sources: unique });
      this.#startSweep();
    } finally {
      this.folder.endReading(unique);
      this.#endJob(job);
    }
    this.touched();
  }

  #closeInvestigation(): void {
    this.#sweep.abort();
    this.#removeWorld('captured');
    this.investigation?.close();
    this.investigation = undefined;
    this.#drivers = undefined;
    this.findings = new FindingIndex();
    this.folder.keep({ sources: [] });
  }

  #removeWorld(name: string): void {
    const world = this.worlds.all().find((each) => each.name === name);
    if (!world) return;
    this.journal.forget(world);
    this.mappings.forget(world);
    this.worlds.remove(name);
  }

  /** Looks through all tables in the background, for findings that roll up in the tree. */
  #startSweep(): void {
    this.#sweep = new AbortController();
    const { signal } = this.#sweep;
    const index = this.findings;
    const run = async (): Promise<void> => {
      for (const unit of this.worlds.captured()) {
        const list = this.worlds.devices(unit);
        index.add(list.findings);
        index.addIncomplete(list.incomplete);
        const job = this.#job('findings', 'Looking through the tables', unit.facts.name);
        await nextTurn();
        try {
          await sweepFindings(unit, list.devices, index, signal, (done, of) => {
            job.percent = Math.floor((done / of) * 100);
            this.pulse.changed();
          });
        } finally {
          this.#endJob(job);
        }
        if (signal.aborted) return;
      }
      this.#generation++;
      this.pulse.changed();
    };
    run().catch((error: unknown) => this.#options.onBug(error, 'findings'));
  }

  #job(id: string, name: string, detail: string): Job {
    const job: Job = { id, name, percent: undefined, detail };
    this.#jobs.set(id, job);
    this.pulse.changed();
    return job;
  }

  #endJob(job: Job): void {
    if (this.#jobs.get(job.id) === job) this.#jobs.delete(job.id);
    this.pulse.changed();
  }

  #sources(): SourceInfo[] {
    const { kept } = this.folder;
    const opened = this.investigation;
    const files = kept.sources.map((path, index): SourceInfo => {
      const row = this.#sourceRows.find(({ name }) => name === path);
      const dump = row?.kind === 'dump';
      return {
        id: index === 0 ? 'investigation' : `investigation-${index}`,
        name: basename(path),
        kind: dump ? 'dump' : row?.kind === 'registers' ? 'registers' : 'other',
        detail: row?.detail ?? '',
        state: dump && opened?.dump?.incomplete ? 'partial' : 'ready',
        bytes: sizeOf(path),
      };
    });
    const blamed = kept.blamed.map((path, index): SourceInfo => ({
      id: `blamed-${index}`,
      name: basename(path),
      kind: 'other',
      detail: 'the engine ended while reading it, and was started again without it',
      state: 'failed',
    }));
    const consoles = this.hub.infos().map((info): SourceInfo => ({
      id: info.id,
      name: info.name,
      kind: info.kind === 'log' ? 'log' : 'console',
      detail: info.status,
      state: info.state === 'failed' ? 'failed' : info.state === 'ended' ? 'ended' : 'live',
      bytes: info.bytes,
    }));
    const simulated = this.worlds
      .all()
      .filter((world) => world.machine)
      .map((world): SourceInfo => ({
        id: world.name,
        name: world.name,
        kind: 'simulated',
        detail: 'simulated machine',
        state: 'ready',
      }));
    return [...files, ...blamed, ...consoles, ...simulated];
  }

  /** What stands where in a world's physical memory, by its kernel, the firmware and the log. */
  #physicalMap(world: World): PhysicalMap {
    const { investigation } = this;
    if (world.machine !== undefined || !investigation) return bareMap(world.memory);
    const [console] = this.hub.infos();
    return physicalMapOf(investigation, console && this.hub.story(console.id));
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

function sizeOf(path: string): number | undefined {
  try {
    checkPath(path);
    const source = fileSource(path);
    source.close();
    return source.size;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
