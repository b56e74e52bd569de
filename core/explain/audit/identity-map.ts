import { framesOf, Intervals } from '../mappings/intervals.ts';
import { regionServes } from '../regions.ts';
import { reachHits, usersText } from './reached-rule.ts';
import { outcomeOf, type Rule } from './rule.ts';

/** Linux maps the first 16 MiB for an ISA bridge, for the sake of floppy drives. */
const ISA_FRAMES = 0x1000;

/** Mappings whose address is that of the memory behind it, outside of what firmware asked for. */
export const identityMap: Rule = {
  id: 'identity-map',
  title: 'Only firmware regions are mapped to their own address',
  why: 'A device that reaches memory under its own address needs no driver to have given it: stray addresses hit real memory instead of faulting.',
  source: 'Linux, drivers/iommu/intel/iommu.c (identity maps for RMRRs, graphics and ISA bridges)',
  severity: 'warning',
  check(state) {
    const regions = state.facts.regions ?? [];
    const hits = reachHits(
      state,
      'identity',
      'warning',
      'under its own address',
      ({ table }, { ranges, count }) => {
        const allowed = new Intervals(
          regions
            .filter(
              (region) =>
                region.segment === table.unit.facts.segment &&
                table.users.some(({ id }) => regionServes(region, id) !== false),
            )
            .map(framesOf),
        );
        if (
          count === ranges.length &&
          ranges.every(({ pa, pages }) => allowed.covers(pa, pa + pages))
        )
          return false;
        if (!ranges.every(({ pa, pages }) => pa + pages <= ISA_FRAMES)) return true;
        return {
          severity: 'note',
          text: `${usersText(table)} may reach memory below 16 MiB under its own address, as Linux maps it for ISA bridges.`,
        };
      },
    );
    return outcomeOf(hits, state.gaps);
  },
};
