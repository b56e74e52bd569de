/** Device entries of an IVHD: which DeviceIDs belong to a unit (48882 rev 3.08 §5.2). */
import { hex } from '../format/hex.ts';
import { DEVICE_ENTRIES, ENTRY_HID, SPECIAL_VARIETIES, UNKNOWN_ENTRY } from './ivrs-layouts.ts';
import { optionalNumber, structureAt, walk } from './remapping-table.ts';
import type { AcpiStructure, TableFindings } from './structures.ts';
import { textAt, wordsAt } from './structures.ts';

const HID = 0xf0;
const RANGE_STARTS: ReadonlySet<number> = new Set([0x03, 0x43, 0x47]);
const RANGE_END = 0x04;
const ALL = 0x01;
/** Sizes of entries by the upper two bits of their type: 4, 8, 16 and 32 bytes. */
const SMALLEST = 4;

export interface IvhdEntry extends AcpiStructure {
  readonly type: number;
  /** The device, or the first or last of a range; undefined for padding and special devices. */
  readonly deviceId: number | undefined;
  /** DeviceID that requests carry (alias and special entries). */
  readonly sourceId: number | undefined;
  /** The byte of DTE settings. */
  readonly settings: number;
  /** Special devices: what kind, and its handle. */
  readonly variety: string | undefined;
  readonly handle: number | undefined;
  /** ACPI HID devices. */
  readonly hid: string | undefined;
  readonly cid: string | undefined;
  readonly uid: string | undefined;
}

/** Reads the entries in a part of the table. */
export function readEntries(
  bytes: Uint8Array,
  from: number,
  to: number,
  findings: TableFindings,
): IvhdEntry[] {
  return walk(from, to, (offset) => {
    const type = bytes[offset];
    const length = entryLength(bytes, offset, to);
    if (length === undefined || offset + length > to) {
      findings.add(
        'error',
        'entry-length',
        offset,
        `A device entry of type ${hex(type)} reaches beyond its block; the rest can't be decoded.`,
      );
      return undefined;
    }
    const layout = DEVICE_ENTRIES.get(type) ?? UNKNOWN_ENTRY;
    const base = structureAt(bytes, offset, length, layout, findings);
    if (layout === UNKNOWN_ENTRY)
      findings.add(
        'note',
        'unknown-structure',
        offset,
        `Device entry type ${hex(type)} is not known.`,
      );
    return readEntry(bytes, base, type);
  });
}

/** Bytes of an entry; undefined when not even its length is here. */
function entryLength(bytes: Uint8Array, offset: number, to: number): number | undefined {
  const type = bytes[offset];
  if (type !== HID) return SMALLEST << (type >> 6);
  const fixed = ENTRY_HID.width / 8;
  return offset + fixed > to ? undefined : fixed + bytes[offset + fixed - 1];
}

function readEntry(bytes: Uint8Array, base: AcpiStructure, type: number): IvhdEntry {
  const { offset, length, layout } = base;
  const number = (name: string): number | undefined => optionalNumber(base, name);
  const variety = number('Variety');
  const acpi = type === HID;
  return {
    ...base,
    type,
    deviceId: type === ALL ? undefined : number('DeviceID'),
    sourceId: number('Source DeviceID'),
    settings: layout.byName.has('InitPass') ? bytes[offset + 3] : 0,
    variety:
      variety === undefined
        ? undefined
        : ((SPECIAL_VARIETIES as Readonly<Record<number, string>>)[variety] ??
          `variety ${variety}`),
    handle: number('Handle'),
    hid: acpi ? textAt(bytes, offset + 4, 8) : undefined,
    cid: acpi ? textAt(bytes, offset + 12, 8) : undefined,
    uid: acpi ? uniqueId(bytes, offset, length) : undefined,
  };
}

/** The unique ID: nothing, a little-endian number, or text. */
function uniqueId(bytes: Uint8Array, offset: number, length: number): string | undefined {
  const fixed = ENTRY_HID.width / 8;
  const format = bytes[offset + fixed - 2];
  if (format === 2) return textAt(bytes, offset + fixed, length - fixed);
  if (format !== 1) return undefined;
  const words = wordsAt(bytes, offset + fixed, Math.min(8, length - fixed));
  return hex(words[0] ?? 0n);
}

/** A run of DeviceIDs that a unit has, with what its entry says of them. */
export interface DeviceRange {
  readonly first: number;
  readonly last: number;
  /** DeviceID that the requests carry instead. */
  readonly alias: number | undefined;
  readonly settings: number;
  readonly entry: IvhdEntry;
}

/** The DeviceIDs that the entries name, ranges put together; special devices by their source. */
export function deviceRanges(entries: readonly IvhdEntry[]): DeviceRange[] {
  const ranges: DeviceRange[] = [];
  let start: IvhdEntry | undefined;
  for (const entry of entries) {
    const { type, settings, sourceId: alias } = entry;
    if (RANGE_STARTS.has(type)) start = entry;
    else if (type === RANGE_END) {
      if (start?.deviceId !== undefined && entry.deviceId !== undefined)
        ranges.push({
          first: start.deviceId,
          last: entry.deviceId,
          alias: start.sourceId,
          settings: start.settings,
          entry: start,
        });
      start = undefined;
    } else if (type === ALL) ranges.push({ first: 0, last: 0xffff, alias, settings, entry });
    else {
      const id = entry.deviceId ?? entry.sourceId;
      if (id !== undefined && entry.layout !== UNKNOWN_ENTRY)
        ranges.push({
          first: id,
          last: id,
          alias: entry.deviceId === undefined ? undefined : alias,
          settings,
          entry,
        });
    }
  }
  return ranges;
}

/** Range starts without an end, ends without a start, ends before their start. */
export function judgeRanges(entries: readonly IvhdEntry[], findings: TableFindings): void {
  let start: IvhdEntry | undefined;
  for (const entry of entries) {
    if (RANGE_STARTS.has(entry.type)) {
      if (start)
        findings.add('error', 'range-open', start.offset, 'A range of devices has no end.');
      start = entry;
    } else if (entry.type === RANGE_END) {
      if (!start)
        findings.add(
          'error',
          'range-end',
          entry.offset,
          'A range of devices ends that never began.',
        );
      else if ((entry.deviceId ?? 0) < (start.deviceId ?? 0))
        findings.add(
          'error',
          'range-end',
          entry.offset,
          'A range of devices ends before it begins.',
        );
      start = undefined;
    }
  }
  if (start) findings.add('error', 'range-open', start.offset, 'A range of devices has no end.');
}
