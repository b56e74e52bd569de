/**
 * Every leaf of a guest (v2) page table, in order of IOVA; with a host table beneath, the pages
 * that both map together (48882 §2.2.6).
 */
import type { Severity } from '../format/severity.ts';
import type { Rights } from '../iommu/leaves.ts';
import { READ, WRITE } from '../iommu/leaves.ts';
import type { DeviceTableEntry } from './dte.ts';
import { guestEntryLayout } from './guest-page-table.ts';
import { HostTable } from './host-lookup.ts';
import { levelPages, TABLE_ENTRIES } from './page-table.ts';
import type { SweepState } from './sweep-state.ts';

const PRESENT = 1;
const READ_WRITE = 1 << 1;
const USER = 1 << 2;
const PAGE_SIZE_BIT = 1 << 7;
const LARGEST_PAGE_LEVEL = 3;
/** Pages of a host table that one guest page is cut into before the sweep stops following it. */
const MAX_PIECES = 1 << 20;

type Remark = readonly [severity: Severity, id: string, text: string];
const RESERVED: Remark = [
  'error',
  'reserved-bits',
  'Reserved bits are set in a present entry: the unit refuses requests through it.',
];
const NO_RIGHTS: Remark = [
  'warning',
  'rights-none',
  'This page is present, but the walk permits neither reads nor writes: it cannot be reached.',
];
const HOST_UNMAPPED: Remark = [
  'warning',
  'host-unmapped',
  'The host page table has no page for part of this guest page.',
];
const SUPERVISOR: Remark = [
  'warning',
  'supervisor-only',
  'U/S = 0: requests without supervisor privilege are refused.',
];
const NO_EXECUTE: Remark = ['note', 'no-execute', 'NX = 1: execute requests are refused.'];

/**
 * Sweeps the guest page table of one address space.
 * @param cr3 the guest CR3 table's entry: in bits 51:12 the address of the top table
 */
export function sweepGuest(state: SweepState, dte: DeviceTableEntry, cr3: bigint): void {
  const host = dte.mode === 0 ? undefined : new HostTable(state.context, dte);
  const sweep = new GuestSweep(state, dte.rights, host);
  sweep.visit(Number(cr3 >> 12n), dte.guestLevels ?? 4, 0, READ | WRITE);
}

class GuestSweep {
  readonly #state: SweepState;
  readonly #host: HostTable | undefined;
  readonly #hostRights: Rights;

  constructor(state: SweepState, rights: Rights, host: HostTable | undefined) {
    this.#state = state;
    this.#host = host;
    this.#hostRights = rights;
  }

  /** Walks one table whose page frame is guest physical; tells whether leaves are below it. */
  visit(frame: number, level: number, base: number, rights: Rights): boolean {
    const state = this.#state;
    const pfn = this.#table(frame);
    if (pfn === undefined) return true;
    const words = state.enter(pfn, level);
    if (words === 'empty') return false;
    if (!words) return true;
    const own = levelPages(level);
    const first = state.from > base ? Math.floor((state.from - base) / own) : 0;
    let any = first > 0;
    for (let index = first; index < TABLE_ENTRIES; index++) {
      const low = words[2 * index];
      if ((low & PRESENT) === 0) continue;
      const high = words[2 * index + 1];
      const granted = rights & (low & READ_WRITE ? READ | WRITE : READ);
      const target = state.context.frame(low, high);
      const iova = base + index * own;
      const large = level > 1 && (low & PAGE_SIZE_BIT) !== 0;
      if (large && level > LARGEST_PAGE_LEVEL) {
        this.#note(words, index, level, RESERVED);
        continue;
      }
      if (level > 1 && !large) {
        state.follow(index);
        if (this.visit(target, level - 1, iova, granted)) any = true;
        if (state.done) break;
        continue;
      }
      any = true;
      if ((low & USER) === 0) this.#note(words, index, level, SUPERVISOR);
      if (high >>> 31) this.#note(words, index, level, NO_EXECUTE);
      // Bit 12 of a large page is PAT; bits above it, up to the page's size, are reserved.
      if (target % own > 1) this.#note(words, index, level, RESERVED);
      const told = this.#leaf(iova, target - (target % own), own, granted);
      if (told) this.#note(words, index, level, told);
      if (state.done) break;
    }
    state.leave(!any && !state.done);
    return any;
  }

  /** System page frame of a guest table; undefined where the host table has none. */
  #table(frame: number): number | undefined {
    const host = this.#host;
    if (!host) return frame;
    const found = host.find(frame, (pfn) => this.#state.read(pfn));
    if (found === 'page' && host.rights & READ) return host.pa + (frame % host.pages);
    if (found === 'unknown') this.#state.unknown(host.missing, host.why);
    else
      this.#state.notes.add(
        'error',
        'guest-table-unmapped',
        this.#state.path(),
        `The host page table ${found === 'page' ? 'permits no reads of' : 'has no page for'} the guest table at 0x${(frame * 4096).toString(16)}.`,
      );
    return undefined;
  }

  /** Hands over one guest page. @returns what its reader should know, if anything */
  #leaf(iova: number, target: number, pages: number, rights: Rights): Remark | undefined {
    const state = this.#state;
    const host = this.#host;
    if (!host) {
      const granted = rights & this.#hostRights;
      if (granted === 0) return NO_RIGHTS;
      state.leaves.add(iova, target, pages, granted);
      return undefined;
    }
    let remark: Remark | undefined;
    let pieces = 0;
    for (let done = 0; done < pages && !state.leaves.stopped;) {
      const frame = target + done;
      const found = host.find(frame, (pfn) => state.read(pfn));
      // Both are powers of two and aligned to themselves: one lies within the other.
      const step = Math.min(pages - done, host.pages - (frame % host.pages));
      if (found === 'unknown') state.unknown(host.missing, host.why);
      else if (found === 'hole') remark = HOST_UNMAPPED;
      else if ((rights & host.rights) === 0) remark = NO_RIGHTS;
      else if (iova + done + step > state.from)
        state.leaves.add(iova + done, host.pa + (frame % host.pages), step, rights & host.rights);
      done += step;
      if (++pieces < MAX_PIECES) continue;
      state.notes.cut(state.path(), `More than ${MAX_PIECES} host pages under one guest page.`);
      return remark;
    }
    return remark;
  }

  #note(words: Uint32Array, index: number, level: number, remark: Remark): void {
    const [severity, id, text] = remark;
    this.#state.entryNote(severity, id, text, words, index, (value) =>
      guestEntryLayout(value, level),
    );
  }
}
