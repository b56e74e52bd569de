import type { ReactNode } from 'react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useCall } from '../../engine/useCall.ts';
import { deviceOfPath, goTo } from '../../shell/go.ts';
import { selectionItems } from '../../shell/selection-menu.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { copyText } from '../../ui/clipboard.ts';
import type { Column } from '../../ui/columns.ts';
import { nextSort } from '../../ui/columns.ts';
import { Panel } from '../../ui/Panel.tsx';
import { StateButton, useStates } from '../../ui/StateButton.tsx';
import { useFolds } from '../../ui/useFolds.ts';
import { VirtualRows } from '../../ui/VirtualRows.tsx';
import { EMPTY, notRead } from '../../wording.ts';
import { NoDump } from '../NoDump.tsx';
import { AuditCells } from './AuditCells.tsx';
import { auditForms, auditTable } from './copy.ts';
import type { AuditRow } from './model.ts';
import { auditRows, foldKey, levelOf, openedBelow, rowId, rowName, summaryOf } from './model.ts';
import { RuleDetail } from './RuleDetail.tsx';
import './audit.css';

const COLUMNS: readonly Column[] = [
  { id: 'rule', title: 'Rule', width: 320, grow: 'rest', sorts: true },
  { id: 'severity', title: '', name: 'Severity', width: 28, sorts: true },
  { id: 'hits', title: 'Hits', width: 60, end: true, sorts: true },
  { id: 'where', title: 'Where', width: 120, grow: 260 },
];

const NONE: readonly never[] = [];

/** Checks the tables against rules; each hit leads to its entry. */
export function AuditPanel(): ReactNode {
  const workbench = useWorkbench();
  const { session, selection, menu, notices, view } = workbench;
  const info = useStore(session.info);
  const states = useStates();
  const chosen = useStore(view.state, () => view.panel<{ state?: string }>('audit', {}).state);
  // A state that was closed is no longer there to be checked.
  const state = states.some(({ id }) => id === chosen) ? chosen : undefined;
  const [flipped, setFlipped] = useFolds('audit');
  const [selected, setSelected] = useState(0);
  const nothing = info !== undefined && info.units.length === 0;
  const answer = useCall('audit.get', nothing ? undefined : { state });
  const { retry } = answer;

  // What the log tells of the hand-off (reserved memory, kernels) is part of what is checked.
  const told = info?.consoles.map((console) => `${console.id} ${console.state}`).join() ?? '';
  const asked = useRef(told);
  useEffect(() => {
    if (asked.current !== told) retry();
    asked.current = told;
  }, [told, retry]);

  const rules = answer.value?.rules ?? NONE;
  const sort = useStore(view.state, ({ tables }) => tables['audit']?.sort);
  const rows = useMemo(() => auditRows(rules, flipped, sort), [rules, flipped, sort]);
  const sortBy = useCallback(
    (column: string) => view.setSort('audit', nextSort(view.table('audit').sort, column)),
    [view],
  );
  const at = Math.min(selected, rows.length - 1);

  const select = (index: number): void => {
    setSelected(index);
    const row = rows[index];
    if (row?.kind === 'hit')
      selection.publish({
        entry: row.hit.at,
        unit: row.hit.at.split('/')[0],
        bdf: deviceOfPath(row.hit.at),
        from: 'audit',
      });
  };
  const toggle = (index: number, open?: boolean): void => {
    const row = rows[index];
    const key = row && foldKey(row);
    if (key === undefined) return;
    if (open !== undefined && 'open' in row && row.open === open) return;
    const next = new Set(flipped);
    if (!next.delete(key)) next.add(key);
    setFlipped(next);
  };
  const open = (index: number, beside: boolean): void => {
    const row = rows[index];
    if (row?.kind === 'hit') goTo(workbench, row.hit.at, { focus: true, beside, from: 'audit' });
    else toggle(index);
  };
  const step = (by: 1 | -1): void => {
    for (let index = at + by; index >= 0 && index < rows.length; index += by)
      if (rows[index].kind === 'hit') return select(index);
  };

  // The actions of the last render: they are asked for by name when a key is pressed.
  const now = useRef({ step, row: rows[at] as AuditRow | undefined });
  useEffect(() => {
    now.current = { step, row: rows[at] };
  });
  const actions = useMemo(
    () => ({
      'fault.next': () => now.current.step(1),
      'fault.previous': () => now.current.step(-1),
      'copy.value': () => {
        const { row } = now.current;
        if (row?.kind === 'hit') void copyText(row.hit.at, notices);
        else if (row && row.kind !== 'fold') void copyText(row.rule.title, notices);
      },
    }),
    [notices],
  );

  const incomplete = answer.value?.incomplete ?? NONE;
  return (
    <Panel
      loading={answer.state === 'loading'}
      failure={answer.failure}
      retry={retry}
      actions={actions}
      table={
        rules.length === 0
          ? undefined
          : { name: 'Audit', read: () => auditTable(rules), forms: () => auditForms(rows[at]) }
      }
      partial={
        incomplete.length > 0 && <span title={incomplete.join('\n')}>{notRead(incomplete)}</span>
      }
      bar={
        !nothing && (
          <>
            <StateButton
              label="Check"
              states={states}
              chosen={state}
              onChoose={(id) => view.remember('audit', { ...view.panel('audit', {}), state: id })}
            />
            <span className="shrink muted" role="status">
              {answer.value ? summaryOf(rules) : 'Checking…'}
            </span>
          </>
        )
      }
    >
      {nothing ? (
        <NoDump text={EMPTY.audit} />
      ) : (
        <>
          <div className="audit-grid">
            <VirtualRows
              label="Audit"
              columns={COLUMNS}
              table="audit"
              rowId={(index) => rowId(rows[index])}
              sort={sort}
              onSort={sortBy}
              role="treegrid"
              count={rows.length}
              selected={at}
              onSelect={select}
              nameOf={(index) => rows[index] && rowName(rows[index])}
              onToggle={(index) => toggle(index)}
              onOpen={open}
              onKey={(stroke, index) => {
                if (stroke === 'Right') toggle(index, true);
                else if (stroke === '*' && rows[index])
                  setFlipped(openedBelow(rules, flipped, rows[index]));
                else if (stroke === 'Left') {
                  const row = rows[index];
                  if (row && foldKey(row) !== undefined) toggle(index, false);
                  else select(parentOf(rows, index));
                } else return false;
                return true;
              }}
              onMenu={(index, x, y) => {
                select(index);
                menu.set({ label: 'Hit', at: { x, y }, items: selectionItems(workbench) });
              }}
              aria={(index) => {
                const row = rows[index];
                return {
                  level: levelOf(row),
                  expanded: foldKey(row) !== undefined && 'open' in row ? row.open : undefined,
                };
              }}
              rowClass={(index) => (rows[index]?.kind === 'hit' ? '' : 'is-group')}
              render={(index) => <AuditCells row={rows[index]} onToggle={() => toggle(index)} />}
            />
          </div>
          <RuleDetail row={rows[at]} />
        </>
      )}
    </Panel>
  );
}

/** The row that a row stands under; itself at the top. */
function parentOf(rows: readonly AuditRow[], index: number): number {
  const level = rows[index] ? levelOf(rows[index]) : 1;
  for (let above = index - 1; above >= 0; above--) if (levelOf(rows[above]) < level) return above;
  return index;
}
