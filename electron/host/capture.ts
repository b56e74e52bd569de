import { basename } from 'node:path';
import { formatBdf } from '../../core/format/bdf.ts';
import type { Steps } from '../../core/memory/steps.ts';
import { knownFunctions } from '../../core/session/explain-document.ts';
import type { Investigation } from '../../core/session/investigation.ts';
import type { KeptSource } from '../../core/session/session-file.ts';
import { sourceRows, type SourceRow } from '../../core/session/source-rows.ts';
import { FindingIndex } from './findings.ts';
import type { Jobs } from './jobs.ts';
import { investigate } from './opening.ts';
import { PausedWork, tellPart } from './paused-work.ts';
import { identityOf, isThere } from './provenance.ts';
import type { SessionFolder } from './session-folder.ts';

export interface CaptureParts {
  readonly folder: SessionFolder;
  readonly jobs: Jobs;
  /** Aborted when the engine ends: reading stops. */
  readonly over: AbortSignal;
}

/** The session's own capture: its dumps and registers as one investigation, and their files. */
export class Capture {
  readonly #parts: CaptureParts;
  #investigation: Investigation | undefined;
  #findings = new FindingIndex();
  #rows: readonly SourceRow[] = [];
  /** Drivers by BDF, when the kernel was asked. */
  #drivers: ReadonlyMap<string, string> | undefined;
  #missing: readonly KeptSource[] = [];

  constructor(parts: CaptureParts) {
    this.#parts = parts;
  }

  get investigation(): Investigation | undefined {
    return this.#investigation;
  }

  /** What was found in it so far. */
  get findings(): FindingIndex {
    return this.#findings;
  }

  /** What its files are. */
  get rows(): readonly SourceRow[] {
    return this.#rows;
  }

  /** Files of the session that are not where they were. */
  get missing(): readonly KeptSource[] {
    return this.#missing;
  }

  /** Files of the session that are where they were. */
  get present(): readonly KeptSource[] {
    const gone = new Set(this.#missing.map(({ path }) => path));
    return this.#parts.folder.kept.sources.filter(({ path }) => !gone.has(path));
  }

  /** The missing file of an id in the list of sources, `missing-0`. */
  missingFile(source: string): KeptSource | undefined {
    return this.#missing[Number(/^missing-(\d+)$/.exec(source)?.[1] ?? -1)];
  }

  /** The driver bound to a device, by the dump's kernel. */
  driver(bdf: string): string | undefined {
    return this.#drivers?.get(bdf);
  }

  /** Width of physical addresses: the dump's, in whole hexadecimal digits. */
  get addressBits(): number {
    const maxPfn = this.#investigation?.dump?.facts.maxPfn ?? 0;
    const bits = maxPfn > 0 ? Math.ceil(Math.log2(maxPfn)) + 12 : 32;
    return Math.min(52, Math.max(32, Math.ceil(bits / 4) * 4));
  }

  /**
   * Reads dumps and registers and finds their units, without taking them up. Should the engine end
   * meanwhile, the session's file says what it was reading.
   * @param raw those that are raw memory; what the session knows to be that is anyway
   * @throws Failure when they can't be read
   */
  async read(paths: readonly string[], raw: readonly string[] = []): Promise<Investigation> {
    const { folder, jobs, over } = this.#parts;
    const known = folder.kept.sources.filter(({ as }) => as === 'raw').map(({ path }) => path);
    folder.beginReading(paths);
    try {
      const work = new PausedWork(reading(paths, new Set([...known, ...raw])), {
        begin: () => jobs.begin('open', `Opening ${basename(paths[0])}`),
        tell: tellPart,
      });
      return await work.get(over);
    } finally {
      folder.endReading(paths);
    }
  }

  /** A reading that a person stopped is given up: something else is to be opened. */
  giveWay(): void {
    this.#parts.jobs.giveUp('open');
  }

  /** Puts what was read in the place of what was open. */
  take(made: Investigation, paths: readonly string[], raw: readonly string[] = []): void {
    this.drop();
    this.#investigation = made;
    this.#drivers = driversOf(made);
    this.#rows = sourceRows(made);
    this.#findings = this.firstFindings();
    const { folder } = this.#parts;
    const known = new Map(folder.kept.sources.map((kept) => [kept.path, kept]));
    const kept = (path: string): KeptSource =>
      known.get(path) ?? { ...identityOf(path), ...(raw.includes(path) ? { as: 'raw' } : {}) };
    folder.keep({ sources: [...paths.map(kept), ...this.#missing] });
  }

  /** What opening it found, for more to be added. */
  firstFindings(): FindingIndex {
    const findings = new FindingIndex();
    findings.add(this.#investigation?.findings() ?? []);
    findings.addIncomplete(this.#investigation?.incomplete() ?? []);
    return findings;
  }

  /** All that is found in it now, in the place of what was. */
  found(findings: FindingIndex): void {
    this.#findings = findings;
  }

  /** Closes what was read; the session's file keeps naming it. */
  drop(): void {
    this.#investigation?.close();
    this.#investigation = undefined;
    this.#drivers = undefined;
    this.#findings = new FindingIndex();
  }

  /** Closes what was read for good. */
  remove(): void {
    this.drop();
    this.#parts.folder.keep({ sources: [...this.#missing] });
  }

  /** Looks which of the session's files are not where they were. */
  lookForFiles(): void {
    this.#missing = this.#parts.folder.kept.sources.filter(({ path }) => !isThere(path));
  }

  /** A missing file is to be looked for under another path, here and in the session's file. */
  relocate(file: KeptSource, path: string): void {
    const { folder } = this.#parts;
    const moved = (kept: KeptSource): KeptSource =>
      kept.path === file.path ? { ...kept, path } : kept;
    this.#missing = this.#missing.map(moved).filter((kept) => !isThere(kept.path));
    folder.keep({ sources: folder.kept.sources.map(moved) });
  }

  /** A missing file is not waited for any more, by its id in the list of sources. */
  forgetMissing(source: string): void {
    const file = this.missingFile(source);
    if (!file) return;
    const { folder } = this.#parts;
    this.#missing = this.#missing.filter((each) => each !== file);
    folder.keep({ sources: folder.kept.sources.filter(({ path }) => path !== file.path) });
  }

  /** Lets go of everything, before another session begins. */
  leave(): void {
    this.drop();
    this.#missing = [];
  }
}

/** Reads files as one case: its kernel and its units are found. */
function* reading(paths: readonly string[], raw: ReadonlySet<string>): Steps<Investigation> {
  const made = investigate(paths, raw);
  yield* made.findKernel();
  made.units();
  return made;
}

function driversOf(investigation: Investigation): ReadonlyMap<string, string> {
  const drivers = new Map<string, string>();
  for (const { segment, id, driver } of knownFunctions(investigation))
    if (driver !== undefined) drivers.set(formatBdf(id, segment), driver);
  return drivers;
}
