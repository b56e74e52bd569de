/** AMD-Vi units from what Linux's debugfs lists: facts, and tables as memory. */
import { encode } from '../../bits/layout.ts';
import { COMMAND_SIZE } from '../../amdvi/commands.ts';
import { REQUESTER_IDS } from '../../amdvi/context.ts';
import {
  DTE,
  DTE_SIZE,
  MAX_INT_TAB_LEN,
  decodeDte,
  pointsToInterruptTable,
} from '../../amdvi/dte.ts';
import { amdFacts } from '../../amdvi/facts.ts';
import type { AmdFacts, QueueFacts } from '../../iommu/facts.ts';
import { UNKNOWN_MMIO } from '../../memory/mmio.ts';
import {
  parseAmdCapability,
  parseAmdCommands,
  parseAmdDeviceTable,
  parseAmdInterrupts,
  type AmdInterruptTable,
  type CapabilityWord,
  type CommandBuffer,
  type DeviceTableRow,
} from '../amd.ts';
import type { GivenUnit, StatedFacts } from './intel.ts';
import type { TablePages } from './pages.ts';

/** Words of the PCI capability block that state the register base (48882 §3.3). */
const BASE_LOW = 0x04;
const BASE_HIGH = 0x08;
const BASE_ENABLE = 1;
const BASE_MASK = 0xffff_c000;
/** IntTabLen of a table whose device table entry is not told: 2^9 entries, as Linux makes it. */
const LINUX_INT_TAB_LEN = 9;

interface Parts {
  readonly name: string;
  given?: GivenUnit;
  readonly devices: DeviceTableRow[];
  readonly interrupts: AmdInterruptTable[];
  commands?: CommandBuffer;
  readonly capability: CapabilityWord[];
}

/** `iommu03` and `iommu3` are the kernel's unit 3: `ivhd3`. */
function unitName(text: string | undefined): string | undefined {
  const digits = text && /\d+/.exec(text)?.[0];
  return digits === undefined ? undefined : `ivhd${Number(digits)}`;
}

/**
 * Puts units together from any of `devtbl`, `irqtbl`, `cmdbuf` and `capability`, with the
 * registers of `mmio` where they were given.
 */
export function statedAmd(
  texts: readonly string[],
  given: readonly GivenUnit[],
  pages: TablePages,
): StatedFacts<AmdFacts>[] {
  const units = new Map<string, Parts>();
  const unitOf = (name: string): Parts => {
    let parts = units.get(name);
    if (!parts) units.set(name, (parts = { name, devices: [], interrupts: [], capability: [] }));
    return parts;
  };
  const interrupts: AmdInterruptTable[] = [];
  for (const text of texts) {
    for (const row of parseAmdDeviceTable(text)) unitOf(unitName(row.unit)!).devices.push(row);
    for (const buffer of parseAmdCommands(text))
      unitOf(unitName(buffer.unit) ?? 'ivhd0').commands ??= buffer;
    for (const word of parseAmdCapability(text))
      unitOf(unitName(word.unit) ?? 'ivhd0').capability.push(word);
    interrupts.push(...parseAmdInterrupts(text));
  }
  if (units.size === 0 && interrupts.length === 0) return [];
  for (const [index, each] of given.entries())
    unitOf(unitName(each.name) ?? `ivhd${index}`).given = each;
  for (const table of interrupts) {
    const owner = [...units.values()].find(({ devices }) =>
      devices.some(({ bdf }) => bdf.id === table.bdf.id && bdf.segment === table.bdf.segment),
    );
    const first = [...units.values()][0];
    (owner ?? first ?? unitOf('ivhd0')).interrupts.push(table);
  }
  return [...units.values()].map((parts) => unitFacts(parts, pages));
}

