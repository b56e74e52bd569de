import { kernelName } from '../../format/time.ts';
import { token } from '../../ui/colours.ts';
import type { Milestone, RateData, Stretch } from './rate.ts';
import { CHART, clockTicks, clocksOf, niceMaximum, phaseSpans, xOf } from './rate.ts';

/** Least width of a phase that is drawn, and of one that has room for its name, px. */
const LEAST_PHASE = 2;
const NAMED_PHASE = 40;
/** Room for one label of the axis, px. */
const LABEL = 110;

/** What is marked in the chart. */
export interface Marked {
  /** The stretch that the list shows, or that a drag makes. */
  readonly stretch: Stretch | undefined;
  /** The bin that the keys stand on. */
  readonly bin: number | undefined;
}

/** Draws the chart: phases on top, bars stacked by access, the clocks of the kernels below. */
export function drawRate(
  context: CanvasRenderingContext2D,
  data: RateData,
  phases: readonly Milestone[],
  width: number,
  { stretch, bin }: Marked,
): void {
  const base = CHART.height - CHART.bottom;
  const top = CHART.top + 10;
  context.font = '10px Inter Variable, system-ui, sans-serif';
  drawPhases(context, data, phases, width);
  drawAxis(context, data, phases, width);
  const step = (width - CHART.left - CHART.right) / data.read.length;
  if (bin !== undefined) {
    context.fillStyle = token('bg3');
    context.fillRect(CHART.left + bin * step - 1, top - 4, Math.max(4, step + 1), base - top + 5);
  }
  drawBars(context, data, step, (base - top) / niceMaximum(data));
  if (stretch) drawStretch(context, data, stretch, width);
}

function drawAxis(
  context: CanvasRenderingContext2D,
  data: RateData,
  phases: readonly Milestone[],
  width: number,
): void {
  const base = CHART.height - CHART.bottom;
  const top = CHART.top + 10;
  context.strokeStyle = token('line');
  context.beginPath();
  for (const y of [base + 0.5, top + 0.5]) {
    context.moveTo(CHART.left, y);
    context.lineTo(width - CHART.right, y);
  }
  context.stroke();

  context.fillStyle = token('fg2');
  context.textAlign = 'right';
  context.fillText(niceMaximum(data).toLocaleString('en-US'), CHART.left - 6, top + 3);
  context.fillText('0', CHART.left - 6, base + 3);
  const clocks = clocksOf(phases);
  context.textAlign = 'center';
  for (const { at, text } of clockTicks(data, clocks, Math.max(2, Math.floor(width / LABEL))))
    context.fillText(text, xOf(at, data, width), CHART.height - 3);
  // A later kernel counts its seconds from its own start.
  context.textAlign = 'left';
  for (const { kernel, base: start } of clocks.slice(1)) {
    if (start <= data.start || start >= data.end) continue;
    const x = Math.round(xOf(start, data, width)) + 0.5;
    context.strokeStyle = token('ctl');
    context.beginPath();
    context.moveTo(x, CHART.phases);
    context.lineTo(x, CHART.height);
    context.stroke();
    context.fillText(kernelName(kernel), x + 4, CHART.top + 8);
  }
}

function drawBars(
  context: CanvasRenderingContext2D,
  data: RateData,
  step: number,
  scale: number,
): void {
  const base = CHART.height - CHART.bottom;
  const bars = [
    [data.read, token('rd')],
    [data.write, token('wr')],
    [data.interrupt, token('ir')],
  ] as const;
  const stacked = new Float64Array(data.read.length);
  for (const [values, colour] of bars) {
    context.fillStyle = colour;
    for (const [bin, value] of values.entries()) {
      if (value === 0) continue;
      // A single fault among thousands still shows.
      const height = Math.max(2, value * scale);
      const x = CHART.left + bin * step;
      context.fillRect(x, base - stacked[bin] - height, Math.max(2, step - 1), height);
      stacked[bin] += height;
    }
  }
}

function drawStretch(
  context: CanvasRenderingContext2D,
  data: RateData,
  stretch: Stretch,
  width: number,
): void {
  const clampX = (at: number): number =>
    Math.max(CHART.left, Math.min(width - CHART.right, xOf(at, data, width)));
  const left = clampX(stretch.from);
  const right = clampX(stretch.to);
  if (stretch.to < data.start || stretch.from > data.end) return;
  const height = CHART.height - CHART.phases - CHART.bottom;
  context.fillStyle = token('accent');
  context.globalAlpha = 0.2;
  context.fillRect(left, CHART.phases, Math.max(2, right - left), height);
  context.globalAlpha = 1;
  context.fillRect(left, CHART.phases, 1, height);
  context.fillRect(Math.max(left + 1, right - 1), CHART.phases, 1, height);
}

function drawPhases(
  context: CanvasRenderingContext2D,
  data: RateData,
  phases: readonly Milestone[],
  width: number,
): void {
  context.textAlign = 'left';
  for (const span of phaseSpans(phases, data)) {
    const from = xOf(span.from, data, width);
    const to = xOf(span.to, data, width);
    if (to - from < LEAST_PHASE) continue;
    context.fillStyle = token('bg3');
    context.fillRect(from, 0, to - from - 1, CHART.phases);
    if (to - from < NAMED_PHASE) continue;
    context.save();
    context.beginPath();
    context.rect(from, 0, to - from - 6, CHART.phases);
    context.clip();
    context.fillStyle = token('fg1');
    context.fillText(span.name, from + 4, 10);
    context.restore();
  }
}
