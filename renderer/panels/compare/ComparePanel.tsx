import type { ReactNode } from 'react';
import { useEffect, useMemo } from 'react';
import type { StateInfo } from '../../../core/protocol/contract-states.ts';
import { deviceOfPath, goTo } from '../../shell/go.ts';
import { selectionItems } from '../../shell/selection-menu.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import type { Workbench } from '../../state/workbench.ts';
import { copyText } from '../../ui/clipboard.ts';
import type { Column } from '../../ui/columns.ts';
import { Empty, Panel } from '../../ui/Panel.tsx';
import { StateButton, useStates } from '../../ui/StateButton.tsx';
import type { PanelTable } from '../../ui/table-export.ts';
import { allRows } from '../../ui/table-export.ts';
import { VirtualRows } from '../../ui/VirtualRows.tsx';
import { EMPTY, noDifference, notRead } from '../../wording.ts';
import { NoDump } from '../NoDump.tsx';
import { CompareCells } from './CompareCells.tsx';
import { compareForms, compareTable } from './copy.ts';
import type { Summary } from './model.ts';
import { countsText, entryOf } from './model.ts';
import { showEntryOf } from './show-entry.ts';
import type { Pair } from './states.ts';
import { pairOf } from './states.ts';
import './compare.css';

/** @param names of the two states */
function columnsOf(names: { readonly a: string; readonly b: string }): readonly Column[] {
  return [
    { id: 'what', title: 'What differs', width: 180, grow: 'rest' },
    { id: 'a', title: `A: ${names.a}`, width: 120, grow: 'rest' },
    { id: 'b', title: `B: ${names.b}`, width: 120, grow: 'rest' },
  ];
}

