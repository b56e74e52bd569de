/**
 * The PCI capability block: places and raw words from sources other than the specification.
 *
 * AMD: firmware header of the I/O hub's registers, `IOMMU_CAP_*`. Xen: `iommu-defs.h`, `PCI_CAP_*`.
 * What AMD's hub has above MsiNumGA in its last word is no part of the architecture.
 */
import { CAPABILITY_WORDS } from '../../../../core/amdvi/capability.ts';
import type { Layout } from '../../../../core/bits/layout.ts';
import type { Tiling } from '../../../support/tiling.ts';
import type { Vector } from './vectors.ts';

const word = (offset: number): Layout => {
  const of = CAPABILITY_WORDS.get(offset);
  if (!of) throw new Error(`no word at ${offset}`);
  return of;
};

export const CAPABILITY_TILINGS: readonly Tiling[] = [
  {
    of: word(0x00),
    from: 'AMD IOMMU_CAP_HEADER_STRUCT',
    bits: 'CapId:8 CapPtr:8 CapType:3 CapRev:5 IotlbSup HtTunnel NpCache EFRSup CapExt -:3',
  },
  {
    of: word(0x04),
    from: 'Xen PCI_CAP_MMIO_BAR_LOW_MASK',
    bits: 'Enable -:13 BaseAddress[31:14]:18',
  },
  { of: word(0x08), from: 'Xen PCI_CAP_MMIO_BAR_HIGH_OFFSET', bits: 'BaseAddress[63:32]:32' },
  {
    of: word(0x0c),
    from: 'AMD IOMMU_CAP_RANGE_STRUCT',
    bits: 'UnitID:5 -:2 RngValid BusNumber:8 FirstDevice:8 LastDevice:8',
  },
  {
    of: word(0x10),
    from: 'AMD IOMMU_CAP_MISC_STRUCT',
    bits: 'MsiNum:5 GVAsize:3 PAsize:7 VAsize:7 HtAtsResv -:4 MsiNumPPR:5',
  },
  { of: word(0x14), from: 'AMD IOMMU_CAP_MISC_1_IOMMU_MSI_NUM_GA_MASK', bits: 'MsiNumGA:5 -:27' },
];

const one = (offset: number, from: string, value: bigint, fields: Vector['fields']): Vector => ({
  of: word(offset),
  from,
  words: [value],
  fields,
});

export const CAPABILITY_VECTORS: readonly Vector[] = [
  one(0x00, 'Xen: type IOMMU, revision, IOTLB, tunnel, NpCache, EFR', 0x0f0b_ff0fn, {
    CapId: 0xf,
    CapPtr: 0xff,
    CapType: 3,
    CapRev: 1,
    IotlbSup: 1,
    HtTunnel: 1,
    NpCache: 1,
    EFRSup: 1,
  }),
  one(0x00, 'AMD IOMMU_CAP_HEADER masks: type 3, revision 1, IOTLB, EFR, EXT', 0x190b_640fn, {
    CapId: 0xf,
    CapPtr: 0x64,
    CapType: 3,
    CapRev: 1,
    IotlbSup: 1,
    EFRSup: 1,
    CapExt: 1,
  }),
  one(0x04, 'captures: base 0xfed80000 with illumos AMD_IOMMU_REG_ADDR_LOCKED', 0xfed8_0001n, {
    Enable: 1,
    'BaseAddress[31:14]': 0xfed80000 / 0x4000,
  }),
  one(0x08, 'illumos: the high 32 bits of the base', 0x12n, { 'BaseAddress[63:32]': 0x12 }),
  one(0x0c, 'Xen PCI_CAP_UNIT_ID, BUS_NUMBER, FIRST_DEVICE, LAST_DEVICE', 0xa010_409fn, {
    UnitID: 0x1f,
    RngValid: 1,
    BusNumber: 0x40,
    FirstDevice: 0x10,
    LastDevice: 0xa0,
  }),
  one(0x10, 'field notes, debugfs capability: Offset:0x10 Value:0x00203040', 0x203040n, {
    GVAsize: 2,
    PAsize: 48,
    VAsize: 64,
  }),
  one(0x10, 'AMD IOMMU_CAP_MISC masks', 0xf840_001fn, { MsiNum: 31, HtAtsResv: 1, MsiNumPPR: 31 }),
  one(0x14, 'AMD IOMMU_CAP_MISC_1_IOMMU_MSI_NUM_GA_MASK', 0x1fn, { MsiNumGA: 31 }),
];
