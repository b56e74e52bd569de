import { hex } from '../../format/hex.ts';
import { rightsText } from '../../iommu/leaves.ts';
import type { Device, Unit } from '../../iommu/unit.ts';
import { devicePath, requesterText } from '../mappings/tables.ts';
import type { FirmwareRegion } from '../regions.ts';
import { regionServes } from '../regions.ts';
import { outcomeOf, skipped, type Hit, type Rule } from './rule.ts';

/** Pages of one region that are looked at; larger pages take it further. */
const MAX_STEPS = 1 << 16;

/** RMRRs and IVMDs that devices need mapped to themselves. */
export const firmwareRegions: Rule = {
  id: 'firmware-regions',
  title: 'Every device has the firmware regions mapped that are listed for it',
  why: 'Firmware drives such a device behind the system’s back (a keyboard, a management engine, a picture): without the mapping it faults, and may hang the machine.',
  source: 'VT-d 4.1 §8.4 (RMRR); 48882 rev 3.08 §5.2.2.2 (IVMD)',
  severity: 'error',
  check(state) {
    const regions = state.facts.regions ?? [];
    if (regions.length === 0) return skipped('RMRR or IVMD regions: no table and no log names one');
    const known = regions.filter(({ devices }) => devices !== undefined);
    if (known.length === 0)
      return skipped(
        'which devices the regions are for: it is not told, or they are behind bridges',
      );
    const hits: Hit[] = [];
    const gaps: string[] = [];
    for (const { unit, list } of state.units)
      for (const device of list.devices) {
        if (device.pasid !== undefined && device.pasid !== 0) continue;
        for (const region of known) {
          if (region.segment !== unit.facts.segment || !regionServes(region, device.id)) continue;
          // A range for all devices is not asked of those that translate nothing.
          if (device.pageTable === undefined) continue;
          const gap = firstGap(unit, device, region);
          if (gap === 'unknown')
            gaps.push(`${requesterText(device)}: page tables that cover ${hex(region.start)}`);
          else if (gap) hits.push(hitOf(unit, device, region, gap));
        }
      }
    return outcomeOf(hits, gaps);
  },
};

interface Gap {
  readonly address: bigint;
  readonly why: string;
}

/** The first address of a region that the device can't use as firmware wants it. */
function firstGap(unit: Unit, device: Device, region: FirmwareRegion): Gap | 'unknown' | undefined {
  let address = region.start & ~0xfffn;
  for (let step = 0; step < MAX_STEPS && address <= region.end; step++) {
    let size = 4096n;
    for (const access of ['read', 'write'] as const) {
      if ((region.rights & (access === 'read' ? 1 : 2)) === 0) continue;
      const result = unit.walk({ id: device.id, pasid: undefined, address, access });
      if (result.result === 'unknown') return 'unknown';
      if (result.result === 'fault') return { address, why: `a ${access} is refused` };
      if (result.pa !== address) return { address, why: `it is mapped to ${hex(result.pa)}` };
      ({ size } = result);
    }
    address = (address & ~(size - 1n)) + size;
  }
  return undefined;
}

function hitOf(unit: Unit, device: Device, region: FirmwareRegion, gap: Gap): Hit {
  return {
    at: devicePath(unit, device),
    severity: 'error',
    text: `The ${region.kind} ${hex(region.start)}–${hex(region.end)} is listed for ${requesterText(device)}, but at ${hex(gap.address)} ${gap.why}.`,
    evidence: [
      {
        what: `${region.kind} of ${region.from}`,
        address: region.start,
        meaning: `to be mapped to itself, ${rightsText(region.rights)}`,
      },
      {
        what: device.entry.layout.name,
        address: device.entry.address,
        words: device.entry.words,
      },
    ],
  };
}
