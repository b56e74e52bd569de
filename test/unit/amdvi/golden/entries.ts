/**
 * Table entries, commands and log entries: the places of their fields, from sources other than
 * the specification's own text.
 *
 * FreeBSD: `sys/x86/iommu/amd_reg.h`. VirtualBox: `DevIommuAmd`, rev 3.05. Linux:
 * `drivers/iommu/amd`, `arch/x86/include/asm/pgtable_types.h`.
 */
import * as commands from '../../../../core/amdvi/commands.ts';
import { DTE } from '../../../../core/amdvi/dte.ts';
import * as events from '../../../../core/amdvi/event-layouts.ts';
import * as guest from '../../../../core/amdvi/guest-page-table.ts';
import * as irte from '../../../../core/amdvi/irte.ts';
import * as logs from '../../../../core/amdvi/logs.ts';
import { PDE, PTE } from '../../../../core/amdvi/page-table.ts';
import type { Tiling } from '../../../support/tiling.ts';

const RIGHTS = 'P RW US PWT PCD A';
const REMAPPED = 'RemapEn SupIOPF IntType:3 RqEoi DM GuestMode';
const PAGES = 'Address:52';

const TABLES: readonly Tiling[] = [
  {
    of: DTE,
    from: 'FreeBSD struct amdiommu_dte; bits 6:4 Linux struct sdte (cxlio)',
    bits: `V TV -:2 CXLIO:3 HAD:2 Mode:3 HostPageTableRoot:40 PPR GPRP GIoV GV GLX:2 GCR3TableRoot:3
      IR IW -:1
      DomainID:16 GCR3TableRoot:16 I SE SA IoCtl:2 Cache SD EX SysMgt:2 SATS GCR3TableRoot:21
      IV IntTabLen:4 IG IntTabRoot:46 -:2 GuestPagingMode:2 InitPass EIntPass NMIPass HPTMode
      IntCtl:2 Lint0Pass Lint1Pass
      -:15 vImuEn GDeviceID:16 GuestID:16 -:5 -:1 AttrV Mode0FC SnoopAttribute:8`,
  },
  {
    of: PTE,
    from: 'VirtualBox IOPTE_T; PMC: FreeBSD AMDIOMMU_PTE_PMC_MASK',
    bits: 'PR -:4 A D -:2 NextLevel:3 PageAddress:40 -:5 PMC:2 U FC IR IW -:1',
  },
  {
    of: PDE,
    from: 'VirtualBox IOPDE_T',
    bits: 'PR -:4 A -:3 NextLevel:3 NextTableAddress:40 -:9 IR IW -:1',
  },
  { of: guest.GCR3_ENTRY, from: 'Linux GCR3_VALID, PAGE_MASK', bits: 'V -:11 Address:40 -:12' },
  {
    of: guest.GUEST_PTE,
    from: 'Linux pgtable_types.h _PAGE_BIT_*',
    bits: `${RIGHTS} D PAT G -:3 PageAddress:40 -:11 NX`,
  },
  {
    of: guest.GUEST_PDE,
    from: 'Linux pgtable_types.h _PAGE_BIT_*',
    bits: `${RIGHTS} -:1 PS -:4 NextTableAddress:40 -:11 NX`,
  },
  {
    of: guest.GUEST_PDE_2M,
    from: 'Linux pgtable_types.h _PAGE_BIT_*',
    bits: `${RIGHTS} D PS G -:3 PAT -:8 PageAddress:31 -:11 NX`,
  },
  {
    of: guest.GUEST_PDPE_1G,
    from: 'Linux pgtable_types.h _PAGE_BIT_*',
    bits: `${RIGHTS} D PS G -:3 PAT -:17 PageAddress:22 -:11 NX`,
  },
  {
    of: irte.IRTE_32,
    from: 'FreeBSD struct amdiommu_irte_basic_novapic',
    bits: `${REMAPPED} Destination:8 Vector:8 -:8`,
  },
  {
    of: irte.IRTE_128_REMAPPED,
    from: 'FreeBSD struct amdiommu_irte_basic_vapic_x2',
    bits: `${REMAPPED} Destination:24 -:32 Vector:8 -:24 -:24 Destination:8`,
  },
  {
    of: irte.IRTE_128_GUEST,
    from: 'FreeBSD struct amdiommu_irte_guest_vapic_x2',
    bits: `RemapEn SupIOPF GALogIntr -:2 GAPPIDis IsRun GuestMode Destination:24 GATag:32
      Vector:8 -:4 GuestVirtualAPICTableRoot:40 -:4 Destination:8`,
  },
];

