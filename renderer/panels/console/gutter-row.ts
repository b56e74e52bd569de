import type { GutterRow } from './gutter.ts';
import type { LineMap } from './line-map.ts';
import type { ConsoleRecord, TimeMode } from './record.ts';

/** What the rows beside the terminal are made of. */
export interface GutterParts {
  readonly map: LineMap;
  readonly record: ConsoleRecord;
  /** Lines that stand for others of a storm, with how many they are. */
  readonly counts: ReadonlyMap<number, number>;
  /** Lines with a note, and its beginning. */
  readonly notes: ReadonlyMap<number, string>;
  /** Lines where a kernel starts, in order. */
  readonly starts: readonly number[];
  readonly mode: TimeMode;
  readonly current: number | undefined;
}

/** What stands beside a row of the map. */
export function gutterRow(parts: GutterParts, row: number): GutterRow {
  const { map, record, counts, notes, starts, mode, current } = parts;
  const begins = map.lineAt(row);
  const line = begins ?? map.lineAround(row);
  const known = line !== undefined && row <= (map.rowOf(map.last) ?? 0);
  return {
    // The cursor stands where the next line will begin.
    line: begins !== undefined && begins <= record.lines ? begins : undefined,
    mark: known ? record.marks.get(line) : undefined,
    continued: begins === undefined,
    count: begins === undefined ? undefined : counts.get(begins),
    time: begins === undefined ? '' : record.time(begins, mode),
    tip: known ? [notes.get(line) ?? '', record.tip(line)].filter(Boolean).join('\n') : '',
    note: begins !== undefined && notes.has(begins),
    current: known && current !== undefined && isOf(map, line, current),
    restart: begins === undefined ? undefined : record.restartAt(begins, starts),
  };
}

/** Whether a row's line is another one, or stands for it in a storm. */
function isOf(map: LineMap, line: number, current: number): boolean {
  return line === current || map.rowOf(line) === map.rowOf(current);
}
