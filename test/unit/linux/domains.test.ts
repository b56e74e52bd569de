import { describe, expect, test } from 'vitest';
import { xarrayEntry } from '../../../core/linux/domains.ts';
import type { Kernel } from '../../../core/linux/kernel.ts';
import {
  AMD_GENERATIONS,
  amdKernel,
  INTEL_GENERATIONS,
  intelKernel,
} from '../../support/linux/iommu-kernels.ts';
import type { WholeKernel } from '../../support/linux/whole-kernel.ts';

/** Structures of the driver core and of PCI, with the members that every kernel of 5.7 on has. */
function driverCore(made: WholeKernel): void {
  made.struct('kobject', { name: 'pointer' });
  made.struct('device', {
    kobj: 'struct kobject',
    driver: 'pointer',
    iommu_group: 'pointer',
    iommu: 'pointer',
  });
  made.struct('device_driver', { name: 'pointer' });
  made.struct('dev_iommu', { fwspec: 'pointer', iommu_dev: 'pointer', priv: 'pointer' });
  made.struct('iommu_domain', { type: 'u32', ops: 'pointer' });
  made.struct('iommu_group', { kobj: 'struct kobject', id: 'u32', domain: 'pointer' });
  made.struct('pci_sysdata', { domain: 'u32' });
  made.struct('pci_bus', {
    node: 'struct list_head',
    children: 'struct list_head',
    devices: 'struct list_head',
    sysdata: 'pointer',
    number: 'u8',
  });
  made.struct('pci_dev', {
    bus_list: 'struct list_head',
    devfn: 'u32',
    vendor: 'u16',
    device: 'u16',
    class: 'u32',
    dev: 'struct device',
  });
}

/** One function behind a bridge, served by a unit; `priv` is the driver's own data. */
function oneDevice(made: WholeKernel, unitDevice: bigint, priv: bigint, type: number): void {
  const domain = made.object('iommu_domain', { type });
  const group = made.object('iommu_group', { id: 7, domain });
  const device = made.object('pci_dev', {
    devfn: 0x10,
    vendor: 0x8086,
    device: 0x10d3,
    class: 0x020000,
    'dev.driver': made.object('device_driver', { name: 'e1000e' }),
    'dev.iommu_group': group,
    'dev.iommu': made.object('dev_iommu', { iommu_dev: unitDevice, priv }),
  });
  const sysdata = made.object('pci_sysdata', { domain: 0 });
  const child = made.object('pci_bus', { number: 2, sysdata });
  const root = made.object('pci_bus', { number: 0, sysdata });
  const list = (
    bus: bigint,
    member: string,
    struct: string,
    link: string,
    objects: bigint[],
  ): void => made.list(made.addressOf('pci_bus', bus, member), struct, link, objects);
  list(root, 'devices', 'pci_dev', 'bus_list', []);
  list(root, 'children', 'pci_bus', 'node', [child]);
  list(child, 'devices', 'pci_dev', 'bus_list', [device]);
  list(child, 'children', 'pci_bus', 'node', []);
  made.list(made.global('pci_root_buses', 'list_head'), 'pci_bus', 'node', [root]);
}

const ID = 0x210;

function expectOne(kernel: Kernel, expected: object): void {
  expect(kernel.domains()).toEqual([{ segment: 0, id: ID, ...expected }]);
  expect(kernel.incomplete).toEqual([]);
}

/** A VT-d kernel with one device, whose dmar_domain `make` gives. */
function intelWith(make: (made: WholeKernel, top: bigint) => bigint): {
  kernel: Kernel;
  top: bigint;
} {
  const { made } = intelKernel(INTEL_GENERATIONS[1]);
  driverCore(made);
  made.struct('device_domain_info', { domain: 'pointer' });
  const unit = made.open().kernelUnits()[1];
  const top = made.page();
  const priv = made.object('device_domain_info', { domain: make(made, top.va) });
  oneDevice(made, unit.deviceAddress!, priv, 0xb);
  return { kernel: made.open(), top: top.pa };
}

function amdWith(make: (made: WholeKernel, top: bigint) => bigint): {
  kernel: Kernel;
  top: bigint;
} {
  const { made } = amdKernel(AMD_GENERATIONS[2]);
  driverCore(made);
  made.struct('iommu_dev_data', { domain: 'pointer' });
  const unit = made.open().kernelUnits()[0];
  const top = made.page();
  const priv = made.object('iommu_dev_data', { domain: make(made, top.va) });
  oneDevice(made, unit.deviceAddress!, priv, 3);
  return { kernel: made.open(), top: top.pa };
}

