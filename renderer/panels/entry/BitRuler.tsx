import type { CSSProperties, KeyboardEvent, ReactNode } from 'react';
import { useId, useMemo } from 'react';
import type { EntryInfo } from '../../../core/protocol/contract.ts';
import type { FieldItem } from '../../../core/protocol/schema.ts';
import { strokeIn } from '../../keymap.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import type { RulerBox, RulerRow } from './bits.ts';
import { boxName, boxValue, rulerRows } from './bits.ts';

interface BitRulerProps {
  readonly entry: Pick<EntryInfo, 'width' | 'words' | 'was' | 'fields'>;
  /** Room for the ruler, px. */
  readonly width: number;
  readonly shown: string | undefined;
  readonly onShow: (field: string) => void;
  readonly onEdit?: (field: string) => void;
}

/** Space of the row's own bit numbers, px. */
const LABEL = 46;
const WIDE = 10.5;
const NARROW = 8;

/** An entry bit by bit, its fields in boxes under each row. */
export function BitRuler({ entry, width, shown, onShow, onEdit }: BitRulerProps): ReactNode {
  const room = width - LABEL - 12;
  const columns = room >= 64 * NARROW ? 64 : 32;
  const cell =
    room >= 64 * WIDE ? WIDE : columns === 64 ? NARROW : Math.min(WIDE, Math.max(7, room / 32));
  const rows = useMemo(() => rulerRows(entry, columns), [entry, columns]);
  const order = useMemo(() => fieldOrder(rows), [rows]);
  const id = useId();
  const current = rows.find((row) => row.boxes.some(({ field }) => field.name === shown));

  const onKeyDown = (event: KeyboardEvent): void => {
    const stroke = strokeIn(event, 'ruler');
    const at = order.indexOf(shown ?? '');
    if (stroke === 'Left') onShow(order[Math.max(0, at - 1)]);
    else if (stroke === 'Right') onShow(order[Math.min(order.length - 1, at + 1)]);
    else if (stroke === 'Home') onShow(order[0]);
    else if (stroke === 'End') onShow(order[order.length - 1]);
    else if (stroke === 'Enter' && shown !== undefined && onEdit) onEdit(shown);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      className="ruler inset-focus"
      role="listbox"
      aria-label="Fields of the entry, bit by bit"
      aria-orientation="horizontal"
      aria-activedescendant={current && shown !== undefined ? boxId(id, current, shown) : undefined}
      tabIndex={0}
      data-first-focus
      onKeyDown={onKeyDown}
      style={{ '--cell': `${cell}px`, '--columns': columns } as CSSProperties}
    >
      {rows.map((row) => (
        <Row key={row.high} id={id} row={row} shown={shown} onShow={onShow} onEdit={onEdit} />
      ))}
    </div>
  );
}

function Row({
  id,
  row,
  shown,
  onShow,
  onEdit,
}: {
  readonly id: string;
  readonly row: RulerRow;
  readonly shown: string | undefined;
  readonly onShow: (field: string) => void;
  readonly onEdit?: (field: string) => void;
}): ReactNode {
  return (
    <div className="ruler-row" role="presentation">
      <span className="ruler-label" aria-hidden="true">
        {row.high}:{row.low}
      </span>
      {row.bits
        .filter(({ bit }) => bit % 8 === 7 || bit === row.low)
        .map(({ bit }) => (
          <span
            key={bit}
            className={bit === row.low ? 'ruler-number is-last' : 'ruler-number'}
            aria-hidden="true"
            style={{ gridColumn: row.high - bit + 1 }}
          >
            {bit}
          </span>
        ))}
      {row.bits.map(({ bit, set, changed, field }) => (
        <span
          key={bit}
          aria-hidden="true"
          className={[
            'ruler-bit',
            set ? 'is-set' : '',
            changed ? 'is-changed' : '',
            bit % 8 === 7 && bit !== row.high ? 'is-byte' : '',
            field !== undefined && field === shown ? 'is-shown' : '',
          ].join(' ')}
          onMouseEnter={() => field !== undefined && onShow(field)}
        >
          {set ? 1 : 0}
        </span>
      ))}
      {row.boxes.map((box) => (
        <Box
          key={`${box.field.name} ${box.column}`}
          id={boxId(id, row, box.field.name)}
          box={box}
          shown={shown === box.field.name}
          onShow={onShow}
          onEdit={onEdit}
        />
      ))}
    </div>
  );
}

function Box({
  id,
  box,
  shown,
  onShow,
  onEdit,
}: {
  readonly id: string;
  readonly box: RulerBox;
  readonly shown: boolean;
  readonly onShow: (field: string) => void;
  readonly onEdit?: (field: string) => void;
}): ReactNode {
  const { field, column, span } = box;
  const { view } = useWorkbench();
  const numbers = useStore(view.state, (state) => state.numbers);
  const hatched = field.kind === 'reserved' || field.kind === 'ignored';
  return (
    <span
      id={id}
      role="option"
      aria-selected={shown}
      tabIndex={-1}
      className={`ruler-box ${hatched ? 'is-reserved' : ''} ${field.violated ? 'is-violated' : ''} ${shown ? 'is-shown' : ''}`}
      style={{ gridColumn: `${column + 1} / span ${span}` }}
      onMouseEnter={() => onShow(field.name)}
      onMouseDown={() => onShow(field.name)}
      onDoubleClick={() => onEdit?.(field.name)}
    >
      <span className="visually-hidden">{`${field.name}, ${field.text}`}</span>
      <span aria-hidden="true">
        <small>{boxName(field, span)}</small>
        {boxValue(field, span, numbers)}
      </span>
    </span>
  );
}

/** Fields from the highest bit down, each once. */
function fieldOrder(rows: readonly RulerRow[]): string[] {
  return [
    ...new Set(
      rows.flatMap((row) => row.boxes.map(({ field }: { field: FieldItem }) => field.name)),
    ),
  ];
}

const boxId = (ruler: string, row: RulerRow, field: string): string =>
  `${ruler}-${row.high}-${field.replace(/[^\w]/g, '-')}`;
