/** Which entries stand in which page: of any physical address, the decoded structure that it is in. */
import { formatBdf } from '../format/bdf.ts';
import { parsePath } from '../iommu/path.ts';
import type { Entry, TreeNode, Unit } from '../iommu/unit.ts';
import { pfnOf } from '../memory/physical.ts';
import type { Progress, Steps } from '../memory/steps.ts';

/** Entries of one table within one page. */
export interface TablePlace {
  /** One of them: its path tells the others'. */
  readonly entry: Entry;
  /** Physical addresses of the table's part within the page; `to` is excluded. */
  readonly from: bigint;
  readonly to: bigint;
}

/** Pages that are remembered: tables of 8 GiB. Hostile tables can be endless. */
const MOST_PAGES = 1 << 21;
/** Rows that one step looks at. */
const A_STEP = 64;
const PAGE = 4096n;
/** Requester IDs. */
const REQUESTERS = 1 << 16;
/** Entries of an interrupt remapping table or a queue: what 16 bits of an index reach. */
const MOST_ENTRIES = 1 << 16;

/** The places of all tables of some units, by the page that they stand in. */
export class TablePlaces {
  readonly #pages = new Map<number, TablePlace[]>();
  /** Whether there were more pages than are remembered. */
  cut = false;

  /** The tables that have entries in a page frame. */
  at(pfn: number): readonly TablePlace[] {
    return this.#pages.get(pfn) ?? [];
  }

  /** Looks through all tables of some units, level by level; pages of memory are not looked at. */
  static *steps(units: readonly Unit[]): Steps<TablePlaces> {
    const places = new TablePlaces();
    let done = 0;
    for (const unit of units) {
      places.#addIndexed(unit);
      let rows = 0;
      for (const _ of places.#below(unit, unit.tree()))
        if (++rows % A_STEP === 0) yield progress(done, units.length);
      yield progress(++done, units.length);
    }
    return places;
  }

  /** Adds the page of an entry. @returns whether nothing of it was known */
  #add(entry: Entry, bytes?: { readonly from: bigint; readonly to: bigint }): boolean {
    const pfn = pfnOf(entry.address);
    const first = entry.address - (entry.address % PAGE);
    const place = { entry, from: first, to: first + PAGE, ...bytes };
    const known = this.#pages.get(pfn);
    if (known?.some((each) => each.from < place.to && place.from < each.to)) return false;
    if (this.#pages.size >= MOST_PAGES) {
      this.cut = true;
      return false;
    }
    if (known) known.push(place);
    else this.#pages.set(pfn, [place]);
    return true;
  }

  /** Rows below a row, each table page once: what several devices share is looked at once. */
  *#below(unit: Unit, top: TreeNode): Generator<void> {
    const left: TreeNode[] = [top];
    for (let node = left.pop(); node && !this.cut; node = left.pop()) {
      for (const child of node.children(false)) {
        yield;
        const step = parsePath(child.path)?.at(-1);
        // Interrupt tables and queues stand in one piece, and were added as such.
        if (child.kind === 'queue' || /^[^/]+\/irq$/.test(child.path)) continue;
        const { entry } = child;
        if (entry) {
          this.#add(entry);
          const pasid = step?.kind === 'pasid' ? this.#directory(unit, child.path) : undefined;
          if (pasid) this.#add(pasid);
        }
        if (child.kind === 'table' || (child.kind === 'run' && !entry)) left.push(child);
        if (child.kind !== 'entry' || !child.present) continue;
        if (step?.kind !== 'level') left.push(child);
        else {
          const below = tableBelow(unit, child.path, step.level);
          // Of the last level nothing lies below; a page that is known already was gone through.
          if (below && this.#add(below.entry) && below.level > 1) left.push(child);
        }
      }
    }
  }

  /** The PASID directory's entry of a PASID table entry. */
  #directory(unit: Unit, path: string): Entry | undefined {
    const match = /^(.*)\/pasid\.(\d+)$/.exec(path);
    return match ? unit.entry(`${match[1]}/pasid-dir.${Number(match[2]) >> 6}`) : undefined;
  }

  /** Tables that are one run of entries: root, device and interrupt tables, queues. */
  #addIndexed(unit: Unit): void {
    const { name, segment, vendor } = unit.facts;
    const root = unit.entry(`${name}/bus.00`);
    if (root) this.#add(root);
    if (vendor === 'amd')
      this.#addRun(32, REQUESTERS, (id) => unit.entry(`${name}/${formatBdf(id, segment)}/dte`));
    for (const { capacity, devices } of unit.interrupts(false)) {
      const path = devices.length > 0 ? `${name}/irq/${devices[0]}` : `${name}/irq`;
      this.#addEntries(unit, path, capacity);
    }
    for (const queue of unit.tree().children(false))
      if (queue.kind === 'queue') this.#addEntries(unit, queue.path, lastIndex(queue) + 1);
  }

  #addEntries(unit: Unit, path: string, count: number): void {
    const at = (index: number): Entry | undefined => unit.entry(`${path}/${index}`);
    const width = at(0)?.layout.width;
    if (width !== undefined) this.#addRun(width / 8, Math.min(count, MOST_ENTRIES), at);
  }

  /** Adds a table of so many entries page by page; pages that are not known are left out. */
  #addRun(bytes: number, count: number, at: (index: number) => Entry | undefined): void {
    const perPage = Math.floor(Number(PAGE) / bytes);
    for (let index = 0; index < count; index += perPage) {
      const entry = at(index);
      if (!entry) continue;
      const size = BigInt(Math.min(perPage, count - index) * bytes);
      this.#add(entry, { from: entry.address, to: entry.address + size });
    }
  }
}

function progress(done: number, all: number): Progress {
  return { done, all };
}

/** The first entry of the table that a page-table entry points to, and its level: AMD's may skip. */
function tableBelow(
  unit: Unit,
  path: string,
  level: number,
): { readonly entry: Entry; readonly level: number } | undefined {
  for (let next = level - 1; next > 0; next--) {
    const entry = unit.entry(`${path}/L${next}[0]`);
    if (entry) return { entry, level: next };
  }
  return undefined;
}

/** The index of a table's last row; -1 where it has none. */
function lastIndex(node: TreeNode): number {
  const last = node.children(true).at(-1)?.path;
  return Number(/(\d+)$/.exec(last ?? '')?.[1] ?? -1);
}
