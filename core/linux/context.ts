import type { Kallsyms } from './kallsyms.ts';
import type { Notes } from './notes.ts';
import type { VirtualMemory } from './paging.ts';
import type { StructReader } from './structs.ts';
import type { Vmcoreinfo } from './vmcoreinfo.ts';

/** What following a kernel's structures takes. */
export interface KernelContext {
  readonly info: Vmcoreinfo;
  readonly memory: VirtualMemory;
  readonly symbols: Kallsyms;
  readonly reader: StructReader;
  readonly notes: Notes;
}

/**
 * Every symbol that this folder asks for, so that one pass over the names finds them all. A name
 * that is missing here is found all the same, by a pass of its own.
 */
export const WANTED_SYMBOLS: readonly string[] = [
  '__per_cpu_offset',
  '__start_BTF',
  '__stop_BTF',
  'amd_iommu_dev_table',
  'amd_iommu_efr',
  'amd_iommu_guest_ir',
  'amd_iommu_last_bdf',
  'amd_iommu_list',
  'amd_iommu_ops',
  'btf_modules',
  'crashk_low_res',
  'crashk_res',
  'dev_table_size',
  'dmar_atsr_units',
  'dmar_drhd_units',
  'dmar_rmrr_units',
  'dmar_satc_units',
  'eim_mode',
  'init_task',
  'init_uts_ns',
  'intel_fs_paging_domain_ops',
  'intel_iommu_ops',
  'intel_iommu_sm',
  'intel_ss_paging_domain_ops',
  'iomem_resource',
  'iommu_device_list',
  'kexec_crash_image',
  'linux_banner',
  'modules',
  'page_offset_base',
  'panic_cpu',
  'pci_root_buses',
  'phys_base',
  'saved_command_line',
  'vmalloc_base',
];

/** A 64-bit variable of the kernel; undefined when there is no such symbol or its page is missing. */
export function variable64(context: KernelContext, name: string): bigint | undefined {
  const address = context.symbols.address(name);
  return address === undefined ? undefined : context.memory.u64(address);
}

/** A 32-bit variable of the kernel. */
export function variable32(context: KernelContext, name: string): number | undefined {
  const address = context.symbols.address(name);
  return address === undefined ? undefined : context.memory.u32(address);
}

/**
 * Physical address that a kernel pointer points to; undefined for NULL, and for one that can't be
 * translated (noted).
 */
export function physical(context: KernelContext, pointer: bigint | undefined): bigint | undefined {
  return pointer === undefined || pointer === 0n ? undefined : context.memory.translate(pointer);
}
