import type { LogStory } from '../../core/explain/story.ts';
import { Failure } from '../../core/memory/failure.ts';
import { scanDocumentSteps, type ScanDocument } from '../../core/session/scan-document.ts';
import type { LookedFor } from '../../core/protocol/contract-states.ts';
import { auditOf, hitsOf, type AuditAnswer, type AuditHits } from './audits.ts';
import { Comparison } from './comparisons.ts';
import type { Job } from './jobs.ts';
import { KeptAnswers } from './kept-answers.ts';
import type { States } from './states.ts';

export interface AnalysisParts {
  readonly states: States;
  /** Another text whenever tables, sources or the log's story changed. */
  readonly stamp: () => string;
  /** Shows long work in the status bar. */
  readonly job: (id: string, name: string) => Job;
  readonly story: () => LogStory | undefined;
  /** Drivers by device that speak in the crash kernel's part of the log. */
  readonly crashDrivers: () => ReadonlyMap<string, string> | undefined;
  /** A count of the session changed. */
  readonly changed: () => void;
}

/** What takes long to find out about states: the audit of one, what differs between two. */
export class Analyses {
  readonly #parts: AnalysisParts;
  readonly #audits: KeptAnswers<AuditAnswer>;
  readonly #comparisons: KeptAnswers<Comparison>;
  readonly #scans: KeptAnswers<ScanDocument>;
  #hits: AuditHits | undefined;
  #differing: number | undefined;

  constructor(parts: AnalysisParts) {
    this.#parts = parts;
    this.#audits = new KeptAnswers(parts.stamp, () =>
      parts.job('audit', 'Checking the tables against rules'),
    );
    this.#comparisons = new KeptAnswers(parts.stamp, () => parts.job('compare', 'Comparing'), 2);
    this.#scans = new KeptAnswers(parts.stamp, () => parts.job('scan', 'Scanning for tables'), 1);
  }

  /** Counts for the rail; absent where nobody looked yet. */
  get counts(): LookedFor {
    return { audit: this.#hits?.count, auditWorst: this.#hits?.worst, compare: this.#differing };
  }

  /** Checks a state; without an id the captured one. @throws Failure */
  async audit(id: string | undefined, signal: AbortSignal): Promise<AuditAnswer> {
    const { states, story, crashDrivers, changed } = this.#parts;
    const { id: key, kind } = states.get(id);
    const make = () => auditOf(states.get(key), { story: story(), crashDrivers: crashDrivers() });
    const answer = await this.#audits.get(key, make, signal);
    const hits = hitsOf(answer);
    if (
      kind === 'captured' &&
      (this.#hits?.count !== hits.count || this.#hits.worst !== hits.worst)
    ) {
      this.#hits = hits;
      changed();
    }
    return answer;
  }

  /** Compares two states. @throws Failure */
  async compare(a: string, b: string, signal: AbortSignal): Promise<Comparison> {
    const { states, changed } = this.#parts;
    const make = () => Comparison.of(states.get(a), states.get(b));
    const comparison = await this.#comparisons.get(`${a} ${b}`, make, signal);
    const { added, removed, changed: other } = comparison.about.counts;
    if (this.#differing !== added + removed + other) {
      this.#differing = added + removed + other;
      changed();
    }
    return comparison;
  }

  /** What differs from a state in the captured one, as far as somebody compared them already. */
  compared(a: string): Comparison | undefined {
    const { id } = this.#parts.states.captured() ?? {};
    return id === undefined ? undefined : this.#comparisons.now(`${a} ${id}`);
  }

  /** Looks for tables in the session's memory. @throws Failure when there is none */
  async scan(signal: AbortSignal): Promise<ScanDocument> {
    const { states, story } = this.#parts;
    const { investigation } = states.captured() ?? {};
    if (!investigation)
      throw new Failure(
        'unreadable',
        'No memory is open.',
        'A scan looks at the pages of a dump.',
        'Open a dump or a raw image.',
      );
    return await this.#scans.get(
      'scan',
      () => scanDocumentSteps(investigation, { story: story() }),
      signal,
    );
  }

  /** What was found is out of date, or what the work reads is about to go. */
  forget(): void {
    this.#audits.forget();
    this.#comparisons.forget();
    this.#scans.forget();
    this.#hits = undefined;
    this.#differing = undefined;
  }
}
