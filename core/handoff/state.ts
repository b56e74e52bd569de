/**
 * The state pane of a story: what memory says beside what the unit holds, for one device and one
 * address that the scenario watches.
 */
import { valueOf } from '../bits/layout.ts';
import type { Words } from '../bits/layout.ts';
import { formatBdf } from '../format/bdf.ts';
import { hex } from '../format/hex.ts';
import { formatSize } from '../format/size.ts';
import { rightsText } from '../iommu/leaves.ts';
import type { WalkResult } from '../iommu/unit.ts';
import type { Machine } from '../machine/machine.ts';
import { FSTS } from '../vtd/registers-faults.ts';
import { RTADDR } from '../vtd/registers-global.ts';
import { CONTEXT_ENTRY } from '../vtd/tables.ts';
import type { StateRow } from './story.ts';

const NOT_CACHED = 'not cached';

/** What a scenario watches. */
export interface Watched {
  /** Requester ID. */
  readonly id: number;
  readonly iova: bigint;
  /** Whose memory must not be written by DMA in flight. */
  readonly owner: string;
}

/** Watches a machine: `rows` gives the state as it is now. */
export class StateWatch {
  readonly #machine: Machine;
  readonly #watched: Watched;
  #seen = 0;
  #written = 0;

  constructor(machine: Machine, watched: Watched) {
    this.#machine = machine;
    this.#watched = watched;
  }

  rows(): readonly StateRow[] {
    const { unit } = this.#machine;
    const { id, iova } = this.#watched;
    const cached = unit.contextCache.get(id);
    const walk = unit.view().walk({ id, pasid: undefined, address: iova, access: 'read' });
    const memory = walk.steps.find((step) => step.entry?.layout === CONTEXT_ENTRY)?.entry?.words;
    const rtaddr = unit.registers.read(RTADDR.offset, 64)?.value ?? 0n;
    const own = unit.iotlb
      .entries()
      .filter((entry) => entry.domain === domainNumber(cached?.words));
    return [
      row('Root table', hex(rtaddr), hex(unit.rootTable)),
      row(`Domain of ${formatBdf(id)}`, domainText(memory), cached && domainText(cached.words)),
      row('Top page table', topText(memory), cached && topText(cached.words)),
      row(`Entry of ${hex(iova)}`, leafText(walk), this.#seenLeaf()),
      aside('Cached translations of that domain', cached ? String(own.length) : '0'),
      aside('Fault status (FSTS)', hex(unit.registers.read(FSTS.offset, 32)?.value ?? 0n)),
      aside(`DMA writes into memory of the ${this.#watched.owner}`, formatSize(this.#stray())),
    ];
  }

  /** The watched page as the unit would decide it now; undefined when nothing of it is cached. */
  #seenLeaf(): string | undefined {
    const { unit } = this.#machine;
    const { id, iova } = this.#watched;
    const cached = unit.contextCache.get(id);
    if (!cached) return undefined;
    const translation = unit.iotlb.get(cached.domain, iova);
    if (translation) return `${hex(translation.pa)} ${rightsText(translation.rights)}`;
    const walk = unit.walkCached(cached, { id, address: iova, access: 'read' });
    return leafText(walk);
  }

  #stray(): number {
    const { log } = this.#machine;
    for (const event of log.since(this.#seen))
      if (event.kind === 'dma' && event.access === 'write' && event.owner === this.#watched.owner)
        this.#written += event.length;
    this.#seen = log.last;
    return this.#written;
  }
}

function row(what: string, memory: string, cached: string | undefined): StateRow {
  const differs = cached !== undefined && cached !== memory;
  return { what, memory, cached: cached ?? NOT_CACHED, differs };
}

/** A row that only the unit has. */
function aside(what: string, cached: string): StateRow {
  return { what, memory: '', cached, differs: false };
}

function domainNumber(words: Words | undefined): number | undefined {
  return words && Number(valueOf(CONTEXT_ENTRY, words, 'DID'));
}

function domainText(words: Words | undefined): string {
  return words && words[0] & 1n ? String(domainNumber(words)) : 'not present';
}

function topText(words: Words | undefined): string {
  return words && words[0] & 1n ? hex(words[0] & ~0xfffn) : 'not present';
}

/** The page that a walk finds, or where it ends. */
function leafText(walk: WalkResult): string {
  if (walk.result === 'translated') return `${hex(walk.pa)} ${rightsText(walk.rights)}`;
  return 'not mapped';
}
