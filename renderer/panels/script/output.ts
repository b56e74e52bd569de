import { ticks } from '../faults/rate.ts';
import type { ScriptOutput } from '../../../core/protocol/contract.ts';

/** A piece of output as the pane keeps it. */
export type OutputItem =
  | { readonly id: number; readonly kind: 'input'; readonly text: string }
  | (ScriptOutput & { readonly id: number });

/** Pieces kept; the oldest go first. */
export const KEPT = 2000;
/** Rows of a table that show at a time. */
export const TABLE_PAGE = 100;

/** Room for the labels of a chart, px. */
const CHART = { left: 64, right: 12, top: 8, bottom: 22 } as const;
/** Points that are marked one by one; of more the line is enough. */
const DOTTED = 60;
/** Room for one label of the axis, px. */
const LABEL = 90;

/** Where a chart's line, labels and dots stand in a drawing of that size. */
export function chartGeometry(
  x: readonly number[],
  y: readonly number[],
  width: number,
  height: number,
) {
  const span = (values: readonly number[]): readonly [number, number] => {
    let [low, high] = [Infinity, -Infinity];
    for (const value of values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    if (low > high) return [0, 1];
    return low === high ? [low - 0.5, high + 0.5] : [low, high];
  };
  const [fromX, toX] = span(x);
  const [lowY, toY] = span(y);
  // Bars and counts are read from zero.
  const fromY = lowY > 0 && lowY < toY / 2 ? 0 : lowY;
  const [left, right] = [CHART.left, width - CHART.right];
  const [top, base] = [CHART.top, height - CHART.bottom];
  const placeX = (value: number): number =>
    left + ((value - fromX) / (toX - fromX)) * (right - left);
  const placeY = (value: number): number => base - ((value - fromY) / (toY - fromY)) * (base - top);
  const text = (value: number): string => String(Number(value.toPrecision(6)));
  const points = x.map((value, at) => [round(placeX(value)), round(placeY(y[at]))] as const);
  return {
    left,
    right,
    path: points.map(([px, py], at) => `${at === 0 ? 'M' : 'L'}${px} ${py}`).join(''),
    dots: points.length <= DOTTED ? points : [],
    grid: ticks(fromY, toY, 3).map((value) => ({ at: round(placeY(value)), text: text(value) })),
    ticks: ticks(fromX, toX, Math.max(2, Math.floor((right - left) / LABEL))).map((value) => ({
      at: round(placeX(value)),
      text: text(value),
    })),
    summary:
      x.length === 0
        ? 'no points'
        : `${x.length} points, x from ${text(fromX)} to ${text(toX)}, y from ${text(lowY)} to ${text(toY)}`,
  };
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** Text cut into plain parts and parts that lead somewhere. */
export interface TextPart {
  readonly text: string;
  readonly target: string | undefined;
}

const LINK =
  /\b(?:(?:dmar|ivhd|sim)\d+(?:\/[\w:.[\]-]+)+|0x[0-9a-f]{4,16}|(?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])\b\]?/gi;

/** Finds paths, addresses and devices in a text. */
export function linkParts(text: string): readonly TextPart[] {
  const out: TextPart[] = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    // A bracket belongs to a path that opened it, not to the sentence around it.
    let found = match[0];
    if (found.endsWith(']') && !found.includes('[')) found = found.slice(0, -1);
    if (match.index > at) out.push({ text: text.slice(at, match.index), target: undefined });
    out.push({
      text: found,
      target: found.toLowerCase().startsWith('0x') ? found.toLowerCase() : found,
    });
    at = match.index + found.length;
  }
  if (at < text.length) out.push({ text: text.slice(at), target: undefined });
  return out;
}

/** A table as comma-separated values. */
export function tableCsv(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const quote = (cell: string): string =>
    /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  return [columns, ...rows].map((row) => row.map(quote).join(',')).join('\n');
}

/** The words for a run's end. */
export function doneText(state: 'finished' | 'failed' | 'stopped' | 'limit', time: number): string {
  const words = {
    finished: 'finished',
    failed: 'failed',
    stopped: 'stopped',
    limit: 'stopped at its limit of time or memory',
  }[state];
  return `${words} after ${time.toFixed(1)} s`;
}

/** Lines of the REPL's history, the newest last; equal neighbours once. */
export function withLine(history: readonly string[], line: string, limit = 200): readonly string[] {
  if (line.trim() === '' || history.at(-1) === line) return history;
  return [...history, line].slice(-limit);
}
