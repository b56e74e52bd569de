import type {
  TimelineAnswer,
  TimelineItem,
  TimelineLane,
} from '../../../core/protocol/contract-timeline.ts';
import { token } from '../../ui/colours.ts';
import type { Range } from './axis.ts';
import { LAYOUT, restarts, rulerTicks, xOf } from './axis.ts';

/** What is drawn beside the answer. */
export interface Drawing {
  readonly answer: TimelineAnswer;
  /** What shows; the answer may still be of another part. */
  readonly range: Range;
  readonly width: number;
  readonly lane: string;
  readonly item: TimelineItem | undefined;
  readonly cursor: number | undefined;
  readonly selected: Range | undefined;
}

const TOP = LAYOUT.overview + LAYOUT.ruler;
const FONT = '11px Inter Variable, system-ui, sans-serif';
const MONO = '10px "JetBrains Mono", ui-monospace, monospace';

const TONES = {
  read: 'rd',
  write: 'wr',
  interrupt: 'ir',
  line: 'ctl',
  warning: 'warn',
  error: 'err',
} as const;
const SEVERITIES = { error: 'err', warning: 'warn', note: 'info', ok: 'ok' } as const;

/** Height of the whole drawing, px. */
export function heightOf(answer: TimelineAnswer): number {
  return TOP + answer.lanes.length * LAYOUT.lane + 1;
}

/** The lane at a height, px. */
export function laneAt(answer: TimelineAnswer, y: number): TimelineLane | undefined {
  return answer.lanes[Math.floor((y - TOP) / LAYOUT.lane)];
}

export function draw(context: CanvasRenderingContext2D, drawing: Drawing): void {
  const { answer, range, width } = drawing;
  drawOverview(context, drawing);
  drawRuler(context, drawing);
  for (const [index, lane] of answer.lanes.entries()) {
    const top = TOP + index * LAYOUT.lane;
    context.strokeStyle = token('line');
    context.beginPath();
    context.moveTo(0, top + LAYOUT.lane + 0.5);
    context.lineTo(width, top + LAYOUT.lane + 0.5);
    context.stroke();
    if (lane.id === drawing.lane) {
      context.fillStyle = token('accent');
      context.fillRect(0, top + 4, 2, LAYOUT.lane - 7);
    }
    drawSpans(context, drawing, lane, top);
    if (lane.id === 'console') drawLines(context, drawing, lane, top);
    else drawBars(context, drawing, lane, top);
    drawMarks(context, drawing, lane, top);
  }
  drawRestarts(context, drawing);
  drawSelection(context, drawing);
  const { cursor } = drawing;
  if (cursor !== undefined && cursor >= range.from && cursor <= range.to) {
    context.fillStyle = token('accent');
    context.fillRect(Math.round(xOf(cursor, range, width)), LAYOUT.overview, 1, heightOf(answer));
  }
}

/** All of the axis: phases at the bottom, lines behind, faults over them, probes on top. */
function drawOverview(context: CanvasRenderingContext2D, drawing: Drawing): void {
  const { answer, range, width } = drawing;
  const { phases, probes, lines, faults } = answer.overview;
  const all = { from: answer.start, to: answer.end };
  const bottom = LAYOUT.overview - 3;
  for (const { from, to } of phases) {
    const x = xOf(from, all, width);
    context.fillStyle = token('bg3');
    context.fillRect(x, 2, Math.max(1, xOf(to, all, width) - x - 1), bottom - 2);
    context.fillStyle = token('ctl');
    context.fillRect(x, 2, 1, bottom - 2);
  }
  overviewBars(context, lines, { width, bottom, tone: 'ctl', height: 9 });
  overviewBars(context, faults, { width, bottom, tone: 'err', height: bottom - 4 });
  context.strokeStyle = token('info');
  for (const at of probes) {
    const x = xOf(at, all, width);
    context.beginPath();
    context.moveTo(x, 2);
    context.lineTo(x + 4, 6);
    context.lineTo(x, 10);
    context.lineTo(x - 4, 6);
    context.closePath();
    context.stroke();
  }
  const whole = { from: answer.start, to: answer.end };
  const left = xOf(range.from, whole, width);
  const right = xOf(range.to, whole, width);
  context.fillStyle = token('accent');
  context.globalAlpha = 0.1;
  context.fillRect(left, 1, right - left, LAYOUT.overview - 3);
  context.globalAlpha = 1;
  context.strokeStyle = token('accent');
  context.strokeRect(
    left + 0.5,
    1.5,
    Math.max(2, Math.min(width, right) - left - 1),
    LAYOUT.overview - 4,
  );
}

