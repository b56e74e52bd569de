import type { ReactNode } from 'react';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import type { NoteItem } from '../../../core/protocol/contract-notes.ts';
import { linkTo } from '../../shell/actions.ts';
import { deviceOfPath } from '../../shell/go.ts';
import { selectionItems } from '../../shell/selection-menu.ts';
import { useWorkbench } from '../../state/context.ts';
import { useFrameStore } from '../../state/paced.ts';
import { useStore } from '../../state/store.ts';
import { copyText } from '../../ui/clipboard.ts';
import { ActionKeys } from '../../ui/Keys.tsx';
import type { Column } from '../../ui/columns.ts';
import { Panel } from '../../ui/Panel.tsx';
import type { PanelTable } from '../../ui/table-export.ts';
import { allRows } from '../../ui/table-export.ts';
import { TargetLink } from '../../ui/TargetLink.tsx';
import { VirtualRows } from '../../ui/VirtualRows.tsx';
import { useStates } from '../../ui/StateButton.tsx';
import { Changed } from './Changed.tsx';
import { NoTables } from './NoTables.tsx';
import { crumbs } from './breadcrumb.ts';
import { rowCopies, treeTable } from './copy.ts';

import { Findings } from './Findings.tsx';
import { GoTo } from './GoTo.tsx';
import { SinceLook } from './SinceLook.tsx';
import type { TreeModel } from './model.ts';
import { TreeCells } from './TreeCells.tsx';
import './tables.css';

const ENTRY: Column = { id: 'entry', title: 'Entry', width: 150, grow: 224 };
const POINTS_TO: Column = { id: 'pointsTo', title: 'Points to', width: 98 };
const DECODED: Column = { id: 'decoded', title: 'Decoded', width: 180, grow: 'rest' };
const FINDINGS: Column = { id: 'findings', title: '', name: 'Findings', width: 34 };
const COLUMNS: readonly Column[] = [ENTRY, POINTS_TO, DECODED, FINDINGS];
const RAW_COLUMNS: readonly Column[] = [
  { ...ENTRY, width: 176 },
  POINTS_TO,
  { id: 'raw', title: 'Raw', width: 128, grow: 'rest' },
  { ...DECODED, width: 70 },
  { ...FINDINGS, width: 28 },
];

