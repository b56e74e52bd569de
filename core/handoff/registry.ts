import type { Scenario, Strategy } from './lab.ts';
import { hpsaStaleCache } from './scenarios/hpsa-stale-cache.ts';
import { copyTablesFlush } from './strategies/copy-tables-flush.ts';
import { copyTables } from './strategies/copy-tables.ts';

/** Every scenario of the lab, in the order of the matrix. */
export const SCENARIOS: readonly Scenario[] = [hpsaStaleCache];

/** Every strategy of the lab, in the order of the matrix. */
export const STRATEGIES: readonly Strategy[] = [copyTables, copyTablesFlush];
