import { formatCount } from '../../../core/format/size.ts';
import type { TextTable } from '../../../core/format/table-text.ts';

/** Geometry of the rate chart: stacked bars over the log's time, phases on top. */
export interface RateData {
  readonly start: number;
  readonly end: number;
  /** The first and the last fault, wherever the chart is. */
  readonly first: number;
  readonly last: number;
  /** Faults that are in no bin, for want of a time stamp. */
  readonly untimed: number;
  readonly read: readonly number[];
  readonly write: readonly number[];
  readonly interrupt: readonly number[];
}

/** The chart's size and the place of its plot, px. */
export const CHART = { height: 74, left: 44, right: 14, top: 17, bottom: 16, phases: 13 } as const;

/** A round number at or above the largest bin, for the scale. */
export function niceMaximum(data: RateData): number {
  let most = 1;
  for (let bin = 0; bin < data.read.length; bin++)
    most = Math.max(most, data.read[bin] + data.write[bin] + data.interrupt[bin]);
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((step) => step * power).find((round) => round >= most) ?? most;
}

/** A stretch of the axis, s. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** The next bin with a fault in it; from nowhere the first or the last. */
export function nextBin(data: RateData, from: number | undefined, by: 1 | -1): number | undefined {
  const bins = data.read.length;
  for (
    let bin = from === undefined ? (by > 0 ? 0 : bins - 1) : from + by;
    bin >= 0 && bin < bins;
    bin += by
  )
    if (data.read[bin] + data.write[bin] + data.interrupt[bin] > 0) return bin;
  return from;
}

/** The time that some bins cover. */
export function binStretch(
  data: RateData,
  { from, to }: { readonly from: number; readonly to: number },
): Stretch {
  const width = (data.end - data.start) / Math.max(1, data.read.length);
  return {
    from: data.start + Math.min(from, to) * width,
    to: data.start + (Math.max(from, to) + 1) * width,
  };
}

/** `16.114–16.121 s: 1 read`. */
export function binWords(
  data: RateData,
  bins: { readonly from: number; readonly to: number },
  phases: readonly Milestone[],
): string {
  const { from, to } = binStretch(data, bins);
  const base = clocksOf(phases).findLast((clock) => clock.base <= from)?.base ?? 0;
  const first = Math.min(bins.from, bins.to);
  const last = Math.max(bins.from, bins.to) + 1;
  const parts = ACCESSES.flatMap(([name, plural]) => {
    const sum = data[name].slice(first, last).reduce((a, b) => a + b, 0);
    return sum === 0 ? [] : [`${formatCount(sum)} ${sum === 1 ? name : plural}`];
  });
  return `${(from - base).toFixed(3)}–${(to - base).toFixed(3)} s: ${parts.join(', ') || 'none'}`;
}

const ACCESSES = [
  ['read', 'reads'],
  ['write', 'writes'],
  ['interrupt', 'interrupts'],
] as const;

/** Round times for the axis, `count` of them or fewer. */
export function ticks(start: number, end: number, count: number): readonly number[] {
  const span = end - start;
  if (!(span > 0) || count < 1) return [];
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough) ?? rough;
  const out: number[] = [];
  for (let at = Math.ceil(start / step) * step; at <= end + step * 1e-9; at += step)
    out.push(Math.round(at / step) * step);
  return out;
}

/** Horizontal place of a time in a chart of that width. */
export function xOf(time: number, data: RateData, width: number): number {
  const span = data.end - data.start || 1;
  return CHART.left + ((time - data.start) / span) * (width - CHART.left - CHART.right);
}

/** The time at a horizontal place. */
export function timeAt(x: number, data: RateData, width: number): number {
  const part = (x - CHART.left) / Math.max(1, width - CHART.left - CHART.right);
  return data.start + Math.max(0, Math.min(1, part)) * (data.end - data.start);
}

