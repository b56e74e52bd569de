import { byteDigits } from '../../core/format/hex.ts';

/** Where a command reads and writes; tests give their own. */
export interface Io {
  out(text: string): void;
  /** One diagnostic line on standard error. */
  note(text: string): void;
  readonly colour: boolean;
  /** Whether standard error is a terminal: progress is shown only there. */
  readonly progress: boolean;
  readonly signal: AbortSignal;
}

const CODES = { dim: 2, bold: 1, red: 31, yellow: 33, green: 32, blue: 34 } as const;
export type Style = keyof typeof CODES;

/** The text in a colour where the output is a terminal and NO_COLOR is not set. */
export function paint(io: Io, style: Style, text: string): string {
  return io.colour ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text;
}

/**
 * Text of files and consoles as a terminal may show it: control characters are written as
 * escapes, so that hostile input cannot drive the reader's terminal.
 */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this removes
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    (each) => `\\x${byteDigits(each.charCodeAt(0))}`,
  );
}

export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/** Aligned columns for people; the last column is not padded. */
export function columns(
  io: Io,
  heads: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const widths = heads.map((head, at) =>
    rows.reduce((width, row) => Math.max(width, row[at]?.length ?? 0), head.title.length),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => {
        if (heads[at].right) return cell.padStart(widths[at]);
        return at === cells.length - 1 ? cell : cell.padEnd(widths[at]);
      })
      .join('  ')
      .trimEnd();
  const head = paint(io, 'dim', line(heads.map((each) => each.title)));
  return `${[head, ...rows.map(line)].join('\n')}\n`;
}
