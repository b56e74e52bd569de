/** A column of a table. Widths are px at 100 % of the zoom. */
export interface Column {
  /** What its width is saved by: it stays when the title changes. */
  readonly id: string;
  readonly title: string;
  /** What it is called where the title is empty. */
  readonly name?: string;
  /** Its width, or the least that it has by itself when it may grow. */
  readonly width: number;
  /** How far it grows into free room; `rest` takes all that the others leave. */
  readonly grow?: number | 'rest';
  /** Numbers stand flush right. */
  readonly end?: boolean;
  /** The least width that a person can give it; absent: LEAST. */
  readonly least?: number;
  /** Rows can be sorted by it. */
  readonly sorts?: boolean;
}

/** Widths that a person gave, by the columns' ids. */
export type Widths = Readonly<Record<string, number>>;

/** The order that a person gave the rows. */
export interface Sort {
  /** Id of a column. */
  readonly column: string;
  readonly descending: boolean;
}

/** What is remembered of a table. */
export interface TableView {
  readonly widths?: Widths;
  readonly sort?: Sort;
}

/** Least width of a column whose own is not narrower, px. */
const LEAST = 40;
/** Widest that a column can be made, px. */
const WIDEST = 1600;
/** What a stroke of an arrow key moves a separator by, px. */
export const WIDTH_STEP = 8;

/** The least width that a column can be given. */
export function leastOf(column: Column): number {
  return column.least ?? Math.min(LEAST, column.width);
}

export const widestOf = (): number => WIDEST;

/** A width that the column may have. */
export function clampWidth(column: Column, width: number): number {
  return Math.max(leastOf(column), Math.min(WIDEST, Math.round(width)));
}

/** The columns as CSS's `grid-template-columns`. */
export function templateOf(columns: readonly Column[], widths: Widths): string {
  return columns
    .map((column) => {
      const { width, grow } = column;
      const given = widths[column.id] as number | undefined;
      if (given !== undefined) return `${clampWidth(column, given)}px`;
      if (grow === undefined) return `${width}px`;
      return `minmax(${width}px, ${grow === 'rest' ? '1fr' : `${grow}px`})`;
    })
    .join(' ');
}

/** What the columns need when no room is free, px: a narrower table scrolls sideways. */
export function leastTotal(columns: readonly Column[], widths: Widths): number {
  return columns.reduce((sum, column) => {
    const given = widths[column.id] as number | undefined;
    return sum + (given === undefined ? column.width : clampWidth(column, given));
  }, 0);
}

/** The order after a column's head was asked for: again by the same column turns it around. */
export function nextSort(sort: Sort | undefined, column: string): Sort {
  return sort?.column === column
    ? { column, descending: !sort.descending }
    : { column, descending: false };
}

/** Rows in the order of a key; rows that have none come last either way, equal ones stay. */
export function sortedBy<R>(
  rows: readonly R[],
  key: (row: R) => number | bigint | string | undefined,
  descending: boolean,
): readonly R[] {
  const turn = descending ? -1 : 1;
  const keyed = rows.map((row) => ({ row, key: key(row) }));
  keyed.sort((a, b) => {
    if (a.key === undefined || b.key === undefined)
      return Number(a.key === undefined) - Number(b.key === undefined);
    return a.key === b.key ? 0 : a.key < b.key ? -turn : turn;
  });
  return keyed.map(({ row }) => row);
}

/** Reads what was saved of tables; what is not of that form is left out. */
export function parseTables(saved: unknown): Readonly<Record<string, TableView>> {
  const tables: Record<string, TableView> = {};
  for (const [id, raw] of entriesOf(saved)) {
    const { widths: rawWidths, sort: rawSort } = Object.fromEntries(entriesOf(raw));
    const widths = Object.fromEntries(
      entriesOf(rawWidths).filter(
        (each): each is [string, number] => typeof each[1] === 'number' && each[1] > 0,
      ),
    );
    const { column, descending } = Object.fromEntries(entriesOf(rawSort));
    tables[id] = {
      widths,
      ...(typeof column === 'string' ? { sort: { column, descending: descending === true } } : {}),
    };
  }
  return tables;
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