function overviewBars(
  context: CanvasRenderingContext2D,
  values: readonly number[],
  look: {
    readonly width: number;
    readonly bottom: number;
    readonly tone: string;
    /** Of the highest bar, px. */
    readonly height: number;
  },
): void {
  const most = values.reduce((a, b) => Math.max(a, b), 1);
  const step = look.width / Math.max(1, values.length);
  context.fillStyle = token(look.tone);
  for (const [bin, value] of values.entries()) {
    if (value === 0) continue;
    // Few among very many still show.
    const height = 2 + Math.sqrt(value / most) * (look.height - 2);
    context.fillRect(bin * step, look.bottom - height, Math.max(1, step - 0.5), height);
  }
}

function drawRuler(context: CanvasRenderingContext2D, { answer, range, width }: Drawing): void {
  context.font = MONO;
  context.textAlign = 'left';
  const bottom = heightOf(answer);
  for (const { at, text } of rulerTicks(answer, range, width)) {
    const x = Math.round(xOf(at, range, width));
    context.fillStyle = token('line');
    context.fillRect(x, TOP - 4, 1, bottom);
    context.fillStyle = token('fg2');
    if (x + context.measureText(text).width < width)
      context.fillText(text, x + 3, LAYOUT.overview + 12);
  }
}

/** A clock that begins anew: a separator with the kernel's name. */
function drawRestarts(context: CanvasRenderingContext2D, drawing: Drawing): void {
  const { answer, range, width } = drawing;
  context.font = FONT;
  for (const { at, name } of answer.stamped ? restarts(answer.kernels) : []) {
    if (at < range.from || at > range.to) continue;
    const x = Math.round(xOf(at, range, width));
    context.fillStyle = token('ctl');
    context.fillRect(x, LAYOUT.overview, 1, heightOf(answer));
    const text = ` ${name} `;
    const room = context.measureText(text).width;
    const left = Math.min(x + 1, width - room);
    context.fillStyle = token('bg3');
    context.fillRect(left, LAYOUT.overview + 1, room, LAYOUT.ruler - 3);
    context.fillStyle = token('fg1');
    context.fillText(text, left, LAYOUT.overview + 12);
  }
}

function drawSpans(
  context: CanvasRenderingContext2D,
  { range, width }: Drawing,
  lane: TimelineLane,
  top: number,
): void {
  context.font = FONT;
  context.textAlign = 'left';
  for (const span of lane.spans) {
    const from = Math.max(-2, xOf(span.from, range, width));
    const to = Math.min(width + 2, xOf(span.to, range, width));
    if (to < 0 || from > width) continue;
    const room = Math.max(1, to - from - 1);
    const [y, height] = [top + 7, LAYOUT.lane - 13];
    if (span.kind === 'gap') {
      hatch(context, from, y, room, height);
      continue;
    }
    if (span.kind === 'phase') {
      context.fillStyle = token('bg3');
      context.fillRect(from, y, room, height);
      context.fillStyle = token('ctl');
      context.fillRect(from, y, 1, height);
    } else {
      context.strokeStyle = token('ctl');
      context.strokeRect(from + 0.5, y + 0.5, room, height);
    }
    if (room < 28) continue;
    context.save();
    context.beginPath();
    context.rect(from, y, room - 2, height);
    context.clip();
    context.fillStyle = token('fg1');
    context.fillText(span.text, Math.max(from, 0) + 5, y + 12);
    context.restore();
  }
}

/** 45° lines: nothing is known here. */
function hatch(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = token('ctl');
  context.globalAlpha = 0.6;
  context.beginPath();
  for (let at = -height; at < width; at += 6) {
    context.moveTo(x + at, y + height);
    context.lineTo(x + at + height, y);
  }
  context.stroke();
  context.restore();
}

/** Where the bins of the answer lie in what shows. */
function binPlaces(
  { answer, range, width }: Drawing,
  bins: number,
): { readonly x: (bin: number) => number; readonly step: number } {
  const left = xOf(answer.from, range, width);
  const right = xOf(answer.to, range, width);
  const step = (right - left) / Math.max(1, bins);
  return { x: (bin) => left + bin * step, step };
}

