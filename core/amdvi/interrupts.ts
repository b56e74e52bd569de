/** Interrupt remapping tables, and what becomes of one interrupt (48882 rev 3.08, §2.2.5). */
import type { Words } from '../bits/layout.ts';
import { reservedSet } from '../bits/layout.ts';
import type { Device, InterruptEntry, InterruptTable } from '../iommu/unit.ts';
import type { PhysicalMemory, UnknownPage } from '../memory/physical.ts';
import { isKnown, readBytes, readWords } from '../memory/physical.ts';
import type { AmdContext } from './context.ts';
import { decodeDte, DTE, INT_CTL_REMAPPED, MAX_INT_TAB_LEN } from './dte.ts';
import type { EventName } from './events.ts';
import { FLAG } from './events.ts';
import { isMissing } from './host-walk.ts';
import { decodeIrte, irteLayout, irteSize } from './irte.ts';
import { Notes } from './notes.ts';

/** MSI data bits that index the table. */
const INDEX_MASK = 0x7ff;

/** A table that devices point to. */
interface Target {
  readonly table: bigint;
  capacity: number;
  readonly devices: string[];
}

/** Every table that a device's entry points to, in order of address. */
export function interruptTables(
  context: AmdContext,
  devices: readonly Device[],
  all: boolean,
): InterruptTable[] {
  const targets = new Map<bigint, Target>();
  for (const { amd, bdf, pasid } of devices) {
    if (pasid !== undefined || amd?.interruptTable === undefined) continue;
    const capacity = amd.interruptCapacity ?? 0;
    const known = targets.get(amd.interruptTable);
    if (!known) {
      targets.set(amd.interruptTable, { table: amd.interruptTable, capacity, devices: [bdf] });
      continue;
    }
    known.capacity = Math.max(known.capacity, capacity);
    known.devices.push(bdf);
  }
  return [...targets.values()]
    .sort((a, b) => (a.table < b.table ? -1 : a.table > b.table ? 1 : 0))
    .map((target) => readTable(context, target, all));
}

function readTable(context: AmdContext, target: Target, all: boolean): InterruptTable {
  const { table, capacity, devices } = target;
  const at = context.path('irq', devices[0]);
  const notes = new Notes(at, (address) => context.whyMissing(address));
  const format = context.facts.interruptFormat;
  const entries: InterruptEntry[] = [];
  let present = 0;
  if (format === undefined)
    notes.cut(
      at,
      'The width of interrupt remapping entries is not known: it stands in the control register.',
    );
  else
    for (let index = 0; index < capacity; index++) {
      const address = table + BigInt(index * irteSize(format));
      const page = context.memory.page(Number(address >> 12n));
      if (!isKnown(page)) {
        notes.missing(address, page, `${at}/${index}`, 'Interrupt remapping table');
        index = skipPage(address, format, index);
        continue;
      }
      const offset = Number(address & 0xfffn);
      const remapped = (page[offset] & 1) === 1;
      if (remapped) present++;
      if (!remapped && !all) continue;
      const words = readIrte(context.memory, address, format);
      if (!isMissing(words))
        entries.push(interruptEntry(`${at}/${index}`, index, address, words, format));
    }
  return { table, capacity, devices, entries, present, incomplete: notes.incomplete };
}

/** Index of the last entry in the page of `address`. */
function skipPage(address: bigint, format: 32 | 128, index: number): number {
  const left = 4096 - Number(address & 0xfffn);
  return index + Math.ceil(left / irteSize(format)) - 1;
}

function interruptEntry(
  path: string,
  index: number,
  address: bigint,
  words: Words,
  format: 32 | 128,
): InterruptEntry {
  const fields = decodeIrte(words, format);
  return {
    index,
    entry: { path, address, words, layout: irteLayout(words, format) },
    present: fields.present,
    vector: fields.vector,
    destination: fields.destination,
    // AMD's entries check no source: a table belongs to the devices that point to it.
    source: undefined,
    posted: fields.guest,
  };
}

