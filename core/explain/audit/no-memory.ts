import { reachHits } from './reached-rule.ts';
import { outcomeOf, skipped, type Rule } from './rule.ts';

/** Mappings of addresses where nothing is. */
export const noMemory: Rule = {
  id: 'memory-not-there',
  title: 'Every mapping leads to memory or to a device window',
  why: 'Reads return all ones and writes are lost; the entry is damaged or stale.',
  source: 'the map of physical addresses: /proc/iomem',
  severity: 'warning',
  check(state) {
    if (!state.facts.map.everything)
      return skipped(
        'the map of physical addresses: no kernel was found in the source, and no /proc/iomem was given',
      );
    return outcomeOf(
      reachHits(state, 'nowhere', 'warning', 'of addresses at which nothing is'),
      state.gaps,
    );
  },
};
