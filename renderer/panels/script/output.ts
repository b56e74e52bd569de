import type { ScriptOutput } from '../../../core/protocol/contract.ts';

/** A piece of output as the pane keeps it. */
export type OutputItem =
  | { readonly id: number; readonly kind: 'input'; readonly text: string }
  | (ScriptOutput & { readonly id: number });

/** Pieces kept; the oldest go first. */
export const KEPT = 2000;
/** Rows of a table that show at a time. */
export const TABLE_PAGE = 100;

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