const COMMANDS: readonly Tiling[] = [
  {
    of: commands.COMPLETION_WAIT,
    from: 'FreeBSD struct amdiommu_cmd_completion_wait',
    bits: 'S I F StoreAddress:49 -:8 OpCode:4 StoreData:64',
  },
  {
    of: commands.INVALIDATE_DEVTAB_ENTRY,
    from: 'FreeBSD struct amdiommu_cmd_invalidate_devtab_entry',
    bits: 'DeviceID:16 -:44 OpCode:4 -:64',
  },
  {
    of: commands.INVALIDATE_IOMMU_PAGES,
    from: 'FreeBSD struct amdiommu_cmd_invalidate_iommu_pages',
    bits: `PASID:20 -:12 DomainID:16 -:12 OpCode:4 S PDE GN -:9 ${PAGES}`,
  },
  {
    of: commands.INVALIDATE_IOTLB_PAGES,
    from: 'FreeBSD struct amdiommu_cmd_invalidate_iotlb_pages',
    bits: `DeviceID:16 PASID:8 MaxPend:8 QueueID:16 PASID:8 PASID:4 OpCode:4
      S -:1 GN -:1 Type:2 -:6 ${PAGES}`,
  },
  {
    of: commands.INVALIDATE_INTERRUPT_TABLE,
    from: 'FreeBSD struct amdiommu_cmd_invalidate_interrupt_table',
    bits: 'DeviceID:16 -:44 OpCode:4 -:64',
  },
  {
    of: commands.PREFETCH_IOMMU_PAGES,
    from: 'FreeBSD struct amdiommu_cmd_prefetch_iommu_pages',
    bits: `DeviceID:16 -:8 PFCount:8 PASID:20 -:8 OpCode:4 S -:1 GN -:1 Inval -:7 ${PAGES}`,
  },
  {
    of: commands.COMPLETE_PPR_REQUEST,
    from: 'FreeBSD struct amdiommu_cmd_complete_ppr_request; the tag’s parts Linux PPR_STATUS_*',
    bits: `DeviceID:16 -:16 PASID:20 -:8 OpCode:4 -:2 GN -:29 CompletionTag:9 -:3 Response:4 -:16`,
  },
  {
    of: commands.INVALIDATE_IOMMU_ALL,
    from: 'VirtualBox CMD_IOMMU_ALL_T',
    bits: '-:60 OpCode:4 -:64',
  },
  {
    of: commands.INSERT_GUEST_EVENT,
    from: 'FreeBSD struct amdiommu_cmd_insert_guest_event',
    bits: '-:32 GuestID:16 -:12 OpCode:4 -:64',
  },
  {
    of: commands.RESET_VMMIO,
    from: 'FreeBSD struct amdiommu_cmd_reset_vmmio',
    bits: 'GuestID:16 -:11 All -:3 vCmd -:28 OpCode:4 -:64',
  },
  {
    of: commands.UNKNOWN_COMMAND,
    from: 'VirtualBox CMD_GENERIC_T',
    bits: 'Operand1:60 OpCode:4 Operand2:64',
  },
];

const DOMAIN = 'DeviceID:16 PASID[19:16]:4 -:7 vNR -:1 vEvent vPtr vCmd DomainID:16 GN';
const COMMAND_ADDRESS = '-:4 Address:60';

