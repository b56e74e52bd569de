import type { ReactNode } from 'react';
import { formatCount } from '../../../core/format/size.ts';
import type { TimelineClocks } from '../../../core/protocol/contract-timeline.ts';
import { kernelName } from '../../format/time.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { ActionKeys, useKeyWords } from '../../ui/Keys.tsx';
import { MenuButton } from '../../ui/MenuButton.tsx';
import { NO_STAMPS, NOT_ALIGNED } from '../../wording.ts';
import { selectedWords } from './axis.ts';
import type { TimelineModel } from './model.ts';

const CLOCKS: Readonly<Record<Exclude<TimelineClocks, 'best'>, string>> = {
  apart: 'kernel, not aligned',
  panic: 'kernel, aligned at panic',
  received: 'kernel, aligned by received times',
};

/** The clock, the selection's readout, zoom, and the list. */
export function TimelineBar({ model }: { readonly model: TimelineModel }): ReactNode {
  const { session } = useWorkbench();
  const { answer, asList, selected } = useStore(model.state);
  const info = useStore(session.info);
  const nearer = useKeyWords('chart.in');
  const farther = useKeyWords('chart.out');
  const whole = useKeyWords('chart.all');
  const consoles = info?.consoles ?? [];
  const shown = consoles.find(({ id }) => id === answer?.console);
  return (
    <>
      {consoles.length > 1 && (
        <MenuButton
          label="Console"
          items={() =>
            consoles.map(({ id, name }) => ({
              title: name,
              checked: id === answer?.console,
              run: () => model.setConsole(id),
            }))
          }
        >
          {shown?.name ?? 'Console'} ▾
        </MenuButton>
      )}
      {answer && <Clock model={model} />}
      <Selected model={model} />
      <span className="push" />
      {selected && (
        <button type="button" className="btn" onClick={() => model.zoomToSelection()}>
          Zoom to selection <ActionKeys action="chart.selection" />
        </button>
      )}
      <button
        type="button"
        className="btn"
        aria-label="Zoom in"
        title={`Zoom in (${nearer})`}
        onClick={() => model.zoom(0.5)}
      >
        +
      </button>
      <button
        type="button"
        className="btn"
        aria-label="Zoom out"
        title={`Zoom out (${farther})`}
        onClick={() => model.zoom(2)}
      >
        −
      </button>
      <button
        type="button"
        className="btn"
        title={`Show all (${whole})`}
        onClick={() => model.showAll()}
      >
        All
      </button>
      <button
        type="button"
        className="btn"
        aria-pressed={asList}
        onClick={() => model.toggleList()}
      >
        List
      </button>
    </>
  );
}

function Clock({ model }: { readonly model: TimelineModel }): ReactNode {
  const { answer } = useStore(model.state);
  if (!answer) return null;
  if (!answer.stamped) return <span className="second shrink">{NO_STAMPS}</span>;
  if (answer.kernels.length < 2)
    return (
      <span className="second shrink">Clock: {kernelName(answer.kernels[0]?.kernel ?? 0)}</span>
    );
  const items = () =>
    answer.possible.map((clocks) => ({
      title: clocks === 'best' ? '' : capital(CLOCKS[clocks]),
      checked: clocks === answer.clocks,
      run: () => model.setClocks(clocks),
    }));
  return answer.clocks === 'apart' ? (
    <MenuButton label="Clock" className="btn timeline-unaligned" items={items}>
      {NOT_ALIGNED} ▾
    </MenuButton>
  ) : (
    <MenuButton label="Clock" items={items}>
      Clock: {answer.clocks === 'best' ? '' : CLOCKS[answer.clocks]} ▾
    </MenuButton>
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `Selected 13.703–13.744 s, 41 ms`, and what lies at both ends. */
function Selected({ model }: { readonly model: TimelineModel }): ReactNode {
  const { faults, dock } = useWorkbench();
  const { selected, readout, answer } = useStore(model.state);
  if (!selected || !readout || !answer) return null;
  const words = selectedWords(readout.from, readout.to, {
    span: selected.to - selected.from,
    aligned: answer.clocks !== 'apart',
    stamped: answer.stamped,
  });
  const ends = [readout.first?.text, readout.last?.text].filter((text) => text !== undefined);
  const between = [...new Set(ends)].join(' → ');
  return (
    <>
      <span className="mono timeline-selected" role="status">
        {words}
      </span>
      <span className="second shrink" title={between}>
        {between === '' ? 'nothing in it' : between}
      </span>
      {readout.faults > 0 && answer.stamped && readout.from.kernel === readout.to.kernel && (
        <button
          type="button"
          className="btn"
          onClick={() => {
            faults.setFilter(
              `kernel:${readout.from.kernel} t:${readout.from.time.toFixed(6)}..${readout.to.time.toFixed(6)}`,
            );
            dock.open('faults', { focus: false });
          }}
        >
          Filter to {formatCount(readout.faults)} {readout.faults === 1 ? 'fault' : 'faults'}
        </button>
      )}
    </>
  );
}
