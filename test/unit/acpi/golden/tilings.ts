/**
 * The places of the fields of ACPI structures, written a second time by the structures of ACPICA
 * (`include/acpi/actbl1.h`, `actbl2.h` in Linux), whose widths are in bytes; flags within a byte
 * by Linux' drivers, which test them.
 */
import * as dmar from '../../../../core/acpi/dmar-layouts.ts';
import * as ivrs from '../../../../core/acpi/ivrs-layouts.ts';
import { RSDP } from '../../../../core/acpi/find.ts';
import { TABLE_HEADER } from '../../../../core/acpi/structures.ts';
import type { Tiling } from '../../../support/tiling.ts';

const HEAD = 'Type:16 Length:16';
const SETTINGS = 'InitPass EIntPass NMIPass -:1 SysMgt:2 Lint0Pass Lint1Pass';
const DEVICE = `Type:8 DeviceID:16 ${SETTINGS}`;
const UNIT_FLAGS = 'HtTunEn PassPW ResPassPW Isoc IotlbSup Coherent';
const UNIT = `Length:16 DeviceID:16 Capability_Offset:16 IOMMU_Base_Address:64
  PCI_Segment_Group:16 MsiNum:5 -:3 UnitID:5 -:3`;
const EXTENDED_UNIT = `Type:8 ${UNIT_FLAGS} -:2 ${UNIT}
  HATDis -:12 PNCounters:4 PNBanks:6 MsiNumPPR:5 -:4 EFR_Image:64 EFR2_Image:64`;

