import type { ReactNode } from 'react';
import type { TreeRow } from '../../../core/protocol/contract.ts';
import { formatCount, plural } from '../../../core/format/size.ts';
import { useWorkbench } from '../../state/context.ts';
import { Rights } from '../../ui/Access.tsx';
import { Address } from '../../ui/Address.tsx';
import { Glyph } from '../../ui/Glyph.tsx';
import { formerParts, meaning } from './copy.ts';

/** Indent of a level, px. */
const INDENT = 14;
const FIRST = 8;

/** The cells of a tree's row. */
export function TreeCells({
  row,
  raw,
  notes,
  onToggle,
}: {
  readonly row: TreeRow;
  /** Notes that are pinned to its entry. */
  readonly notes: number;
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
        {notes > 0 && <NoteMark count={notes} />}
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
        <span className={`tree-meaning ${row.present ? '' : 'muted'}`}>{meaning(row)}</span>
        {row.changed !== undefined && (
          <span className="diff tree-former" title={row.changed}>
            Δ {formerParts(row.decoded, row.changed)}
          </span>
        )}
        {row.changedBelow !== undefined && (
          <span className="diff" title={`${plural(row.changedBelow, 'change')} below`}>
            Δ {formatCount(row.changedBelow)}
            <span className="visually-hidden"> below</span>
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

/** The letter of Notes, as the rail has it: a note is pinned here. */
function NoteMark({ count }: { readonly count: number }): ReactNode {
  const { actions } = useWorkbench();
  const name = plural(count, 'note');
  return (
    <button
      type="button"
      tabIndex={-1}
      className="tree-note"
      aria-label={name}
      title={`${name}. Go to Notes`}
      onClick={() => actions.run('go.notes')}
    >
      N
    </button>
  );
}
