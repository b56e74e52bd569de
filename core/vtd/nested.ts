/**
 * The sweep of a nested translation (VT-d §3.8): the first-stage tables lie at guest addresses,
 * and so do the pages that they map; each of those goes through the second stage. A leaf of the
 * result is as large as both stages let it be.
 */
import type { IntelFacts } from '../iommu/facts.ts';
import type { Incomplete } from '../iommu/finding.ts';
import type { LeafBatch, LeafSink, Rights } from '../iommu/leaves.ts';
import { READ, WRITE } from '../iommu/leaves.ts';
import type { Budget, SweepResult } from '../iommu/unit.ts';
import type { PfnRange, PhysicalMemory, Provenance, UnknownPage } from '../memory/physical.ts';
import type { Capabilities } from './capabilities.ts';
import type { SweepTarget } from './sweep.ts';
import { sweepTable } from './sweep.ts';
import type { Mapping, PageTable } from './walk-paging.ts';
import { SECOND_STAGE_REASONS, walkSecondStage } from './walk-paging.ts';
import { Walk, ended } from './walk-steps.ts';

const PAGE = 4096n;
const BATCH = 4096;
/** Second-stage walks after which a sweep stops: a hostile first stage may map all of memory over and over. */
const MAX_WALKS = 1 << 22;

/** One walk of the second stage, with all rights that it gives. */
type Through = (frame: number) => Mapping | UnknownPage | undefined;

/** Hands every leaf of a nested translation to `sink`, in order of its input address. */
export function sweepNested(
  facts: IntelFacts,
  memory: PhysicalMemory,
  capabilities: Capabilities,
  target: SweepTarget,
  second: PageTable,
  sink: LeafSink,
  budget: Budget,
): SweepResult {
  const through = secondStage(facts, memory, capabilities, second);
  const composer = new Composer(through, target.path, sink);
  const guest = new GuestMemory(memory, through);
  const first = sweepTable(guest, capabilities, target, (batch) => composer.take(batch), budget);
  composer.flush();
  return {
    ...first,
    leaves: composer.leaves,
    mappedBytes: composer.mappedBytes,
    leafSizes: composer.leafSizes,
    incomplete: [...first.incomplete, ...composer.incomplete],
  };
}

function secondStage(
  facts: IntelFacts,
  memory: PhysicalMemory,
  capabilities: Capabilities,
  second: PageTable,
): Through {
  return (frame) => {
    const address = BigInt(frame) * PAGE;
    const request = { id: 0, pasid: undefined, address } as const;
    for (const access of ['read', 'write'] as const) {
      const walk = new Walk(facts, memory, capabilities, { ...request, access });
      const found = walkSecondStage(
        walk,
        second,
        address,
        access === 'write',
        SECOND_STAGE_REASONS,
      );
      if (!ended(found)) return found;
      if (found.result === 'unknown' && found.why !== 'no root table') return found.why;
    }
    return undefined;
  };
}

/** Memory as the first stage addresses it: what the second stage does not map is absent. */
class GuestMemory implements PhysicalMemory {
  readonly #memory: PhysicalMemory;
  readonly #through: Through;

  constructor(memory: PhysicalMemory, through: Through) {
    this.#memory = memory;
    this.#through = through;
  }

  page(pfn: number): Uint8Array | UnknownPage {
    const found = this.#through(pfn);
    if (found === undefined) return 'absent';
    return typeof found === 'string' ? found : this.#memory.page(Number(found.pa / PAGE));
  }

  provenance(pfn: number): Provenance {
    const page = this.page(pfn);
    return typeof page === 'string' ? page : 'present';
  }

  ranges(): Iterable<PfnRange> {
    return [{ from: 0, to: Number.MAX_SAFE_INTEGER }];
  }

  describe(pfn: number): string {
    const found = this.#through(pfn);
    return typeof found === 'object'
      ? this.#memory.describe(Number(found.pa / PAGE))
      : 'not mapped by the second stage';
  }
}

/** Puts first-stage leaves through the second stage. */
class Composer {
  leaves = 0;
  mappedBytes = 0;
  readonly leafSizes = new Map<number, number>();
  readonly incomplete: Incomplete[] = [];
  readonly #through: Through;
  readonly #path: string;
  readonly #sink: LeafSink;
  #walks = 0;
  #stopped = false;
  readonly #out = {
    count: 0,
    iova: new Float64Array(BATCH),
    pa: new Float64Array(BATCH),
    pages: new Float64Array(BATCH),
    rights: new Uint8Array(BATCH),
  };

  constructor(through: Through, path: string, sink: LeafSink) {
    this.#through = through;
    this.#path = path;
    this.#sink = sink;
  }

  /** @returns false when the sweep shall stop. */
  take(batch: LeafBatch): boolean {
    for (let at = 0; at < batch.count && !this.#stopped; at++)
      this.#leaf(batch.iova[at], batch.pa[at], batch.pages[at], batch.rights[at]);
    return !this.#stopped;
  }

  flush(): void {
    if (this.#out.count === 0) return;
    if (this.#sink(this.#out) === false) this.#stopped = true;
    this.#out.count = 0;
  }

  #leaf(iova: number, guest: number, pages: number, rights: Rights): void {
    for (let done = 0; done < pages && !this.#stopped;) {
      if (++this.#walks > MAX_WALKS) {
        this.#note(`stopped after ${MAX_WALKS} second-stage walks`);
        this.#stopped = true;
        return;
      }
      const found = this.#through(guest + done);
      if (typeof found !== 'object') {
        if (found !== undefined) this.#note(`second-stage table page: ${found}`);
        done++;
        continue;
      }
      // The page that contains this frame may begin before it, and reach beyond the leaf's end.
      const size = Number(found.size / PAGE);
      const offset = (guest + done) % size;
      const take = offset === 0 && size <= pages - done ? size : 1;
      this.#put(iova + done, Number(found.pa / PAGE), take, rights & found.rights);
      done += take;
    }
  }

  #put(iova: number, pa: number, pages: number, rights: Rights): void {
    if ((rights & (READ | WRITE)) === 0) return;
    const out = this.#out;
    if (out.count === BATCH) this.flush();
    out.iova[out.count] = iova;
    out.pa[out.count] = pa;
    out.pages[out.count] = pages;
    out.rights[out.count++] = rights;
    const bytes = pages * Number(PAGE);
    this.leaves++;
    this.mappedBytes += bytes;
    this.leafSizes.set(bytes, (this.leafSizes.get(bytes) ?? 0) + 1);
  }

  /** Said once for each text: damage may be everywhere. */
  #note(text: string): void {
    if (this.incomplete.some((note) => note.text === text)) return;
    this.incomplete.push({ address: undefined, at: this.#path, text });
  }
}
