import { reachHits } from './reached-rule.ts';
import { outcomeOf, type Rule } from './rule.ts';

/** Mappings of the tables and queues that the units themselves read. */
export const unitTables: Rule = {
  id: 'iommu-tables',
  title: "No mapping reaches the IOMMU's own tables and queues",
  why: 'A device that can write a root, context or page table can let itself and others reach all memory.',
  source:
    'VT-d 4.1 §3.4 and §6.5; 48882 rev 3.08 §2.2: tables stand in system memory that software protects',
  severity: 'error',
  check(state) {
    return outcomeOf(
      reachHits(state, 'unitTables', 'error', 'of the units’ own tables or queues'),
      state.gaps,
    );
  },
};
