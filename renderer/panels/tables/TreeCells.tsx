import type { ReactNode } from 'react';
import type { TreeRow } from '../../../core/protocol/contract.ts';
import { Rights } from '../../ui/Access.tsx';
import { Address } from '../../ui/Address.tsx';
import { Glyph } from '../../ui/Glyph.tsx';
import { formerParts } from './copy.ts';

/** Indent of a level, px. */
const INDENT = 14;
const FIRST = 8;

/** The cells of a tree's row. */
export function TreeCells({
  row,
  raw,
  onToggle,
}: {
  readonly row: TreeRow;
  /** Also the raw words. */
  readonly raw: boolean;
  readonly onToggle: () => void;
}): ReactNode {
  return (
    <>
      <span style={{ paddingLeft: FIRST + row.depth * INDENT }} title={row.path}>
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
        <span className={row.present ? '' : 'muted'}>{row.label}</span>
        {row.note !== undefined && <span className="muted"> {row.note}</span>}
      </span>
      <span>{row.pointsTo !== undefined && <Address value={row.pointsTo} />}</span>
      {raw && (
        <span className="tree-raw" title={row.words?.join(' ')}>
          {row.words?.map((word) => word.slice(2).padStart(16, '0')).join(' ')}
        </span>
      )}
      <span className="text tree-decoded" title={row.decoded}>
        {row.kind === 'missing' && <Glyph kind="unknown" />}
        {row.rights && (
          <span>
            <Rights rights={row.rights} />
          </span>
        )}
        <span className={`tree-meaning ${row.present ? '' : 'muted'}`}>{row.decoded}</span>
        {row.changed !== undefined && (
          <span className="diff" title={row.changed}>
            Δ {formerParts(row.decoded, row.changed)}
          </span>
        )}
      </span>
      <span className="tree-findings">
        {row.findings && (
          <>
            {row.findings.count > 1 && (
              <span className={row.findings.worst === 'error' ? 'is-error' : 'muted'}>
                {row.findings.count}
              </span>
            )}
            <Glyph kind={row.findings.worst} />
          </>
        )}
      </span>
    </>
  );
}