test('a device, with its driver, its group and the unit that serves it', () => {
  const { kernel } = intelWith((made) => {
    made.struct('dmar_domain', { domain: 'struct iommu_domain', pgd: 'pointer', agaw: 'u32' });
    return made.object('dmar_domain');
  });
  expect(kernel.devices()).toMatchObject([
    {
      id: ID,
      vendor: 0x8086,
      device: 0x10d3,
      class: 0x020000,
      driver: 'e1000e',
      group: 7,
      domainType: 'DMA, lazy flush',
      unitAddress: kernel.kernelUnits()[1].deviceAddress,
    },
  ]);
});

describe('VT-d domains', () => {
  test('5.10: pgd, agaw, and iommu_did[] by the number of the unit', () => {
    const { kernel, top } = intelWith((made, va) => {
      made.struct('dmar_domain', {
        domain: 'struct iommu_domain',
        iommu_did: 'u16[128]',
        pgd: 'pointer',
        agaw: 'u32',
        flags: 'u32',
      });
      const domain = made.object('dmar_domain', { pgd: va, agaw: 2, 'domain.type': 3 });
      const ids = made.addressOf('dmar_domain', domain, 'iommu_did');
      made.kernel.write(ids + 2n, Uint8Array.of(9, 0));
      return domain;
    });
    expectOne(kernel, {
      vendor: 'intel',
      format: 'second-stage',
      pageTable: top,
      levels: 4,
      domain: 9,
    });
  });

  test.each([
    ['flags bit 1 (6.1)', { flags: 'u32' }, { flags: 2 }],
    ['use_first_level (6.12)', { use_first_level: 'bits:1' }, { use_first_level: 1 }],
  ] as const)('first-stage by %s, domain id out of an xarray', (_, member, value) => {
    const { kernel, top } = intelWith((made, va) => {
      made.struct('xarray', { xa_lock: 'u32', xa_head: 'pointer' });
      made.struct('xa_node', { shift: 'u8', slots: 'pointer[64]' });
      made.struct('iommu_domain_info', { iommu: 'pointer', did: 'u16' });
      made.struct('dmar_domain', {
        domain: 'struct iommu_domain',
        iommu_array: 'struct xarray',
        pgd: 'pointer',
        agaw: 'u32',
        ...member,
      });
      const info = made.object('iommu_domain_info', { did: 5 });
      const node = made.object('xa_node', { shift: 0 });
      made.kernel.writeWord(made.addressOf('xa_node', node, 'slots') + 8n, info);
      return made.object('dmar_domain', {
        pgd: va,
        agaw: 2,
        'iommu_array.xa_head': node | 2n,
        ...value,
      });
    });
    expectOne(kernel, {
      vendor: 'intel',
      format: 'first-stage',
      pageTable: top,
      levels: 4,
      domain: 5,
    });
  });

  test.each([
    ['intel_ss_paging_domain_ops', 'second-stage', 'sspt.vtdss_pt'],
    ['intel_fs_paging_domain_ops', 'first-stage', 'fspt.x86_64_pt'],
  ])('7.x, generic page tables: %s tells which', (symbol, format, path) => {
    const { kernel, top } = intelWith((made, va) => {
      made.struct('pt_common', { top_of_table: 'u64' });
      made.struct('pt_vtdss', { common: 'struct pt_common' });
      made.struct('pt_x86_64', { common: 'struct pt_common' });
      made.struct('pt_iommu_vtdss', { vtdss_pt: 'struct pt_vtdss' });
      made.struct('pt_iommu_x86_64', { x86_64_pt: 'struct pt_x86_64' });
      made.struct('dmar_domain', {
        domain: 'struct iommu_domain',
        sspt: 'struct pt_iommu_vtdss',
        fspt: 'struct pt_iommu_x86_64',
      });
      const operations = made.variable(symbol, 'u64', 0n);
      return made.object('dmar_domain', {
        'domain.ops': operations,
        [`${path}.common.top_of_table`]: va | 2n,
      });
    });
    expectOne(kernel, { vendor: 'intel', format, pageTable: top, levels: 3, domain: undefined });
  });

  test('an identity domain has no table to compare', () => {
    const { kernel } = intelWith((made, va) => {
      made.struct('dmar_domain', { domain: 'struct iommu_domain', pgd: 'pointer', agaw: 'u32' });
      return made.object('dmar_domain', { pgd: va, agaw: 2, 'domain.type': 4 });
    });
    expect(kernel.domains()).toEqual([]);
  });
});