/** Lines of the console as ticks; what is marked stands over them. */
function drawLines(
  context: CanvasRenderingContext2D,
  drawing: Drawing,
  lane: TimelineLane,
  top: number,
): void {
  for (const { tone, values } of lane.bars) {
    const { x, step } = binPlaces(drawing, values.length);
    const most = Math.max(1, ...values);
    context.fillStyle = token(TONES[tone]);
    const [inset, height] = tone === 'error' ? [4, 21] : [7, 16];
    for (const [bin, value] of values.entries()) {
      if (value === 0) continue;
      context.globalAlpha = tone === 'line' ? 0.25 + 0.6 * Math.sqrt(value / most) : 1;
      context.fillRect(x(bin), top + inset, Math.max(1, Math.min(2, step)), height);
    }
    context.globalAlpha = 1;
  }
}

function drawBars(
  context: CanvasRenderingContext2D,
  drawing: Drawing,
  lane: TimelineLane,
  top: number,
): void {
  const bins = lane.bars[0]?.values.length ?? 0;
  if (bins === 0) return;
  const sums = new Float64Array(bins);
  for (const { values } of lane.bars)
    for (const [bin, value] of values.entries()) sums[bin] += value;
  const most = sums.reduce((a, b) => Math.max(a, b), 1);
  const { x, step } = binPlaces(drawing, bins);
  const base = top + LAYOUT.lane - 3;
  const stacked = new Float64Array(bins);
  for (const { tone, values } of lane.bars) {
    context.fillStyle = token(TONES[tone]);
    for (const [bin, value] of values.entries()) {
      if (value === 0) continue;
      const height = Math.max(3, (value / most) * (LAYOUT.lane - 8));
      context.fillRect(x(bin), base - stacked[bin] - height, Math.max(2, step - 0.5), height);
      stacked[bin] += height;
    }
  }
}

function drawMarks(
  context: CanvasRenderingContext2D,
  { range, width }: Drawing,
  lane: TimelineLane,
  top: number,
): void {
  context.font = FONT;
  context.textAlign = 'left';
  const y = top + LAYOUT.lane / 2;
  const places = lane.marks.map(({ at }) => xOf(at, range, width));
  for (const [index, mark] of lane.marks.entries()) {
    const x = places[index];
    if (x < -10 || x > width + 10) continue;
    context.fillStyle = token(SEVERITIES[mark.severity]);
    context.strokeStyle = context.fillStyle;
    if (lane.id === 'probes') {
      context.beginPath();
      context.moveTo(x, y - 6);
      context.lineTo(x + 6, y);
      context.lineTo(x, y + 6);
      context.lineTo(x - 6, y);
      context.closePath();
      context.stroke();
    } else if (lane.id === 'notes') {
      context.fillStyle = token('accent');
      context.fillRect(x, top + 7, 1, 18);
      context.fillRect(x, top + 7, 9, 8);
    } else {
      context.fillRect(x - 1, top + 8, 2, 18);
      context.beginPath();
      context.arc(x, top + 8, 3, 0, Math.PI * 2);
      context.fill();
    }
    const room = (places[index + 1] ?? width) - x - 16;
    if (room < 60) continue;
    context.save();
    context.beginPath();
    context.rect(x + 8, top, room, LAYOUT.lane);
    context.clip();
    context.fillStyle = token('fg1');
    context.fillText(mark.text, x + 10, y + 4);
    context.restore();
  }
}

function drawSelection(context: CanvasRenderingContext2D, drawing: Drawing): void {
  const { answer, range, width, selected } = drawing;
  if (!selected) return;
  const left = Math.max(0, xOf(selected.from, range, width));
  const right = Math.min(width, xOf(selected.to, range, width));
  if (right < 0 || left > width) return;
  context.fillStyle = token('accent');
  context.globalAlpha = 0.2;
  context.fillRect(left, LAYOUT.overview, Math.max(1, right - left), heightOf(answer));
  context.globalAlpha = 1;
  context.fillRect(left, LAYOUT.overview, 1, heightOf(answer));
  context.fillRect(right, LAYOUT.overview, 1, heightOf(answer));
}
