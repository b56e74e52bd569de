/** Rights of a walk: bit 0 read, bit 1 write. */
export type Rights = number;
export const READ = 1;
export const WRITE = 2;

/** `r`, `w`, `rw`, or the empty text for neither. */
export function rightsText(rights: Rights): '' | 'r' | 'w' | 'rw' {
  return (['', 'r', 'w', 'rw'] as const)[rights & 3];
}

/**
 * Leaves as columns, in order of IOVA. Page frame numbers are exact in a double. A batch is
 * reused between calls: a sink copies what it keeps.
 */
export interface LeafBatch {
  readonly count: number;
  /** First page frame of the input address. */
  readonly iova: Float64Array;
  /** First page frame of the output address. */
  readonly pa: Float64Array;
  /** Size in page frames (powers of two). */
  readonly pages: Float64Array;
  /** `Rights` as granted by the whole walk. */
  readonly rights: Uint8Array;
}

/** Receives leaves; return false to stop the sweep. */
export type LeafSink = (batch: LeafBatch) => boolean | void;

/** One leaf, for callers at the edge. */
export interface Leaf {
  readonly iova: bigint;
  readonly pa: bigint;
  /** Bytes. */
  readonly size: bigint;
  readonly rights: Rights;
}

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
