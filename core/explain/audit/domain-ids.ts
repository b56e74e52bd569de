import { hex } from '../../format/hex.ts';
import type { Device } from '../../iommu/unit.ts';
import { requesterText } from '../mappings/tables.ts';
import { outcomeOf, type Hit, type Rule } from './rule.ts';

/** Two page tables that carry one domain ID. */
export const domainIds: Rule = {
  id: 'domain-id-collision',
  title: 'Every domain ID stands for one page table',
  why: 'The caches tag what they keep by domain ID: one domain’s devices are answered from the other’s tables. Crash kernels that take over old entries without reserving their IDs do this.',
  source: 'VT-d 4.1 §9.3 and §6.2.2; 48882 rev 3.08 §2.2.2.1 (DomainID); Linux commit c2e8dc1222c2',
  severity: 'error',
  check(state) {
    const hits: Hit[] = [];
    for (const { unit, list } of state.units) {
      const byDomain = new Map<string, Map<bigint, Device[]>>();
      for (const device of list.devices) {
        const { domain, pageTable } = device;
        if (domain === undefined || pageTable === undefined) continue;
        // In scalable mode first-stage translations are tagged by PASID as well.
        const pasid = device.translation === 'first-stage' ? (device.pasid ?? '') : '';
        const key = `${domain} ${device.amd ? (device.pasid ?? '') : pasid}`;
        const tables = byDomain.get(key) ?? new Map<bigint, Device[]>();
        byDomain.set(key, tables);
        tables.set(pageTable, [...(tables.get(pageTable) ?? []), device]);
      }
      for (const tables of byDomain.values()) {
        if (tables.size < 2) continue;
        const [first] = [...tables.values()][0];
        const users = [...tables].map(
          ([pageTable, devices]) =>
            `${devices.slice(0, 3).map(requesterText).join(', ')} (table at ${hex(pageTable)})`,
        );
        hits.push({
          at: first.entry.path,
          severity: 'error',
          text: `Domain ${first.domain} of ${unit.facts.name} stands for ${tables.size} page tables: ${users.slice(0, 4).join('; ')}.`,
          evidence: [...tables.values()].slice(0, 8).map(([device]) => ({
            what: `${device.entry.layout.name} of ${requesterText(device)}`,
            address: device.entry.address,
            words: device.entry.words,
            field: device.amd ? 'DomainID' : 'DID',
          })),
        });
      }
    }
    return outcomeOf(hits);
  },
};
