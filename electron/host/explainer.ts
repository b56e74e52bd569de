import { explainFault, type Explanation } from '../../core/explain/explain.ts';
import type { ExplainContext } from '../../core/explain/judgement.ts';
import type { FaultRecord } from '../../core/iommu/fault.ts';
import { verdictOf } from '../../core/session/view-explain.ts';
import type { Verdict } from '../../core/session/view-fault.ts';

/** Verdicts kept; a storm has a page for nearly every fault. */
const MAX_KEPT = 50_000;

/** What explains the faults of one console; undefined for a fault that no console told. */
export type ContextOf = (console: string | undefined) => ExplainContext;

/** Explains faults against the tables at hand; equal faults are explained once. */
export class Explainer {
  readonly #contextOf: ContextOf;
  readonly #consoleOf: (record: FaultRecord) => string | undefined;
  readonly #contexts = new Map<string | undefined, ExplainContext>();
  readonly #kept = new Map<string, Verdict>();

  constructor(contextOf: ContextOf, consoleOf: (record: FaultRecord) => string | undefined) {
    this.#contextOf = contextOf;
    this.#consoleOf = consoleOf;
  }

  explain(record: FaultRecord): Explanation {
    const console = this.#consoleOf(record);
    let context = this.#contexts.get(console);
    if (!context) this.#contexts.set(console, (context = this.#contextOf(console)));
    return explainFault(record, context);
  }

  /** The verdict of a fault. */
  verdict(record: FaultRecord): Verdict {
    const key = this.#key(record);
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const made = verdictOf(this.explain(record));
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(key, made);
    return made;
  }

  /** The verdict of a fault if an equal one was explained already. */
  known(record: FaultRecord): Verdict | undefined {
    return this.#kept.get(this.#key(record));
  }

  /** The tables or the logs' stories changed: every verdict is open again. */
  forget(): void {
    this.#kept.clear();
    this.#contexts.clear();
  }

  #key(record: FaultRecord): string {
    return `${this.#consoleOf(record) ?? ''} ${keyOf(record)}`;
  }
}

function keyOf(record: FaultRecord): string {
  const { kernel, bdf, pasid, type, access, reason, event, index, address, flags } = record;
  const page = address === undefined ? '' : (address >> 12n).toString(36);
  return [kernel, bdf, pasid, type, access, reason, event, index, page, flags].join(' ');
}
