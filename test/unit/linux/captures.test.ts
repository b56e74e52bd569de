import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Dump } from '../../../core/dump/dump.ts';
import { formatBdf } from '../../../core/format/bdf.ts';
import { hex } from '../../../core/format/hex.ts';
import type { AmdFacts, IntelFacts } from '../../../core/iommu/facts.ts';
import type { Kernel } from '../../../core/linux/kernel.ts';
import { messageLines } from '../../../core/linux/printk.ts';
import { captureBytes, captureJson, MISSING_CAPTURE, WITH_VMCORE } from '../../support/captures.ts';
import { capturedKernel } from '../../support/linux/open-kernel.ts';
import type { Truth } from '../../support/truth.ts';
import { findKernels, openKernel } from '../../support/linux/kernels.ts';

/** What each capture's README and console say, and what its kernel has by its configuration. */
const EXPECTED = {
  'intel-6.1': { release: '6.1.0-50-amd64', symbols: 94101, withoutPlaces: false },
  'intel-5.10': { release: '5.10.0-32-amd64', symbols: 104888, withoutPlaces: true },
  'intel-6.12-sm': { release: '6.12.107+deb13-amd64', symbols: 166692, withoutPlaces: false },
  'amd-6.1': { release: '6.1.0-50-amd64', symbols: 94101, withoutPlaces: false },
} as const;

interface Registers {
  readonly units: readonly { readonly registers: Readonly<Record<string, string>> }[];
}

const here = capturedKernel('intel-6.1') !== undefined;
if (!here) console.warn(`linux captures: skipped, ${MISSING_CAPTURE}`);

function kernelOf(dump: Dump, vmcoreinfo: string): Kernel {
  const kernel = openKernel(dump.memory, { vmcoreinfo });
  if (kernel instanceof Error) throw kernel;
  return kernel;
}

/** A 64-bit register out of a register document. */
function register(document: Registers, offset: number): bigint {
  const word = (at: number): bigint =>
    BigInt(document.units[0].registers[`0x${at.toString(16).padStart(3, '0')}`] ?? 0);
  return (word(offset + 4) << 32n) | word(offset);
}

