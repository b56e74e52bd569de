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
    if (this.count === this.iova.length) this.#grow();
    this.iova[this.count] = iova;
    this.pa[this.count] = pa;
    this.pages[this.count] = pages;
    this.rights[this.count++] = rights;
  }

  /** Adds all leaves of a batch. */
  addBatch({ count, iova, pa, pages, rights }: LeafBatch): void {
    for (let at = 0; at < count; at++) this.add(iova[at], pa[at], pages[at], rights[at]);
  }

  /** The same ranges in order of physical address, in arrays of their exact size. */
  byPhysical(): RangeColumns {
    const { count } = this;
    const order = new Uint32Array(count);
    for (let at = 0; at < count; at++) order[at] = at;
    let sorted = true;
    for (let at = 1; at < count && sorted; at++) sorted = this.pa[at] >= this.pa[at - 1];
    if (!sorted) order.sort((a, b) => this.pa[a] - this.pa[b]);
    const out = new RangeColumns();
    out.count = count;
    out.iova = new Float64Array(count);
    out.pa = new Float64Array(count);
    out.pages = new Float64Array(count);
    out.rights = new Uint8Array(count);
    for (let at = 0; at < count; at++) {
      const from = order[at];
      out.iova[at] = this.iova[from];
      out.pa[at] = this.pa[from];
      out.pages[at] = this.pages[from];
      out.rights[at] = this.rights[from];
    }
    return out;
  }

  #grow(): void {
    const size = 2 * this.iova.length;
    const wider = (column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
      const next = new Float64Array(size);
      next.set(column);
      return next;
    };
    this.iova = wider(this.iova);
    this.pa = wider(this.pa);
    this.pages = wider(this.pages);
    const rights = new Uint8Array(size);
    rights.set(this.rights);
    this.rights = rights;
  }
}