/** Browses every table that the hardware would walk. */
export function TablesPanel(): ReactNode {
  const workbench = useWorkbench();
  const { actions, session, selection, dock, menu, notes, notices, tree, view } = workbench;
  const { selected, path, all, against } = useFrameStore(tree.state);
  const states = useStates();
  const beside = states.find(({ id }) => id === against);
  const { total, known, loading, failure } = useFrameStore(tree.rows.state);
  const info = useStore(session.info);
  const raw = useStore(view.state, () => view.panel('tables', { raw: false }).raw);
  const goTo = useRef<HTMLInputElement>(null);
  const written = useStore(notes.state, (state) => state.notes);
  const noted = useMemo(() => notesByEntry(written), [written]);
  const look = useMemo(() => ({ raw, noted }), [raw, noted]);
  useFollowing(tree);

  const publish = useCallback(
    (index: number) => {
      const row = tree.select(index);
      if (row)
        selection.publish({
          entry: row.hasEntry ? row.path : undefined,
          unit: row.path.split('/')[0],
          bdf: deviceOfPath(row.path),
          physical: row.pointsTo,
          from: 'tables',
        });
    },
    [tree, selection],
  );
  const own = useMemo(
    () => ({
      'copy.value': () => {
        const row = tree.rows.row(tree.state.get().selected);
        if (row) void copyText(row.pointsTo ?? row.path, notices);
      },
      'panel.filter': () => {
        goTo.current?.focus();
        goTo.current?.select();
      },
      'fault.next': () => tree.next(() => toFinding(tree, 1, publish)),
      'fault.previous': () => tree.next(() => toFinding(tree, -1, publish)),
    }),
    [tree, notices, publish],
  );
  const table = useMemo(
    (): PanelTable => ({
      name: 'Tables',
      forms: () => {
        const row = tree.rows.row(tree.state.get().selected);
        return row ? rowCopies(row, linkTo(workbench, row.path)) : [];
      },
      read: async (signal, said) => {
        const { rows, cut } = await allRows(
          (from, to, stop) => tree.rows.ask(from, to, stop),
          signal,
          said,
        );
        return treeTable(rows, cut);
      },
    }),
    [tree, workbench],
  );
  const onKey = (stroke: string): boolean => {
    const work = KEYS[stroke];
    if (!work) return false;
    tree.next(() => work(tree, tree.state.get().selected, publish));
    return true;
  };
  const range = useCallback((from: number, to: number) => tree.rows.show(from, to), [tree]);

  const nothing = info !== undefined && info.units.length === 0;
  return (
    <Panel
      loading={loading && !known}
      failure={failure}
      retry={() => tree.restart()}
      actions={own}
      table={table}
      bar={
        <>
          <GoTo tree={tree} field={goTo} />
          <SinceLook tree={tree} />
          <span className="push" />
          <button
            type="button"
            className="btn"
            disabled={path === undefined}
            onClick={() => {
              if (path !== undefined) void copyText(linkTo(workbench, path), notices);
            }}
          >
            Copy link <ActionKeys action="copy.link" />
          </button>
          <button
            type="button"
            className="btn"
            aria-pressed={!all}
            title="Entries that are not present"
            onClick={() => void tree.showAll(!all)}
          >
            Hide empty
          </button>
          <button
            type="button"
            className="btn"
            aria-pressed={raw}
            title="Raw words beside their meaning"
            onClick={() => view.remember('tables', { raw: !raw })}
          >
            Raw
          </button>
          <button
            type="button"
            className="btn"
            aria-pressed={beside !== undefined}
            aria-haspopup="menu"
            title="Show what differs in another state"
            onClick={() => actions.run('tables.against')}
          >
            Δ {beside && <span className="against-name">{beside.name}</span>}
          </button>
        </>
      }
    >
      {!nothing && <Breadcrumb path={path} />}
      {nothing ? (
        <NoTables info={info} />
      ) : (
        <div className="tree">
          <VirtualRows
            label="Tables"
            columns={raw ? RAW_COLUMNS : COLUMNS}
            table="tables"
            rowId={(index) => tree.rows.row(index)?.path}
            role="tree"
            count={total}
            selected={selected}
            now={() => tree.state.get().selected}
            onRange={range}
            item={(index) => tree.rows.row(index)}
            look={look}
            aria={(index) => {
              const row = tree.rows.row(index);
              return row
                ? {
                    level: row.depth + 1,
                    setSize: row.setSize,
                    position: row.position,
                    expanded: row.expandable ? row.expanded : undefined,
                  }
                : {};
            }}
            rowClass={(index) => (tree.rows.row(index)?.changed === undefined ? '' : 'is-changed')}
            onSelect={publish}
            onMove={(to) =>
              tree.next(async () => {
                const index = to(tree.state.get().selected, tree.rows.state.get().total);
                if (await tree.rows.need(index)) publish(index);
              })
            }
            onOpen={(_index, beside) => dock.open('entry', { beside })}
            onToggle={() =>
              tree.next(async () => {
                const index = tree.state.get().selected;
                await tree.expand(index, !tree.rows.row(index)?.expanded);
              })
            }
            onKey={onKey}
            onFind={(text, fresh) =>
              new Promise((resolve) => {
                tree.next(async () => resolve(await toNamed(tree, text, fresh, publish)));
              })
            }
            onMenu={(index, x, y) => {
              publish(index);
              menu.set({ label: 'Entry', at: { x, y }, items: selectionItems(workbench) });
            }}
            render={(index) => {
              const row = tree.rows.row(index);
              return row ? (
                <TreeCells
                  row={row}
                  raw={raw}
                  notes={noted.get(row.path) ?? 0}
                  onToggle={() => void tree.expand(index, !row.expanded)}
                />
              ) : (
                <span className="muted">reading…</span>
              );
            }}
          />
        </div>
      )}
      {!nothing && beside && (
        <Changed beside={beside} onClose={() => void tree.compareWith(undefined)} />
      )}
      {!nothing && <Findings path={path} />}
    </Panel>
  );
}

