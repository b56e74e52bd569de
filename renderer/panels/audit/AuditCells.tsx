import type { ReactNode } from 'react';
import { formatCount } from '../../../core/format/size.ts';
import { withCommas } from '../../format/prose.ts';
import { Glyph } from '../../ui/Glyph.tsx';
import { TargetLink } from '../../ui/TargetLink.tsx';
import { rulesPassed } from '../../wording.ts';
import type { AuditRow } from './model.ts';
import { foldKey, hitCount, levelOf, worstOf } from './model.ts';

/** Indent of a level, px. */
const INDENT = 14;
const FIRST = 8;
/** Width of the fold's mark, px. */
const FOLD = 14;

/** The cells of a row: rule, severity, hits, where. */
export function AuditCells({
  row,
  onToggle,
}: {
  readonly row: AuditRow;
  readonly onToggle: () => void;
}): ReactNode {
  const foldable = foldKey(row) !== undefined;
  const skipped = row.kind === 'rule' && row.rule.skipped !== undefined;
  // What has neither hits nor a place has the whole row for its words.
  if (skipped || row.kind === 'note')
    return (
      <span
        role="gridcell"
        aria-colspan={4}
        className="text audit-words"
        style={{ paddingLeft: FIRST + FOLD + (levelOf(row) - 1) * INDENT }}
        title={titleOf(row)}
      >
        {skipped && <Glyph kind="unknown" name="Not run" />} <Text row={row} />
      </span>
    );
  const open = (row.kind === 'rule' || row.kind === 'fold') && row.open;
  return (
    <>
      <span
        role="gridcell"
        className="text"
        style={{ paddingLeft: FIRST + (levelOf(row) - 1) * INDENT }}
        title={titleOf(row)}
      >
        <span
          className="fold"
          aria-hidden="true"
          onMouseDown={(event) => {
            if (!foldable) return;
            event.stopPropagation();
            onToggle();
          }}
        >
          {foldable ? (open ? '▾' : '▸') : ''}
        </span>
        <Text row={row} />
      </span>
      <span role="gridcell" className="audit-severity">
        <Severity row={row} />
      </span>
      <span role="gridcell" className="num">
        {row.kind === 'rule' && row.rule.outcome === 'found' && formatCount(hitCount(row.rule))}
      </span>
      <span role="gridcell">
        {row.kind === 'hit' && <TargetLink target={row.hit.at}>{row.hit.at}</TargetLink>}
      </span>
    </>
  );
}

function Text({ row }: { readonly row: AuditRow }): ReactNode {
  switch (row.kind) {
    case 'fold':
      return rulesPassed(row.count, row.partly);
    case 'rule':
      return row.rule.skipped === undefined ? (
        <b className={row.rule.outcome === 'found' ? 'audit-rule' : 'audit-rule is-passed'}>
          {row.rule.title}
        </b>
      ) : (
        <span className="muted">{titleOf(row)}</span>
      );
    case 'hit':
      return withCommas(row.hit.text);
    case 'note':
      return <span className="muted">{row.text}</span>;
  }
}

function Severity({ row }: { readonly row: AuditRow }): ReactNode {
  if (row.kind === 'hit') return <Glyph kind={row.hit.severity} />;
  if (row.kind === 'fold') return <Glyph kind="ok" name="Passed" />;
  if (row.kind === 'note') return null;
  if (row.rule.outcome === 'found') return <Glyph kind={worstOf(row.rule)} />;
  return <Glyph kind="ok" name="Passed" />;
}

/** The whole text of a row, for its tip. */
function titleOf(row: AuditRow): string {
  switch (row.kind) {
    case 'fold':
      return rulesPassed(row.count, row.partly);
    case 'rule':
      return row.rule.skipped === undefined
        ? row.rule.title
        : `Skipped: ${row.rule.skipped}. ${row.rule.title}`;
    case 'hit':
      return withCommas(row.hit.text);
    case 'note':
      return row.text;
  }
}
