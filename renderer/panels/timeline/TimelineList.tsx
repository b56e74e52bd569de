import type { ReactNode } from 'react';
import { useCallback, useState } from 'react';
import type { TimelineItem } from '../../../core/protocol/contract-timeline.ts';
import { formatCount } from '../../../core/format/size.ts';
import { kernelName, seconds } from '../../format/time.ts';
import { useStore } from '../../state/store.ts';
import { Glyph } from '../../ui/Glyph.tsx';
import type { Column } from '../../ui/columns.ts';
import { VirtualRows } from '../../ui/VirtualRows.tsx';
import { ABSENT } from '../../wording.ts';
import type { TimelineModel } from './model.ts';

const COLUMNS: readonly Column[] = [
  { id: 'time', title: 'Time', width: 92, end: true },
  { id: 'clock', title: 'Clock', width: 104 },
  { id: 'lane', title: 'Lane', width: 110 },
  { id: 'what', title: 'What', width: 160, grow: 'rest' },
  { id: 'line', title: 'Line', width: 72, end: true },
];

/** Everything on the axis as rows, in the order of the log. */
export function TimelineList({
  model,
  onOpen,
}: {
  readonly model: TimelineModel;
  readonly onOpen: (item: TimelineItem) => void;
}): ReactNode {
  const { total } = useStore(model.rows.state);
  const { answer, item } = useStore(model.state);
  const [at, setAt] = useState(-1);
  const range = useCallback((from: number, to: number) => model.rows.show(from, to), [model]);
  const names = new Map(answer?.lanes.map(({ id, name }) => [id, name]));
  const current = model.rows.row(at);
  const selected =
    current !== undefined && current.line === item?.line
      ? at
      : item === undefined
        ? at
        : model.rows.find((row) => row.line === item.line && row.lane === item.lane);
  return (
    <div className="timeline-list">
      <VirtualRows
        label="Timeline as a list"
        columns={COLUMNS}
        table="timeline"
        rowId={(index) => {
          const row = model.rows.row(index);
          return row && `${row.lane} ${row.line} ${row.text}`;
        }}
        role="grid"
        count={total}
        selected={selected}
        onRange={range}
        onSelect={(index) => {
          setAt(index);
          const row = model.rows.row(index);
          if (row) model.pick(row);
        }}
        onOpen={(index) => {
          const row = model.rows.row(index);
          if (row) onOpen(row);
        }}
        render={(index) => {
          const row = model.rows.row(index);
          return row ? (
            <ItemCells row={row} lane={names.get(row.lane) ?? row.lane} />
          ) : (
            <span role="gridcell" className="muted">
              reading…
            </span>
          );
        }}
      />
    </div>
  );
}

function ItemCells({
  row,
  lane,
}: {
  readonly row: TimelineItem;
  readonly lane: string;
}): ReactNode {
  return (
    <>
      <span
        role="gridcell"
        className="num"
        title={row.time === undefined ? undefined : `${seconds(row.time, 6)} s`}
      >
        {row.time === undefined ? ABSENT : seconds(row.time)}
      </span>
      <span role="gridcell" className="text">
        {kernelName(row.kernel)}
      </span>
      <span role="gridcell" className="text">
        {lane}
      </span>
      <span role="gridcell" title={row.text}>
        {row.severity !== 'note' && (
          <>
            <Glyph kind={row.severity} />{' '}
          </>
        )}
        {row.fault !== undefined && <span className="muted">#{row.fault} </span>}
        {row.text}
      </span>
      <span role="gridcell" className="num">
        {formatCount(row.line)}
      </span>
    </>
  );
}
