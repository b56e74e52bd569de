import * as dmar from '../../../../core/acpi/dmar-layouts.ts';
import { RSDP } from '../../../../core/acpi/find.ts';
import { TABLE_HEADER } from '../../../../core/acpi/structures.ts';
import type { ByteVector } from './byte-vector.ts';

export const DMAR_VECTORS: readonly ByteVector[] = [
  {
    of: RSDP,
    from: 'capture intel-6.1: QEMU’s RSDP of 20 bytes, as ACPI 1.0 has it',
    bytes: '5253442050545220 33 424f43485320 00 ce24fe2f 00000000 0000000000000000 00 000000',
    fields: {
      Signature: 0x2052545020445352n,
      Checksum: 0x33,
      'OEM ID': 0x205348434f42n,
      RsdtAddress: 0x2ffe24ce,
    },
  },
  {
    of: RSDP,
    from: 'Linux: ACPI: RSDP 0x00000000000F0490 000024 (v02 ALASKA); XSDT 0x0000000086D66098',
    bytes: '5253442050545220 00 414c41534b41 02 00000000 24000000 9860d68600000000 7f 000000',
    fields: {
      Signature: 0x2052545020445352n,
      'OEM ID': 0x414b53414c41n,
      Revision: 2,
      Length: 36,
      XsdtAddress: 0x86d66098,
      'Extended Checksum': 0x7f,
    },
  },
  {
    of: TABLE_HEADER,
    from: 'capture intel-6.1: QEMU’s DMAR',
    bytes: '444d4152 90000000 01aa 424f43485320 4258504320202020 01000000 42585043 01000000',
    fields: {
      Signature: 0x52414d44,
      Length: 144,
      Revision: 1,
      Checksum: 0xaa,
      'OEM ID': 0x205348434f42n,
      'OEM Table ID': 0x2020202043505842n,
      'OEM Revision': 1,
      'Creator ID': 0x43505842,
      'Creator Revision': 1,
    },
  },
  {
    of: dmar.DMAR,
    from: 'capture intel-6.12-sm: 48 bits, interrupt remapping',
    bytes: '2f01 00000000000000000000',
    fields: { 'Host Address Width': 47, INTR_REMAP: 1 },
  },
  {
    of: dmar.DMAR,
    from: 'Linux DMAR_X2APIC_OPT_OUT, DMAR_PLATFORM_OPT_IN, DMA_REMAP_OPT_OUT',
    bytes: '260e 00000000000000000000',
    fields: {
      'Host Address Width': 38,
      X2APIC_OPT_OUT: 1,
      DMA_CTRL_PLATFORM_OPT_IN_FLAG: 1,
      DMA_REMAP_OPT_OUT: 1,
    },
  },
  {
    of: dmar.DRHD,
    from: 'capture intel-6.1',
    bytes: '00006000 00 00 0000 0000d9fe00000000',
    fields: { Length: 0x60, 'Register Base Address': 0xfed90000 },
  },
  {
    of: dmar.DRHD,
    from: 'iasl -T DMAR (its template), then Linux: DRHD base: 0x000000fbffe000 flags: 0x1',
    bytes: '00001800 01 00 0000 00e0fffb00000000',
    fields: { Length: 24, INCLUDE_PCI_ALL: 1, 'Register Base Address': 0xfbffe000 },
  },
  {
    of: dmar.DRHD,
    from: 'actbl1.h: size and segment',
    bytes: '00001000 00 02 0100 0000d9fe00000000',
    fields: {
      Length: 16,
      Size: 2,
      'Segment Number': 1,
      'Register Base Address': 0xfed90000,
    },
  },
  {
    of: dmar.RMRR,
    from: 'Linux: RMRR base: 0x000000bdf6f000 end: 0x000000bdf82fff',
    bytes: '01002000 0000 0000 00f0f6bd00000000 ff2ff8bd00000000',
    fields: {
      Type: 1,
      Length: 32,
      'Reserved Memory Region Base Address': 0xbdf6f000,
      'Reserved Memory Region Limit Address': 0xbdf82fff,
    },
  },
  {
    of: dmar.RMRR,
    from: 'iasl -T DMAR',
    bytes: '01002000 0000 0000 0000000000000000 ff0f000000000000',
    fields: { Type: 1, Length: 32, 'Reserved Memory Region Limit Address': 0xfff },
  },
  {
    of: dmar.ATSR,
    from: 'iasl -T DMAR',
    bytes: '02001000 00 00 0000',
    fields: { Type: 2, Length: 16 },
  },
  {
    of: dmar.ATSR,
    from: 'Linux: ATSR flags: 0x1, segment 1',
    bytes: '02000800 01 00 0100',
    fields: { Type: 2, Length: 8, ALL_PORTS: 1, 'Segment Number': 1 },
  },
  {
    of: dmar.RHSA,
    from: 'Linux: RHSA base: 0x000000fbffe000 proximity domain: 0x1',
    bytes: '03001400 00000000 00e0fffb00000000 01000000',
    fields: {
      Type: 3,
      Length: 20,
      'Register Base Address': 0xfbffe000,
      'Proximity Domain': 1,
    },
  },
  {
    of: dmar.ANDD,
    from: 'Linux: ANDD device: 3 name: \\_SB.PCI0.I2C0',
    bytes: '04001700 000000 03',
    fields: { Type: 4, Length: 23, 'ACPI Device Number': 3 },
  },
  {
    of: dmar.SATC,
    from: 'Linux: SATC flags: 0x1',
    bytes: '05001000 01 00 0200',
    fields: { Type: 5, Length: 16, ATC_REQUIRED: 1, 'Segment Number': 2 },
  },
  {
    of: dmar.SIDP,
    from: 'actbl1.h struct acpi_dmar_sidp',
    bytes: '06001000 0000 0300',
    fields: { Type: 6, Length: 16, 'Segment Number': 3 },
  },
  {
    of: dmar.UNKNOWN_DMAR,
    from: 'actbl1.h: type 7 and greater are reserved',
    bytes: '07000400',
    fields: { Type: 7, Length: 4 },
  },
  {
    of: dmar.DEVICE_SCOPE,
    from: 'capture intel-6.1: the I/O APIC ff:00.0',
    bytes: '03 08 00 00 00 ff',
    fields: { Type: 3, Length: 8, 'Start Bus Number': 0xff },
  },
  {
    of: dmar.DEVICE_SCOPE,
    from: 'capture intel-6.1: the root port 00:04.0 (its path follows)',
    bytes: '02 08 00 00 00 00',
    fields: { Type: 2, Length: 8 },
  },
  {
    of: dmar.DEVICE_SCOPE,
    from: 'actbl1.h (flags since the SIDP): an endpoint of a SATC, HPET number 1',
    bytes: '01 08 11 00 01 6a',
    fields: { Type: 1, Length: 8, Flags: 0x11, 'Enumeration ID': 1, 'Start Bus Number': 0x6a },
  },
];
