/** Linux's AMD debugfs: `mmio`, `capability`, `cmdbuf`, `devtbl`, `irqtbl`. */
import { commandLayout } from '../amdvi/commands.ts';
import { DTE } from '../amdvi/dte.ts';
import { irteLayout } from '../amdvi/irte.ts';
import { parseBdf, type Bdf } from '../format/bdf.ts';
import { RegisterWords } from '../memory/mmio.ts';
import type { ImportedEntry } from './entries.ts';
import { UNIT_LIMIT, type ImportedRegisters } from './intel-registers.ts';
import { hexWord, ImportFindings, numberedLines } from './text-lines.ts';

/** `head` and `tail -n +1` put the file's path over its content; the folder names the unit. */
const UNIT_PATH = /\b(iommu\d{1,3})\/(mmio|capability|cmdbuf)\b/;

export const REGISTER_LINE = /^\s*Offset:\s?0x([0-9a-f]{1,5}) Value:\s?0x([0-9a-f]{8,16})\s*$/i;

/** Registers of 64 bits have 16 digits; words of the PCI capability have 8. */
const MMIO_DIGITS = 16;

/** Offset of the last word of the PCI capability block. */
const CAPABILITY_LAST = 0x14;

/**
 * Reads `mmio`: 64 bits at each offset that was asked for. Lines belong to the unit whose path
 * stands over them; without one all are of the same unit. The text does not tell the base.
 */
export function parseAmdMmio(text: string): ImportedRegisters {
  const findings = new ImportFindings();
  const units = new Map<string | undefined, Map<number, number>>();
  for (const [unit, line, offset, digits] of registerLines(text)) {
    if (digits.length !== MMIO_DIGITS) continue;
    if (offset % 4 !== 0) {
      findings.add(
        'warning',
        'register-offset',
        `${unit ?? 'ivhd0'}/registers`,
        `Line ${line}: the offset is not a multiple of 4; the value is left out.`,
      );
      continue;
    }
    let words = units.get(unit);
    if (!words) {
      if (units.size === UNIT_LIMIT) break;
      words = new Map();
      units.set(unit, words);
    }
    const value = hexWord(digits);
    words.set(offset, Number(value & 0xffff_ffffn));
    words.set(offset + 4, Number(value >> 32n));
  }
  return {
    vendor: 'amd',
    units: [...units].map(([name, words]) => ({
      name,
      base: undefined,
      registers: new RegisterWords(words, 'file', false),
    })),
    findings: findings.list,
  };
}

/** A 32-bit word of a unit's PCI capability block. */
export interface CapabilityWord {
  readonly unit: string | undefined;
  readonly offset: number;
  readonly value: number;
}

/** Reads `capability`: the words at 0x00 to 0x14 of the unit's PCI capability block. */
export function parseAmdCapability(text: string): CapabilityWord[] {
  const out: CapabilityWord[] = [];
  for (const [unit, , offset, digits] of registerLines(text))
    if (digits.length < MMIO_DIGITS && offset % 4 === 0 && offset <= CAPABILITY_LAST)
      out.push({ unit, offset, value: Number.parseInt(digits, 16) });
  return out;
}

function* registerLines(
  text: string,
): Generator<readonly [unit: string | undefined, line: number, offset: number, digits: string]> {
  let unit: string | undefined;
  for (const [line, content] of numberedLines(text)) {
    unit = UNIT_PATH.exec(content)?.[1] ?? unit;
    const row = REGISTER_LINE.exec(content);
    if (row) yield [unit, line, Number.parseInt(row[1], 16), row[2]];
  }
}

export interface CommandBuffer {
  readonly unit: string | undefined;
  /** Entry numbers, not bytes. */
  readonly head: number;
  readonly tail: number;
  readonly rows: readonly { readonly index: number; readonly entry: ImportedEntry }[];
}

