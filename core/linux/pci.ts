import { variable64, type KernelContext } from './context.ts';
import { structsOnList } from './lists.ts';

/** A PCI function as the kernel knows it. */
export interface KernelDevice {
  readonly segment: number;
  /** Requester ID. */
  readonly id: number;
  readonly vendor: number | undefined;
  readonly device: number | undefined;
  /** Class code: base class, subclass and programming interface, 24 bits. */
  readonly class: number | undefined;
  /** Name of the driver that is bound to it. */
  readonly driver: string | undefined;
  /** Number of its IOMMU group. */
  readonly group: number | undefined;
  /** Type of the group's current domain. */
  readonly domainType: string | undefined;
  /** Address of the struct iommu_device of the unit that serves it. */
  readonly unitAddress: bigint | undefined;
  /** Address of its struct device. */
  readonly address: bigint;
}

const MAX_BUSES = 65_536;
const MAX_DEVICES = 65_536;
const MAX_DEPTH = 64;

/** iommu_domain.type (include/linux/iommu.h): bits for paging, DMA API, pass-through, flush queue. */
const DOMAIN_TYPES: ReadonlyMap<number, string> = new Map([
  [0, 'blocked'],
  [1, 'unmanaged'],
  [3, 'DMA'],
  [4, 'identity'],
  [0xb, 'DMA, lazy flush'],
  [0x10, 'SVA'],
  [0x20, 'platform'],
  [0x40, 'nested'],
]);

/** Every PCI function, bus by bus from the roots down, in order of segment and requester ID. */
export function readDevices(context: KernelContext): KernelDevice[] {
  const { symbols, reader, notes } = context;
  const head = symbols.address('pci_root_buses');
  if (head === undefined) return [];
  return notes.within('pci_root_buses', () => {
    const found: KernelDevice[] = [];
    const seen = new Set<bigint>();
    const visit = (bus: bigint, depth: number): void => {
      if (seen.has(bus) || seen.size >= MAX_BUSES || depth > MAX_DEPTH) {
        notes.finding(
          'warning',
          'bad-list',
          "The kernel's tree of PCI buses leads back into itself.",
        );
        return;
      }
      seen.add(bus);
      found.push(...devicesOnBus(context, bus, MAX_DEVICES - found.length));
      const children = reader.addressOf('pci_bus', bus, 'children');
      if (children === undefined) return;
      for (const child of structsOnList(reader, children, 'pci_bus', 'node', MAX_BUSES))
        visit(child, depth + 1);
    };
    for (const root of structsOnList(reader, head, 'pci_bus', 'node', MAX_BUSES)) visit(root, 0);
    return found.sort((a, b) => a.segment - b.segment || a.id - b.id);
  });
}

function devicesOnBus(context: KernelContext, bus: bigint, limit: number): KernelDevice[] {
  const { reader } = context;
  const number = reader.number('pci_bus', bus, 'number');
  const sysdata = reader.field('pci_bus', bus, 'sysdata');
  const head = reader.addressOf('pci_bus', bus, 'devices');
  if (number === undefined || head === undefined || limit <= 0) return [];
  const segment = sysdata ? (reader.number('pci_sysdata', sysdata, 'domain') ?? 0) : 0;
  return structsOnList(reader, head, 'pci_dev', 'bus_list', Math.min(limit, 256)).flatMap((dev) => {
    const devfn = reader.number('pci_dev', dev, 'devfn');
    const device = reader.addressOf('pci_dev', dev, 'dev');
    if (devfn === undefined || device === undefined) return [];
    return [
      {
        segment: segment & 0xffff,
        id: ((number & 0xff) << 8) | (devfn & 0xff),
        vendor: reader.number('pci_dev', dev, 'vendor'),
        device: reader.number('pci_dev', dev, 'device'),
        class: reader.number('pci_dev', dev, 'class'),
        driver: driverName(context, device),
        ...groupOf(context, device),
        unitAddress: unitOf(context, device),
        address: device,
      },
    ];
  });
}

function driverName(context: KernelContext, device: bigint): string | undefined {
  const driver = context.reader.field('device', device, 'driver');
  return driver ? context.reader.text('device_driver', driver, 'name') : undefined;
}

function groupOf(
  context: KernelContext,
  device: bigint,
): { group: number | undefined; domainType: string | undefined } {
  const { reader } = context;
  const none = { group: undefined, domainType: undefined };
  if (!reader.has('device', 'iommu_group')) return none;
  const group = reader.field('device', device, 'iommu_group');
  if (!group) return none;
  const domain = reader.field('iommu_group', group, 'domain');
  const type = domain ? reader.number('iommu_domain', domain, 'type') : undefined;
  return {
    group: reader.number('iommu_group', group, 'id'),
    domainType: type === undefined ? undefined : (DOMAIN_TYPES.get(type) ?? `type ${type}`),
  };
}

/** device.iommu -> dev_iommu.iommu_dev (5.7 and later, commit 045a70426067). */
function unitOf(context: KernelContext, device: bigint): bigint | undefined {
  const { reader } = context;
  if (!reader.has('device', 'iommu') || !reader.has('dev_iommu', 'iommu_dev')) return undefined;
  const data = reader.field('device', device, 'iommu');
  return data ? reader.field('dev_iommu', data, 'iommu_dev') || undefined : undefined;
}

/** Addresses of the struct iommu_device of every IOMMU that registered, of whatever driver. */
export function registeredUnits(context: KernelContext): bigint[] {
  const { symbols, reader, notes } = context;
  const head = symbols.address('iommu_device_list');
  if (head === undefined) return [];
  return notes.within('iommu_device_list', () =>
    structsOnList(reader, head, 'iommu_device', 'list', 4096),
  );
}

/** Name of a registered IOMMU's device in sysfs: `dmar0`, `ivhd0`, or a virtio device's. */
export function registeredUnitName(context: KernelContext, unit: bigint): string | undefined {
  const { reader } = context;
  const device = reader.field('iommu_device', unit, 'dev');
  return device ? reader.text('device', device, 'kobj.name') : undefined;
}

/** Bytes of direct map: the kernel's variables that say where it begins and ends. */
export function directMapOf(context: KernelContext): { from: bigint; to: bigint } | undefined {
  const from = variable64(context, 'page_offset_base');
  const to = variable64(context, 'vmalloc_base');
  return from === undefined || to === undefined || to <= from ? undefined : { from, to };
}
