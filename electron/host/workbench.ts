import { hostname } from 'node:os';
import { basename } from 'node:path';
import type { SessionInfo, UnitInfo } from '../../core/protocol/contract.ts';
import { FaultTable } from '../../core/session/fault-table.ts';
import type { Investigation } from '../../core/session/investigation.ts';
import { Analyses } from './analyses.ts';
import { BackgroundCheck } from './background-check.ts';
import { Capture } from './capture.ts';
import { ConsoleHub } from './console/hub.ts';
import type { PortOpener } from './console/port-opener.ts';
import { Evidence } from './evidence.ts';
import { Explainer } from './explainer.ts';
import type { FindingIndex } from './findings.ts';
import { Jobs } from './jobs.ts';
import { Journal } from './journal.ts';
import { MachineActs } from './machine-acts.ts';
import { MappingIndexes } from './mapping-index.ts';
import { TableIndexes } from './table-index.ts';
import { NoteBook } from './note-book.ts';
import { Openings } from './openings.ts';
import { pinPlace } from './pin-place.ts';
import { Pulse } from './pulse.ts';
import { SAMPLE_TITLE } from './sample.ts';
import { SessionChanges } from './session-changes.ts';
import type { SessionFolder } from './session-folder.ts';
import { unitInfo } from './session-items.ts';
import { sourceItems } from './source-items.ts';
import { States } from './states.ts';
import { TreeViews } from './tree-views.ts';
import { Worlds } from './worlds.ts';

export interface WorkbenchOptions {
  readonly folder: SessionFolder;
  readonly shell: SessionInfo['shell'];
  readonly onBug: (error: unknown, where: string) => void;
  /** How consoles come to serial ports. */
  readonly ports: PortOpener;
}

const EMPTY_TITLE = 'Faultline';

/**
 * All state of one session: the parts, and who tells whom. Views ask it through the handlers; it
 * holds nothing of theirs.
 */
export class Workbench {
  readonly folder: SessionFolder;
  readonly worlds = new Worlds();
  /** What was done to simulated machines. */
  readonly acts = new MachineActs();
  readonly journal = new Journal((world, address, bytes) =>
    this.acts.stored(world.name, address, bytes),
  );
  /** Keeps what was done here in the session's file. */
  readonly changes: SessionChanges;
  /** Opens and closes what the session is made of. */
  readonly openings: Openings;
  readonly notes: NoteBook;
  readonly faults: FaultTable;
  readonly explainer: Explainer;
  readonly hub: ConsoleHub;
  readonly trees: TreeViews;
  /** Who maps what, built when it is first asked for. */
  readonly mappings: MappingIndexes;
  readonly tablePlaces: TableIndexes;
  readonly states: States;
  readonly analyses: Analyses;
  /** Beats when anything that the session item holds changed. */
  readonly pulse = new Pulse();
  /** Beats when faults came or went. */
  readonly faultPulse = new Pulse();
  readonly #shell: SessionInfo['shell'];
  /** Long work that is under way. */
  readonly jobs = new Jobs(() => this.pulse.changed());
  /** Aborted when the engine ends. */
  readonly #over = new AbortController();
  readonly #capture: Capture;
  readonly #evidence: Evidence;
  readonly #check: BackgroundCheck;
  #generation = 0;
  /** What was not as the session remembers it. */
  readonly #problems: string[] = [];

