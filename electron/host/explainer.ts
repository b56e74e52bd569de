import { explainFault, type Explanation } from '../../core/explain/explain.ts';
import type { ExplainContext } from '../../core/explain/judgement.ts';
import type { FaultRecord } from '../../core/iommu/fault.ts';
import { verdictOf } from '../../core/session/view-explain.ts';
import type { Verdict } from '../../core/session/view-fault.ts';
import { knowledgeBase } from './knowledge.ts';

/** Verdicts kept; a storm has a page for nearly every fault. */
const MAX_KEPT = 50_000;

/** Explains faults against the tables at hand; equal faults are explained once. */
export class Explainer {
  readonly #context: () => Omit<ExplainContext, 'knowledge'>;
  readonly #kept = new Map<string, Verdict>();

  constructor(context: () => Omit<ExplainContext, 'knowledge'>) {
    this.#context = context;
  }

  explain(record: FaultRecord): Explanation {
    return explainFault(record, { ...this.#context(), knowledge: knowledgeBase() });
  }

  /** The verdict of a fault. */
  verdict(record: FaultRecord): Verdict {
    const key = keyOf(record);
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const made = verdictOf(this.explain(record));
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(key, made);
    return made;
  }

  /** The verdict of a fault if an equal one was explained already. */
  known(record: FaultRecord): Verdict | undefined {
    return this.#kept.get(keyOf(record));
  }

  /** The tables changed: every verdict is open again. */
  forget(): void {
    this.#kept.clear();
  }
}

function keyOf(record: FaultRecord): string {
  const { kernel, bdf, pasid, type, access, reason, event, index, address, flags } = record;
  const page = address === undefined ? '' : (address >> 12n).toString(36);
  return [kernel, bdf, pasid, type, access, reason, event, index, page, flags].join(' ');
}