describe.skipIf(!here).each(WITH_VMCORE)('%s: the kernel of the vmcore', (name) => {
  let dump: Dump;
  let kernel: Kernel;
  beforeAll(() => ({ dump, kernel } = capturedKernel(name)!));
  afterAll(() => dump.close());
  const expected = EXPECTED[name];
  const truth = captureJson<Truth>(name, 'truth.vmcore.json').units[0];
  const before = captureJson<Registers>(name, 'regs.before.json');
  const consoleText = captureBytes(name, 'console.log').toString('latin1');

  test('release and symbols', () => {
    expect(kernel.release).toBe(expected.release);
    expect(kernel.symbols()?.count).toBe(expected.symbols);
    expect(kernel.info.symbol('kallsyms_names') === undefined).toBe(expected.withoutPlaces);
    expect(kernel.symbols()?.address('init_top_pgt')).toBe(kernel.info.symbol('init_top_pgt'));
  });

  test('one unit, as the registers and the tables had it', () => {
    const units = kernel.units();
    expect(units).toHaveLength(1);
    const [unit] = units;
    expect(unit).toMatchObject({
      vendor: truth.vendor,
      base: BigInt(truth.base),
      from: 'kernel',
      segment: 0,
    });
    if (unit.vendor === 'intel') expectIntel(unit);
    else expectAmd(unit);
  });

  function expectIntel(unit: IntelFacts): void {
    expect(unit.name).toBe('dmar0');
    for (const field of ['cap', 'ecap', 'rootTable'] as const)
      expect(hex(unit[field]!)).toBe(truth[field]);
    expect(unit.mode).toBe(truth['mode']);
    expect(unit.translationEnabled).toBe(truth['translationEnabled']);
    expect(unit.interrupts).toEqual({
      table: BigInt(truth.interrupts!.table!),
      capacity: truth.interrupts!.capacity,
      extended: truth.interrupts!.extended,
    });
    // Copies: CAP and ECAP whole, GCMD's enable bits; nothing else is claimed.
    expect(unit.registers.read(8, 64)).toEqual({
      value: register(before, 8),
      source: 'kernel copy',
    });
    expect(unit.registers.read(0x10, 64)?.value).toBe(register(before, 0x10));
    const status = register(before, 0x18) >> 32n;
    expect(unit.registers.read(0x18, 32)?.value).toBe(status & 0x86000000n);
    for (const offset of [0, 0x1c, 0x20, 0x34, 0xb8])
      expect(unit.registers.read(offset, 32)).toBeUndefined();
    const iqa = register(before, 0x90);
    expect(unit.queue).toMatchObject({
      base: iqa & ~0xfffn,
      descriptor: (iqa & 0x800n) !== 0n ? 32 : 16,
      length: 4096 << Number(iqa & 7n),
      head: undefined,
    });
  }

  function expectAmd(unit: AmdFacts): void {
    expect(unit.name).toBe('ivhd0');
    expect(hex(unit.deviceTable!)).toBe(truth['deviceTable']);
    expect(unit.capacity).toBe(truth['capacity']);
    expect(hex(unit.extendedFeatures!)).toBe(truth['extendedFeatures']);
    expect(unit.interruptFormat).toBe(truth.interrupts!.format);
    expect(unit.registers.read(0x30, 64)?.value).toBe(register(before, 0x30));
    expect(unit.registers.read(0x18, 64)).toBeUndefined();
    const address = 0x000ffffffffff000n;
    expect(unit.commandBuffer).toMatchObject({ base: register(before, 8) & address, length: 8192 });
    expect(unit.eventLog).toMatchObject({ base: register(before, 0x10) & address, length: 8192 });
    expect(unit.translationEnabled).toBeUndefined();
  }

  test("the kernel's own view of each device is that of the tables", () => {
    const rows = new Map(
      truth.devices.filter((row) => row['pageTable']).map((row) => [row['bdf'] as string, row]),
    );
    const domains = kernel.domains();
    expect(domains.length).toBeGreaterThan(8);
    for (const domain of domains) {
      const row = rows.get(formatBdf(domain.id))!;
      expect(hex(domain.pageTable!)).toBe(row['pageTable']);
      expect(domain.domain).toBe(row['domain']);
      expect(domain.levels).toBe(row['levels'] ?? row['mode']);
      expect(domain.format).toBe(row['translation'] ?? 'v1');
    }
  });

  test('the PCI functions are those of the machine', () => {
    const listed = [
      ...captureBytes(name, 'pci.txt')
        .toString('utf8')
        .matchAll(
          /Bus +(\d+), device +(\d+), function (\d+):\s+.*?PCI device ([0-9a-f]{4}):([0-9a-f]{4})/gs,
        ),
    ].map(
      ([, bus, device, fn, vendor, id]) =>
        `${formatBdf((Number(bus) << 8) | (Number(device) << 3) | Number(fn))} ${vendor}:${id}`,
    );
    const pad = (value: number | undefined): string => value!.toString(16).padStart(4, '0');
    const found = kernel.devices();
    expect(
      found.map((each) => `${formatBdf(each.id)} ${pad(each.vendor)}:${pad(each.device)}`),
    ).toEqual(listed.sort());
    const drivers = new Map(found.map((each) => [each.driver, each]));
    expect(drivers.get('nvme')).toMatchObject({ class: 0x010802 });
    expect(drivers.get('e1000e')).toMatchObject({ class: 0x020000 });
    const unit = kernel.kernelUnits()[0].deviceAddress;
    expect(drivers.get('nvme')?.unitAddress).toBe(unit);
    expect(drivers.get('nvme')?.domainType).toMatch(/^DMA/);
  });

  test('IOMMU groups are those that the console announced', () => {
    const announced = new Map(
      [
        ...consoleText
          .split('SysRq')[0]
          .matchAll(/pci 0000:([0-9a-f:.]+): Adding to iommu group (\d+)/g),
      ].map(([, bdf, group]) => [bdf, Number(group)]),
    );
    expect(announced.size).toBeGreaterThan(8);
    for (const device of kernel.devices())
      if (announced.has(formatBdf(device.id)))
        expect([formatBdf(device.id), device.group]).toEqual([
          formatBdf(device.id),
          announced.get(formatBdf(device.id)),
        ]);
  });

  test("the log is the console's, line by line", () => {
    const lines = kernel.dmesg().flatMap(messageLines);
    expect(lines.length).toBeGreaterThan(500);
    expect(lines[0]).toContain(`Linux version ${expected.release} `);
    const printed = new Set(consoleText.split(/\r*\n/).map((line) => line.trimEnd()));
    const missing = lines.filter((line) => !printed.has(line.trimEnd()));
    // A program that writes to the console at the same time can garble a line.
    expect(missing.length).toBeLessThanOrEqual(2);
    const sequence = kernel.dmesg().map((each) => each.sequence);
    expect(sequence).toEqual(sequence.map((_, i) => sequence[0] + i));
  });

  test('why, when and where it panicked', () => {
    const panic = kernel.panic()!;
    expect(panic.reason).toBe('sysrq triggered crash');
    const line = /\[ *(\d+\.\d+)\] Kernel panic - not syncing: sysrq triggered crash/.exec(
      consoleText,
    )!;
    expect(panic.uptime).toBeCloseTo(Number(line[1]), 6);
    const cpu = /Kernel panic[^\n]*\n\[[^\]]*\] CPU: (\d+)/.exec(consoleText);
    expect(panic.cpu).toBe(Number(cpu![1]));
    expect(panic.time).toBe(kernel.info.crashTime);
    expect(panic.causes.at(-1)).toContain('sysrq: Trigger a crash');
    if (name.startsWith('intel'))
      expect(panic.causes.join('\n')).toContain('Request device [00:06.0]');
  });

  test('command line and crash kernel reservation, as the console printed them', () => {
    expect(kernel.commandLine()).toBe(
      /Kernel command line: ([^\r\n]*)/.exec(consoleText)![1].trim(),
    );
    expect(kernel.isCrashKernel()).toBe(false);
    const reserved = kernel.crashReservation()!;
    const printed =
      /(?:Reserving (\d+)MB of memory at (\d+)MB for crashkernel|crashkernel reserved: 0x([0-9a-f]+) - 0x([0-9a-f]+))/.exec(
        consoleText,
      )!;
    const start = printed[2] ? BigInt(printed[2]) << 20n : BigInt(`0x${printed[3]}`);
    const size = printed[1] ? BigInt(printed[1]) << 20n : BigInt(`0x${printed[4]}`) - start;
    expect([reserved.start, reserved.end + 1n - reserved.start, reserved.loaded]).toEqual([
      start,
      size,
      true,
    ]);
  });

  test('the tree of /proc/iomem holds kernel, reservation and the unit', () => {
    const all = kernel.resources().flatMap(function flat(resource): (typeof resource)[] {
      return [resource, ...resource.children.flatMap(flat)];
    });
    const named = (resource: string) => all.find((each) => each.name === resource);
    expect(named('Crash kernel')).toMatchObject({ start: kernel.crashReservation()!.start });
    const stext = kernel.info.symbol('_stext')!;
    expect(named('Kernel code')?.start).toBe(kernel.memory.imageToPhysical(stext));
    if (name.startsWith('intel')) expect(named('dmar0')?.start).toBe(0xfed90000n);
    else expect(named('amd_iommu')?.start).toBe(0xfed80000n);
  });

  test('every self-check holds, and nothing was missing or doubtful', () => {
    const checks = kernel.checks();
    expect(checks).toHaveLength(5);
    expect(checks.filter((check) => check.holds !== true)).toEqual([]);
    expect(kernel.findings).toEqual([]);
    expect(kernel.incomplete).toEqual([]);
  });

  test("modules: symbols, and types where the kernel keeps modules' BTF", () => {
    const modules = kernel.modules();
    const nvme = modules.find((each) => each.name === 'nvme')!;
    expect(consoleText).toContain('nvme nvme0');
    expect(nvme.size).toBeGreaterThan(4096);
    const symbols = kernel.moduleSymbols(nvme, ['nvme_probe', 'nvme_init', 'no_such_symbol']);
    const probe = symbols.get('nvme_probe')!;
    expect(probe >= nvme.base! && probe < nvme.base! + BigInt(nvme.size!)).toBe(true);
    expect(symbols.has('no_such_symbol')).toBe(false);
    const reader = kernel.moduleReader(nvme);
    // DEBUG_INFO_BTF_MODULES came with 5.11.
    expect(reader === undefined).toBe(name === 'intel-5.10');
    if (reader) {
      expect(reader.has('nvme_dev', 'ctrl.device')).toBe(true);
      expect(reader.has('nvme_dev', 'no_such_member')).toBe(false);
      expect(reader.has('intel_iommu', 'root_entry')).toBe(true);
    }
  });

  test('the DRHD that the kernel kept is the one that the units came from', () => {
    const structures = kernel.remappingStructures();
    expect(structures.map((each) => each.kind)).toEqual(name.startsWith('intel') ? ['DRHD'] : []);
    for (const { bytes } of structures) {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      expect([view.getUint16(0, true), view.getUint16(2, true)]).toEqual([0, bytes.length]);
      expect(view.getBigUint64(8, true)).toBe(kernel.units()[0].base);
    }
  });
});

