/** Memory whose untouched pages hold a pattern from some address on: what is read shows. */
import { PAGE_SIZE, pfnOf, ZERO_PAGE } from '../../core/memory/physical.ts';
import type { UnknownPage } from '../../core/memory/physical.ts';
import { ModelMemory } from '../support/model-memory.ts';

/** Every byte of an untouched page. */
export const FILL = 0xa5;
const FILL_PAGE = new Uint8Array(PAGE_SIZE).fill(FILL);

export class FilledMemory extends ModelMemory {
  readonly #from: number;

  /**
   * @param bytes size of memory from address 0
   * @param from address where the pattern begins; zeros stand before it
   */
  constructor(bytes: number, from: bigint) {
    super(bytes);
    this.#from = pfnOf(from);
  }

  override page(pfn: number): Uint8Array | UnknownPage {
    const page = super.page(pfn);
    return page === ZERO_PAGE && pfn >= this.#from ? FILL_PAGE : page;
  }

  override write(address: bigint, bytes: Uint8Array): void {
    const page = pfnOf(address);
    if (this.page(page) === FILL_PAGE) super.write(BigInt(page) * BigInt(PAGE_SIZE), FILL_PAGE);
    super.write(address, bytes);
  }

  /** Makes a page one of the scene's own, all zeros. */
  clear(address: bigint): void {
    super.write(address, new Uint8Array(PAGE_SIZE));
  }
}