function unitFacts(parts: Parts, pages: TablePages): StatedFacts<AmdFacts> {
  const { name, given, devices, interrupts, capability } = parts;
  const known = amdFacts(given?.registers ?? UNKNOWN_MMIO, {
    name,
    segment: (devices[0] ?? interrupts[0])?.bdf.segment ?? 0,
    base: given?.base ?? capabilityBase(capability),
    from: 'file',
  });
  const told = devices.length > 0 || interrupts.length > 0;
  const deviceTable =
    known.deviceTable ?? (told ? pages.placeholder(REQUESTER_IDS * DTE_SIZE) : undefined);
  const capacity = known.capacity ?? (told ? REQUESTER_IDS : undefined);
  if (told && deviceTable !== undefined && capacity !== undefined)
    pages.table(deviceTable, capacity * DTE_SIZE);
  const tables = new Map<number, bigint>();
  for (const { bdf, entry } of devices) {
    pages.words(deviceTable! + BigInt(bdf.id * DTE_SIZE), entry.words, `${name}/dte`, entry.line);
    const dte = decodeDte(entry.words);
    if (pointsToInterruptTable(dte)) tables.set(bdf.id, dte.interruptTable);
  }
  const entries = new Set(devices.map(({ bdf }) => bdf.id));
  const tablesOnly = new Set<number>();
  for (const { bdf, rows } of interrupts) {
    let table = tables.get(bdf.id);
    const size = (rows[0]?.format ?? 32) / 8;
    const last = rows.reduce((most, { index }) => Math.max(most, index), 0);
    const length = Math.min(
      Math.max(LINUX_INT_TAB_LEN, Math.ceil(Math.log2(last + 1))),
      MAX_INT_TAB_LEN,
    );
    if (table === undefined && !entries.has(bdf.id)) {
      table = pages.placeholder(size << length);
      tablesOnly.add(bdf.id);
      const words = encode(DTE, { IV: 1, IntCtl: 2, IntTabLen: length, IntTabRoot: table >> 6n });
      pages.words(deviceTable! + BigInt(bdf.id * DTE_SIZE), words, `${name}/dte`, 0);
    }
    if (table === undefined) continue;
    pages.table(table & ~0xfffn, Number(table & 0xfffn) + (size << length));
    for (const { index, entry, format } of rows) {
      const address = table + BigInt(index * size);
      if (format === 32) pages.half(address, entry.words[0]);
      else pages.words(address, entry.words, `${name}/irq`, entry.line);
    }
  }
  const format = known.interruptFormat ?? interrupts[0]?.rows[0]?.format;
  return {
    facts: {
      ...known,
      deviceTable,
      capacity,
      interruptFormat: format,
      commandBuffer: commandBuffer(parts, known.commandBuffer, pages),
    },
    listing: { entries, tablesOnly, absent: () => false },
  };
}

/** The register base that the capability block states, when it says that it is enabled. */
function capabilityBase(words: readonly CapabilityWord[]): bigint | undefined {
  const low = words.find(({ offset }) => offset === BASE_LOW)?.value;
  const high = words.find(({ offset }) => offset === BASE_HIGH)?.value;
  if (low === undefined || high === undefined || (low & BASE_ENABLE) === 0) return undefined;
  return (BigInt(high) << 32n) | BigInt((low & BASE_MASK) >>> 0);
}

/** The command buffer of the registers or of the text, its entries as memory. */
function commandBuffer(
  { commands, name }: Parts,
  known: QueueFacts | undefined,
  pages: TablePages,
): QueueFacts | undefined {
  if (!commands || commands.rows.length === 0) return known;
  const last = commands.rows.reduce((most, { index }) => Math.max(most, index), 0);
  const length = (last + 1) * COMMAND_SIZE;
  const base = known?.base ?? pages.placeholder(length);
  pages.table(base, length);
  for (const { index, entry } of commands.rows)
    pages.words(
      base + BigInt(index * COMMAND_SIZE),
      entry.words,
      `${name}/commands/${index}`,
      entry.line,
    );
  return {
    base,
    length: known?.length ?? length,
    descriptor: COMMAND_SIZE,
    head: known?.head ?? commands.head * COMMAND_SIZE,
    tail: known?.tail ?? commands.tail * COMMAND_SIZE,
  };
}
