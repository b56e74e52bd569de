import { hex } from '../../format/hex.ts';
import { tablePath, usersText } from './reached-rule.ts';
import { outcomeOf, type Hit, type Rule } from './rule.ts';
import { addressOfPfn } from '../../memory/physical.ts';

/** Page-table pages that two domains have in common. */
export const sharedTables: Rule = {
  id: 'tables-shared',
  title: 'Domains share no page-table page',
  why: 'What one domain maps or unmaps there changes for the other too, whose caches nobody flushes.',
  source: 'VT-d 4.1 §6.2.3 and 48882 rev 3.08 §2.4: cached translations are tagged by domain',
  severity: 'error',
  check(state) {
    const hits: Hit[] = [];
    for (const { table, shared } of state.tables) {
      // One table with two domain IDs, or with rights of its own in each entry.
      const ids = new Set(table.users.map(({ domain }) => domain));
      if (ids.size > 1)
        hits.push({
          at: tablePath(table),
          severity: 'warning',
          text: `One page table serves domains ${[...ids].join(' and ')} (${usersText(table)}): a flush of one leaves the other's cached translations.`,
          evidence: [{ what: 'top page table', address: table.pageTable }],
        });
      if (shared.length === 0) continue;
      const others = [...new Set(shared.map((each) => each.with))];
      for (const other of others) {
        if (other.pageTable === table.pageTable) continue;
        const frames = shared.filter((each) => each.with === other);
        hits.push({
          at: tablePath(table),
          severity: 'error',
          text: `The page tables of ${usersText(table)} and of ${usersText(other)} have ${frames.length === 1 ? 'a page' : `${frames.length} pages`} in common.`,
          evidence: frames.slice(0, 8).map(({ frame }) => ({
            what: 'page-table page',
            address: addressOfPfn(frame),
            meaning: `reached from ${hex(table.pageTable)} and from ${hex(other.pageTable)}`,
          })),
        });
      }
    }
    return outcomeOf(hits, state.gaps);
  },
};
