/**
 * A table as text for other programs: CSV, JSON, Markdown, and aligned text. The one place where
 * any list of the window or of a report becomes a file; addresses are plain (`0x1f00000`).
 */

/** What a cell holds; undefined is what nobody knows. */
export type Cell = string | number | boolean | undefined;

export interface TextTable {
  /** What the table is, for its file's name and its heading: `Faults`. */
  readonly name: string;
  readonly columns: readonly string[];
  /** One cell a column. */
  readonly rows: readonly (readonly Cell[])[];
  /** What the table leaves out: `the first 1,000 of 1,542 rows`. */
  readonly cut?: string;
}

export type TableFormat = 'csv' | 'json' | 'markdown' | 'text';

/** A format's name for people, the end of its files' names, and its media type. */
export const TABLE_FORMATS: Readonly<
  Record<TableFormat, { readonly title: string; readonly ending: string; readonly type: string }>
> = {
  csv: { title: 'CSV', ending: 'csv', type: 'text/csv' },
  json: { title: 'JSON', ending: 'json', type: 'application/json' },
  markdown: { title: 'Markdown', ending: 'md', type: 'text/markdown' },
  text: { title: 'Text', ending: 'txt', type: 'text/plain' },
};

/** The table in a format. */
export function tableText(table: TextTable, format: TableFormat): string {
  switch (format) {
    case 'csv':
      return tableCsv(table);
    case 'json':
      return tableJson(table);
    case 'markdown':
      return tableMarkdown(table);
    case 'text':
      return tablePlain(table);
  }
}

/**
 * RFC 4180, lines ended by a newline. A text that a spreadsheet would run as a formula gets an
 * apostrophe in front, which spreadsheets take as "this is text": cells come from consoles.
 */
function tableCsv(table: TextTable): string {
  const lines = [table.columns, ...table.rows].map((row) => row.map(csvCell).join(','));
  return lines.map((line) => `${line}\n`).join('');
}

/** One document; unknown cells are null. */
function tableJson(table: TextTable): string {
  return `${JSON.stringify(
    {
      schema: 'faultline.table/1',
      name: table.name,
      columns: table.columns,
      rows: table.rows.map((row) =>
        Object.fromEntries(table.columns.map((column, at) => [column, row[at] ?? null])),
      ),
      cut: table.cut ?? null,
    },
    null,
    1,
  )}\n`;
}

/** A pipe table; characters that Markdown or HTML would read are escaped. */
export function tableMarkdown(table: TextTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const lines = [
    line(table.columns.map(escapeMarkdown)),
    `|${table.columns.map(() => '---').join('|')}|`,
    ...table.rows.map((row) => line(table.columns.map((_, at) => escapeMarkdown(text(row[at]))))),
  ];
  if (table.cut !== undefined) lines.push('', escapeMarkdown(`Not listed: ${table.cut}.`));
  return lines.map((each) => `${each}\n`).join('');
}

/** Columns aligned by spaces; unknown cells are an en dash. */
function tablePlain(table: TextTable): string {
  const rows = [
    table.columns,
    ...table.rows.map((row) => table.columns.map((_, at) => oneLine(text(row[at]) || '–'))),
  ];
  const widths = table.columns.map((_, at) =>
    rows.reduce((width, row) => Math.max(width, row[at].length), 0),
  );
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at]))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** A list of lines that are Markdown already. */
export function listMarkdown(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

/** Text that Markdown shows as it stands, in one line. */
export function escapeMarkdown(value: string): string {
  return oneLine(value)
    .replaceAll('&', '&amp;')
    .replace(/[\\`*_[\]<>|~#]/g, (each) => `\\${each}`);
}

const text = (cell: Cell): string => (cell === undefined ? '' : String(cell));

const oneLine = (value: string): string => value.replace(/[\r\n\t]+/g, ' ');

function csvCell(cell: Cell): string {
  if (typeof cell !== 'string') return text(cell);
  const safe = /^[=+\-@\t\r]/.test(cell) && !/^-?\d/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
