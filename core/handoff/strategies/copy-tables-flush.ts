import { formatBdf } from '../../format/bdf.ts';
import type { Strategy } from '../lab.ts';
import { domainOf } from '../vtd-driver.ts';
import { copyAndSwitch, copyTables } from './copy-tables.ts';

/** Linux since 4.10: as `copy-tables`, and what is cached of a device goes when it moves. */
export const copyTablesFlush: Strategy = {
  id: 'copy-tables-flush',
  title: 'Copy context tables, flush on map',
  text: "As copy-tables. Before a device's copied context entry is replaced, its cached entry and the IOTLB of its old domain are invalidated, both under the old domain's identifier.",
  source: 'Linux aec0e86172a7 (v4.10, stable); thread of 2016-11-19',
  preconditions: [
    ...copyTables.preconditions,
    'the device no longer does DMA for the first kernel when its driver maps a buffer: it was reset',
  ],
  takeOver: copyAndSwitch,
  beforeContextMapping({ stage, driver }, id) {
    const old = driver.copiedContext(id);
    if (!old) return;
    const domain = domainOf(old);
    stage.step(
      {
        lane: 'iommu',
        title: `What is cached of ${formatBdf(id)} is invalidated`,
        text: `The context entry of ${formatBdf(id)} was copied, so the unit may have cached it. Device-selective invalidation of the context cache, then domain-selective invalidation of the IOTLB, both for domain ${domain}: the identifier that the cached entries carry.`,
        deciding: true,
      },
      () => {
        driver.flushContextDevice(id, domain);
        driver.flushIotlbDomain(domain);
      },
    );
  },
  alternatives(story) {
    if (story.outcome !== 'dump saved') return [];
    return [
      'Without this flush the unit goes on with the cached entry and the old page tables: strategy copy-tables.',
      "Flushing under the new domain's identifier, as the patch's first version did, leaves the entry in place: the unit looks for requester and domain together.",
      'A device that was not reset could do DMA between the flush and the new entry, and put the old one back into the cache.',
    ];
  },
};
