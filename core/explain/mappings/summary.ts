import type { RangeColumns } from './columns.ts';
import { firstAbove } from './order.ts';

/** Entries of one level that an entry of the next stands for. */
const FAN_OUT = 32;

/** Consecutive mapped input addresses that look the same, or all of one pixel. Page frames. */
export interface MappedRegion {
  /** First mapped frame, and the end of the last, exclusive. */
  readonly from: number;
  readonly to: number;
  /** Frames that are mapped between the two. */
  readonly pages: number;
  /** Ranges that the region stands for. */
  readonly ranges: number;
  /** The marks of them all, together. */
  readonly marks: number;
  /** First output frame, when the region is one range. */
  readonly pa: number | undefined;
}

/**
 * Answers "what does this span look like at so many pixels" in time that does not grow with the
 * number of ranges: a pyramid of marks over them, and running sums of their pages.
 */
export class RangeSummary {
  readonly #ranges: RangeColumns;
  /** Ends of the ranges that never fall; absent where the ranges' own ones do not. */
  readonly #raised: Float64Array | undefined;
  /** Pages of all ranges before every 32nd one. */
  readonly #before: Float64Array;
  /** Marks of the ranges, then of 32 of them each, and so on. */
  readonly #marks: Uint8Array[];

  /**
   * @param ranges in order of input address
   * @param marks what each range is, eight flags
   */
  constructor(ranges: RangeColumns, marks: Uint8Array) {
    const { count, pages } = ranges;
    this.#ranges = ranges;
    this.#raised = raisedEnds(ranges);
    this.#before = new Float64Array(Math.ceil(count / FAN_OUT) + 1);
    let sum = 0;
    for (let at = 0; at < count; at++) {
      if (at % FAN_OUT === 0) this.#before[at / FAN_OUT] = sum;
      sum += pages[at];
    }
    this.#before[this.#before.length - 1] = sum;
    this.#marks = [marks];
    for (let below = marks; below.length > FAN_OUT;) {
      const level = new Uint8Array(Math.ceil(below.length / FAN_OUT));
      for (let at = 0; at < below.length; at++) level[Math.floor(at / FAN_OUT)] |= below[at];
      this.#marks.push(level);
      below = level;
    }
  }

  /** Mapped frames in all. */
  get pages(): number {
    return this.#before[this.#before.length - 1];
  }

