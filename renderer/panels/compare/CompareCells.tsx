import type { ReactNode } from 'react';
import type { CompareRow } from '../../../core/protocol/contract-compare.ts';
import { TargetLink } from '../../ui/TargetLink.tsx';
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
  entry,
  onToggle,
}: {
  readonly row: CompareRow;
  /** Path of the row's entry in what Tables shows; absent where it is not there. */
  readonly entry: string | undefined;
  readonly onToggle: () => void;
}): ReactNode {
  const head = HEADS.has(row.kind);
  return (
    <>
      <span role="gridcell" style={{ paddingLeft: FIRST + row.depth * INDENT }} title={row.label}>
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
        {(row.kind === 'entry' || row.kind === 'range') && entry !== undefined ? (
          <TargetLink target={entry}>{row.label}</TargetLink>
        ) : (
          <span className={row.kind === 'field' ? 'second' : ''}>{row.label}</span>
        )}
        {row.note !== undefined && <span className="muted"> {row.note}</span>}
        {(row.kind === 'unit' || row.kind === 'group') && (
          <span className="muted"> {countsText(row.counts)}</span>
        )}
      </span>
      <span role="gridcell" className="compare-value" title={row.a}>
        {head ? '' : (row.a ?? <Absent />)}
      </span>
      <span role="gridcell" className="compare-value" title={row.b}>
        {head ? '' : (row.b ?? <Absent />)}
      </span>
    </>
  );
}

function Absent(): ReactNode {
  return <span className="muted">{ABSENT}</span>;
}
