/** Tables of three levels, and walks of them. */
import { amdUnit } from '../../../core/amdvi/unit.ts';
import type { WalkResult } from '../../../core/iommu/unit.ts';
import type { FactOptions } from './tables.ts';
import { dte, dteAddress, facts, host, ID, PageMemory } from './tables.ts';

export const TOP = 0x10000;
export const MIDDLE = 0x11000;
export const LOW = 0x12000;
export const RO = 0x2000_0000_0000_0000n;

/** The entry of ID, over tables that `put` wrote. */
export function walk(
  memory: PageMemory,
  entry: readonly bigint[],
  address: bigint,
  access: 'read' | 'write' = 'read',
  options: FactOptions & { pasid?: number } = {},
): WalkResult {
  memory.put(dteAddress(ID), ...entry);
  return amdUnit(facts(options), memory).walk({ id: ID, pasid: options.pasid, address, access });
}

/** Three levels down to a 4 KiB page at 0xabc000 for IOVA 0x4020_1000. */
export const ADDRESS = 0x4020_1000n;
export const threeLevels = (): PageMemory =>
  new PageMemory()
    .put(TOP + 8 * 1, host(MIDDLE, 2))
    .put(MIDDLE + 8 * 1, host(LOW, 1))
    .put(LOW + 8 * 1, host(0xabc000));
export const MODE_3 = dte({ Mode: 3, HostPageTableRoot: TOP >> 12, DomainID: 7 });

export const faults = (name: string, reason: number, flags: number) => ({
  result: 'fault',
  name,
  reason,
  flags,
});
