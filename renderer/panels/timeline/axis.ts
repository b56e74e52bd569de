import { formatCount } from '../../../core/format/size.ts';
import type { TimelineAnswer, TimelineKernel } from '../../../core/protocol/contract-timeline.ts';
import { kernelName, duration } from '../../format/time.ts';
import { ticks } from '../faults/rate.ts';

/** A part of the axis. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Heights of the parts, and the column of names, px. */
export const LAYOUT = { overview: 22, ruler: 18, lane: 30, names: 136, right: 12 } as const;

/** How much one step of zoom shows of what showed before. */
export const ZOOM_STEP = 0.6;
/** Part of what shows that one step of panning moves. */
export const PAN_STEP = 0.25;
/** The least that can be zoomed to: a microsecond's stamp is the finest that a kernel prints. */
const LEAST_SECONDS = 20e-6;
/** Room for one label of the ruler, px. */
const LABEL = 84;

/** A part no larger than the whole axis and inside it. */
export function clamped({ from, to }: Range, whole: Range): Range {
  const span = Math.min(whole.to - whole.from, Math.max(LEAST_SECONDS, to - from));
  const start = Math.max(whole.from, Math.min(from, whole.to - span));
  return { from: start, to: start + span };
}

/** Zooms by a factor (below 1: closer), so that what is at `around` stays in its place. */
export function zoomed(range: Range, whole: Range, factor: number, around: number): Range {
  return clamped(
    {
      from: around - (around - range.from) * factor,
      to: around + (range.to - around) * factor,
    },
    whole,
  );
}

/** Moves by a part of what shows. */
export function panned(range: Range, whole: Range, part: number): Range {
  const by = (range.to - range.from) * part;
  return clamped({ from: range.from + by, to: range.to + by }, whole);
}

/** The same zoom, with a place in it: moved only when the place is not in view. */
export function showing(range: Range, whole: Range, at: number): Range {
  if (at >= range.from && at <= range.to) return range;
  const half = (range.to - range.from) / 2;
  return clamped({ from: at - half, to: at + half }, whole);
}

export function xOf(at: number, range: Range, width: number): number {
  return ((at - range.from) / (range.to - range.from || 1)) * width;
}

export function placeAt(x: number, range: Range, width: number): number {
  return range.from + (x / Math.max(1, width)) * (range.to - range.from);
}

/** A label of the ruler. */
export interface Tick {
  readonly at: number;
  readonly text: string;
}

/** Round times of each kernel's own clock, where they stand on the axis. */
export function rulerTicks(answer: TimelineAnswer, range: Range, width: number): Tick[] {
  const { kernels, stamped } = answer;
  if (!stamped)
    return ticks(range.from, range.to, Math.floor(width / LABEL)).map((at) => ({
      at,
      text: `line ${Math.round(at)}`,
    }));
  return kernels.flatMap((kernel, index) => {
    // Where a later clock has begun, its labels count.
    const end = Math.min(kernel.end, kernels[index + 1]?.start ?? Infinity, range.to);
    const start = Math.max(kernel.start, range.from);
    const room = xOf(end, range, width) - xOf(start, range, width);
    if (room < LABEL / 2) return [];
    const count = Math.max(1, Math.ceil(room / LABEL));
    return ticks(start - kernel.base, end - kernel.base, count).map((time) => ({
      at: time + kernel.base,
      text: `${Number(time.toPrecision(8))} s`,
    }));
  });
}

/** Where a kernel's clock begins anew, and its name. */
export function restarts(
  kernels: readonly TimelineKernel[],
): readonly { readonly at: number; readonly name: string }[] {
  return kernels.slice(1).map(({ start, kernel }) => ({ at: start, name: kernelName(kernel) }));
}

/** The end of a selection in its kernel's clock. */
export interface End {
  readonly kernel: number;
  readonly time: number;
}

/**
 * `Selected 13.703–13.744 s, 41 ms`; over two clocks each end is named, and the time between is
 * told only where it is known.
 */
export function selectedWords(
  from: End,
  to: End,
  about: { readonly span: number; readonly aligned: boolean; readonly stamped: boolean },
): string {
  if (!about.stamped) return `Selected lines ${Math.ceil(from.time)}–${Math.floor(to.time)}`;
  const decimals = about.span < 0.01 ? 6 : 3;
  if (from.kernel === to.kernel)
    return `Selected ${from.time.toFixed(decimals)}–${to.time.toFixed(decimals)} s, ${duration(about.span)}`;
  const ends = `Selected ${kernelName(from.kernel)} ${from.time.toFixed(3)} s – ${kernelName(to.kernel)} ${to.time.toFixed(3)} s`;
  return about.aligned ? `${ends}, ${duration(about.span)}` : ends;
}

/** The timeline in words, for who does not see it. */
export function timelineSummary(answer: TimelineAnswer): string {
  const lanes = answer.lanes
    .filter(({ count }) => count > 0)
    .map(({ name, count }) => `${name} ${formatCount(count)}`)
    .join(', ');
  const kernels = answer.kernels.map(({ kernel }) => kernelName(kernel)).join(', then ');
  return `${kernels}: ${lanes}`;
}
