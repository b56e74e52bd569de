import type { ReactNode } from 'react';
import type { CompareRow } from '../../../core/protocol/contract-compare.ts';
import { ABSENT } from '../../wording.ts';
import { SIGNS, countsText } from './model.ts';

/** Indent of a level, px. */
const INDENT = 14;
const FIRST = 8;

/** Kinds of rows that stand for other rows, and say nothing of A and B themselves. */
const HEADS: ReadonlySet<CompareRow['kind']> = new Set(['unit', 'group', 'note']);

/** The cells of a row: sign and name, A, B. */
export function CompareCells({
  row,
  onShow,
  onToggle,
}: {
  readonly row: CompareRow;
  /** Shows the row's entry in Tables; absent where it is about none. */
  readonly onShow: ((beside: boolean) => void) | undefined;
  readonly onToggle: () => void;
}): ReactNode {
  const head = HEADS.has(row.kind);
  return (
    <>
      <span
        role="gridcell"
        aria-colspan={head ? 3 : undefined}
        style={{
          paddingLeft: FIRST + row.depth * INDENT,
          gridColumn: head ? '1 / -1' : undefined,
        }}
        title={row.label}
      >
        <span
          className="fold"
          aria-hidden="true"
          onMouseDown={(event) => {
            if (!row.expandable) return;
            event.stopPropagation();
            onToggle();
          }}
        >
          {row.expandable ? (row.expanded ? '▾' : '▸') : ''}
        </span>
        {row.kind !== 'unit' && row.kind !== 'group' && (
          <span className={`compare-sign is-${row.sign}`} role="img" aria-label={row.sign}>
            {SIGNS[row.sign]}
          </span>
        )}{' '}
        {(row.kind === 'entry' || row.kind === 'range') && onShow ? (
          <button type="button" className="link" onClick={(event) => onShow(event.shiftKey)}>
            {row.label}
          </button>
        ) : (
          <span className={row.kind === 'field' ? 'second' : ''}>{row.label}</span>
        )}
        {row.note !== undefined && <span className="muted"> {row.note}</span>}
        {(row.kind === 'unit' || row.kind === 'group') && (
          <span className="muted"> {countsText(row.counts)}</span>
        )}
      </span>
      {!head && (
        <>
          <span role="gridcell" className="compare-value" title={row.a}>
            {row.a ?? <Absent />}
          </span>
          <span role="gridcell" className="compare-value" title={row.b}>
            {row.b ?? <Absent />}
          </span>
        </>
      )}
    </>
  );
}

function Absent(): ReactNode {
  return <span className="muted">{ABSENT}</span>;
}