describe('AMD-Vi domains', () => {
  test('5.10: root and mode in one word', () => {
    const { kernel, top } = amdWith((made, va) => {
      made.struct('atomic64_t', { counter: 'u64' });
      made.struct('protection_domain', {
        domain: 'struct iommu_domain',
        id: 'u16',
        pt_root: 'struct atomic64_t',
      });
      return made.object('protection_domain', { id: 4, 'pt_root.counter': va | 3n });
    });
    expectOne(kernel, { vendor: 'amd', format: 'v1', pageTable: top, levels: 3, domain: 4 });
  });

  const iop = (made: WholeKernel): void => {
    made.struct('amd_io_pgtable', { mode: 'u32', root: 'pointer', pgd: 'pointer' });
    made.struct('protection_domain', {
      domain: 'struct iommu_domain',
      id: 'u16',
      iop: 'struct amd_io_pgtable',
      pd_mode: 'u32',
    });
  };

  test.each([
    ['v1', 1, 'iop.root', 3],
    ['v2', 2, 'iop.pgd', undefined],
  ])('6.x, io-pgtable: %s by pd_mode', (format, mode, member, levels) => {
    const { kernel, top } = amdWith((made, va) => {
      iop(made);
      return made.object('protection_domain', {
        id: 4,
        pd_mode: mode,
        'iop.mode': 3,
        [member]: va,
      });
    });
    expectOne(kernel, { vendor: 'amd', format, pageTable: top, levels, domain: 4 });
  });

  test.each([
    ['v1', 1, 'amdv1.amdpt'],
    ['v2', 2, 'amdv2.x86_64_pt'],
  ])('7.x, generic page tables: %s by pd_mode', (format, mode, path) => {
    const { kernel, top } = amdWith((made, va) => {
      made.struct('pt_common', { top_of_table: 'u64' });
      made.struct('pt_amdv1', { common: 'struct pt_common' });
      made.struct('pt_x86_64', { common: 'struct pt_common' });
      made.struct('pt_iommu_amdv1', { amdpt: 'struct pt_amdv1' });
      made.struct('pt_iommu_x86_64', { x86_64_pt: 'struct pt_x86_64' });
      made.struct('protection_domain', {
        domain: 'struct iommu_domain',
        amdv1: 'struct pt_iommu_amdv1',
        amdv2: 'struct pt_iommu_x86_64',
        id: 'u16',
        pd_mode: 'u32',
      });
      return made.object('protection_domain', {
        id: 4,
        pd_mode: mode,
        [`${path}.common.top_of_table`]: va | 3n,
      });
    });
    expectOne(kernel, { vendor: 'amd', format, pageTable: top, levels: 4, domain: 4 });
  });
});

describe('xarrayEntry', () => {
  const { made } = intelKernel(INTEL_GENERATIONS[1]);
  made.struct('xarray', { xa_head: 'pointer' });
  made.struct('xa_node', { shift: 'u8', slots: 'pointer[64]' });
  const slot = (node: bigint, index: number, value: bigint): void =>
    made.kernel.writeWord(made.addressOf('xa_node', node, 'slots') + BigInt(8 * index), value);
  const entry = made.kernel.stext;
  const leaf = made.object('xa_node', { shift: 0 });
  slot(leaf, 5, entry);
  const top = made.object('xa_node', { shift: 6 });
  slot(top, 3, leaf | 2n);
  const loop = made.object('xa_node', { shift: 0 });
  slot(loop, 0, loop | 2n);
  const kernel = made.open();

  test.each([
    ['a lone entry 0 is the head itself', entry, 0, entry],
    ['and there is no other', entry, 1, undefined],
    ['one level', leaf | 2n, 5, entry],
    ['an empty slot', leaf | 2n, 6, undefined],
    ['past the slots', leaf | 2n, 64, undefined],
    ['two levels', top | 2n, 3 * 64 + 5, entry],
    ['an empty array', 0n, 0, undefined],
    ['a node that points to itself', loop | 2n, 0, undefined],
  ])('%s', (_, head, index, expected) => {
    const array = made.object('xarray', { xa_head: head });
    expect(xarrayEntry(kernel.context()!, array, index)).toBe(expected);
  });
});