export const COMMAND_HEAD = /^\s*CMD Buffer Head Offset:\s?(\d{1,5}) Tail Offset:\s?(\d{1,5})\s*$/i;
const COMMAND_ROW = /^\s*(\d{1,5}): ([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{8})\s*$/i;

/** Reads `cmdbuf`: all entries of the command buffer, four 32-bit words each. */
export function parseAmdCommands(text: string): CommandBuffer[] {
  const buffers: (Omit<CommandBuffer, 'rows'> & {
    rows: { index: number; entry: ImportedEntry }[];
  })[] = [];
  let unit: string | undefined;
  for (const [line, content] of numberedLines(text)) {
    unit = UNIT_PATH.exec(content)?.[1] ?? unit;
    const head = COMMAND_HEAD.exec(content);
    if (head) buffers.push({ unit, head: Number(head[1]), tail: Number(head[2]), rows: [] });
    const row = COMMAND_ROW.exec(content);
    const buffer = buffers.at(-1);
    if (!row || !buffer) continue;
    const [a, b, c, d] = row.slice(2).map(hexWord);
    const words = [(b << 32n) | a, (d << 32n) | c];
    buffer.rows.push({
      index: Number(row[1]),
      entry: { layout: commandLayout(words), words, address: undefined, line },
    });
  }
  return buffers;
}

export interface DeviceTableRow {
  readonly bdf: Bdf;
  /** `iommu3`, as the kernel numbers its units. */
  readonly unit: string;
  readonly entry: ImportedEntry;
}

export const DEVICE_TABLE_HEAD =
  /^\s*DeviceId\s+QWORD\[3\]\s+QWORD\[2\]\s+QWORD\[1\]\s+QWORD\[0\]/i;
const DEVICE_ROW =
  /^\s*([0-9a-f:.]{7,12})\s+([0-9a-f]{1,16})\s+([0-9a-f]{1,16})\s+([0-9a-f]{1,16})\s+([0-9a-f]{1,16})\s+(iommu\d{1,5})\s*$/i;

/** Reads `devtbl`: the device table entry of a device, its highest word first. */
export function parseAmdDeviceTable(text: string): DeviceTableRow[] {
  const out: DeviceTableRow[] = [];
  for (const [line, content] of numberedLines(text)) {
    const row = DEVICE_ROW.exec(content);
    const bdf = row && parseBdf(row[1]);
    if (!row || !bdf) continue;
    const words = row.slice(2, 6).map(hexWord).reverse();
    out.push({
      bdf,
      unit: row[6],
      entry: { layout: DTE, words, address: undefined, line },
    });
  }
  return out;
}

export interface AmdInterruptTable {
  readonly bdf: Bdf;
  readonly rows: readonly {
    readonly index: number;
    readonly format: 32 | 128;
    readonly entry: ImportedEntry;
  }[];
}

const DEVICE_ID = /^\s*DeviceId ([0-9a-f:.]{7,12})\s*$/i;
export const INTERRUPT_ROW =
  /^\s*IRT\[(\d{1,5})\]\s+(?:([0-9a-f]{16})\s+([0-9a-f]{16})|([0-9a-f]{8}))\s*$/i;

/** Reads `irqtbl`: the valid entries of a device's interrupt table; the index is decimal. */
export function parseAmdInterrupts(text: string): AmdInterruptTable[] {
  const tables: { bdf: Bdf; rows: AmdInterruptTable['rows'][number][] }[] = [];
  for (const [line, content] of numberedLines(text)) {
    const device = DEVICE_ID.exec(content);
    const bdf = device && parseBdf(device[1]);
    if (bdf) tables.push({ bdf, rows: [] });
    const row = INTERRUPT_ROW.exec(content);
    const table = tables.at(-1);
    if (!row || !table) continue;
    const format = row[4] === undefined ? 128 : 32;
    const words = format === 32 ? [hexWord(row[4])] : [hexWord(row[3]), hexWord(row[2])];
    table.rows.push({
      index: Number(row[1]),
      format,
      entry: { layout: irteLayout(words, format), words, address: undefined, line },
    });
  }
  return tables;
}
