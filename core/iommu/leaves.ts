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
