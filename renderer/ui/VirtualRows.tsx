import { useVirtualizer } from '@tanstack/react-virtual';
import type { KeyboardEvent, ReactNode } from 'react';
import { useCallback, useEffect, useId, useRef } from 'react';
import { strokeIn } from '../keymap.ts';
import type { Scope } from '../keys.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/context.ts';
import type { Column, Sort } from './columns.ts';
import { TableHead } from './TableHead.tsx';
import { useAnchor } from './useAnchor.ts';
import { useColumnStyle } from './useColumns.tsx';

export interface RowAria {
  readonly level?: number;
  readonly setSize?: number;
  readonly position?: number;
  readonly expanded?: boolean;
}

interface VirtualRowsProps {
  readonly label: string;
  /** The columns, the same array each time; without them --cols is the parent's. */
  readonly columns?: readonly Column[];
  /** Whether the columns have a head, which stays while the rows scroll. */
  readonly head?: boolean;
  /**
   * What the widths of the columns and the place of the list are kept by in the session; its first
   * word is the panel. Absent: they are not kept.
   */
  readonly table?: string;
  /** What a row is known by when it stands elsewhere; undefined while it is not here. */
  readonly rowId?: (index: number) => string | undefined;
  readonly sort?: Sort;
  /** The head of a column that sorts was asked for; the same function each time. */
  readonly onSort?: (column: string) => void;
  readonly role: 'tree' | 'treegrid' | 'grid';
  readonly count: number;
  /** Index of the selected row; -1 for none. */
  readonly selected: number;
  /** The cells of a row. */
  readonly render: (index: number) => ReactNode;
  readonly aria?: (index: number) => RowAria;
  readonly rowClass?: (index: number) => string;
  readonly onSelect: (index: number) => void;
  readonly onOpen?: (index: number, beside: boolean) => void;
  readonly onToggle?: (index: number) => void;
  /** Keys that the rows do not know, in the notation of the key map; true when taken. */
  readonly onKey?: (stroke: string, index: number) => boolean;
  /** Scopes whose keys the rows know; those of lists and trees when absent. */
  readonly scopes?: readonly Scope[];
  /** The rows on the screen, the end excluded. */
  readonly onRange?: (from: number, to: number) => void;
  /** Row height in px when it is not the density's. */
  readonly rowHeight?: number;
  readonly onMenu?: (index: number, x: number, y: number) => void;
}

const LISTS: readonly Scope[] = ['lists', 'trees'];
/** Rows beyond the screen that are kept ready. */
const OVERSCAN = 12;
/** Height of the column names, px. */
const HEAD = 22;

