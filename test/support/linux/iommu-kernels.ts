import { WholeKernel, type Members, type MemberType } from './whole-kernel.ts';

/** Layout generations by the members that a kernel has: what linux-structures.md tables list. */
export interface IntelGeneration {
  readonly name: string;
  readonly intel: Members;
  readonly wideDescriptors: boolean;
  readonly scalableVariable: boolean;
}

const INTEL_COMMON: Members = {
  reg: 'pointer',
  reg_phys: 'u64',
  cap: 'u64',
  ecap: 'u64',
  gcmd: 'u32',
  seq_id: 'u32',
  segment: 'u16',
  root_entry: 'pointer',
  qi: 'pointer',
  iommu: 'struct iommu_device',
  flags: 'u32',
};

export const INTEL_GENERATIONS: readonly IntelGeneration[] = [
  {
    name: '4.19: 128-bit descriptors, no scalable mode',
    intel: { ...INTEL_COMMON, name: 'char[13]', domains: 'pointer', ir_table: 'pointer' },
    wideDescriptors: false,
    scalableVariable: false,
  },
  {
    name: '5.10',
    intel: { ...INTEL_COMMON, name: 'char[13]', domains: 'pointer', ir_table: 'pointer' },
    wideDescriptors: true,
    scalableVariable: true,
  },
  {
    name: '7.2: a name of 16 bytes, domain_ida',
    intel: { ...INTEL_COMMON, name: 'char[16]', domain_ida: 'u64', ir_table: 'pointer' },
    wideDescriptors: true,
    scalableVariable: true,
  },
  {
    name: 'built without interrupt remapping',
    intel: { ...INTEL_COMMON, name: 'char[13]' },
    wideDescriptors: true,
    scalableVariable: true,
  },
];

export interface IntelKernel {
  readonly made: WholeKernel;
  readonly root: bigint;
  readonly table: bigint | undefined;
  readonly queue: bigint;
}

export type Shuffle = (members: [string, MemberType][]) => [string, MemberType][];

/** A kernel with two VT-d units in use and one that is ignored. */
export function intelKernel(
  generation: IntelGeneration,
  options: {
    readonly shuffle?: Shuffle;
    readonly scalable?: boolean;
    readonly smeMask?: bigint;
  } = {},
): IntelKernel {
  const made = new WholeKernel(options);
  made.struct('iommu_device', { list: 'struct list_head', ops: 'pointer', dev: 'pointer' });
  made.struct('dmar_drhd_unit', {
    list: 'struct list_head',
    hdr: 'pointer',
    reg_base_addr: 'u64',
    segment: 'u16',
    ignored: 'bits:1',
    include_all: 'bits:1',
    iommu: 'pointer',
  });
  made.struct('ir_table', { base: 'pointer', bitmap: 'pointer' });
  made.struct('q_inval', { desc: 'pointer', desc_status: 'pointer', free_head: 'u32' });
  const words = generation.wideDescriptors ? ['qw0', 'qw1', 'qw2', 'qw3'] : ['low', 'high'];
  made.struct('qi_desc', Object.fromEntries(words.map((word) => [word, 'u64'])));
  made.struct('intel_iommu', generation.intel);
  const root = made.page();
  const queue = made.page();
  const table = made.page();
  const hasTable = 'ir_table' in generation.intel;
  const unit = (sequence: number, segment: number): bigint =>
    made.object('intel_iommu', {
      cap: 0xd2008c22260206n,
      ecap: 0xf00f4an | (options.scalable ? 1n << 43n : 0n),
      gcmd: 0x86000000,
      seq_id: sequence,
      segment,
      name: `dmar${sequence}`,
      root_entry: root.va,
      qi: made.object('q_inval', { desc: queue.va, free_head: 52 }),
      ...(hasTable ? { ir_table: made.object('ir_table', { base: table.va }) } : {}),
    });
  const drhd = (base: bigint, iommu: bigint, segment: number): bigint =>
    made.object('dmar_drhd_unit', {
      reg_base_addr: base,
      segment,
      iommu,
      ...(iommu === 0n ? { ignored: 1 } : {}),
    });
  const units = [unit(0, 0), unit(1, 1)];
  const head = made.global('dmar_drhd_units', 'list_head');
  made.list(head, 'dmar_drhd_unit', 'list', [
    drhd(0xfed90000n, units[0], 0),
    drhd(0xfed92000n, 0n, 0),
    drhd(0xfed91000n, units[1], 1),
  ]);
  const registered = made.global('iommu_device_list', 'list_head');
  const devices = units.map((each) => made.addressOf('intel_iommu', each, 'iommu'));
  made.list(registered, 'iommu_device', 'list', devices);
  if (generation.scalableVariable)
    made.variable('intel_iommu_sm', 'u32', options.scalable ? 1n : 0n);
  made.variable('eim_mode', 'u32', 1n);
  return { made, root: root.pa, table: hasTable ? table.pa : undefined, queue: queue.pa };
}

