import type { FocusEvent, KeyboardEvent, ReactNode, RefObject } from 'react';
import { memo, useEffect, useRef } from 'react';
import type { Column, Sort } from './columns.ts';
import { ColumnEnd } from './useColumns.tsx';

/** What stands in a head and can have the focus. */
const STOPS = '[data-head-stop]';

interface TableHeadProps {
  readonly columns: readonly Column[];
  /** The table's name. */
  readonly label: string;
  /** A head inside a grid is its first row; one above a tree is no part of it. */
  readonly inGrid: boolean;
  /** What the widths are kept by; absent: they stay as they are. */
  readonly table: string | undefined;
  /** The table's root, which has the widths. */
  readonly root: RefObject<HTMLElement | null>;
  readonly sort?: Sort;
  /** The head of a column that sorts was asked for. */
  readonly onSort?: (column: string) => void;
}

/** The names of the columns, with what their widths and the order of the rows are changed by. */
export const TableHead = memo(function TableHead({
  columns,
  label,
  inGrid,
  table,
  root,
  sort,
  onSort,
}: TableHeadProps): ReactNode {
  const head = useRef<HTMLDivElement>(null);
  const stops = useHeadStops(head);
  return (
    <div
      ref={head}
      className="rows-head"
      role={inGrid ? 'row' : 'group'}
      aria-rowindex={inGrid ? 1 : undefined}
      aria-label={inGrid ? undefined : `Columns of ${label}`}
      {...stops}
    >
      {columns.map((column) => (
        <span
          key={column.id}
          role={inGrid ? 'columnheader' : undefined}
          aria-label={inGrid ? (column.name ?? column.title) : undefined}
          aria-sort={inGrid && column.sorts && onSort ? ariaSort(sort, column) : undefined}
          className={column.end ? 'num' : undefined}
        >
          {column.sorts && onSort ? (
            <SortButton
              column={column}
              sort={sort?.column === column.id ? sort : undefined}
              onSort={() => onSort(column.id)}
            />
          ) : (
            <span className="head-title">{column.title}</span>
          )}
          {table !== undefined && (
            <ColumnEnd table={table} columns={columns} column={column} root={root} />
          )}
        </span>
      ))}
    </div>
  );
});

function SortButton({
  column,
  sort,
  onSort,
}: {
  readonly column: Column;
  readonly sort: Sort | undefined;
  readonly onSort: () => void;
}): ReactNode {
  const name = column.name ?? column.title;
  return (
    <button
      type="button"
      className="head-title head-sort inset-focus"
      tabIndex={-1}
      data-head-stop
      title={sort ? `Sorted by ${name}; again turns it around` : `Sort by ${name}`}
      onClick={onSort}
    >
      {column.title}
      {sort && <span aria-hidden="true">{sort.descending ? ' ▾' : ' ▴'}</span>}
    </button>
  );
}

function ariaSort(sort: Sort | undefined, column: Column): 'ascending' | 'descending' | 'none' {
  if (sort?.column !== column.id) return 'none';
  return sort.descending ? 'descending' : 'ascending';
}

/** The head row of a table of its own, as one tab stop. */
export function HeadStops({ children }: { readonly children: ReactNode }): ReactNode {
  const row = useRef<HTMLTableRowElement>(null);
  const stops = useHeadStops(row);
  return (
    <tr ref={row} {...stops}>
      {children}
    </tr>
  );
}

/**
 * One tab stop for a head: arrows lead through names and separators. On a separator left and
 * right are its own, so that up and down lead on.
 */
function useHeadStops(head: RefObject<HTMLElement | null>): {
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onFocus: (event: FocusEvent) => void;
} {
  useEffect(() => {
    stopAt(head.current, head.current?.querySelector(`${STOPS}[tabindex="0"]`));
  });
  return {
    onKeyDown: (event) => {
      const all = stopsOf(head.current);
      const at = all.indexOf(event.target as HTMLElement);
      if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
      const to = targetOf(event.key, at, all.length);
      if (to === undefined) return;
      all[(to + all.length) % all.length].focus();
      event.preventDefault();
      event.stopPropagation();
    },
    onFocus: (event) => stopAt(head.current, event.target),
  };
}

/** Where a key leads from the n-th stop; separators have taken left, right and Home before this. */
function targetOf(key: string, at: number, count: number): number | undefined {
  if (key === 'ArrowLeft' || key === 'ArrowUp') return at - 1;
  if (key === 'ArrowRight' || key === 'ArrowDown') return at + 1;
  if (key === 'Home') return 0;
  return key === 'End' ? count - 1 : undefined;
}

function stopsOf(root: HTMLElement | null): HTMLElement[] {
  return [...(root?.querySelectorAll<HTMLElement>(STOPS) ?? [])];
}

/** Gives the head's one tab stop to an element of it; to the first when it is none. */
function stopAt(root: HTMLElement | null, stop: Element | null | undefined): void {
  const all = stopsOf(root);
  const one = all.includes(stop as HTMLElement) ? stop : all[0];
  for (const each of all) each.tabIndex = each === one ? 0 : -1;
}
