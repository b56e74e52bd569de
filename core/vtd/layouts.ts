/** Every layout of VT-d in one list: for help, the script API's types, and the golden tests. */
import type { Layout } from '../bits/layout.ts';
import { DESCRIPTORS_128, DESCRIPTORS_256, PAGE_REQUEST } from './descriptors.ts';
import { FAULT_RECORD } from './fault-records.ts';
import {
  IRTE_POSTED,
  IRTE_REMAPPED,
  IRTE_REMAPPED_EXTENDED,
  POSTED_INTERRUPT_DESCRIPTOR,
} from './interrupt-entries.ts';
import {
  FIRST_STAGE_PAGES,
  FIRST_STAGE_TABLES,
  SECOND_STAGE_PAGES,
  SECOND_STAGE_TABLES,
} from './paging.ts';
import { faultRecordRegister } from './registers-faults.ts';
import { iotlbRegister, ivaRegister } from './registers-global.ts';
import { FIXED_REGISTERS } from './registers.ts';
import {
  CONTEXT_ENTRY,
  PASID_DIRECTORY_ENTRY,
  PASID_TABLE_ENTRY,
  ROOT_ENTRY,
  SCALABLE_CONTEXT_ENTRY,
  SCALABLE_ROOT_ENTRY,
} from './tables.ts';

/** Structures in memory. */
export const MEMORY_LAYOUTS: readonly Layout[] = [
  ROOT_ENTRY,
  SCALABLE_ROOT_ENTRY,
  CONTEXT_ENTRY,
  SCALABLE_CONTEXT_ENTRY,
  PASID_DIRECTORY_ENTRY,
  PASID_TABLE_ENTRY,
  ...SECOND_STAGE_TABLES.values(),
  ...SECOND_STAGE_PAGES.values(),
  ...FIRST_STAGE_TABLES.values(),
  ...FIRST_STAGE_PAGES.values(),
  IRTE_REMAPPED,
  IRTE_REMAPPED_EXTENDED,
  IRTE_POSTED,
  POSTED_INTERRUPT_DESCRIPTOR,
  ...DESCRIPTORS_128.values(),
  ...DESCRIPTORS_256.values(),
  PAGE_REQUEST,
  FAULT_RECORD,
];

/** Registers; those whose offset a capability tells stand here once. */
export const REGISTER_LAYOUTS: readonly Layout[] = [
  ...FIXED_REGISTERS.map(({ layout }) => layout),
  ivaRegister(0).layout,
  iotlbRegister(8).layout,
  faultRecordRegister(0, 0).layout,
];