/** Where a generation keeps AMD's device table, and the extended features. */
export interface AmdGeneration {
  readonly name: string;
  /** Tables are per PCI segment (6.0 and later), else global. */
  readonly segments: boolean;
  /** 5.10 backports have amd_iommu_pci_seg without its tables. */
  readonly stub: boolean;
  /** 6.7 and later: the features stand in a global, and the unit's member is 0. */
  readonly globalFeatures: boolean;
}

export const AMD_GENERATIONS: readonly AmdGeneration[] = [
  { name: '5.10, with the stub of a backport', segments: false, stub: true, globalFeatures: false },
  { name: '5.15', segments: false, stub: false, globalFeatures: false },
  { name: '6.1', segments: true, stub: false, globalFeatures: false },
  { name: '6.12', segments: true, stub: false, globalFeatures: true },
];

export interface AmdKernel {
  readonly made: WholeKernel;
  readonly table: bigint;
  readonly commands: bigint;
  readonly events: bigint;
}

export function amdKernel(
  generation: AmdGeneration,
  options: {
    readonly shuffle?: Shuffle;
    readonly guestMode?: bigint;
    readonly smeMask?: bigint;
  } = {},
): AmdKernel {
  const made = new WholeKernel(options);
  made.struct('iommu_device', { list: 'struct list_head', ops: 'pointer', dev: 'pointer' });
  if (generation.segments)
    made.struct('amd_iommu_pci_seg', {
      list: 'struct list_head',
      id: 'u16',
      dev_table_size: 'u32',
      dev_table: 'pointer',
    });
  else if (generation.stub)
    made.struct('amd_iommu_pci_seg', { list: 'struct list_head', id: 'u16' });
  made.struct('amd_iommu', {
    list: 'struct list_head',
    index: 'u32',
    mmio_phys: 'u64',
    features: 'u64',
    devid: 'u16',
    ...(generation.segments || generation.stub ? { pci_seg: 'pointer' } : {}),
    cmd_buf: 'pointer',
    cmd_buf_tail: 'u32',
    evt_buf: 'pointer',
    ppr_log: 'pointer',
    iommu: 'struct iommu_device',
  });
  const table = made.page();
  const commands = made.page();
  const events = made.page();
  const seg = generation.segments
    ? made.object('amd_iommu_pci_seg', { id: 0, dev_table_size: 0x200000, dev_table: table.va })
    : generation.stub
      ? made.object('amd_iommu_pci_seg', { id: 0 })
      : undefined;
  if (!generation.segments) {
    made.variable('amd_iommu_dev_table', 'u64', table.va);
    made.variable('dev_table_size', 'u32', 0x200000n);
  }
  made.variable('amd_iommu_efr', 'u64', generation.globalFeatures ? 0x29d3n : 0n);
  made.variable('amd_iommu_guest_ir', 'u32', options.guestMode ?? 1n);
  const unit = made.object('amd_iommu', {
    index: 0,
    mmio_phys: 0xfed80000n,
    features: generation.globalFeatures ? 0n : 0x29d3n,
    devid: 8,
    ...(seg === undefined ? {} : { pci_seg: seg }),
    cmd_buf: commands.va,
    cmd_buf_tail: 0x1430,
    evt_buf: events.va,
  });
  made.list(made.global('amd_iommu_list', 'list_head'), 'amd_iommu', 'list', [unit]);
  const registered = made.global('iommu_device_list', 'list_head');
  made.list(registered, 'iommu_device', 'list', [made.addressOf('amd_iommu', unit, 'iommu')]);
  return { made, table: table.pa, commands: commands.pa, events: events.pa };
}
