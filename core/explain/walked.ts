import type { FaultRecord } from '../iommu/fault.ts';
import type { Unit, WalkRequest, WalkResult } from '../iommu/unit.ts';
import type { ExplainContext } from './judgement.ts';

/** A fault with the walk of its request over the tables at hand. */
export interface Walked<R extends WalkResult = WalkResult> {
  readonly fault: FaultRecord;
  readonly context: ExplainContext;
  readonly unit: Unit;
  readonly request: WalkRequest;
  readonly result: R;
}
