/**
 * A unit's tables as Linux's debugfs prints them (drivers/iommu/intel/debugfs.c of 5.18 to 6.12,
 * drivers/iommu/amd/debugfs.c of 6.17): what a text import must be able to read back.
 */
import { DTE_SIZE } from '../../core/amdvi/dte.ts';
import type { Device, Unit } from '../../core/iommu/unit.ts';
import { parseRegisters } from '../../core/session/register-file.ts';
import { readRegisters } from '../../core/vtd/registers.ts';
import { captureBytes, type CaptureName } from './captures.ts';
import { isKnown, pfnOf, type PhysicalMemory } from '../../core/memory/physical.ts';

const w = (value: bigint, digits = 16): string => value.toString(16).padStart(digits, '0');
const ADDRESS = 0x000f_ffff_ffff_f000n;

function word(memory: PhysicalMemory, address: bigint): bigint {
  const page = memory.page(pfnOf(address));
  if (!isKnown(page)) return 0n;
  return new DataView(page.buffer, page.byteOffset).getBigUint64(Number(address & 0xfffn), true);
}

const idOf = (device: Device): string =>
  `${w(BigInt(device.id >> 8), 2)}:${w(BigInt((device.id >> 3) & 31), 2)}.${device.id & 7}`;

/** `dmar_translation_struct`. */
export function dmarTranslation(unit: Unit, memory: PhysicalMemory): string {
  const { facts } = unit;
  if (facts.vendor !== 'intel') return '';
  const rows = unit.devices().devices.map((device) => {
    const bus = device.id >> 8;
    const root = [0, 8].map((at) => word(memory, facts.rootTable! + BigInt(bus * 16 + at)));
    const scalable = facts.mode === 'scalable';
    const upper = scalable && (device.id & 0x80) !== 0;
    const size = scalable ? 32 : 16;
    const index = device.id & (scalable ? 0x7f : 0xff);
    const context = (root[upper ? 1 : 0] & ADDRESS) + BigInt(index * size);
    const words = [0, 8].map((at) => word(memory, context + BigInt(at)));
    const pasid = scalable ? device.entry.words.slice(0, 3) : [0n, 0n, 0n];
    return `${idOf(device)}\t0x${w(root[1])}:0x${w(root[0])}\t0x${w(words[1])}:0x${w(words[0])}\t${scalable ? String(device.pasid).padEnd(6) : '-1    '}\t0x${w(pasid[2])}:0x${w(pasid[1])}:0x${w(pasid[0])}`;
  });
  return [
    `IOMMU ${facts.name}: Root Table Address: 0x${facts.rootTable!.toString(16)}`,
    'B.D.F\tRoot_entry\t\t\t\tContext_entry\t\t\t\tPASID\tPASID_table_entry',
    ...rows,
    '',
  ].join('\n');
}

/** `domain_translation_struct`: every leaf with the entries that lead to it. */
export function domainTranslation(unit: Unit, memory: PhysicalMemory): string {
  const lines: string[] = [];
  for (const device of unit.devices().devices) {
    if (device.pageTable === undefined || device.levels === undefined) continue;
    const pasid = device.pasid ? `with pasid ${device.pasid.toString(16)} ` : '';
    lines.push(`Device 0000:${idOf(device)} ${pasid}@0x${device.pageTable.toString(16)}`);
    lines.push('IOVA_PFN\t\tPML5E\t\t\tPML4E\t\t\tPDPE\t\t\tPDE\t\t\tPTE');
    const down = (table: bigint, level: number, iova: bigint, path: readonly bigint[]): void => {
      for (let index = 0; index < 512; index++) {
        const entry = word(memory, table + BigInt(index * 8));
        if ((entry & 3n) === 0n) continue;
        const at = iova | (BigInt(index) << BigInt(12 + 9 * (level - 1)));
        const columns = [...path, entry];
        if (level > 1 && (entry & 0x80n) === 0n) down(entry & ADDRESS, level - 1, at, columns);
        else
          lines.push(
            `0x${w(at >> 12n, 13)} |\t${columns.map((each) => `0x${w(each)}`).join('\t')}`,
          );
      }
    };
    const above = Array.from({ length: 5 - device.levels }, () => 0n);
    down(device.pageTable, device.levels, 0n, above);
    lines.push('');
  }
  return lines.join('\n');
}