  /** First mapped frame and the end of the last; undefined when nothing is mapped. */
  get span(): { readonly from: number; readonly to: number } | undefined {
    const { count, iova } = this.#ranges;
    return count === 0 ? undefined : { from: iova[0], to: this.#end(count - 1) };
  }

  /** The marks of all ranges together. */
  get allMarks(): number {
    return this.#together(0, this.#ranges.count);
  }

  /**
   * What is mapped between two frames.
   * @param from first frame
   * @param to exclusive
   * @param pixels regions at most; where there are more ranges, those of one pixel are one region
   */
  regions(from: number, to: number, pixels: number): MappedRegion[] {
    const first = this.#firstEndingAbove(from);
    const end = firstStartingAt(this.#ranges, to, first);
    if (end - first <= pixels)
      return Array.from({ length: end - first }, (_, place) => this.#one(first + place));
    return this.#binned({ from, to, pixels, first, end });
  }

  /**
   * The first range that begins behind a frame, or the last that begins before it.
   * @param frame absent: the first range of all, or the last
   * @param marks a range counts only when it has one of these marks; absent: every range counts
   */
  beside(
    way: 'next' | 'previous',
    frame: number | undefined,
    marks?: number,
  ): MappedRegion | undefined {
    const { count } = this.#ranges;
    if (way === 'next') {
      const from = frame === undefined ? 0 : firstStartingAt(this.#ranges, frame + 1);
      const found = marks === undefined ? from : this.#markedFrom(from, marks);
      return found < count ? this.#one(found) : undefined;
    }
    const before = frame === undefined ? count : firstStartingAt(this.#ranges, frame);
    const found = marks === undefined ? before - 1 : this.#markedBefore(before, marks);
    return found >= 0 ? this.#one(found) : undefined;
  }

  /** The first range from `at` on with one of the marks; the count when there is none. */
  #markedFrom(at: number, marks: number): number {
    const { count } = this.#ranges;
    const [own, blocks] = this.#marks;
    while (at < count && (own[at] & marks) === 0)
      at =
        blocks !== undefined && at % FAN_OUT === 0 && (blocks[at / FAN_OUT] & marks) === 0
          ? at + FAN_OUT
          : at + 1;
    return Math.min(at, count);
  }

  /** The last range before `at` with one of the marks; -1 when there is none. */
  #markedBefore(at: number, marks: number): number {
    const [own, blocks] = this.#marks;
    at--;
    while (at >= 0 && (own[at] & marks) === 0)
      at =
        blocks !== undefined &&
        at % FAN_OUT === FAN_OUT - 1 &&
        (blocks[Math.floor(at / FAN_OUT)] & marks) === 0
          ? at - FAN_OUT
          : at - 1;
    return Math.max(at, -1);
  }

  #one(at: number): MappedRegion {
    const { iova, pages, pa } = this.#ranges;
    return {
      from: iova[at],
      to: iova[at] + pages[at],
      pages: pages[at],
      ranges: 1,
      marks: this.#marks[0][at],
      pa: pa[at],
    };
  }

  #binned(asked: {
    readonly from: number;
    readonly to: number;
    readonly pixels: number;
    readonly first: number;
    readonly end: number;
  }): MappedRegion[] {
    const { iova } = this.#ranges;
    const { from, to, pixels, end } = asked;
    const out: MappedRegion[] = [];
    let first = asked.first;
    for (let pixel = 0; pixel < pixels && first < end; pixel++) {
      const start = from + Math.floor(((to - from) * pixel) / pixels);
      const stop = from + Math.floor(((to - from) * (pixel + 1)) / pixels);
      if (stop <= start) continue;
      first = this.#firstEndingAbove(start, first, end);
      const past = firstStartingAt(this.#ranges, stop, first, end);
      if (past <= first) continue;
      const region = {
        from: Math.max(start, iova[first]),
        to: Math.min(stop, this.#end(past - 1)),
        pages: this.#pagesWithin(first, past, start, stop),
        ranges: past - first,
        marks: this.#together(first, past),
        pa: undefined,
      };
      const last = out.at(-1);
      // A pixel right behind one that looks the same makes it longer.
      if (last && last.marks === region.marks && last.to >= start)
        out[out.length - 1] = {
          ...last,
          to: region.to,
          pages: last.pages + region.pages,
          ranges: last.ranges + region.ranges - (iova[first] < start ? 1 : 0),
        };
      else out.push(region);
    }
    return out;
  }

  #end(at: number): number {
    const { iova, pages } = this.#ranges;
    return this.#raised ? this.#raised[at] : iova[at] + pages[at];
  }

  #firstEndingAbove(frame: number, low = 0, high = this.#ranges.count): number {
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#end(middle) > frame) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #pagesBefore(at: number): number {
    let place = Math.floor(at / FAN_OUT) * FAN_OUT;
    let sum = this.#before[place / FAN_OUT];
    for (; place < at; place++) sum += this.#ranges.pages[place];
    return sum;
  }

  /** Mapped frames of ranges `first` to `past` that lie between two frames. */
  #pagesWithin(first: number, past: number, start: number, stop: number): number {
    const all = this.#pagesBefore(past) - this.#pagesBefore(first);
    const before = Math.max(0, start - this.#ranges.iova[first]);
    const behind = Math.max(0, this.#end(past - 1) - stop);
    return Math.max(0, all - before - behind);
  }

  /** The marks of ranges `first` to `past` (excluded), together. */
  #together(first: number, past: number): number {
    let marks = 0;
    let level = 0;
    while (first < past) {
      const row = this.#marks[level];
      if (level + 1 >= this.#marks.length) {
        for (; first < past; first++) marks |= row[first];
        break;
      }
      while (first < past && first % FAN_OUT !== 0) marks |= row[first++];
      while (first < past && past % FAN_OUT !== 0) marks |= row[--past];
      first /= FAN_OUT;
      past /= FAN_OUT;
      level++;
    }
    return marks;
  }
}

/** Damage can make ranges overlap; a search needs ends that never fall. */
function raisedEnds({ count, iova, pages }: RangeColumns): Float64Array | undefined {
  let falls = false;
  for (let at = 1; at < count && !falls; at++)
    falls = iova[at] + pages[at] < iova[at - 1] + pages[at - 1];
  if (!falls) return undefined;
  const ends = new Float64Array(count);
  for (let at = 0; at < count; at++)
    ends[at] = Math.max(at > 0 ? ends[at - 1] : 0, iova[at] + pages[at]);
  return ends;
}

/** The first range that begins at a frame or above. */
function firstStartingAt(
  { iova, count }: RangeColumns,
  frame: number,
  low = 0,
  high = count,
): number {
  return firstAbove(iova, frame - 0.5, low, Math.min(high, count));
}