/** A phase of the boot as a span of the chart's axis. */
export interface PhaseSpan {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** A milestone of a log, as far as the chart needs it. */
export interface Milestone {
  readonly kernel: number;
  /** Seconds of the kernel's own clock. */
  readonly time?: number;
  /** Seconds on the chart's axis. */
  readonly at?: number;
  /** The stage of the boot that begins here. */
  readonly stage?: string;
}

/** Stages of the boot as spans, neighbours of one name joined; each lasts until the next begins. */
export function phaseSpans(phases: readonly Milestone[], data: RateData): readonly PhaseSpan[] {
  const starts: { name: string; kernel: number; at: number }[] = [];
  for (const { stage, kernel, at } of phases) {
    const last = starts.at(-1);
    if (at === undefined || stage === undefined) continue;
    if (last?.name === stage && last.kernel === kernel) continue;
    starts.push({ name: stage, kernel, at });
  }
  return starts
    .map(({ name, at }, index) => ({
      name,
      from: Math.max(at, data.start),
      to: Math.min(starts[index + 1]?.at ?? data.end, data.end),
    }))
    .filter(({ from, to }) => to > from);
}

/** A kernel's clock, and where on the axis it begins. */
export interface Clock {
  readonly kernel: number;
  readonly base: number;
}

/** The clocks of the logs in the order in which they begin. */
export function clocksOf(phases: readonly Milestone[]): readonly Clock[] {
  const bases = new Map<number, number>();
  for (const { kernel, time, at } of phases)
    if (time !== undefined && at !== undefined && !bases.has(kernel)) bases.set(kernel, at - time);
  return [...bases].map(([kernel, base]) => ({ kernel, base })).sort((a, b) => a.base - b.base);
}

/** Round times of each kernel's own clock, where they stand on the axis. */
export function clockTicks(
  data: RateData,
  clocks: readonly Clock[],
  count: number,
): readonly { readonly at: number; readonly text: string }[] {
  const known = clocks.length === 0 ? [{ kernel: 0, base: 0 }] : clocks;
  const span = data.end - data.start || 1;
  return known.flatMap(({ base }, index) => {
    const from = Math.max(data.start, index === 0 ? -Infinity : base);
    const to = Math.min(data.end, known[index + 1]?.base ?? Infinity);
    const share = Math.floor((count * (to - from)) / span);
    if (to < from) return [];
    return ticks(from - base, to - base, Math.max(1, share)).map((time) => ({
      at: time + base,
      text: `${Number(time.toPrecision(6))} s`,
    }));
  });
}

/**
 * The filter for a stretch of the chart. A later kernel's clock begins anew, so that a time alone
 * would mean two places: with several kernels, each has its own.
 */
export function timeFilter(from: number, to: number, phases: readonly Milestone[]): string {
  const clocks = clocksOf(phases);
  const times = stretchText(to - from);
  if (clocks.length < 2) return `t:${times(from, to)}`;
  const own = clocks.flatMap(({ kernel, base }, index) => {
    const first = Math.max(from, index === 0 ? 0 : base) - base;
    const last = Math.min(to, clocks[index + 1]?.base ?? Infinity) - base;
    return last < first ? [] : [`kernel:${kernel} t:${times(first, last)}`];
  });
  return own.length === 1 ? own[0] : `(${own.join(' or ')})`;
}

/** Times as the filter takes them, rounded outwards: what is at the ends stays in. */
function stretchText(span: number): (from: number, to: number) => string {
  const decimals = span < 0.1 ? 6 : 3;
  const unit = 10 ** decimals;
  // What floating point left over is no reason to round.
  const exact = (time: number): number => Number((time * unit).toFixed(3));
  return (from, to) =>
    `${(Math.floor(exact(from)) / unit).toFixed(decimals)}..${(Math.ceil(exact(to)) / unit).toFixed(decimals)}`;
}

/** The filter without the stretch that a drag put into it before. */
export function withoutTime(filter: string): string {
  return filter
    .replace(/\((?:kernel:\d+ t:\S+(?: or )?)+\)|(?:^|\s)(?:kernel:\d+ )?t:\S+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The chart in words. */
export function rateSummary(data: RateData): string {
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const parts = [
    `${sum(data.read)} reads`,
    `${sum(data.write)} writes`,
    `${sum(data.interrupt)} interrupts`,
  ];
  const rest = data.untimed === 0 ? '' : `; ${untimedWords(data.untimed)}`;
  return `Faults from ${data.start.toFixed(1)} s to ${data.end.toFixed(1)} s: ${parts.join(', ')}${rest}`;
}

/** What the chart can't show: a fault without a stamp has no place on a clock. */
export function untimedWords(untimed: number): string {
  return untimed === 1
    ? "1 fault has no time stamp and isn't drawn"
    : `${formatCount(untimed)} faults have no time stamp and aren't drawn`;
}

/** The chart as a table: a row for each bin in which there is a fault. */
export function rateTable(data: RateData): TextTable {
  const width = (data.end - data.start) / Math.max(1, data.read.length);
  return {
    name: 'Faults over time',
    columns: ['from s', 'to s', 'read', 'write', 'interrupt'],
    rows: data.read.flatMap((read, bin) => {
      const [write, interrupt] = [data.write[bin], data.interrupt[bin]];
      if (read + write + interrupt === 0) return [];
      const from = data.start + bin * width;
      return [[from.toFixed(3), (from + width).toFixed(3), read, write, interrupt]];
    }),
  };
}
