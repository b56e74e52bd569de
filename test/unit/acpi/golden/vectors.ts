/** The bytes of every ACPI structure, and its fields that are not zero. */
import * as dmar from '../../../../core/acpi/dmar-layouts.ts';
import * as ivrs from '../../../../core/acpi/ivrs-layouts.ts';
import { RSDP } from '../../../../core/acpi/find.ts';
import { TABLE_HEADER } from '../../../../core/acpi/structures.ts';
import type { Layout } from '../../../../core/bits/layout.ts';

export interface ByteVector {
  readonly of: Layout;
  /** A capture, a program that wrote the bytes, a kernel line that shows their fields. */
  readonly from: string;
  /** Hexadecimal; spaces for the eye. */
  readonly bytes: string;
  /** All fields that are not zero. */
  readonly fields: Readonly<Record<string, bigint | number>>;
}

const UNIT = { DeviceID: 2, 'Capability Offset': 0x40, 'IOMMU Base Address': 0xfeb80000n };

const DMAR_VECTORS: readonly ByteVector[] = [
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

const IVRS_VECTORS: readonly ByteVector[] = [
  {
    of: ivrs.IVRS,
    from: 'capture amd-6.1: 40 bits',
    bytes: '00280000 0000000000000000',
    fields: { PASize: 40 },
  },
  {
    of: ivrs.IVRS,
    from: 'Linux IOMMU_IVINFO_EFRSUP, _DMA_REMAP; 48, 48 and 64 bits as VirtualBox writes them',
    bytes: '43306000 0000000000000000',
    fields: {
      EFRSup: 1,
      'DMA remap support': 1,
      GVASize: 2,
      PASize: 48,
      VASize: 64,
      HtAtsResv: 1,
    },
  },
  {
    of: ivrs.IVHD_10,
    from: 'capture amd-6.1: QEMU’s unit 00:01.0 with its flags, GA, IA, 6 levels',
    bytes: '10d14800 0800 4000 0000d8fe00000000 0000 0000 44000000',
    fields: {
      Type: 0x10,
      HtTunEn: 1,
      IotlbSup: 1,
      PreFSup: 1,
      PPRSup: 1,
      Length: 72,
      DeviceID: 8,
      'Capability Offset': 0x40,
      'IOMMU Base Address': 0xfed80000,
      GTSup: 1,
      GASup: 1,
    },
  },
  {
    of: ivrs.IVHD_10,
    from: 'Linux print_ivhd: device: 0001:00:00.2 cap: 0040 flags: 3e info 1f05',
    bytes: '103e1800 0200 4000 0000b8fe00000000 0100 051f ffffffff',
    fields: {
      ...UNIT,
      Type: 0x10,
      PassPW: 1,
      ResPassPW: 1,
      Isoc: 1,
      IotlbSup: 1,
      Coherent: 1,
      Length: 24,
      'PCI Segment Group': 1,
      MsiNum: 5,
      UnitID: 31,
      XTSup: 1,
      NXSup: 1,
      GTSup: 1,
      GLXSup: 3,
      IASup: 1,
      GASup: 1,
      HESup: 1,
      PASMax: 31,
      PNCounters: 15,
      PNBanks: 63,
      MsiNumPPR: 31,
      GATS: 3,
      HATS: 3,
    },
  },
  {
    of: ivrs.IVHD_11,
    from: 'Linux: IVHD 11h of a Ryzen, EFR 0x246577efa2254afa; 4 counters in 2 banks',
    bytes:
      '11302800 0200 4000 0000b8fe00000000 0000 0000 00800400 fa4a25a2ef776524 1000000000000000',
    fields: {
      ...UNIT,
      Type: 0x11,
      IotlbSup: 1,
      Coherent: 1,
      Length: 40,
      PNCounters: 4,
      PNBanks: 2,
      'EFR Image': 0x246577efa2254afan,
      'EFR2 Image': 0x10,
    },
  },
  {
    of: ivrs.IVHD_40,
    from: 'Linux 6.17: HATDis; EFR of a Ryzen 7000 log',
    bytes:
      '40302800 0200 4000 0000b8fe00000000 0000 0000 01008000 de4a2922ef778f05 0000000000000000',
    fields: {
      ...UNIT,
      Type: 0x40,
      IotlbSup: 1,
      Coherent: 1,
      Length: 40,
      HATDis: 1,
      MsiNumPPR: 1,
      'EFR Image': 0x58f77ef22294aden,
    },
  },
  {
    of: ivrs.IVMD,
    from: 'iasl -T IVRS: exclusion range for all',
    bytes: '20082000 0000 0000 0000000000000000 0000000000000000 0000000000000000',
    fields: { Type: 0x20, 'Exclusion range': 1, Length: 32 },
  },
  {
    of: ivrs.IVMD,
    from: 'Linux init_unity_map_range: devid_start 00:13.0, devid_end 00:13.7, both rights, segment 1',
    bytes: '22072000 9800 9f00 0100000000000000 00507a9400000000 0010000000000000',
    fields: {
      Type: 0x22,
      Unity: 1,
      IR: 1,
      IW: 1,
      Length: 32,
      DeviceID: 0x98,
      'Auxiliary data': 0x9f,
      'PCI Segment Group': 1,
      'Start Address': 0x947a5000,
      'Memory Length': 0x1000,
    },
  },
  {
    of: ivrs.UNKNOWN_BLOCK,
    from: 'actbl2.h struct acpi_ivrs_header, a type of no meaning',
    bytes: '30010400',
    fields: { Type: 0x30, Flags: 1, Length: 4 },
  },
  {
    of: ivrs.ENTRY_PAD4,
    from: 'actbl2.h ACPI_IVRS_TYPE_PAD4, with junk behind it',
    bytes: '00000001',
    fields: { 'reserved 31:8': 0x10000 },
  },
  {
    of: ivrs.ENTRY_ALL,
    from: 'Linux: DEV_ALL setting: 0xff less its reserved bit',
    bytes: '010000f7',
    fields: {
      Type: 1,
      InitPass: 1,
      EIntPass: 1,
      NMIPass: 1,
      SysMgt: 3,
      Lint0Pass: 1,
      Lint1Pass: 1,
    },
  },
  {
    of: ivrs.ENTRY_SELECT,
    from: 'capture amd-6.1: 00:1f.2',
    bytes: '02fa0000',
    fields: { Type: 2, DeviceID: 0xfa },
  },
  {
    of: ivrs.ENTRY_RANGE,
    from: 'Linux: DEV_SELECT_RANGE_START devid: 00:00.3 flags: 00',
    bytes: '03030000',
    fields: { Type: 3, DeviceID: 3 },
  },
  {
    of: ivrs.ENTRY_RANGE_END,
    from: 'Linux: DEV_RANGE_END devid: ff:1f.6',
    bytes: '04feff00',
    fields: { Type: 4, DeviceID: 0xfffe },
  },
  {
    of: ivrs.ENTRY_PAD8,
    from: 'iasl -T IVRS, with junk behind it',
    bytes: '40000000 01000000',
    fields: { Type: 0x40, 'reserved 63:8': 1n << 24n },
  },
  {
    of: ivrs.ENTRY_ALIAS,
    from: 'Linux: DEV_ALIAS devid: 05:00.0 flags: 00 devid_to: 04:14.4',
    bytes: '42000500 00a40400',
    fields: { Type: 0x42, DeviceID: 0x500, 'Source DeviceID': 0x4a4 },
  },
  {
    of: ivrs.ENTRY_ALIAS_RANGE,
    from: 'Linux: DEV_ALIAS_RANGE devid: ff:00.0 flags: 00 devid_to: 00:14.5',
    bytes: '4300ff00 00a50000',
    fields: { Type: 0x43, DeviceID: 0xff00, 'Source DeviceID': 0xa5 },
  },
  {
    of: ivrs.ENTRY_EXTENDED,
    from: 'Linux: DEV_EXT_SELECT devid: 00:13.0 flags: 00 ext: 80000000',
    bytes: '46980000 00000080',
    fields: { Type: 0x46, DeviceID: 0x98, AtsDisabled: 1 },
  },
  {
    of: ivrs.ENTRY_EXTENDED_RANGE,
    from: 'Linux: DEV_EXT_RANGE devid: 00:14.0 flags: 01 ext: 00000000',
    bytes: '47a00001 00000000',
    fields: { Type: 0x47, DeviceID: 0xa0, InitPass: 1 },
  },
  {
    of: ivrs.ENTRY_SPECIAL,
    from: 'capture amd-6.1: the I/O APIC 0, 00:14.0',
    bytes: '48000000 00a00001',
    fields: { Type: 0x48, 'Source DeviceID': 0xa0, Variety: 1 },
  },
  {
    of: ivrs.ENTRY_SPECIAL,
    from: 'Linux: DEV_SPECIAL(IOAPIC[33]) devid: 00:14.0, flags: d7',
    bytes: '480000d7 21a00001',
    fields: {
      Type: 0x48,
      InitPass: 1,
      EIntPass: 1,
      NMIPass: 1,
      SysMgt: 1,
      Lint0Pass: 1,
      Lint1Pass: 1,
      Handle: 33,
      'Source DeviceID': 0xa0,
      Variety: 1,
    },
  },
  {
    of: ivrs.ENTRY_HID,
    from: 'Linux: DEV_ACPI_HID(AMDI0020[ID03]) devid: 00:14.5, flags: 40',
    bytes: 'f0a50040 414d444930303230 504e503035303100 02 04',
    fields: {
      Type: 0xf0,
      DeviceID: 0xa5,
      Lint0Pass: 1,
      'Hardware ID': 0x3032_3030_4944_4d41n,
      'Compatible ID': 0x0031_3035_3050_4e50n,
      'UID Format': 2,
      'UID Length': 4,
    },
  },
  {
    of: ivrs.UNKNOWN_ENTRY,
    from: 'actbl2.h struct acpi_ivrs_de_header, a type of no meaning',
    bytes: '09010203',
    fields: { Type: 9, Operand: 0x030201 },
  },
];

export const BYTE_VECTORS: readonly ByteVector[] = [...DMAR_VECTORS, ...IVRS_VECTORS];
