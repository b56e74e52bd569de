import type { LeafBatch } from '../../iommu/leaves.ts';

/** Mapped ranges as columns that grow; page frames are exact in a double. */
export class RangeColumns {
  iova = new Float64Array(1024);
  pa = new Float64Array(1024);
  pages = new Float64Array(1024);
  rights = new Uint8Array(1024);
  count = 0;

  /** Adds a range, or makes the last one longer where it goes on in both spaces with its rights. */
  add(iova: number, pa: number, pages: number, rights: number): void {
    const last = this.count - 1;
    if (
      last >= 0 &&
      this.iova[last] + this.pages[last] === iova &&
      this.pa[last] + this.pages[last] === pa &&
      this.rights[last] === rights
    ) {
      this.pages[last] += pages;
      return;
    }
    if (this.count === this.iova.length) this.#resize(2 * this.count);
    this.iova[this.count] = iova;
    this.pa[this.count] = pa;
    this.pages[this.count] = pages;
    this.rights[this.count++] = rights;
  }

  /** Adds all leaves of a batch. */
  addBatch({ count, iova, pa, pages, rights }: LeafBatch): void {
    for (let at = 0; at < count; at++) this.add(iova[at], pa[at], pages[at], rights[at]);
  }

  /** Gives back the room that is not used: nothing is added any more. */
  trim(): void {
    this.#resize(this.count);
  }

  #resize(size: number): void {
    const keep = Math.min(size, this.count);
    const wider = (column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
      const next = new Float64Array(size);
      next.set(column.subarray(0, keep));
      return next;
    };
    this.iova = wider(this.iova);
    this.pa = wider(this.pa);
    this.pages = wider(this.pages);
    const rights = new Uint8Array(size);
    rights.set(this.rights.subarray(0, keep));
    this.rights = rights;
  }
}