/** How many notes are pinned to each entry. */
function notesByEntry(notes: readonly NoteItem[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { pin } of notes)
    if (pin?.kind === 'entry') counts.set(pin.path, (counts.get(pin.path) ?? 0) + 1);
  return counts;
}

/** The tree follows the selection, and starts anew when other sources are open. */
function useFollowing(tree: TreeModel): void {
  const { engine, session, selection, view } = useWorkbench();
  const version = useStore(session.version);
  const seen = useRef(-1);
  const units = useStore(session.info, (info) => info?.units.map((unit) => unit.name).join(' '));
  const last = useRef({ units, epoch: engine.link.get().epoch });

  useEffect(() => {
    const epoch = engine.link.get().epoch;
    if (last.current.units !== units || last.current.epoch !== epoch) tree.restart();
    else if (seen.current !== version) tree.rows.refresh();
    last.current = { units, epoch };
    seen.current = version;
  }, [tree, engine, units, version]);

  useEffect(() => {
    const follow = (): void => {
      const { entry, bdf, from } = selection.current;
      if (from === 'tables' || !view.linked('tables')) return;
      if (entry !== undefined) tree.next(() => tree.reveal(entry));
      else if (bdf !== undefined)
        void engine.call('jump', { text: bdf }).then(
          ({ places }) => {
            const place = places.find(({ kind }) => kind === 'device');
            // A selection made since then is the one to follow.
            if (place && selection.current.bdf === bdf && selection.current.entry === undefined)
              tree.next(() => tree.reveal(place.target));
          },
          () => {
            // A device without tables has no row to go to.
          },
        );
    };
    follow();
    return selection.store.subscribe(follow);
  }, [tree, engine, selection, view]);
}

type Publish = (index: number) => void;

async function right(tree: TreeModel, index: number, publish: Publish): Promise<void> {
  const row = tree.rows.row(index);
  if (!row?.expandable) return;
  if (!row.expanded) await tree.expand(index, true);
  else {
    await tree.rows.need(index + 1);
    publish(index + 1);
  }
}

async function left(tree: TreeModel, index: number, publish: Publish): Promise<void> {
  const row = tree.rows.row(index);
  if (row?.expandable && row.expanded) await tree.expand(index, false);
  else await up(tree, index, publish);
}

async function up(tree: TreeModel, index: number, publish: Publish): Promise<void> {
  const parent = await tree.parentOf(index);
  if (parent >= 0) publish(parent);
}

/** To the next finding in the order of the tree. */
async function toFinding(tree: TreeModel, by: 1 | -1, publish: Publish): Promise<void> {
  const path = await tree.step('finding', by, tree.state.get().path);
  if (path === undefined) return;
  await tree.reveal(path);
  publish(tree.state.get().selected);
}

type Work = (tree: TreeModel, index: number, publish: Publish) => Promise<void>;

/** To the next row of a name; while the name grows, the row that has it so far may stay. */
async function toNamed(
  tree: TreeModel,
  text: string,
  fresh: boolean,
  publish: Publish,
): Promise<boolean> {
  const { selected } = tree.state.get();
  const found = await tree.find(text, fresh ? selected + 1 : Math.max(0, selected));
  if (found >= 0) publish(found);
  return found >= 0;
}

/** What the keys of trees do. */
const KEYS: Readonly<Record<string, Work | undefined>> = {
  Right: right,
  Left: left,
  U: up,
  '*': (tree, index) => tree.expand(index, true, true),
};

function Breadcrumb({ path }: { readonly path: string | undefined }): ReactNode {
  if (path === undefined) return <p className="crumbs muted">Units</p>;
  const parts = crumbs(path);
  return (
    <nav className="crumbs" aria-label="Path">
      {parts.map((part, index) => (
        <span key={part.path}>
          {index > 0 && <span className="muted"> › </span>}
          {index === parts.length - 1 ? (
            <b aria-current="location">{part.label}</b>
          ) : (
            <TargetLink target={part.path}>{part.label}</TargetLink>
          )}
        </span>
      ))}
    </nav>
  );
}
