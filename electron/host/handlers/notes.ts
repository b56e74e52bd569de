import type { CallHandlers } from '../../../core/protocol/server.ts';
import type { Workbench } from '../workbench.ts';

/** Notes, and what was written to targets. */
export function noteCalls(bench: Workbench): CallHandlers {
  const all = () => ({ notes: bench.notes.list(), writes: [...bench.notes.writes()] });
  return {
    'notes.list': all,
    'notes.add': ({ pin, text }) => {
      const note = bench.notes.add(pin, text);
      bench.pulse.changed();
      return { note };
    },
    'notes.edit': ({ id, text }) => {
      const note = bench.notes.edit(id, text);
      bench.pulse.changed();
      return { note };
    },
    'notes.remove': ({ id }) => {
      bench.notes.remove(id);
      bench.pulse.changed();
      return all();
    },
  };
}
