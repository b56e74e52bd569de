import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Job, Jobs } from './jobs.ts';
import { untilAborted } from './paused-work.ts';
import type { Worlds } from './worlds.ts';
import { SEVERITY_RANK, worstSeverity, type Severity } from '../../core/format/severity.ts';
import type { Finding, Incomplete } from '../../core/iommu/finding.ts';
import type { Device, Unit } from '../../core/iommu/unit.ts';
import { pathsAbove, pathsOfRun } from '../../core/session/tree-paths.ts';

/** Findings kept; a damaged dump has millions, and nobody reads them all. */
const MAX_FINDINGS = 20_000;
/** Leaves of one turn of the sweep, and its bound where tables hold no leaves. */
const LEAVES_A_TURN = 32_768;
const PAGES_A_TURN = 16_384;

export interface RolledUp {
  readonly count: number;
  readonly worst: Severity;
}

/** Findings by entry, and rolled up to everything above it. */
export class FindingIndex {
  readonly #all = new Map<string, Finding>();
  readonly #byPath = new Map<string, { count: number; worst: Severity }>();
  readonly #incomplete = new Map<string, Incomplete>();

  get size(): number {
    return this.#all.size;
  }

  get worst(): Severity | undefined {
    return worstSeverity([...this.#all.values()].map(({ severity }) => severity));
  }

  add(findings: readonly Finding[]): void {
    for (const finding of findings) {
      const key = keyOf(finding);
      if (this.#all.size >= MAX_FINDINGS || this.#all.has(key)) continue;
      this.#all.set(key, finding);
      for (const path of pathsAbove(finding.at)) {
        const rolled = this.#byPath.get(path);
        if (!rolled) this.#byPath.set(path, { count: 1, worst: finding.severity });
        else {
          rolled.count++;
          rolled.worst = worstSeverity([rolled.worst, finding.severity])!;
        }
      }
    }
  }

  addIncomplete(incomplete: readonly Incomplete[]): void {
    for (const each of incomplete)
      if (this.#incomplete.size < MAX_FINDINGS)
        this.#incomplete.set(`${each.address ?? ''} ${each.at} ${each.text}`, each);
  }

  /** What is known of a row: its own findings, and those of everything below it. */
  rolledUp(path: string, own: readonly Finding[]): RolledUp | undefined {
    let count = 0;
    const severities: Severity[] = [];
    const add = (more: number, severity: Severity): void => {
      count += more;
      severities.push(severity);
    };
    for (const each of [path, ...pathsOfRun(path)]) {
      const below = this.#byPath.get(each);
      if (below) add(below.count, below.worst);
    }
    for (const finding of own) if (!this.#all.has(keyOf(finding))) add(1, finding.severity);
    const worst = worstSeverity(severities);
    return worst && { count, worst };
  }

  /** Findings at a path and below it; all without one. The worst come first. */
  list(path?: string): Finding[] {
    const all = [...this.#all.values()];
    const wanted =
      path === undefined ? all : all.filter((finding) => pathsAbove(finding.at).includes(path));
    return wanted.sort((a, b) => SEVERITY_RANK[a.severity] - SEVERITY_RANK[b.severity]);
  }

  at(path: string): Finding[] {
    return [...this.#all.values()].filter((finding) => finding.at === path);
  }

  /** What could not be read at a path and below it; all without one. */
  incomplete(path?: string): Incomplete[] {
    const all = [...this.#incomplete.values()];
    return path === undefined ? all : all.filter(({ at }) => pathsAbove(at).includes(path));
  }

  /** Whether the same was found. */
  equals(other: FindingIndex): boolean {
    const same = <T>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>): boolean =>
      a.size === b.size && [...a.keys()].every((key) => b.has(key));
    return same(this.#all, other.#all) && same(this.#incomplete, other.#incomplete);
  }
}

function keyOf(finding: Finding): string {
  return `${finding.at}\n${finding.id}\n${finding.text}`;
}

/** Looks through the tables of all captured units; each shows as a job while it lasts. */
export async function sweepUnits(
  worlds: Worlds,
  index: FindingIndex,
  jobs: Jobs,
  signal: AbortSignal,
): Promise<void> {
  for (const unit of worlds.captured()) {
    const list = worlds.devices(unit);
    index.add(list.findings);
    index.addIncomplete(list.incomplete);
    const job = jobs.begin('findings', 'Looking through the tables', unit.facts.name);
    await nextTurn();
    try {
      await sweepFindings(unit, list.devices, index, signal, job);
    } finally {
      job.end();
    }
    if (signal.aborted) return;
  }
}

/**
 * Goes through all page tables of a unit in slices, so that the engine stays answerable, and
 * hands over what it finds. It ends early when the signal aborts.
 * @param job told after each device how far it is, and asked whether to go on
 */
async function sweepFindings(
  unit: Unit,
  devices: readonly Device[],
  into: FindingIndex,
  signal: AbortSignal,
  job: Job,
): Promise<void> {
  // Devices of one domain share their tables: those are swept once.
  const seen = new Set<bigint>();
  for (const [index, device] of devices.entries()) {
    into.add(device.findings);
    if (device.pageTable !== undefined && !seen.has(device.pageTable)) {
      seen.add(device.pageTable);
      await sweepDevice(unit, device, into, signal, job);
    }
    if (signal.aborted) return;
    job.progress((index + 1) / devices.length);
  }
}

async function sweepDevice(
  unit: Unit,
  device: Device,
  into: FindingIndex,
  signal: AbortSignal,
  job: Job,
): Promise<void> {
  let from = 0;
  for (;;) {
    let leaves = 0;
    let next = from;
    let stopped = false;
    const result = unit.sweep(
      device,
      (batch) => {
        next = batch.iova[batch.count - 1] + batch.pages[batch.count - 1];
        if (next > from) leaves += batch.count;
        stopped = leaves >= LEAVES_A_TURN;
        return !stopped;
      },
      { tablePages: PAGES_A_TURN, from, signal },
    );
    into.add(result.findings);
    await nextTurn();
    await untilAborted(job.going(), signal);
    if (signal.aborted) return;
    if (!stopped || next <= from) {
      into.addIncomplete(result.incomplete);
      return;
    }
    from = next;
  }
}
