import type { CallAnswer } from '../../../core/protocol/contract.ts';
import type { ReaderMark } from './reader.ts';

type Overview = CallAnswer<'console.overview'>;
type Severity = Overview['marks'][number]['severity'];

/** Starts of kernels in one answer: nobody looks through more boots than these. */
const MOST_STARTS = 4096;

/**
 * In which parts of a record its marked lines stand.
 * @param marks ascending by line
 * @param lines of the whole record
 * @param parts of equal numbers of lines that it is cut into
 * @param starts lines at which its kernels start, ascending
 */
export function overview(
  marks: readonly ReaderMark[],
  lines: number,
  parts: number,
  starts: readonly number[],
): Overview {
  const found = new Map<Severity, number[]>();
  for (const { line, severity } of marks) {
    const part = Math.min(parts - 1, Math.floor(((line - 1) / Math.max(1, lines)) * parts));
    const list = found.get(severity);
    if (!list) found.set(severity, [part]);
    else if (list.at(-1) !== part) list.push(part);
  }
  return {
    lines,
    marks: [...found].map(([severity, list]) => ({ severity, parts: list })),
    starts: starts.slice(0, MOST_STARTS),
  };
}
