import {
  PAGE_SIZE,
  pfnOf,
  type PfnRange,
  type PhysicalMemory,
  type Provenance,
  type UnknownPage,
} from '../../../core/memory/physical.ts';

/** Physical memory made by a test, page by page; pages not written are absent. */
export class FakeMemory implements PhysicalMemory {
  readonly #pages = new Map<number, Uint8Array>();
  readonly #unknown = new Map<number, UnknownPage>();

  /** Writes bytes, across pages; pages come into being full of zeros. */
  write(address: bigint, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const at = address + BigInt(done);
      const offset = Number(at & 0xfffn);
      const take = Math.min(PAGE_SIZE - offset, bytes.length - done);
      this.#own(pfnOf(at)).set(bytes.subarray(done, done + take), offset);
      done += take;
    }
  }

  writeWord(address: bigint, value: bigint): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
    this.write(address, bytes);
  }

  /** Makes a page unknown. */
  lose(address: bigint, why: UnknownPage = 'excluded'): void {
    this.#unknown.set(pfnOf(address), why);
  }

  page(pfn: number): Uint8Array | UnknownPage {
    return this.#unknown.get(pfn) ?? this.#pages.get(pfn) ?? 'absent';
  }

  provenance(pfn: number): Provenance {
    return this.#unknown.get(pfn) ?? (this.#pages.has(pfn) ? 'present' : 'absent');
  }

  *ranges(): Iterable<PfnRange> {
    for (const pfn of [...this.#pages.keys()].sort((a, b) => a - b))
      yield { from: pfn, to: pfn + 1 };
  }

  describe(pfn: number): string {
    return this.provenance(pfn);
  }

  #own(pfn: number): Uint8Array {
    let page = this.#pages.get(pfn);
    if (!page) this.#pages.set(pfn, (page = new Uint8Array(PAGE_SIZE)));
    return page;
  }
}
