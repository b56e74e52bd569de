/**
 * The abilities of a simulated unit. Everything that it does follows its CAP and ECAP registers
 * (VT-d 4.1 §11.4.2, §11.4.3), so a story puts another unit in place by giving other values.
 */
import { encode, requireField, valueOf } from '../bits/layout.ts';
import type { RegisterDefinition } from '../iommu/registers.ts';
import { CAP, ECAP } from '../vtd/registers-global.ts';

/**
 * A server unit of the Sandy Bridge-EP generation, without what this model leaves out: legacy
 * mode, 48 bits, 4-level tables with pages up to 1 GiB, 65,536 domains, pass-through, eight fault
 * recording registers at 0x100, the IOTLB registers at 0x200.
 */
export const SERVER_CAP = encode(CAP.layout, {
  ND: 6,
  SAGAW: 0b00100,
  MGAW: 47,
  ZLR: 1,
  FRO: 0x10,
  SSLPS: 0b0011,
  PSI: 1,
  NFR: 7,
  MAMV: 18,
  DWD: 1,
  DRD: 1,
})[0];
export const SERVER_ECAP = encode(ECAP.layout, { C: 1, PT: 1, SC: 1, IRO: 0x20 })[0];

/** Abilities that this model does not have. */
export const LEFT_OUT: readonly (readonly [RegisterDefinition, readonly string[]])[] = [
  [CAP, ['AFL', 'RWBF', 'PLMR', 'PHMR', 'CM', 'PI', 'ECMDS']],
  [ECAP, ['QI', 'DT', 'IR', 'EIM', 'PRS', 'SMTS', 'VCS', 'PMS']],
];

/** Refuses registers that promise what the simulated unit does not have. @throws RangeError */
export function checkCapabilities(cap: bigint, ecap: bigint): void {
  for (const [definition, names] of LEFT_OUT)
    for (const name of names)
      if (valueOf(definition.layout, [definition === CAP ? cap : ecap], name) !== 0n)
        throw new RangeError(
          `the simulated unit has no ${definition.name}.${name}: ${requireField(definition.layout, name).meaning}`,
        );
}