/** One entry: a word of 32 bits, or two of 64. */
export function readIrte(
  memory: PhysicalMemory,
  address: bigint,
  format: 32 | 128,
): Words | { address: bigint; why: UnknownPage } {
  if (format === 128) return readWords(memory, address, 2);
  const bytes = readBytes(memory, address, 4);
  if (!(bytes instanceof Uint8Array)) return bytes;
  return [BigInt(new DataView(bytes.buffer).getUint32(0, true))];
}

/** What becomes of one interrupt request of a device. */
export type InterruptResult =
  | {
      readonly result: 'remapped';
      readonly entry: InterruptEntry;
    }
  /** Forwarded as it is (V or IV = 0, or IntCtl = 01b). */
  | { readonly result: 'forwarded' }
  /** Refused; with no event name, without an entry in the event log. */
  | {
      readonly result: 'aborted';
      readonly event: EventName | undefined;
      readonly flags: number;
      readonly entry: InterruptEntry | undefined;
      readonly text: string;
    }
  | { readonly result: 'unknown'; readonly why: UnknownPage | 'format' | 'no device table' };

/**
 * What the unit does with a fixed or arbitrated interrupt of a device (§2.2.5).
 * @param data the MSI data word: its bits 10:0 index the table
 */
export function remapInterrupt(context: AmdContext, id: number, data: number): InterruptResult {
  if (context.facts.translationEnabled === false) return { result: 'forwarded' };
  if (context.facts.deviceTable === undefined) return { result: 'unknown', why: 'no device table' };
  const place = context.dteAddress(id);
  if (!place) return abort('IO_PAGE_FAULT', FLAG.I, 'The DeviceID is beyond the device table.');
  const words = readWords(context.memory, place.address, 4);
  if (isMissing(words)) return { result: 'unknown', why: words.why };
  const dte = decodeDte(words);
  if (!dte.interruptValid) return { result: 'forwarded' };
  if (reservedSet(DTE, words).some((each) => each.pieces[0].low >= 128))
    return abort(
      'ILLEGAL_DEV_TABLE_ENTRY',
      FLAG.I | FLAG.RZ,
      'Reserved bits of the interrupt half are set.',
    );
  if (dte.interruptControl === 0)
    return abort(undefined, FLAG.I, 'IntCtl = 00b: fixed and arbitrated interrupts are aborted.');
  if (dte.interruptControl === 1) return { result: 'forwarded' };
  if (dte.interruptControl !== INT_CTL_REMAPPED || dte.interruptCapacity > 1 << MAX_INT_TAB_LEN)
    return abort('ILLEGAL_DEV_TABLE_ENTRY', FLAG.I, 'IntCtl or IntTabLen has a reserved value.');
  const format = context.facts.interruptFormat;
  if (format === undefined) return { result: 'unknown', why: 'format' };
  const index = data & INDEX_MASK;
  const unmapped = dte.unmappedIgnored ? undefined : 'IO_PAGE_FAULT';
  if (index >= dte.interruptCapacity)
    return abort(unmapped, FLAG.I, `Index ${index} is beyond the table.`);
  const address = context.plain(dte.interruptTable) + BigInt(index * irteSize(format));
  const irte = readIrte(context.memory, address, format);
  if (isMissing(irte)) return { result: 'unknown', why: irte.why };
  const path = context.path('irq', context.bdf(id), String(index));
  const entry = interruptEntry(path, index, address, irte, format);
  const { type, quiet } = decodeIrte(irte, format);
  const event = quiet ? undefined : 'IO_PAGE_FAULT';
  if (!entry.present)
    return abort(event && unmapped, FLAG.I, `Entry ${index} has RemapEn = 0.`, entry);
  if (reservedSet(entry.entry.layout, irte).length > 0 || (format === 32 && entryGuest(irte)))
    return abort(event, FLAG.I | FLAG.PR | FLAG.RZ, 'Reserved bits of the entry are set.', entry);
  if (type !== undefined && type > 1)
    return abort(event, FLAG.I | FLAG.PR | FLAG.RZ, `IntType ${type} is reserved.`, entry);
  return { result: 'remapped', entry };
}

const entryGuest = (words: Words): boolean => ((words[0] >> 7n) & 1n) === 1n;

function abort(
  event: EventName | undefined,
  flags: number,
  text: string,
  entry?: InterruptEntry,
): InterruptResult {
  return { result: 'aborted', event, flags, entry, text };
}
