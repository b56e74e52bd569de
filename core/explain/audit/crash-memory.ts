import { reachHits } from './reached-rule.ts';
import { outcomeOf, skipped, type Rule } from './rule.ts';

/** Mappings into the memory that waits for the crash kernel. */
export const crashMemory: Rule = {
  id: 'crash-memory',
  title: "No mapping reaches the crash kernel's reserved memory",
  why: 'What a device writes there after the panic, by DMA that is still in flight, destroys the crash kernel or the dump.',
  source: 'Linux, Documentation/admin-guide/kdump/kdump.rst (crashkernel reservation)',
  severity: 'error',
  check(state) {
    const { reserved } = state.facts.map;
    if (!reserved)
      return skipped(
        'where the crash kernel’s memory is: no kernel, no /proc/iomem and no log tells it',
      );
    const hits = reachHits(
      state,
      'reserved',
      'error',
      'of the memory reserved for the crash kernel',
      // Tables that stand there are the crash kernel's own, and so is what they map.
      ({ table }) => !reserved.has(Number(table.pageTable >> 12n)),
    );
    return outcomeOf(hits, state.gaps);
  },
};
