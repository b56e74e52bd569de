import type { ReactNode } from 'react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { FaultGrouping, FaultRow, FaultsAnswer } from '../../../core/protocol/contract.ts';
import type { NoteItem } from '../../../core/protocol/contract-notes.ts';
import { formatCount } from '../../../core/format/size.ts';
import type { FaultItem } from '../../../core/protocol/schema.ts';
import { attempt } from '../../shell/actions.ts';
import { selectionItems } from '../../shell/selection-menu.ts';
import { useWorkbench } from '../../state/context.ts';
import type { FaultSort } from '../../state/faults.ts';
import { faultOf, rowKey } from '../../state/fault-row.ts';
import { useFrameStore } from '../../state/paced.ts';
import { useStore } from '../../state/store.ts';
import { copyText } from '../../ui/clipboard.ts';
import type { Sort } from '../../ui/columns.ts';
import { Glyph } from '../../ui/Glyph.tsx';
import { ActionKeys } from '../../ui/Keys.tsx';
import { MenuButton } from '../../ui/MenuButton.tsx';
import { Empty, Panel } from '../../ui/Panel.tsx';
import { TargetLink } from '../../ui/TargetLink.tsx';
import type { PanelTable } from '../../ui/table-export.ts';
import { allRows } from '../../ui/table-export.ts';
import { VirtualRows } from '../../ui/VirtualRows.tsx';
import { noFaults, nonePass } from '../../wording.ts';
import { notesByLine } from '../notes/pins.ts';
import { columnsFor } from './columns.ts';
import { copyForms, faultSentence, faultTable } from './copy.ts';
import { FaultCells } from './FaultCells.tsx';
import type { FilterHandle } from './FilterBox.tsx';
import { FilterBox } from './FilterBox.tsx';
import { RateChart, RateTable } from './RateChart.tsx';
import './faults.css';

const GROUPS: readonly (readonly [FaultGrouping, string])[] = [
  ['device-reason', 'device, reason'],
  ['device', 'device'],
  ['reason', 'reason'],
  ['page', 'page'],
  ['none', 'none'],
];

const SORTS: readonly (readonly [FaultSort, string])[] = [
  ['worst', 'worst verdict, then count'],
  ['count', 'count'],
  ['order', 'order in the log'],
  ['device', 'device'],
  ['address', 'address'],
  ['reason', 'reason'],
];

/** What the engine sorts by for a column, and the column that an order is shown at. */
const COLUMN_SORTS: Readonly<Record<string, FaultSort | undefined>> = {
  source: 'device',
  count: 'count',
  address: 'address',
  reason: 'reason',
  verdict: 'worst',
};

