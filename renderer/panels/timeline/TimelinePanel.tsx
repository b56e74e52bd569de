import type { KeyboardEvent, ReactNode } from 'react';
import { useEffect, useMemo } from 'react';
import type { TimelineItem } from '../../../core/protocol/contract-timeline.ts';
import { strokeIn } from '../../keymap.ts';
import { selectionItems } from '../../shell/selection-menu.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { copyText } from '../../ui/clipboard.ts';
import { Empty, Panel, usePanelId } from '../../ui/Panel.tsx';
import type { PanelTable } from '../../ui/table-export.ts';
import { allRows } from '../../ui/table-export.ts';
import { EMPTY } from '../../wording.ts';
import { PAN_STEP, ZOOM_STEP } from './axis.ts';
import type { TimelineModel } from './model.ts';
import { TimelineBar } from './TimelineBar.tsx';
import { TimelineChart } from './TimelineChart.tsx';
import { TimelineList } from './TimelineList.tsx';
import './timeline.css';

/** Everything that happened on one clock. */
export function TimelinePanel(): ReactNode {
  const workbench = useWorkbench();
  const { timeline: model, session, selection, view, dock, notices, menu } = workbench;
  const panel = usePanelId();
  const { answer, failure, loading, asList, item } = useStore(model.state);
  const theme = useStore(view.theme);
  const empty = useStore(session.info, (info) => (info?.consoles ?? []).length === 0);

  // More of a log, or other tables.
  useEffect(() => {
    const seen = (): string =>
      [
        session.version.get(),
        session.info.get()?.counts.notes,
        ...(session.info.get()?.consoles ?? []).map(({ id, bytes }) => `${id} ${bytes}`),
      ].join(',');
    let known = seen();
    const look = (): void => {
      const now = seen();
      if (now === known) return;
      known = now;
      model.refresh();
    };
    model.refresh();
    const ends = [session.info.subscribe(look), session.version.subscribe(look)];
    return () => {
      for (const end of ends) end();
    };
  }, [model, session]);
  useEffect(() => {
    const follow = (): void => {
      if (view.linked(panel)) model.follow(selection.current);
    };
    const device = selection.last(({ bdf }) => bdf);
    if (device !== undefined) model.follow({ bdf: device, from: 'timeline' });
    follow();
    return selection.store.subscribe(follow);
  }, [model, selection, view, panel]);

  const open = useMemo(
    () =>
      (to: TimelineItem): void => {
        model.pick(to);
        dock.open('console', { focus: true });
      },
    [model, dock],
  );
  const actions = useMemo(
    () => ({
      'panel.escape': () => {
        model.select(undefined);
        dock.focus(panel);
      },
      'copy.value': () => {
        const { item: current, readout } = model.state.get();
        const text = current?.text ?? readout?.first?.text;
        if (text !== undefined) void copyText(text, notices);
      },
      'selection.actions': () =>
        menu.set({
          label: 'Actions for the timeline',
          at: { x: innerWidth / 3, y: innerHeight / 3 },
          items: [
            {
              title: model.state.get().asList ? 'Show as lanes' : 'Show as table',
              run: () => model.toggleList(),
            },
            ...selectionItems(workbench),
          ],
        }),
    }),
    [model, dock, panel, notices, menu, workbench],
  );
  const table = useMemo(() => tableOf(model), [model]);

  if (empty)
    return (
      <Panel>
        <Empty text={EMPTY.timeline} action="target.connect" button="Connect to a console…" />
      </Panel>
    );
  return (
    <Panel
      loading={loading && !answer}
      failure={failure}
      retry={() => model.refresh()}
      actions={actions}
      table={table}
      bar={<TimelineBar model={model} />}
    >
      {asList ? (
        <TimelineList model={model} onOpen={open} />
      ) : (
        <TimelineChart
          key={theme}
          model={model}
          onKey={(event) => chartKey(event, model, item && (() => open(item)))}
          onOpen={open}
        />
      )}
    </Panel>
  );
}

/** Keys of the lanes; true when taken. */
function chartKey(
  event: KeyboardEvent,
  model: TimelineModel,
  openItem: (() => void) | undefined,
): boolean {
  switch (strokeIn(event, 'chart')) {
    case 'Left':
      void model.step('previous');
      return true;
    case 'Right':
      void model.step('next');
      return true;
    case 'Shift+Left':
      void model.step('previous', { extend: true });
      return true;
    case 'Shift+Right':
      void model.step('next', { extend: true });
      return true;
    case 'Home':
      void model.step('next', { fromEnd: true });
      return true;
    case 'End':
      void model.step('previous', { fromEnd: true });
      return true;
    case 'Up':
    case 'K':
      model.moveLane(-1);
      return true;
    case 'Down':
    case 'J':
      model.moveLane(1);
      return true;
    case 'W':
    case '+':
      model.zoom(ZOOM_STEP);
      return true;
    case 'S':
    case '-':
      model.zoom(1 / ZOOM_STEP);
      return true;
    case 'A':
      model.pan(-PAN_STEP);
      return true;
    case 'D':
      model.pan(PAN_STEP);
      return true;
    case 'Z':
      model.zoomToSelection();
      return true;
    case 'Shift+Z':
      model.showAll();
      return true;
    case 'Enter':
      openItem?.();
      return openItem !== undefined;
    default:
      return false;
  }
}

const COLUMNS = ['time', 'kernel', 'lane', 'text', 'line', 'fault'] as const;

function tableOf(model: TimelineModel): PanelTable {
  return {
    name: 'Timeline',
    read: async (signal, said) => {
      const { rows, cut } = await allRows(
        (from, to, stop) => model.rows.ask(from, to, stop),
        signal,
        said,
      );
      return {
        name: 'Timeline',
        columns: COLUMNS,
        rows: rows.map((row) => COLUMNS.map((name) => row[name])),
        cut,
      };
    },
  };
}
