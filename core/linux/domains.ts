import { physical, type KernelContext } from './context.ts';
import type { KernelDevice } from './pci.ts';

/**
 * What the kernel's own structures say of a device's translation. The tables that the hardware
 * reads must say the same: where they differ, one of them is damaged or was changed.
 */
export interface SoftwareDomain {
  readonly segment: number;
  /** Requester ID. */
  readonly id: number;
  readonly vendor: 'intel' | 'amd';
  readonly format: 'first-stage' | 'second-stage' | 'v1' | 'v2';
  /** Physical address of the top page table; undefined when there is none or it can't be read. */
  readonly pageTable: bigint | undefined;
  readonly levels: number | undefined;
  /** Domain id as the unit's tables have it. */
  readonly domain: number | undefined;
}

/** `top_of_table` of a generic page table holds its level, counted from 0, in these bits. */
const TOP_LEVEL_MASK = 7n;
/** DOMAIN_FLAG_USE_FIRST_LEVEL of dmar_domain.flags, up to 6.1. */
const USE_FIRST_LEVEL = 2n;
/** pt_root of 5.10 holds the mode, the number of levels, in these bits. */
const MODE_MASK = 7n;
/** IOMMU_DOMAIN_IDENTITY of iommu_domain.type. */
const IOMMU_DOMAIN_IDENTITY = 4n;
/** PD_MODE_V2 of protection_domain.pd_mode. */
const MODE_V2 = 2n;

/**
 * Domains of devices that translate through page tables. Devices with an identity domain, or one
 * of the static ones of 6.12 and later (identity, blocking), are left out, as are devices without
 * an IOMMU.
 */
export function softwareDomains(
  context: KernelContext,
  devices: readonly KernelDevice[],
  vendorOf: (unitAddress: bigint) => { vendor: 'intel' | 'amd'; sequence: number } | undefined,
): SoftwareDomain[] {
  const { reader, notes } = context;
  if (!reader.has('device', 'iommu') || !reader.has('dev_iommu', 'priv')) return [];
  return notes.within("devices' domains", () =>
    devices.flatMap((device) => {
      const unit = device.unitAddress === undefined ? undefined : vendorOf(device.unitAddress);
      const data = unit && reader.field('device', device.address, 'iommu');
      const info = data ? reader.field('dev_iommu', data, 'priv') : undefined;
      if (!unit || !info) return [];
      const found =
        unit.vendor === 'intel'
          ? intelDomain(context, info, unit.sequence)
          : amdDomain(context, info);
      return found
        ? [{ segment: device.segment, id: device.id, vendor: unit.vendor, ...found }]
        : [];
    }),
  );
}

type Found = Pick<SoftwareDomain, 'format' | 'pageTable' | 'levels' | 'domain'>;

function intelDomain(context: KernelContext, info: bigint, sequence: number): Found | undefined {
  const { reader } = context;
  const domain = reader.field('device_domain_info', info, 'domain');
  if (!domain || isIdentity(context, 'dmar_domain', domain)) return undefined;
  const id = intelDomainId(context, domain, sequence);
  if (reader.has('dmar_domain', 'pgd')) {
    const agaw = reader.number('dmar_domain', domain, 'agaw');
    return {
      format: usesFirstStage(context, domain) ? 'first-stage' : 'second-stage',
      pageTable: physical(context, reader.field('dmar_domain', domain, 'pgd')),
      levels: agaw === undefined ? undefined : agaw + 2,
      domain: id,
    };
  }
  // Generic page tables, since 7.0: which of the union's tables it is, its operations tell.
  const operations = reader.field('dmar_domain', domain, 'domain.ops');
  const is = (symbol: string): boolean =>
    operations !== undefined && context.symbols.addresses(symbol).includes(operations);
  if (is('intel_fs_paging_domain_ops'))
    return {
      format: 'first-stage',
      ...genericTable(context, 'dmar_domain', domain, 'fspt.x86_64_pt'),
      domain: id,
    };
  if (is('intel_ss_paging_domain_ops'))
    return {
      format: 'second-stage',
      ...genericTable(context, 'dmar_domain', domain, 'sspt.vtdss_pt'),
      domain: id,
    };
  return undefined;
}

/** Identity needs no table, whether the kernel keeps one for it or not. */
function isIdentity(context: KernelContext, struct: string, domain: bigint): boolean {
  return context.reader.field(struct, domain, 'domain.type') === IOMMU_DOMAIN_IDENTITY;
}

