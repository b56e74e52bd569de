/**
 * The machine's memory as the test knows it: zero at the start, every write of the test noted.
 * What lies behind its end does not exist.
 */
import type {
  PfnRange,
  PhysicalMemory,
  Provenance,
  UnknownPage,
} from '../../core/memory/physical.ts';
import { PAGE_SIZE, ZERO_PAGE, pfnOf } from '../../core/memory/physical.ts';

export class ModelMemory implements PhysicalMemory {
  readonly #pages = new Map<number, Uint8Array>();
  readonly #end: number;

  /** @param bytes size of memory from address 0 */
  constructor(bytes: number) {
    this.#end = bytes / PAGE_SIZE;
  }

  page(pfn: number): Uint8Array | UnknownPage {
    if (pfn >= this.#end) return 'absent';
    return this.#pages.get(pfn) ?? ZERO_PAGE;
  }

  provenance(pfn: number): Provenance {
    return pfn >= this.#end ? 'absent' : 'present';
  }

  ranges(): Iterable<PfnRange> {
    return [{ from: 0, to: this.#end }];
  }

  describe(pfn: number): string {
    return pfn >= this.#end ? 'behind the end of memory' : 'memory of the machine';
  }

  /** Writes bytes that stay within one page. */
  write(address: bigint, bytes: Uint8Array): void {
    const pfn = pfnOf(address);
    let page = this.#pages.get(pfn);
    if (!page) this.#pages.set(pfn, (page = new Uint8Array(PAGE_SIZE)));
    page.set(bytes, Number(address & 0xfffn));
  }

  read(address: bigint, length: number): Uint8Array | undefined {
    const page = this.page(pfnOf(address));
    const offset = Number(address & 0xfffn);
    return typeof page === 'string' ? undefined : page.subarray(offset, offset + length);
  }

  readWord(address: bigint): bigint {
    const bytes = this.read(address, 8);
    return bytes ? new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true) : 0n;
  }

  writeWord(address: bigint, value: bigint): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value, true);
    this.write(address, bytes);
  }

  /** Page frames that were written. */
  written(): number[] {
    return [...this.#pages.keys()];
  }
}