/** A list, tree or grid of equal rows, of which only those on the screen exist. */
export function VirtualRows(props: VirtualRowsProps): ReactNode {
  const { count, selected, onRange, columns, table } = props;
  const { view } = useWorkbench();
  useStore(view.state, (state) => state.density);
  const height =
    props.rowHeight ?? (document.documentElement.dataset.density === 'comfortable' ? 26 : 20);
  const headed = columns !== undefined && props.head !== false;
  const head = headed ? HEAD : 0;
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const style = useColumnStyle(tableOf(table), columns);
  // The virtualizer changes in place; this window is not built by the React compiler.
  // oxlint-disable-next-line react/incompatible-library
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: useCallback(() => height, [height]),
    overscan: OVERSCAN,
    scrollMargin: head,
    scrollPaddingStart: head,
  });
  useEffect(() => {
    if (height > 0) rows.measure();
  }, [rows, height]);

  const items = rows.getVirtualItems();
  const from = items[0]?.index ?? 0;
  const to = (items.at(-1)?.index ?? -1) + 1;
  useEffect(() => onRange?.(from, to), [onRange, from, to]);

  const place = useAnchor(table, {
    count,
    idOf: props.rowId,
    first: Math.max(0, Math.min(count - 1, Math.round((rows.scrollOffset ?? 0) / height))),
    height,
    scrollTo: (index) => rows.scrollToOffset(index * height),
  });
  // The selected row is brought into view once: rows that come later do not lead back to it.
  const led = useRef(-1);
  useEffect(() => {
    if (selected >= count || selected === led.current) return;
    led.current = selected;
    if (selected >= 0 && place.leads()) rows.scrollToIndex(selected, { align: 'auto' });
    // `place` is made anew each time and reads what is now.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [rows, selected, count]);

  const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / height) - 1);
  const onKeyDown = (event: KeyboardEvent): void => {
    const stroke = strokeIn(event, ...(props.scopes ?? LISTS));
    if (stroke === undefined || event.target !== event.currentTarget) return;
    place.touched();
    const target = moved(stroke, selected, count, page);
    if (target !== undefined) {
      if (count > 0) props.onSelect(target);
      if (target === selected) rows.scrollToIndex(target, { align: 'auto' });
    } else if (stroke === 'Enter' && props.onOpen) props.onOpen(selected, false);
    else if (stroke === 'Shift+Enter' && props.onOpen) props.onOpen(selected, true);
    else if (stroke === 'Space' && props.onToggle) props.onToggle(selected);
    else if (!props.onKey?.(stroke, selected)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  const rowRole = props.role === 'tree' ? 'treeitem' : 'row';
  const shown = selected >= from && selected < to;
  const inGrid = props.role !== 'tree';
  const names = headed && (
    <TableHead
      columns={columns}
      label={props.label}
      inGrid={inGrid}
      table={tableOf(table)}
      root={scroller}
      sort={props.sort}
      onSort={props.onSort}
    />
  );
  return (
    <div
      className={headed ? 'rows has-head' : 'rows'}
      ref={scroller}
      style={style}
      onWheel={place.touched}
      onPointerDown={place.touched}
    >
      {!inGrid && names}
      <div
        className="rows-list"
        role={props.role}
        aria-label={props.label}
        aria-rowcount={inGrid ? count + (headed ? 1 : 0) : undefined}
        aria-activedescendant={shown ? `${id}-${selected}` : undefined}
        tabIndex={0}
        data-first-focus
        onKeyDown={onKeyDown}
      >
        {inGrid && names}
        <div role="presentation" style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {items.map((item) => {
            const aria = props.aria?.(item.index);
            return (
              <div
                key={item.key}
                id={`${id}-${item.index}`}
                className={`row ${props.rowClass?.(item.index) ?? ''}`}
                style={{ transform: `translateY(${item.start - head}px)`, height }}
                role={rowRole}
                aria-selected={item.index === selected}
                aria-level={aria?.level}
                aria-setsize={aria?.setSize}
                aria-posinset={aria?.position}
                aria-expanded={aria?.expanded}
                aria-rowindex={inGrid ? item.index + (headed ? 2 : 1) : undefined}
                onMouseDown={(event) => {
                  if (event.button === 0 || event.button === 2) props.onSelect(item.index);
                }}
                onDoubleClick={() => props.onOpen?.(item.index, false)}
                onContextMenu={(event) => {
                  if (!props.onMenu) return;
                  event.preventDefault();
                  props.onMenu(item.index, event.clientX, event.clientY);
                }}
              >
                {props.render(item.index)}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** What the widths are kept by: lists of one kind, of whatever unit or state, have the same. */
const tableOf = (list: string | undefined): string | undefined => list?.split(' ')[0];

/** Where a movement key leads; undefined when it is none. */
function moved(stroke: string, selected: number, count: number, page: number): number | undefined {
  const clamp = (index: number): number => Math.max(0, Math.min(count - 1, index));
  switch (stroke) {
    case 'Up':
    case 'K':
      return clamp(selected - 1);
    case 'Down':
    case 'J':
      return clamp(selected + 1);
    case 'Home':
      return 0;
    case 'End':
      return clamp(count - 1);
    case 'PgUp':
      return clamp(selected - page);
    case 'PgDn':
      return clamp(selected + page);
    default:
      return undefined;
  }
}
