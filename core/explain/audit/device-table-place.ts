import { hex } from '../../format/hex.ts';
import { outcomeOf, skipped, type Hit, type Rule } from './rule.ts';

/** AMD-Vi device tables that a crash kernel would refuse to take over. */
export const deviceTablePlace: Rule = {
  id: 'device-table-above-4g',
  title: 'The device table stands below 4 GiB',
  why: 'Linux’s crash kernel does not trust an old device table above 4 GiB (its address register is written in two halves): it starts with empty tables while devices still do DMA.',
  source: 'Linux 6.3, drivers/iommu/amd/init.c (copy_device_table)',
  severity: 'warning',
  check(state) {
    const units = state.units.filter(({ unit }) => unit.facts.vendor === 'amd');
    if (units.length === 0) return skipped('an AMD-Vi unit: there is none');
    const hits: Hit[] = [];
    const tables = new Set<bigint>();
    for (const { unit } of units) {
      const { facts } = unit;
      if (facts.vendor !== 'amd' || facts.deviceTable === undefined) continue;
      const address = facts.deviceTable & ~facts.smeMask;
      tables.add(address);
      if (address >= 1n << 32n)
        hits.push({
          at: facts.name,
          severity: 'warning',
          text: `The device table of ${facts.name} stands at ${hex(address)}: a crash kernel refuses to take it over.`,
          evidence: [
            { what: 'Device Table Base Address', address: facts.base, field: 'DevTabBase' },
          ],
        });
    }
    if (tables.size === 0) return skipped('the device table’s address: no register tells it');
    if (tables.size > 1)
      hits.push({
        at: units[0].unit.facts.name,
        severity: 'warning',
        text: `The units use ${tables.size} device tables (${[...tables].map(hex).join(', ')}); Linux’s crash kernel takes over only one that all share.`,
        evidence: [],
      });
    return outcomeOf(hits);
  },
};