export const TILINGS: readonly Tiling[] = [
  {
    of: RSDP,
    from: 'struct acpi_table_rsdp',
    bits: `Signature:64 Checksum:8 OEM_ID:48 Revision:8 RsdtAddress:32 Length:32 XsdtAddress:64
      Extended_Checksum:8 -:24`,
  },
  {
    of: TABLE_HEADER,
    from: 'struct acpi_table_header',
    bits: `Signature:32 Length:32 Revision:8 Checksum:8 OEM_ID:48 OEM_Table_ID:64 OEM_Revision:32
      Creator_ID:32 Creator_Revision:32`,
  },
  {
    of: dmar.DMAR,
    from: 'struct acpi_table_dmar, ACPI_DMAR_*; flag 3 by Linux 1c677d8a2c3c (7.3)',
    bits: `Host_Address_Width:8 INTR_REMAP X2APIC_OPT_OUT DMA_CTRL_PLATFORM_OPT_IN_FLAG
      DMA_REMAP_OPT_OUT -:4 -:80`,
  },
  {
    of: dmar.DRHD,
    from: 'struct acpi_dmar_hardware_unit (flags, size, segment, address)',
    bits: `${HEAD} INCLUDE_PCI_ALL -:7 Size:4 -:4 Segment_Number:16 Register_Base_Address:64`,
  },
  {
    of: dmar.RMRR,
    from: 'struct acpi_dmar_reserved_memory',
    bits: `${HEAD} -:16 Segment_Number:16 Reserved_Memory_Region_Base_Address:64
      Reserved_Memory_Region_Limit_Address:64`,
  },
  {
    of: dmar.ATSR,
    from: 'struct acpi_dmar_atsr, ACPI_DMAR_ALL_PORTS',
    bits: `${HEAD} ALL_PORTS -:7 -:8 Segment_Number:16`,
  },
  {
    of: dmar.RHSA,
    from: 'struct acpi_dmar_rhsa',
    bits: `${HEAD} -:32 Register_Base_Address:64 Proximity_Domain:32`,
  },
  {
    of: dmar.ANDD,
    from: 'struct acpi_dmar_andd',
    bits: `${HEAD} -:24 ACPI_Device_Number:8`,
  },
  {
    of: dmar.SATC,
    from: 'struct acpi_dmar_satc; Linux: atc_required is bit 0',
    bits: `${HEAD} ATC_REQUIRED -:7 -:8 Segment_Number:16`,
  },
  { of: dmar.SIDP, from: 'struct acpi_dmar_sidp', bits: `${HEAD} -:16 Segment_Number:16` },
  { of: dmar.UNKNOWN_DMAR, from: 'struct acpi_dmar_header', bits: HEAD },
  {
    of: dmar.DEVICE_SCOPE,
    from: 'struct acpi_dmar_device_scope',
    bits: 'Type:8 Length:8 Flags:8 -:8 Enumeration_ID:8 Start_Bus_Number:8',
  },
  {
    of: ivrs.IVRS,
    from: 'struct acpi_table_ivrs (info); Linux IOMMU_IVINFO_*, ACPI_IVRS_PHYSICAL_SIZE, _VIRTUAL_SIZE, _ATS_RESERVED',
    bits: `EFRSup DMA_remap_support -:3 GVASize:3 PASize:7 VASize:7 HtAtsResv -:9 -:64`,
  },
  {
    of: ivrs.IVHD_10,
    from: 'struct acpi_ivrs_hardware1; Linux IVHD_FLAG_*; QEMU build_amd_iommu (feature bits)',
    bits: `Type:8 ${UNIT_FLAGS} PreFSup PPRSup ${UNIT}
      XTSup NXSup GTSup GLXSup:2 IASup GASup HESup PASMax:5 PNCounters:4 PNBanks:6 MsiNumPPR:5
      GATS:2 HATS:2`,
  },
  {
    of: ivrs.IVHD_11,
    from: 'struct acpi_ivrs_hardware2; Linux: HATDis is bit 0 of the attributes',
    bits: EXTENDED_UNIT,
  },
  { of: ivrs.IVHD_40, from: 'struct acpi_ivrs_hardware2', bits: EXTENDED_UNIT },
  {
    of: ivrs.IVMD,
    from: 'struct acpi_ivrs_memory; Linux IVMD_FLAG_*; segment Linux struct ivmd_header',
    bits: `Type:8 Unity IR IW Exclusion_range -:4 Length:16 DeviceID:16 Auxiliary_data:16
      PCI_Segment_Group:16 -:48 Start_Address:64 Memory_Length:64`,
  },
  { of: ivrs.UNKNOWN_BLOCK, from: 'struct acpi_ivrs_header', bits: 'Type:8 Flags:8 Length:16' },
  { of: ivrs.ENTRY_PAD4, from: 'struct acpi_ivrs_de_header', bits: 'Type:8 -:24' },
  { of: ivrs.ENTRY_ALL, from: 'struct acpi_ivrs_device4', bits: DEVICE },
  { of: ivrs.ENTRY_SELECT, from: 'struct acpi_ivrs_device4', bits: DEVICE },
  { of: ivrs.ENTRY_RANGE, from: 'struct acpi_ivrs_device4', bits: DEVICE },
  { of: ivrs.ENTRY_RANGE_END, from: 'struct acpi_ivrs_device4', bits: 'Type:8 DeviceID:16 -:8' },
  { of: ivrs.ENTRY_PAD8, from: 'struct acpi_ivrs_device8a', bits: 'Type:8 -:56' },
  {
    of: ivrs.ENTRY_ALIAS,
    from: 'struct acpi_ivrs_device8a',
    bits: `${DEVICE} -:8 Source_DeviceID:16 -:8`,
  },
  {
    of: ivrs.ENTRY_ALIAS_RANGE,
    from: 'struct acpi_ivrs_device8a',
    bits: `${DEVICE} -:8 Source_DeviceID:16 -:8`,
  },
  {
    of: ivrs.ENTRY_EXTENDED,
    from: 'struct acpi_ivrs_device8b, ACPI_IVHD_ATS_DISABLED (1 << 31)',
    bits: `${DEVICE} -:31 AtsDisabled`,
  },
  {
    of: ivrs.ENTRY_EXTENDED_RANGE,
    from: 'struct acpi_ivrs_device8b',
    bits: `${DEVICE} -:31 AtsDisabled`,
  },
  {
    of: ivrs.ENTRY_SPECIAL,
    from: 'struct acpi_ivrs_device8c',
    bits: `Type:8 -:16 ${SETTINGS} Handle:8 Source_DeviceID:16 Variety:8`,
  },
  {
    of: ivrs.ENTRY_HID,
    from: 'struct acpi_ivrs_device_hid',
    bits: `${DEVICE} Hardware_ID:64 Compatible_ID:64 UID_Format:8 UID_Length:8`,
  },
  { of: ivrs.UNKNOWN_ENTRY, from: 'struct acpi_ivrs_de_header', bits: 'Type:8 Operand:24' },
];