const EVENTS: readonly Tiling[] = [
  {
    of: events.ILLEGAL_DEV_TABLE_ENTRY,
    from: 'FreeBSD struct amdiommu_event_ill_dev_table_entry',
    bits: `DeviceID:16 PASID:4 -:7 vNR -:1 vEvent vPtr vCmd PASID:16 GN -:2 I -:1 RW -:1 RZ TR -:3
      EventCode:4 -:2 Address:62`,
  },
  {
    of: events.IO_PAGE_FAULT,
    from: 'FreeBSD struct amdiommu_event_io_page_fault_entry',
    bits: `${DOMAIN} NX US I PR RW PE RZ TR -:3 EventCode:4 Address:64`,
  },
  {
    of: events.DEV_TAB_HARDWARE_ERROR,
    from: 'VirtualBox EVT_DEV_TAB_HARDWARE_ERROR; vflags Linux',
    bits: `DeviceID:16 -:11 vNR -:1 vEvent vPtr vCmd -:19 I -:1 RW -:2 TR Type:2 -:1 EventCode:4
      -:4 Address:60`,
  },
  {
    of: events.PAGE_TAB_HARDWARE_ERROR,
    from: 'VirtualBox EVT_PAGE_TAB_HARDWARE_ERROR, its figure’s Addr[31:3]; vflags Linux',
    bits: `${DOMAIN} -:2 I -:1 RW -:2 TR Type:2 -:1 EventCode:4 -:3 Address:61`,
  },
  {
    of: events.ILLEGAL_COMMAND_ERROR,
    from: 'VirtualBox EVT_ILLEGAL_COMMAND_ENTRY',
    bits: `-:60 EventCode:4 ${COMMAND_ADDRESS}`,
  },
  {
    of: events.COMMAND_HARDWARE_ERROR,
    from: 'VirtualBox EVT_CMD_HW_ERR_T',
    bits: '-:57 Type:2 -:1 EventCode:4 Address:64',
  },
  {
    of: events.IOTLB_INV_TIMEOUT,
    from: 'VirtualBox EVT_IOTLB_INV_TIMEOUT',
    bits: `DeviceID:16 -:44 EventCode:4 ${COMMAND_ADDRESS}`,
  },
  {
    of: events.INVALID_DEVICE_REQUEST,
    from: 'VirtualBox EVT_INVALID_DEVICE_REQUEST',
    bits: 'DeviceID:16 PASID:4 -:12 PASID:16 GN US -:6 TR Type:3 EventCode:4 Address:64',
  },
  {
    of: events.INVALID_PPR_REQUEST,
    from: 'Linux PPR_PASID, PPR_TAG, EVENT_FLAG_PPR_RX, EVENT_FLAG_PPR_GN',
    bits: 'DeviceID:16 PASID:16 Tag:10 PASID:4 -:2 RX Flags:8 GN -:2 EventCode:4 Address:64',
  },
  {
    of: events.EVENT_COUNTER_ZERO,
    from: 'VirtualBox EVT_EVENT_COUNTER_ZERO',
    bits: '-:60 EventCode:4 CounterNote:20 -:12 CounterNote:32',
  },
  {
    of: events.GUEST_EVENT_FAULT,
    from: 'Linux EVENT_TYPE_GUEST_EVENT_FAULT (the virtual IOMMU’s series)',
    bits: '-:27 vNR -:1 vEvent vPtr vCmd GuestID:16 Flags:12 EventCode:4 Address:64',
  },
  {
    of: events.VIOMMU_HARDWARE_ERROR,
    from: 'Linux EVENT_TYPE_VIOMMU_HW_ERR (the virtual IOMMU’s series)',
    bits: `GuestID:16 Source:2 -:9 vNR -:1 vEvent vPtr vCmd -:16 Flags:12 EventCode:4 Address:64`,
  },
  {
    of: events.RMP_PAGE_FAULT,
    from: 'Linux amd_iommu_report_rmp_fault',
    bits: 'DeviceID:16 FlagsRMP:8 -:8 VmgTag:16 Flags:12 EventCode:4 Address:64',
  },
  {
    of: events.RMP_HARDWARE_ERROR,
    from: 'Linux amd_iommu_report_rmp_hw_error',
    bits: 'DeviceID:16 -:16 VmgTag:16 Flags:12 EventCode:4 -:3 Address:61',
  },
  {
    of: events.UNKNOWN_EVENT,
    from: 'VirtualBox EVT_GENERIC_T',
    bits: 'Operand1:60 EventCode:4 Operand2:64',
  },
];

const LOGS: readonly Tiling[] = [
  {
    of: logs.PAGE_SERVICE_REQUEST,
    from: 'Linux PPR_DEVID, PPR_PASID, PPR_TAG, PPR_FLAG_*',
    bits: `DeviceID:16 PASID:16 Tag:10 PASID:4 -:3 EX RD -:2 WR US RZ GN -:3 PPRCode:4
      -:12 Address:52`,
  },
  {
    of: logs.UNKNOWN_PPR,
    from: 'Linux PPR_REQ_TYPE',
    bits: 'Operand1:60 PPRCode:4 Operand2:64',
  },
  {
    of: logs.GUEST_NR,
    from: 'Linux GA_TAG, GA_DEVID, GA_REQ_TYPE',
    bits: 'GATag:32 DeviceID:16 -:12 GACode:4',
  },
  { of: logs.UNKNOWN_GA, from: 'Linux GA_REQ_TYPE', bits: 'Operand:60 GACode:4' },
];

export const ENTRY_TILINGS: readonly Tiling[] = [...TABLES, ...COMMANDS, ...EVENTS, ...LOGS];
