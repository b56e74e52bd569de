import { rightsText, type LeafBatch } from '../../core/iommu/leaves.ts';

/** The lines of the contract's leaf list: `IOVA PA SIZE RIGHTS`, hexadecimal without `0x`. */
export function leafLines(batch: LeafBatch): string {
  let text = '';
  for (let i = 0; i < batch.count; i++)
    text += `${shifted(batch.iova[i])} ${shifted(batch.pa[i])} ${shifted(batch.pages[i])} ${rightsText(batch.rights[i])}\n`;
  return text;
}

/** A page frame number as the hexadecimal of its address: three zeros behind, but `0` for 0. */
function shifted(frames: number): string {
  return frames === 0 ? '0' : `${frames.toString(16)}000`;
}