/** Ranks and filters every fault. */
export function FaultsPanel(): ReactNode {
  const workbench = useWorkbench();
  const { faults, dock, menu, notes, selection, view } = workbench;
  const state = useFrameStore(faults.state);
  const theme = useStore(view.theme);
  const { total, known, loading, failure } = useFrameStore(faults.rows.state);
  const filter = useRef<FilterHandle>(null);
  const [asTable, setAsTable] = useState(false);
  const selected = useFrameStore(selection.store);

  useEffect(() => {
    if (selected.fault !== undefined && selected.from !== 'faults' && selected.from !== 'auto')
      faults.follow(selected.fault);
  }, [faults, selected]);

  const columns = useMemo(() => columnsFor(state.digits), [state.digits]);
  const range = useCallback((from: number, to: number) => faults.rows.show(from, to), [faults]);
  const sort = useMemo(() => sortOf(state.sort, state.reverse), [state.sort, state.reverse]);
  const sortBy = useCallback(
    (column: string) => {
      const by = COLUMN_SORTS[column];
      const { sort: old, reverse } = faults.state.get();
      if (by) faults.setSort(by, by === old && !reverse);
    },
    [faults],
  );
  const actions = useMemo(
    () => ({
      'panel.filter': () => filter.current?.focus(),
      'panel.escape': () => {
        if (faults.state.get().filter !== '') faults.setFilter('');
        dock.focus('faults');
      },
      'device.next': () => void faults.stepDevice(1),
      'device.previous': () => void faults.stepDevice(-1),
      'copy.value': () => {
        const row = faults.rows.row(faults.state.get().selected);
        if (row) copyLine(workbench, faultOf(row));
      },
      'selection.actions': () =>
        menu.set({
          label: 'Actions for the selection',
          at: { x: innerWidth / 3, y: innerHeight / 3 },
          items: [
            {
              title: asTable ? 'Show the rate as a chart' : 'Show the rate as a table',
              run: () => setAsTable(!asTable),
            },
            ...selectionItems(workbench),
          ],
        }),
    }),
    [faults, dock, menu, workbench, asTable],
  );

  const table = useMemo(() => tableOf(workbench), [workbench]);

  const pinned = useStore(notes.state, ({ notes: list }) => list);
  const row = (index: number): FaultRow | undefined => faults.rows.row(index);
  const { summary } = state;
  return (
    <Panel
      loading={loading && !known}
      failure={failure}
      retry={() => faults.rows.reset()}
      actions={actions}
      table={table}
      partial={
        summary?.looked !== undefined ? (
          <span>
            Looked at {formatCount(summary.looked)} of {formatCount(summary.all)} faults so far:
            each is judged by the tables. What passes among the others is not counted yet.
          </span>
        ) : (
          summary && summary.lowerBounds.length > 0 && <LowerBounds bounds={summary.lowerBounds} />
        )
      }
      bar={<Bar filter={filter} />}
    >
      {state.rate &&
        (summary?.all ?? 0) > 0 &&
        (asTable ? <RateTable /> : <RateChart key={theme} />)}
      {known && total === 0 && summary ? (
        summary.all === 0 ? (
          <NoFaults lines={summary.logLines} />
        ) : (
          <div className="empty-state">
            <p>{nonePass(summary.all)}</p>
            <button type="button" className="btn" onClick={() => faults.setFilter('')}>
              Clear filter <ActionKeys action="escape" />
            </button>
          </div>
        )
      ) : (
        <div className="faults-grid">
          <VirtualRows
            label="Faults"
            columns={columns}
            table="faults"
            rowId={(index) => {
              const each = row(index);
              return each && rowKey(each);
            }}
            sort={sort}
            onSort={sortBy}
            role="treegrid"
            count={total}
            selected={state.selected}
            now={() => faults.state.get().selected}
            onRange={range}
            item={row}
            rowClass={(index) => {
              const each = row(index);
              return each?.kind === 'group' ? (each.depth === 1 ? 'is-inner' : 'is-group') : '';
            }}
            aria={(index) => {
              const each = row(index);
              const level = (each?.depth ?? 0) + 1;
              return each?.kind === 'group' ? { level, expanded: each.expanded } : { level };
            }}
            onSelect={(index) => faults.select(index)}
            onMove={(to) => {
              const all = faults.rows.state.get().total;
              if (all > 0) faults.select(to(faults.state.get().selected, all));
            }}
            onOpen={(_index, beside) => dock.open('explain', { beside })}
            onToggle={(index) => faults.toggle(index)}
            onKey={(stroke, index) => foldKey(workbench, stroke, index)}
            onFind={(text, fresh) => faults.find(text, fresh)}
            onMenu={(index, x, y) => {
              faults.select(index);
              menu.set({
                label: 'Fault',
                at: { x, y },
                items: selectionItems(workbench),
              });
            }}
            render={(index) => {
              const each = row(index);
              return each ? (
                <FaultCells
                  row={each}
                  by={state.group}
                  note={noteText(each, pinned)}
                  onToggle={() => faults.toggle(index)}
                />
              ) : (
                <span role="gridcell" className="muted">
                  reading…
                </span>
              );
            }}
          />
        </div>
      )}
    </Panel>
  );
}

/** The order as the head shows it: the worst verdict, and the largest count, come first by themselves. */
function sortOf(by: FaultSort, reverse: boolean): Sort | undefined {
  const column = Object.keys(COLUMN_SORTS).find((id) => COLUMN_SORTS[id] === by);
  const falling = by === 'worst' || by === 'count';
  return column === undefined ? undefined : { column, descending: falling !== reverse };
}

function Bar({ filter }: { readonly filter: React.RefObject<FilterHandle | null> }): ReactNode {
  const { faults, view, dialog } = useWorkbench();
  const state = useStore(faults.state);
  const hint = !useStore(view.state, (each) => each.hintSeen);
  // Whoever went to Explain or to the keys needs no telling. A layout that is folded passes through
  // Explain too: only the keyboard's focus there counts.
  const asked = useStore(dialog, (shown) => shown === 'help');
  useEffect(() => {
    if (!hint) return;
    const seen = (): void => view.set({ hintSeen: true });
    if (asked) return seen();
    const focused = ({ target }: FocusEvent): void => {
      if (target instanceof Element && target.closest('[aria-label="Explanation"]')) seen();
    };
    document.addEventListener('focusin', focused);
    return () => document.removeEventListener('focusin', focused);
  }, [view, hint, asked]);
  const groupName = GROUPS.find(([id]) => id === state.group)?.[1] ?? state.group;
  return (
    <>
      <FilterBox ref={filter} />
      <ActionKeys action="panel.filter" />
      {hint && (
        <button
          type="button"
          className="btn faults-hint"
          title="Hide this hint"
          onClick={() => view.set({ hintSeen: true })}
        >
          <ActionKeys action="go.explain" /> explains the selected fault,{' '}
          <ActionKeys action="help.open" /> lists keys
        </button>
      )}
      <MenuButton
        label={`Group: ${groupName}`}
        items={() => [
          ...GROUPS.map(([id, title]) => ({
            title: `Group by ${title}`,
            checked: state.group === id,
            run: () => faults.setGroup(id),
          })),
          ...SORTS.map(([id, title]) => ({
            title: `Sort by ${title}`,
            checked: state.sort === id,
            run: () => faults.setSort(id),
          })),
        ]}
      >
        Group: {groupName} ▾
      </MenuButton>
      <button
        type="button"
        className="btn"
        aria-pressed={state.rate}
        onClick={() => faults.toggleRate()}
      >
        Rate
      </button>
      <FollowButton />
    </>
  );
}