/** `ir_translation_struct`: the entries that are present. */
export function interruptTranslation(unit: Unit): string {
  const [table] = unit.interrupts(false);
  const rows = table.entries.map(({ index, source, vector, entry }) =>
    [
      ` ${String(index).padEnd(5)}`,
      source ?? '00:00.0',
      w(entry.words[0] >> 32n, 8),
      w(BigInt(vector ?? 0), 2),
      `${w(entry.words[1])}\t${w(entry.words[0])}`,
    ].join(' '),
  );
  return [
    `Remapped Interrupt supported on IOMMU: ${unit.facts.name}`,
    ` IR table address:${table.table.toString(16)}`,
    ' Entry SrcID   DstID    Vct IRTE_high\t\tIRTE_low',
    ...rows,
    '',
  ].join('\n');
}

/** `invalidation_queue`: every descriptor. */
export function invalidationQueue(unit: Unit, memory: PhysicalMemory): string {
  const { facts } = unit;
  if (facts.vendor !== 'intel' || !facts.queue) return '';
  const { base, length, descriptor, head = 0, tail = 0 } = facts.queue;
  const words = descriptor / 8;
  const rows = Array.from({ length: length / descriptor }, (_, index) => {
    const each = Array.from({ length: words }, (__, at) =>
      w(word(memory, base + BigInt(index * descriptor + at * 8))),
    );
    return `${String(index).padStart(5)}\t${each.join('\t')}\t${w(1n)}`;
  });
  return [
    `Invalidation queue on IOMMU: ${facts.name}`,
    ` Base: 0x${base.toString(16)}\tHead: ${head / descriptor}\tTail: ${tail / descriptor}`,
    `Index\t\tqw0\t\t\tqw1${words === 4 ? '\t\t\tqw2\t\t\tqw3' : ''}\t\t\tstatus`,
    ...rows,
    '',
  ].join('\n');
}

/** `devtbl`, as asked for each of these devices. */
export function deviceTable(unit: Unit, memory: PhysicalMemory, ids: readonly number[]): string {
  const { facts } = unit;
  if (facts.vendor !== 'amd') return '';
  return ids
    .map((id) => {
      const at = facts.deviceTable! + BigInt(id * DTE_SIZE);
      const words = [24n, 16n, 8n, 0n].map((each) => w(word(memory, at + each)));
      const bdf = `${w(BigInt(id >> 8), 2)}:${w(BigInt((id >> 3) & 31), 2)}.${id & 7}`;
      return [
        'DeviceId             QWORD[3]         QWORD[2]         QWORD[1]         QWORD[0] iommu',
        `0000:${bdf} ${words.join(' ')} iommu${/\d+/.exec(facts.name)![0]}`,
        '',
      ].join('\n');
    })
    .join('\n');
}

/** `irqtbl` of each device that has a table. */
export function interruptTable(unit: Unit): string {
  const lines: string[] = [];
  for (const { devices, entries } of unit.interrupts(false))
    for (const device of devices) {
      lines.push(`DeviceId 0000:${device}`);
      for (const { index, entry } of entries) {
        const { layout, words } = entry;
        const raw = layout.width === 32 ? w(words[0], 8) : `${w(words[1])} ${w(words[0])}`;
        lines.push(`IRT[${String(index).padStart(4, '0')}] ${raw}`);
      }
      lines.push('');
    }
  return lines.join('\n');
}

/** A capture's registers as Linux prints them in iommu_regset. */
export function regset(name: CaptureName): string {
  const [unit] = parseRegisters(captureBytes(name, 'regs.before.json').toString()).units;
  const rows = readRegisters(unit.registers)
    .filter(({ definition, reading }) => reading && definition.layout.width <= 64)
    .map(
      ({ definition, reading }) =>
        `${definition.name.padEnd(16)}\t0x${definition.offset.toString(16).padStart(2, '0')}\t\t0x${reading!.value.toString(16).padStart(16, '0')}`,
    );
  return [
    `IOMMU: dmar0 Register Base Address: ${unit.base!.toString(16)}`,
    'Name\t\t\tOffset\t\tContents',
    ...rows,
    '',
    '',
  ].join('\n');
}
