/** The guest page tables of a device: every valid entry of its guest CR3 table. */
import { isKnown, pfnOf, ZERO_PAGE } from '../memory/physical.ts';
import { hostLookup } from './host-lookup.ts';
import type { AmdContext } from './context.ts';
import type { DeviceTableEntry } from './dte.ts';
import { GCR3_LEVEL_BITS } from './guest-page-table.ts';
import { gcr3Path, maxPasid } from './guest-walk.ts';
import type { Notes } from './notes.ts';
import { TABLE_ENTRIES } from './page-table.ts';

/** Address spaces of one device that are listed; a device has one or a few. */
const MAX_PASIDS = 4096;
/** Pages of one guest CR3 table that are read. */
const MAX_TABLE_PAGES = 4096;

export interface GuestPasids {
  /** Top guest page table by PASID, ascending. */
  readonly tables: ReadonlyMap<number, bigint>;
}

/**
 * Reads a guest CR3 table.
 * @param own takes findings about the table; @param notes takes missing pages
 */
export function guestPasids(
  context: AmdContext,
  dte: DeviceTableEntry,
  bdf: string,
  own: Notes,
  notes: Notes,
): GuestPasids {
  const tables = new Map<number, bigint>();
  if (dte.gcr3Levels > 3) return { tables };
  const device = context.path(bdf);
  const last = maxPasid(dte.gcr3Levels);
  const guestRoot = context.control('GCR3TRPMode') === 1 && dte.mode !== 0;
  let read = 0;
  const visit = (address: bigint, level: number, base: number): void => {
    const at = guestRoot ? hostLookup(context, dte, address) : address;
    if (at === undefined || read >= MAX_TABLE_PAGES || tables.size >= MAX_PASIDS) return;
    read++;
    const page = context.memory.page(pfnOf(at));
    if (!isKnown(page)) {
      notes.missing(
        at,
        page,
        gcr3Path(device, dte.gcr3Levels, level, base),
        `Guest CR3 table of ${bdf}`,
      );
      return;
    }
    if (page === ZERO_PAGE) return;
    const words = new Uint32Array(page.buffer, page.byteOffset, 1024);
    for (let index = 0; index < TABLE_ENTRIES; index++) {
      const low = words[2 * index];
      if ((low & 1) === 0) continue;
      const pasid = base + index * 2 ** (GCR3_LEVEL_BITS * (level - 1));
      if (pasid > last || tables.size >= MAX_PASIDS) break;
      const high = words[2 * index + 1];
      if (high >>> 20 !== 0)
        own.add(
          'error',
          'reserved-bits',
          gcr3Path(device, dte.gcr3Levels, level, pasid),
          'The guest CR3 table entry has reserved bits set: the unit refuses its requests.',
        );
      const target = context.plain(
        (BigInt(high & 0xfffff) << 32n) | BigInt((low & 0xfffff000) >>> 0),
      );
      if (level === 1) tables.set(pasid, target);
      else visit(target, level - 1, pasid);
    }
  };
  visit(context.plain(dte.gcr3Table), dte.gcr3Levels, 0);
  if (read >= MAX_TABLE_PAGES || tables.size >= MAX_PASIDS)
    own.add(
      'warning',
      'many-pasids',
      `${device}/dte`,
      `The guest CR3 table holds more address spaces than are listed (${MAX_PASIDS}).`,
    );
  if (dte.mode === 0 && !dte.guestIo)
    own.add(
      'note',
      'no-pasid-untranslated',
      `${device}/dte`,
      'GIoV = 0: requests without PASID are not translated by the guest page table.',
    );
  return { tables };
}