/** Without a note the kernel is found in memory; a format must not change what is found. */
describe.skipIf(!here).each([
  ['intel-6.1', 'raw'],
  ['intel-5.10', 'raw'],
  ['intel-6.12-sm', 'raw'],
  ['amd-6.1', 'raw'],
  ['intel-6.12-sm', 'lime'],
  ['intel-6.1', 'kdump.zlib'],
  ['intel-5.10', 'kdump.zstd'],
  ['amd-6.1', 'kdump.lzo'],
] as const)('%s as %s', (name, format) => {
  test('gives the same kernel and the same units', () => {
    const one = capturedKernel(name)!;
    const other = capturedKernel(name, format)!;
    try {
      const plain = (kernel: Kernel) =>
        kernel.units().map((unit) => ({ ...unit, registers: unit.registers.read(8, 64) }));
      expect(other.kernel.release).toBe(one.kernel.release);
      expect(other.kernel.kernelOffset).toBe(one.kernel.kernelOffset);
      expect(plain(other.kernel)).toEqual(plain(one.kernel));
      expect(other.kernel.dmesg()).toEqual(one.kernel.dmesg());
      expect(other.kernel.devices()).toEqual(one.kernel.devices());
    } finally {
      one.dump.close();
      other.dump.close();
    }
  });
});

test.skipIf(!here)(
  'a scan of a crashed machine finds its one kernel, with the time of the crash',
  () => {
    const { dump, kernel } = capturedKernel('amd-6.1')!;
    const found = findKernels(dump.memory);
    expect(found.map((each) => [each.release, each.info.crashTime])).toEqual([
      [kernel.release, kernel.info.crashTime],
    ]);
    dump.close();
  },
);

/** With the lines that tell the tables' places taken away, the search must find the same table. */
test.skipIf(!here).each(WITH_VMCORE)('%s: kallsyms by search alone', (name) => {
  const { dump } = capturedKernel(name)!;
  const text = dump.vmcoreinfo!.replaceAll(/^SYMBOL\(kallsyms_\w+\)=.*\n/gm, '');
  const searched = kernelOf(dump, text);
  const told = kernelOf(dump, dump.vmcoreinfo!);
  expect(searched.symbols()!.count).toBe(EXPECTED[name].symbols);
  for (const symbol of [
    'dmar_drhd_units',
    'amd_iommu_list',
    'init_task',
    'nvme_core_init',
    'current_task',
  ])
    expect(searched.symbols()!.addresses(symbol)).toEqual(told.symbols()!.addresses(symbol));
  dump.close();
});
