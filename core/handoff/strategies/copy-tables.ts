import { domainOf } from '../vtd-driver.ts';
import type { Strategy, TakeOver } from '../lab.ts';

/** Linux 4.2 to 4.9: the context tables are copied, and nothing is flushed when a device moves. */
export const copyTables: Strategy = {
  id: 'copy-tables',
  title: 'Copy context tables',
  text: "The kdump kernel copies the crashed kernel's context tables and keeps its page tables in place, so that DMA in flight goes on into the old buffers. A device moves to new tables when its driver maps its first buffer; the old entry is simply replaced.",
  source: 'Linux 091d42e43d21 (v4.2), up to v4.9',
  preconditions: [
    'the second kernel knows that it is a kdump kernel',
    'the unit translates already (GSTS.TES), in the mode that the second kernel would choose',
    'RTADDR names a root table that can be read',
  ],
  takeOver: copyAndSwitch,
  beforeContextMapping() {
    // The entry was not cached as absent (CM = 0), so this kernel sees no reason to flush.
  },
  alternatives(story) {
    if (story.outcome === 'dump saved') return [];
    return [
      "Invalidate the device's context entry and the IOTLB of its old domain before the new entry is written: strategy copy-tables-flush.",
      'Invalidate the whole context cache at that point: the entry goes with all others, and every other device pays for it.',
      'Flushing only the IOTLB would not help: the cached context entry leads every walk back to the old page tables.',
      'Had the controller done no DMA between the take-over and its reset, nothing of it would be cached.',
    ];
  },
};

/** The take-over that both variants of the strategy share. */
export function copyAndSwitch({ stage, driver, unit }: TakeOver): void {
  stage.step(
    {
      lane: 'tables',
      title: 'The context tables are copied',
      text: (copied) => {
        const domains = new Set(copied.map((id) => domainOf(driver.root.context(id))));
        return `The kdump kernel reads RTADDR, copies the context entries of ${copied.length} devices into its own tables and keeps their ${domains.size} domain identifiers from being given out. The page tables stay where they are, in the first kernel's memory.`;
      },
    },
    () => {
      stage.print('DMAR: Translation already enabled - trying to copy translation structures');
      const copied = driver.copyContextTables(driver.rootTableAddress());
      stage.print(`DMAR: Copied translation tables from previous kernel for ${unit}`);
      return copied;
    },
  );
  stage.step(
    {
      lane: 'iommu',
      title: 'The unit takes the new root table, all caches are emptied',
      text: 'SRTP makes the unit use the copy. Context cache and IOTLB are invalidated globally; translation is never off.',
    },
    () => {
      driver.setRootTable();
      driver.enableFaultEvents();
    },
  );
}