/** What differs between two states, entry by entry. */
export function ComparePanel(): ReactNode {
  const workbench = useWorkbench();
  const { session, compare, compared, menu, notices } = workbench;
  const states = useStates();
  const chosen = useStore(compared.chosen);
  const version = useStore(session.version);
  const info = useStore(session.info);
  const { pair: shown, selected, summary } = useStore(compare.state);
  const { total, known, loading, failure } = useStore(compare.rows.state);
  const pair = useMemo(() => pairOf(states, chosen), [states, chosen]);
  useEffect(() => compare.show(pair, version), [compare, pair, version]);

  const actions = useMemo(
    () => ({
      'fault.next': () => void step(workbench, 1),
      'fault.previous': () => void step(workbench, -1),
      'copy.value': () => {
        const row = compare.rows.row(compare.state.get().selected);
        if (row) void copyText(row.b ?? row.a ?? row.label, notices);
      },
    }),
    [workbench, compare, notices],
  );
  const names = useMemo(() => namesOf(states, shown), [states, shown]);
  const columns = useMemo(() => columnsOf(names), [names]);
  const table = useMemo(
    (): PanelTable => ({
      name: 'Compare',
      forms: () => compareForms(compare.rows.row(compare.state.get().selected)),
      read: async (signal, said) => {
        const { rows, cut } = await allRows(
          (from, to, stop) => compare.rows.ask(from, to, stop),
          signal,
          said,
        );
        return compareTable(rows, names, cut);
      },
    }),
    [compare, names],
  );

  const select = (index: number): void => publish(workbench, index);
  const toggle = (index: number): void => compare.next(() => compare.toggle(index));
  const open = (index: number, beside: boolean): void => {
    const row = compare.rows.row(index);
    const found = row && shown && entryOf(row, shown);
    if (!found) return toggle(index);
    show(found, { focus: true, beside });
  };
  const show = (
    found: NonNullable<ReturnType<typeof entryOf>>,
    how: { readonly focus: boolean; readonly beside?: boolean },
  ): void => {
    if (isHere(states, found.source)) goTo(workbench, found.entry, { ...how, from: 'compare' });
    else showEntryOf(workbench, found, how);
  };

  return (
    <Panel
      loading={loading && pair !== undefined}
      failure={pair ? failure : undefined}
      retry={() => compare.rows.reset()}
      actions={actions}
      table={pair ? table : undefined}
      partial={
        summary && summary.incomplete.length > 0 ? (
          <span title={summary.incomplete.join('\n')}>{notRead(summary.incomplete)}</span>
        ) : undefined
      }
      bar={
        pair && (
          <>
            <StateButton
              label="A"
              states={states}
              chosen={pair.a}
              onChoose={(state) => compared.choose('a', state)}
            />
            <button
              type="button"
              className="btn"
              title="A and B change places"
              aria-label="Swap A and B"
              onClick={() => compared.swap(pair)}
            >
              ⇄
            </button>
            <StateButton
              label="B"
              states={states}
              chosen={pair.b}
              onChoose={(state) => compared.choose('b', state)}
            />
            <span className="shrink muted" role="status">
              {summary ? summaryText(summary) : 'Comparing…'}
            </span>
          </>
        )
      }
    >
      {!pair ? (
        info && info.units.length === 0 ? (
          <NoDump text={EMPTY.compareNothing} />
        ) : (
          <Empty text={EMPTY.compare} action="target.second" button="Open a second state…" />
        )
      ) : known && total === 0 && summary ? (
        <div className="empty-state">
          <p>
            {summary.compared.units === 0
              ? 'The two states have no unit in common.'
              : noDifference(
                  summary.compared.units,
                  summary.compared.devices,
                  summary.compared.leaves,
                )}
          </p>
        </div>
      ) : (
        <div className="compare-grid">
          <VirtualRows
            label="Compare"
            columns={columns}
            table={`compare ${pair.a} ${pair.b}`}
            rowId={(index) => compare.rows.row(index)?.key}
            role="treegrid"
            count={total}
            selected={selected}
            onRange={(from, to) => compare.rows.show(from, to)}
            onSelect={select}
            onOpen={open}
            onToggle={toggle}
            onKey={(stroke) => {
              const work = KEYS[stroke];
              if (!work) return false;
              compare.next(() => work(workbench, compare.state.get().selected));
              return true;
            }}
            onFind={(text, fresh) =>
              new Promise((resolve) => {
                compare.next(async () => resolve(await toNamed(workbench, text, fresh)));
              })
            }
            onMenu={(index, x, y) => {
              select(index);
              menu.set({ label: 'Difference', at: { x, y }, items: selectionItems(workbench) });
            }}
            aria={(index) => {
              const row = compare.rows.row(index);
              return row
                ? {
                    level: row.depth + 1,
                    setSize: row.setSize,
                    position: row.position,
                    expanded: row.expandable ? row.expanded : undefined,
                  }
                : {};
            }}
            rowClass={(index) => {
              const row = compare.rows.row(index);
              return row && row.depth === 0 ? 'is-group' : '';
            }}
            render={(index) => {
              const row = compare.rows.row(index);
              const found = row && shown && entryOf(row, shown);
              return row ? (
                <CompareCells
                  row={row}
                  onShow={found && ((beside) => show(found, { focus: false, beside }))}
                  onToggle={() => toggle(index)}
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

/** Selects a row: its entry is shown with the other state beside it. */
function publish(workbench: Workbench, index: number): void {
  const { compare, selection } = workbench;
  const row = compare.select(index);
  const { pair } = compare.state.get();
  if (!row || !pair) return;
  const found = entryOf(row, pair);
  const register = /^([^/ ]+)\/registers\/([^ ]+)/.exec(row.key);
  if (found)
    selection.publish({
      ...found,
      unit: found.entry.split('/')[0],
      bdf: deviceOfPath(found.entry),
      from: 'compare',
    });
  else if (register)
    selection.publish({ unit: register[1], register: register[2], from: 'compare' });
}

/** Right opens a row, then leads into it. */
async function right(workbench: Workbench, index: number): Promise<void> {
  const { compare } = workbench;
  const row = compare.rows.row(index);
  if (!row?.expandable) return;
  if (!row.expanded) return compare.toggle(index, true);
  await compare.rows.need(index + 1);
  publish(workbench, index + 1);
}

/** Left folds a row, or leads to the one above it. */
async function left(workbench: Workbench, index: number): Promise<void> {
  const { compare } = workbench;
  const row = compare.rows.row(index);
  if (row?.expandable && row.expanded) await compare.toggle(index, false);
  else await up(workbench, index);
}

async function up(workbench: Workbench, index: number): Promise<void> {
  publish(workbench, await workbench.compare.parentOf(index));
}

/** To the next row of a name. @returns whether there is one */
async function toNamed(workbench: Workbench, text: string, fresh: boolean): Promise<boolean> {
  const { compare } = workbench;
  const { selected } = compare.state.get();
  const found = await compare.find(text, fresh ? selected + 1 : Math.max(0, selected));
  if (found >= 0) publish(workbench, found);
  return found >= 0;
}

/** What the keys of trees do. */
const KEYS: Readonly<
  Record<string, ((workbench: Workbench, index: number) => Promise<void>) | undefined>
> = {
  Right: right,
  Left: left,
  U: up,
  '*': ({ compare }, index) => compare.expandAll(index),
};

async function step(workbench: Workbench, by: 1 | -1): Promise<void> {
  const { compare } = workbench;
  const next = await compare.nextEntry(compare.state.get().selected, by);
  if (next !== undefined) publish(workbench, next);
}

/** Whether Tables shows a state: the capture as it is now, and simulated machines. */
function isHere(states: readonly StateInfo[], id: string): boolean {
  const kind = states.find((state) => state.id === id)?.kind;
  return kind === 'captured' || kind === 'simulated';
}

function namesOf(
  states: readonly StateInfo[],
  pair: Required<Pair> | undefined,
): { readonly a: string; readonly b: string } {
  const name = (id: string | undefined): string =>
    states.find((state) => state.id === id)?.name ?? '';
  return { a: name(pair?.a), b: name(pair?.b) };
}

/** `37 entries differ: +18 Δ19`. */
function summaryText({ equal, counts, missing }: Summary): string {
  const { added, removed, changed } = counts;
  const all = added + removed + changed;
  const parts = [
    equal
      ? 'No difference'
      : `${all} ${all === 1 ? 'entry differs' : 'entries differ'}: ${countsText({ ...counts, unknown: 0 })}`,
  ];
  if (missing > 0) parts.push(`${missing} not comparable`);
  return parts.join(', ');
}