function usesFirstStage(context: KernelContext, domain: bigint): boolean {
  const { reader } = context;
  if (reader.has('dmar_domain', 'use_first_level'))
    return reader.field('dmar_domain', domain, 'use_first_level') === 1n;
  const flags = reader.has('dmar_domain', 'flags')
    ? reader.field('dmar_domain', domain, 'flags')
    : undefined;
  return flags !== undefined && (flags & USE_FIRST_LEVEL) !== 0n;
}

/** iommu_did[] up to 5.x; since 5.18 to 6.0 an xarray of iommu_domain_info, by the unit's number. */
function intelDomainId(
  context: KernelContext,
  domain: bigint,
  sequence: number,
): number | undefined {
  const { reader, memory } = context;
  if (reader.has('dmar_domain', 'iommu_did')) {
    const ids = reader.addressOf('dmar_domain', domain, 'iommu_did')!;
    const count = reader.memberCount('dmar_domain', 'iommu_did') ?? 0;
    return sequence < count ? memory.u16(ids + BigInt(2 * sequence)) : undefined;
  }
  if (!reader.has('dmar_domain', 'iommu_array')) return undefined;
  const array = reader.addressOf('dmar_domain', domain, 'iommu_array')!;
  const info = xarrayEntry(context, array, sequence);
  return info ? reader.number('iommu_domain_info', info, 'did') : undefined;
}

/** An entry of an xarray (include/linux/xarray.h): a lone entry 0 is the head itself. */
export function xarrayEntry(
  context: KernelContext,
  array: bigint,
  index: number,
): bigint | undefined {
  const { reader, memory } = context;
  let at = reader.field('xarray', array, 'xa_head');
  let rest = index;
  for (let depth = 0; depth < 12 && at !== undefined; depth++) {
    const isNode = (at & 3n) === 2n && at > 4096n;
    if (!isNode) return at !== 0n && (at & 3n) === 0n && rest === 0 ? at : undefined;
    const node = at - 2n;
    const shift = reader.number('xa_node', node, 'shift');
    const slots = reader.addressOf('xa_node', node, 'slots');
    const count = reader.memberCount('xa_node', 'slots');
    if (shift === undefined || slots === undefined || !count || shift > 60) return undefined;
    const slot = Math.floor(rest / 2 ** shift);
    if (slot >= count) return undefined;
    rest -= slot * 2 ** shift;
    at = memory.u64(slots + BigInt(8 * slot));
  }
  return undefined;
}

function amdDomain(context: KernelContext, info: bigint): Found | undefined {
  const { reader } = context;
  const domain = reader.field('iommu_dev_data', info, 'domain');
  if (!domain || isIdentity(context, 'protection_domain', domain)) return undefined;
  const field = (path: string): bigint | undefined =>
    reader.field('protection_domain', domain, path);
  const has = (path: string): boolean => reader.has('protection_domain', path);
  const id = reader.number('protection_domain', domain, 'id');
  const v2 = has('pd_mode') && field('pd_mode') === MODE_V2;
  if (has('amdv1')) {
    const table = v2 ? 'amdv2.x86_64_pt' : 'amdv1.amdpt';
    const generic = genericTable(context, 'protection_domain', domain, table);
    // pd_mode 0: an identity domain, which has no table.
    if (has('pd_mode') && field('pd_mode') === 0n) return undefined;
    return { format: v2 ? 'v2' : 'v1', ...generic, domain: id };
  }
  if (has('iop.root')) {
    if (v2 && has('iop.pgd'))
      return {
        format: 'v2',
        pageTable: physical(context, field('iop.pgd')),
        levels: undefined,
        domain: id,
      };
    const mode = reader.number('protection_domain', domain, 'iop.mode');
    if (!mode) return undefined;
    return {
      format: 'v1',
      pageTable: physical(context, field('iop.root')),
      levels: mode,
      domain: id,
    };
  }
  // Up to 5.10 one word holds both (an atomic64_t).
  const root = has('pt_root.counter') ? field('pt_root.counter') : undefined;
  if (!root) return undefined;
  return {
    format: 'v1',
    pageTable: physical(context, root & ~0xfffn),
    levels: Number(root & MODE_MASK),
    domain: id,
  };
}

function genericTable(
  context: KernelContext,
  struct: string,
  address: bigint,
  table: string,
): { pageTable: bigint | undefined; levels: number | undefined } {
  const top = context.reader.field(struct, address, `${table}.common.top_of_table`);
  if (!top) return { pageTable: undefined, levels: undefined };
  return {
    pageTable: physical(context, top & ~TOP_LEVEL_MASK),
    levels: Number(top & TOP_LEVEL_MASK) + 1,
  };
}
