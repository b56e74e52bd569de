import type { CallHandlers } from '../../../core/protocol/server.ts';
import type { Workbench } from '../workbench.ts';

/** The states that can be looked at and compared. */
export function stateCalls(bench: Workbench): CallHandlers {
  return {
    'states.list': () => ({ states: bench.states.list() }),
    'states.open': async ({ paths }) => {
      const state = await bench.openings.openState(paths);
      return { state, states: bench.states.list() };
    },
  };
}
