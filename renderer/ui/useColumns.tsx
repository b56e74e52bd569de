import type { CSSProperties, KeyboardEvent, PointerEvent, ReactNode, RefObject } from 'react';
import { useMemo, useRef } from 'react';
import { useWorkbench } from '../state/context.ts';
import { useStore } from '../state/store.ts';
import type { Column, Widths } from './columns.ts';
import { WIDTH_STEP, clampWidth, leastOf, leastTotal, templateOf, widestOf } from './columns.ts';

const NONE: Widths = {};

/**
 * The widths of a table's columns as custom properties of its root: head and rows share one
 * template in --cols.
 */
export function useColumnStyle(
  table: string | undefined,
  columns: readonly Column[] | undefined,
): CSSProperties {
  const widths = useWidths(table);
  return useMemo(() => (columns ? styleOf(columns, widths) : {}), [columns, widths]);
}

function useWidths(table: string | undefined): Widths {
  const { view } = useWorkbench();
  return useStore(view.state, ({ tables }) =>
    table === undefined ? NONE : (tables[table]?.widths ?? NONE),
  );
}

/**
 * What the end of a column can be taken by; it stands in the column's head. Widths are kept with
 * the session by table and column. While a separator is dragged only two custom properties of the
 * root change: no row is drawn anew.
 */
export function ColumnEnd({
  table,
  columns,
  column,
  root,
}: {
  readonly table: string;
  readonly columns: readonly Column[];
  readonly column: Column;
  readonly root: RefObject<HTMLElement | null>;
}): ReactNode {
  const { view } = useWorkbench();
  const widths = useWidths(table);
  const show = (width: number | undefined): void => {
    const given = width === undefined ? widths : { ...widths, [column.id]: width };
    for (const [name, value] of Object.entries(styleOf(columns, given)))
      root.current?.style.setProperty(name, String(value));
  };
  return (
    <Separator
      column={column}
      width={widths[column.id] as number | undefined}
      onShow={show}
      onSet={(width) => view.setWidth(table, column.id, width)}
    />
  );
}

function styleOf(columns: readonly Column[], widths: Widths): CSSProperties {
  return {
    '--cols': templateOf(columns, widths),
    '--cols-least': `${leastTotal(columns, widths)}px`,
  } as CSSProperties;
}

interface Drag {
  readonly from: number;
  readonly width: number;
  /** Px of the screen for one of the layout: the zoom. */
  readonly scale: number;
  now: number;
}

/** The end of a column: dragged, or moved by arrow keys; Home and a double click undo it. */
function Separator({
  column,
  width,
  onShow,
  onSet,
}: {
  readonly column: Column;
  readonly width: number | undefined;
  readonly onShow: (width: number | undefined) => void;
  readonly onSet: (width: number | undefined) => void;
}): ReactNode {
  const drag = useRef<Drag | undefined>(undefined);
  const name = column.name ?? column.title;

  const start = (event: PointerEvent<HTMLElement>): void => {
    const cell = event.currentTarget.parentElement;
    if (event.button !== 0 || !cell) return;
    event.preventDefault();
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    const { offsetWidth } = cell;
    const scale = cell.getBoundingClientRect().width / Math.max(1, offsetWidth);
    drag.current = { from: event.clientX, width: offsetWidth, scale, now: offsetWidth };
  };
  const move = (event: PointerEvent<HTMLElement>): void => {
    const held = drag.current;
    if (!held) return;
    const next = clampWidth(column, held.width + (event.clientX - held.from) / held.scale);
    if (next === held.now) return;
    held.now = next;
    onShow(next);
  };
  const end = (keep: boolean): void => {
    const held = drag.current;
    drag.current = undefined;
    if (!held || held.now === held.width) return;
    if (keep) onSet(held.now);
    else onShow(undefined);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const now = width ?? event.currentTarget.parentElement?.offsetWidth ?? column.width;
    const by = event.shiftKey ? 1 : WIDTH_STEP;
    if (event.key === 'ArrowLeft') onSet(clampWidth(column, now - by));
    else if (event.key === 'ArrowRight') onSet(clampWidth(column, now + by));
    else if (event.key === 'Home') onSet(undefined);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <span
      className="column-end"
      role="separator"
      aria-orientation="vertical"
      aria-label={`Width of ${name}`}
      aria-valuenow={width ?? column.width}
      aria-valuemin={leastOf(column)}
      aria-valuemax={widestOf()}
      aria-valuetext={width === undefined ? 'usual width' : `${width} px`}
      tabIndex={-1}
      data-head-stop
      onPointerDown={start}
      onPointerMove={move}
      onPointerUp={() => end(true)}
      onPointerCancel={() => end(false)}
      onDoubleClick={(event) => {
        event.stopPropagation();
        onSet(undefined);
      }}
      onKeyDown={onKeyDown}
    />
  );
}
