import { useVirtualizer } from '@tanstack/react-virtual';
import type { KeyboardEvent, ReactNode, RefObject } from 'react';
import { memo, useCallback, useEffect, useId, useRef } from 'react';
import { strokeIn } from '../keymap.ts';
import type { Scope } from '../keys.ts';
import { strokeOf } from '../keys.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/context.ts';
import type { Column, Sort } from './columns.ts';
import { TableHead } from './TableHead.tsx';
import { useAnchor } from './useAnchor.ts';
import { useColumnStyle } from './useColumns.tsx';
import { treeKey } from './tree-keys.ts';
import { useTyping } from './useTyping.tsx';

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
  /**
   * The row that is selected now, where the list is drawn once a frame: a key that comes before
   * that acts on what the key before it selected.
   */
  readonly now?: () => number;
  /** The cells of a row. */
  readonly render: (index: number) => ReactNode;
  /**
   * What a row is drawn from: one whose item is the same object as before is not drawn again.
   * Absent: every row is drawn whenever the list is.
   */
  readonly item?: (index: number) => unknown;
  /** Whatever else all rows are drawn from; compared by identity. */
  readonly look?: unknown;
  readonly aria?: (index: number) => RowAria;
  readonly rowClass?: (index: number) => string;
  readonly onSelect: (index: number) => void;
  /**
   * Takes a movement key instead of `onSelect`, where keys come faster than rows are drawn or
   * fetched: `to` tells where it leads from the row that is selected when its turn comes.
   */
  readonly onMove?: (to: (selected: number, count: number) => number) => void;
  readonly onOpen?: (index: number, beside: boolean) => void;
  readonly onToggle?: (index: number) => void;
  /** What a row is called, where names can be typed to find it; undefined while it is not here. */
  readonly nameOf?: (index: number) => string | undefined;
  /**
   * Finds and selects a row by its name itself, where not all rows are here: from a row on.
   * Answers whether there is one.
   */
  readonly onFind?: (text: string, fresh: boolean) => Promise<boolean>;
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
    scrollTo: (index) => {
      // A list that was empty for a moment is at its top, and the virtualizer hears of it later.
      const top = index * height;
      if (scroller.current?.scrollTop !== top || rows.scrollOffset !== top)
        rows.scrollToOffset(top);
    },
  });
  const reveal = (index: number): void => {
    // The virtualizer knows where it is: asking the page would make it lay everything out now.
    const at = rows.scrollOffset ?? 0;
    const room = rows.scrollRect?.height ?? 0;
    const top = index * height;
    if (top < at || top + height + head > at + room) rows.scrollToIndex(index, { align: 'auto' });
  };
  // The selected row is brought into view once: rows that come later do not lead back to it.
  const led = useRef(-1);
  useEffect(() => {
    if (selected >= count || selected === led.current) return;
    led.current = selected;
    if (selected >= 0 && place.leads()) reveal(selected);
    // `place` and `reveal` are made anew each time and read what is now.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [rows, selected, count]);

  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  const typing = useTyping(props);
  const onKeyDown = (event: KeyboardEvent): void => {
    const typed = strokeOf(event);
    if (typed === undefined || event.target !== event.currentTarget) return;
    const stroke = strokeIn(event, ...(props.scopes ?? LISTS));
    place.touched();
    const at = props.now?.() ?? selected;
    if (typing.continues(typed, at)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const page = Math.max(1, Math.floor((rows.scrollRect?.height ?? 400) / height) - 1);
    const move = stroke === undefined ? undefined : MOVES[stroke];
    if (move) {
      const to = (row: number, all: number): number =>
        Math.max(0, Math.min(all - 1, move(row, all, page)));
      const target = to(at, count);
      if (props.onMove) props.onMove(to);
      else if (count > 0) props.onSelect(target);
      if (target === at) reveal(target);
    } else if (stroke === 'Enter' && props.onOpen) props.onOpen(at, false);
    else if (stroke === 'Shift+Enter' && props.onOpen) props.onOpen(at, true);
    else if (stroke === 'Space' && props.onToggle) props.onToggle(at);
    else if (stroke === undefined || !(props.onKey?.(stroke, at) || treeKey(stroke, at, props))) {
      if (!typing.begins(typed, stroke, at)) return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

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
        onBlur={typing.end}
      >
        {inGrid && names}
        <div role="presentation" style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {items.map(({ key, index, start }) => (
            <Row
              key={key}
              id={`${id}-${index}`}
              index={index}
              top={start - head}
              height={height}
              selected={index === selected}
              item={props.item?.(index)}
              list={props}
              latest={latest}
            />
          ))}
        </div>
      </div>
      {typing.shown}
    </div>
  );
}

/** What the widths are kept by: lists of one kind, of whatever unit or state, have the same. */
const tableOf = (list: string | undefined): string | undefined => list?.split(' ')[0];

interface RowProps {
  readonly id: string;
  readonly index: number;
  /** Place in the list, px. */
  readonly top: number;
  readonly height: number;
  readonly selected: boolean;
  readonly item: unknown;
  /** What the list was given at this drawing, and what it was given last. */
  readonly list: VirtualRowsProps;
  readonly latest: RefObject<VirtualRowsProps>;
}

/** A row; what it does goes by what the list has now, since it may have been drawn long before. */
const Row = memo(function Row(props: RowProps): ReactNode {
  const { id, index, top, height, selected, list, latest } = props;
  const aria = list.aria?.(index);
  const inGrid = list.role !== 'tree';
  const headed = list.columns !== undefined && list.head !== false;
  return (
    <div
      id={id}
      className={`row ${list.rowClass?.(index) ?? ''}`}
      style={{ top, height }}
      role={inGrid ? 'row' : 'treeitem'}
      aria-selected={selected}
      aria-level={aria?.level}
      aria-setsize={aria?.setSize}
      aria-posinset={aria?.position}
      aria-expanded={aria?.expanded}
      aria-rowindex={inGrid ? index + (headed ? 2 : 1) : undefined}
      onMouseDown={(event) => {
        if (event.button === 0 || event.button === 2) latest.current.onSelect(index);
      }}
      onDoubleClick={() => latest.current.onOpen?.(index, false)}
      onContextMenu={(event) => {
        const { onMenu } = latest.current;
        if (!onMenu) return;
        event.preventDefault();
        onMenu(index, event.clientX, event.clientY);
      }}
    >
      {list.render(index)}
    </div>
  );
}, sameRow);

function sameRow(old: RowProps, next: RowProps): boolean {
  return (
    next.item !== undefined &&
    old.item === next.item &&
    old.list.look === next.list.look &&
    old.selected === next.selected &&
    old.index === next.index &&
    old.top === next.top &&
    old.height === next.height
  );
}

/** Where the movement keys lead; past the ends is the end. */
const MOVES: Readonly<
  Record<string, ((selected: number, count: number, page: number) => number) | undefined>
> = {
  Up: (selected) => selected - 1,
  K: (selected) => selected - 1,
  Down: (selected) => selected + 1,
  J: (selected) => selected + 1,
  Home: () => 0,
  End: (_selected, count) => count - 1,
  PgUp: (selected, _count, page) => selected - page,
  PgDn: (selected, _count, page) => selected + page,
};
