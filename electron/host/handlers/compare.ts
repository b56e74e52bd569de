import type { CallHandlers } from '../../../core/protocol/server.ts';
import type { Workbench } from '../workbench.ts';

/** What differs between two states. */
export function compareCalls(bench: Workbench): CallHandlers {
  return {
    'compare.rows': async ({ a, b, flipped, from, to }, { signal }) => {
      const comparison = await bench.analyses.compare(a, b, signal);
      return comparison.rows(flipped, from, to, (bdf) => bench.driver(bdf));
    },
    'compare.expand': async ({ a, b, flipped, key }, { signal }) =>
      (await bench.analyses.compare(a, b, signal)).expand(flipped, key),
    'compare.entries': async ({ a, b, from, to }, { signal }) =>
      (await bench.analyses.compare(a, b, signal)).entries(from, to),
  };
}
