/** Geometry of the rate chart: stacked bars over the log's time, phases on top. */
export interface RateData {
  readonly start: number;
  readonly end: number;
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

/** What a fault's own announcement is called: it begins no phase. */
const NO_PHASE = new Set(['status', 'fault']);

/** Phases as spans, neighbours of one name joined; each lasts until the next begins. */
export function phaseSpans(
  phases: readonly { readonly phase: string; readonly kernel: number; readonly at?: number }[],
  data: RateData,
): readonly PhaseSpan[] {
  const starts: { name: string; kernel: number; at: number }[] = [];
  for (const { phase, kernel, at } of phases) {
    const last = starts.at(-1);
    if (at === undefined || NO_PHASE.has(phase)) continue;
    if (last?.name === phase && last.kernel === kernel) continue;
    starts.push({ name: phase, kernel, at });
  }
  return starts
    .map(({ name, at }, index) => ({
      name,
      from: Math.max(at, data.start),
      to: Math.min(starts[index + 1]?.at ?? data.end, data.end),
    }))
    .filter(({ from, to }) => to > from);
}

/**
 * The filter for a stretch of the chart. A later kernel's clock begins anew, so that a time alone
 * would mean two places: with several kernels, each has its own.
 */
export function timeFilter(
  from: number,
  to: number,
  phases: readonly { readonly kernel: number; readonly time?: number; readonly at?: number }[],
): string {
  const bases = new Map<number, number>();
  for (const { kernel, time, at } of phases)
    if (time !== undefined && at !== undefined && !bases.has(kernel)) bases.set(kernel, at - time);
  const clocks = [...bases].sort(([, a], [, b]) => a - b);
  if (clocks.length < 2) return `t:${from.toFixed(3)}..${to.toFixed(3)}`;
  const own = clocks.flatMap(([kernel, base], index) => {
    const first = Math.max(from, index === 0 ? 0 : base) - base;
    const last = Math.min(to, clocks[index + 1]?.[1] ?? Infinity) - base;
    return last < first ? [] : [`kernel:${kernel} t:${first.toFixed(3)}..${last.toFixed(3)}`];
  });
  return own.length === 1 ? own[0] : `(${own.join(' or ')})`;
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
  return `Faults from ${data.start.toFixed(1)} s to ${data.end.toFixed(1)} s: ${parts.join(', ')}`;
}