/** Following, or held where a row was chosen, with how many came since. */
function FollowButton(): ReactNode {
  const { faults } = useWorkbench();
  const { follow, held } = useStore(faults.state);
  const { total } = useStore(faults.rows.state);
  const more = held === undefined ? 0 : total - held;
  return (
    <button
      type="button"
      className="btn"
      aria-pressed={held === undefined ? follow : 'mixed'}
      title={
        held === undefined
          ? 'The newest fault stays in view'
          : 'Held at the selected row; follows again from the newest'
      }
      onClick={() => faults.toggleFollow()}
    >
      {held === undefined ? 'Follow' : `Held${more > 0 ? ` · ${formatCount(more)} new` : ''}`}
    </button>
  );
}

/** Why counts are no more than a lower bound, and the lines that show it. */
function LowerBounds({ bounds }: { readonly bounds: FaultsAnswer['lowerBounds'] }): ReactNode {
  return bounds.map(({ text, console, line }) => (
    <span key={`${console} ${text}`}>
      <Glyph kind="warning" /> {text}{' '}
      <TargetLink target={`L${line}`} console={console}>
        console {line}
      </TargetLink>{' '}
    </span>
  ));
}

/** The note at a row's fault; a group shows it while its faults are folded away. */
function noteText(row: FaultRow, notes: readonly NoteItem[]): string | undefined {
  if (notes.length === 0 || (row.kind === 'group' && row.expanded)) return undefined;
  const { console = '', line } = faultOf(row);
  return notesByLine(notes, console).get(line);
}

/** Left folds a group, or leads from a fault to its group; Right opens it. */
function foldKey(
  workbench: ReturnType<typeof useWorkbench>,
  stroke: string,
  index: number,
): boolean {
  const { faults } = workbench;
  const row = faults.rows.row(index);
  if (!row) return false;
  if (stroke === 'Right' && row.kind === 'more') {
    faults.toggle(index);
    return true;
  }
  if (stroke === 'Right' && row.kind === 'group') {
    if (row.expanded) faults.select(index + 1);
    else faults.toggle(index, true);
    return true;
  }
  if (stroke === '*') {
    faults.expandAll(index);
    return true;
  }
  if (stroke === 'Left') {
    if (row.kind === 'group' && (row.expanded || row.depth !== 1)) faults.toggle(index, false);
    else
      for (let above = index - 1; above >= 0; above--)
        if ((faults.rows.row(above)?.depth ?? 0) < (row.depth ?? 0)) {
          faults.select(above);
          break;
        }
    return true;
  }
  return false;
}

/** Copies a fault as the kernel printed it; one without a console in our own words. */
function copyLine(workbench: ReturnType<typeof useWorkbench>, fault: FaultItem): void {
  const { engine, notices } = workbench;
  const { console, line } = fault;
  if (console === undefined) return void copyText(faultSentence(fault), notices);
  attempt(
    workbench,
    engine.call('console.lines', { console, from: line, to: line + 1 }),
    ({ lines }) => void copyText(lines[0]?.text ?? faultSentence(fault), notices),
  );
}

/** All faults that pass the filter, one a row; the selected one in the forms of a report. */
function tableOf({ faults }: ReturnType<typeof useWorkbench>): PanelTable {
  return {
    name: 'Faults',
    forms: () => {
      const row = faults.rows.row(faults.state.get().selected);
      if (!row) return [];
      const of = row.kind === 'group' ? ` of the first of ${formatCount(row.count)}` : '';
      return copyForms(faultOf(row)).map(({ title, text }) => ({ title: `${title}${of}`, text }));
    },
    read: async (signal, said) => {
      const { rows, cut } = await allRows(
        (from, to, stop) => faults.plain(from, to, stop),
        signal,
        said,
      );
      return faultTable(rows, cut);
    },
  };
}

/** No fault was read: of all that was logged, or so far. */
function NoFaults({ lines }: { readonly lines: number }): ReactNode {
  const { session } = useWorkbench();
  const consoles = useStore(session.info)?.consoles ?? [];
  const ended = consoles.every(({ state }) => state === 'ended' || state === 'failed');
  const shown = consoles.reduce((sum, console) => sum + console.lines, 0);
  return (
    <Empty
      text={noFaults(Math.max(lines, shown), ended)}
      action="target.paste"
      button="Paste a log"
    />
  );
}
