import type { SessionFault } from './view-fault.ts';

const PAGE_SHIFT = 12n;

/** Frames, the last included. */
export interface FrameRange {
  readonly first: number;
  readonly last: number;
}

/** The pages of each device's faults: how many there are is asked with every entry that is shown. */
export class FaultPages {
  /** Frames by device, NaN for a fault without an address. */
  readonly #frames = new Map<string, number[]>();
  #seen = 0;

  /** Faults of a device among all, those of a range when one is given. */
  count(faults: readonly SessionFault[], bdf: string, range?: FrameRange): number {
    for (; this.#seen < faults.length; this.#seen++) {
      const { record } = faults[this.#seen];
      if (record.bdf === undefined) continue;
      let frames = this.#frames.get(record.bdf);
      if (!frames) this.#frames.set(record.bdf, (frames = []));
      frames.push(record.address === undefined ? NaN : Number(record.address >> PAGE_SHIFT));
    }
    const frames = this.#frames.get(bdf);
    if (!frames || !range) return frames?.length ?? 0;
    const { first, last } = range;
    let count = 0;
    for (const frame of frames) if (frame >= first && frame <= last) count++;
    return count;
  }

  /** Faults were changed or taken out: all are looked at again. */
  forget(): void {
    this.#frames.clear();
    this.#seen = 0;
  }
}
