import type { CallHandlers } from '../../../core/protocol/server.ts';
import type { Workbench } from '../workbench.ts';

/** The tables against rules. */
export function auditCalls(bench: Workbench): CallHandlers {
  return {
    'audit.get': ({ state }, { signal }) => bench.analyses.audit(state, signal),
  };
}