  constructor({ folder, shell, onBug, ports }: WorkbenchOptions) {
    this.folder = folder;
    this.#shell = shell;
    if (folder.problem) this.#problems.push(folder.problem.line());
    const { worlds, journal } = this;
    this.#capture = new Capture({ folder, jobs: this.jobs, over: this.#over.signal });
    this.notes = new NoteBook(folder, (pin) => pinPlace(this, pin));
    this.explainer = new Explainer(
      (console) => this.#evidence.explainContext(console),
      (record) => this.hub.consoleOf(record),
    );
    this.faults = new FaultTable({
      driver: (bdf) => this.driver(bdf),
      unit: (bdf) => worlds.serving(bdf)?.facts.name,
      verdict: (record) => this.explainer.verdict(record),
      knownVerdict: (record) => this.explainer.known(record),
      phase: (record) => this.hub.stageOf(record),
    });
    this.hub = new ConsoleHub(folder, this.faults, ports, {
      job: (id, name) => this.jobs.begin(id, name),
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
    this.#evidence = new Evidence({ capture: this.#capture, worlds, hub: this.hub });
    this.states = new States({
      worlds,
      journal,
      investigation: () => this.investigation,
      name: () => basename(folder.kept.sources[0]?.path ?? ''),
    });
    this.analyses = new Analyses({
      states: this.states,
      stamp: () => `${this.#generation} ${this.hub.told}`,
      job: (id, name) => this.jobs.begin(id, name),
      story: () => this.#evidence.story(),
      crashDrivers: () => this.#evidence.crashDrivers(),
      changed: () => this.pulse.changed(),
    });
    this.trees = new TreeViews({
      worlds,
      journal,
      findings: () => this.findings,
      driver: (bdf) => this.driver(bdf),
      generation: () => this.#generation,
      states: this.states,
      compared: (state) => this.analyses.compared(state),
    });
    this.mappings = new MappingIndexes({
      units: (world) => worlds.unitsOf(world),
      physical: (world) => this.#evidence.physicalMap(world),
      physicalTurn: () => (this.investigation?.kernel() ? 0 : this.hub.phases().length),
      job: (world) => this.jobs.begin(`mappings-${world.name}`, 'Reading mappings', world.name),
    });
    this.tablePlaces = new TableIndexes({
      units: (world) => worlds.unitsOf(world),
      job: (world) => this.jobs.begin(`tables-${world.name}`, 'Reading tables', world.name),
    });
    this.#check = new BackgroundCheck({
      worlds,
      capture: this.#capture,
      analyses: this.analyses,
      jobs: this.jobs,
      swept: () => this.#grown(),
      onBug,
    });
    this.changes = new SessionChanges({
      folder,
      worlds,
      journal,
      acts: this.acts,
      problem: (line) => this.#problems.push(line),
    });
    this.openings = new Openings({
      folder,
      capture: this.#capture,
      worlds,
      states: this.states,
      hub: this.hub,
      changes: this.changes,
      check: this.#check,
      problems: this.#problems,
      removeWorld: (name) => this.#removeWorld(name),
      forgetAnalyses: () => this.analyses.forget(),
      touched: () => this.touched(),
      grown: () => this.#grown(),
      changed: () => this.pulse.changed(),
      onBug,
    });
    this.pulse.listen(() => this.#keepSummary());
  }

  /** Another number whenever tables, registers or memory may have changed. */
  get generation(): number {
    return this.#generation;
  }

  get title(): string {
    return this.folder.kept.title || EMPTY_TITLE;
  }

  /** The session's own capture; undefined while none is open. */
  get investigation(): Investigation | undefined {
    return this.#capture.investigation;
  }

  /** What was found in the session's own capture so far. */
  get findings(): FindingIndex {
    return this.#capture.findings;
  }

  /** The session as its item in the contract says it. */
  info(): SessionInfo {
    const consoles = this.hub.infos();
    const sources = sourceItems({
      kept: this.folder.kept,
      investigation: this.investigation,
      rows: this.#capture.rows,
      missing: this.#capture.missing,
      missingLogs: this.hub.missing,
      consoles,
      worlds: this.worlds.all(),
      states: this.states.sources(),
    });
    return {
      id: this.folder.id,
      title: this.title,
      host: hostname(),
      shell: this.#shell,
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
      addressBits: this.#capture.addressBits,
      canUndo: this.journal.canUndo,
      canRedo: this.journal.canRedo,
      armed: this.hub.arming.state,
      jobs: this.jobs.list(),
    };
  }

  units(): UnitInfo[] {
    return this.worlds.units().map((unit) => unitInfo(unit.facts));
  }

  /** The driver bound to a device, by the dump's kernel. */
  driver(bdf: string): string | undefined {
    return this.#capture.driver(bdf);
  }

  /** Tables, registers or memory changed: views ask again, and what was audited is audited anew. */
  touched(): void {
    const audited = this.analyses.counts.audit !== undefined;
    this.analyses.forget();
    this.explainer.forget();
    this.faults.forget();
    this.#grown();
    this.faultPulse.changed();
    if (audited) this.#check.again();
  }

  /** An entry was changed here: it is kept, and what was found is looked for again. */
  changedHere(): void {
    this.changes.keep();
    this.touched();
    this.#check.again();
  }

  /** Ends everything that runs; the session stays on disk. */
  async dispose(): Promise<void> {
    this.#over.abort();
    this.#check.stop();
    this.pulse.stop();
    this.faultPulse.stop();
    await this.hub.stop();
    this.analyses.forget();
    this.states.clear();
    this.investigation?.close();
    this.folder.close();
  }

  /** There is more to see than before; what is known of it holds. */
  #grown(): void {
    this.#generation++;
    this.pulse.changed();
  }

  #removeWorld(name: string): void {
    const world = this.worlds.all().find((each) => each.name === name);
    if (!world) return;
    this.journal.forget(world);
    this.mappings.forget(world);
    this.tablePlaces.forget(world);
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
}
