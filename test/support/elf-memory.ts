/**
 * A small ELF64 core reader, apart from the product's own: PT_LOAD segments to pages. A page is
 * known only where a segment's file part covers all of it.
 */
import type {
  PhysicalMemory,
  PfnRange,
  Provenance,
  UnknownPage,
} from '../../core/memory/physical.ts';
import { PAGE_SIZE } from '../../core/memory/physical.ts';

const PT_LOAD = 1;

export class ElfMemory implements PhysicalMemory {
  readonly #pages = new Map<number, Uint8Array>();

  constructor(file: Uint8Array) {
    const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    const headers = Number(view.getBigUint64(32, true));
    const [size, count] = [view.getUint16(54, true), view.getUint16(56, true)];
    for (let at = headers; at < headers + size * count; at += size) {
      if (view.getUint32(at, true) !== PT_LOAD) continue;
      const offset = Number(view.getBigUint64(at + 8, true));
      const physical = Number(view.getBigUint64(at + 24, true));
      const length = Number(view.getBigUint64(at + 32, true));
      const skip = (PAGE_SIZE - (physical % PAGE_SIZE)) % PAGE_SIZE;
      for (let done = skip; done + PAGE_SIZE <= length; done += PAGE_SIZE)
        this.#pages.set(
          (physical + done) / PAGE_SIZE,
          file.slice(offset + done, offset + done + PAGE_SIZE),
        );
    }
  }

  page(pfn: number): Uint8Array | UnknownPage {
    return this.#pages.get(pfn) ?? 'absent';
  }

  provenance(pfn: number): Provenance {
    return this.#pages.has(pfn) ? 'present' : 'absent';
  }

  ranges(): Iterable<PfnRange> {
    return [...this.#pages.keys()].sort((a, b) => a - b).map((pfn) => ({ from: pfn, to: pfn + 1 }));
  }

  describe(pfn: number): string {
    return this.#pages.has(pfn) ? 'in the file' : 'not in the file';
  }
}
