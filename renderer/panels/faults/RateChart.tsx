import type { KeyboardEvent, ReactNode } from 'react';
import { useEffect, useRef, useState } from 'react';
import { useCall } from '../../engine/useCall.ts';
import { strokeIn } from '../../keymap.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { fit } from '../../ui/colours.ts';
import { useScale } from '../../ui/useScale.ts';
import { useWidth } from '../../ui/useWidth.ts';
import { PAN_STEP, ZOOM_STEP, panned, zoomed } from '../timeline/axis.ts';
import { drawRate } from './rate-draw.ts';
import type { RateData, Stretch } from './rate.ts';
import {
  CHART,
  binStretch,
  binWords,
  nextBin,
  rateSummary,
  rateTable,
  timeAt,
  timeFilter,
  untimedWords,
  withoutTime,
} from './rate.ts';

/** Width of a bar and its gap, px. */
const BIN = 5;
const LEAST_DRAG = 4;
/** Rows of the table at most. */
const TABLE_BINS = 120;
/** The chart looks for new faults no more often, ms. */
const LOOK_EVERY = 1000;

/** Faults over time. A stretch of it that is dragged or chosen by keys is what the list shows. */
export function RateChart(): ReactNode {
  const { faults } = useWorkbench();
  const { valid } = useStore(faults.state);
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(box);
  const scale = useScale();
  const bins = Math.max(1, Math.floor((width - CHART.left - CHART.right) / BIN));
  /** What shows, once it was zoomed. */
  const [range, setRange] = useState<Stretch>();
  const [drag, setDrag] = useState<{ from: number; to: number }>();
  const [chosen, setChosen] = useState<Stretch>();
  /** Bins that the keys chose; `to` is where they stand. */
  const [keys, setKeys] = useState<{ from: number; to: number }>();
  // The stretch that is chosen is narrower than what the chart shows around it.
  const around = withoutTime(valid);
  const timed = around !== valid.trim();
  const rate = useCall('faults.rate', width > 0 ? { filter: around, bins, range } : undefined);
  const phases = useCall('phases.list', {}).value?.phases ?? NO_PHASES;
  // While another stretch is on its way, the last one stays.
  const [kept, setKept] = useState<RateData>();
  if (rate.value && rate.value !== kept) setKept(rate.value);
  const data = rate.value ?? kept;
  useFresh(faults.pulse, rate.retry);

  const stretch = drag && data ? dragged(drag, data, width) : timed ? chosen : undefined;
  const bin = keys && data && keys.to < data.read.length ? keys.to : undefined;
  useEffect(() => {
    const context =
      canvas.current && width > 0 ? fit(canvas.current, width, CHART.height, scale) : null;
    if (!context || !data) return;
    const marked = keys && bin !== undefined ? binStretch(data, keys) : stretch;
    drawRate(context, data, phases, width, { stretch: marked, bin });
  }, [data, phases, width, scale, stretch, bin, keys]);

  const choose = (wanted: Stretch): void => {
    setChosen(wanted);
    const term = timeFilter(wanted.from, wanted.to, phases);
    faults.setFilter(around === '' ? term : `${around} ${term}`);
  };
  const finish = (): void => {
    if (drag && data && Math.abs(drag.to - drag.from) >= LEAST_DRAG)
      choose(dragged(drag, data, width));
    setDrag(undefined);
    setKeys(undefined);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!data) return;
    const whole = { from: data.first, to: data.last };
    const shown = range ?? { from: data.start, to: data.end };
    const middle = bin === undefined ? stretch : binStretch(data, { from: bin, to: bin });
    const centre = middle ? (middle.from + middle.to) / 2 : (shown.from + shown.to) / 2;
    const show = (to: Stretch | undefined): void => {
      setKeys(undefined);
      setRange(to);
    };
    const step = (by: 1 | -1, extend: boolean): void => {
      const to = nextBin(data, keys?.to, by);
      if (to !== undefined) setKeys({ from: extend ? (keys?.from ?? to) : to, to });
    };
    switch (strokeIn(event, 'chart')) {
      case 'W':
      case '+':
        show(zoomed(shown, whole, ZOOM_STEP, centre));
        break;
      case 'S':
      case '-':
        show(zoomed(shown, whole, 1 / ZOOM_STEP, centre));
        break;
      case 'A':
        show(panned(shown, whole, -PAN_STEP));
        break;
      case 'D':
        show(panned(shown, whole, PAN_STEP));
        break;
      case 'Z': {
        const to = keys ? binStretch(data, keys) : stretch;
        if (to) show(zoomed(to, whole, 1, to.from));
        break;
      }
      case 'Shift+Z':
        show(undefined);
        break;
      case 'Left':
      case 'Shift+Left':
        step(-1, event.shiftKey);
        break;
      case 'Right':
      case 'Shift+Right':
        step(1, event.shiftKey);
        break;
      case 'Enter':
        if (!keys) return;
        choose(binStretch(data, keys));
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="rate" ref={box}>
      <canvas
        ref={canvas}
        role="img"
        tabIndex={0}
        className="inset-focus"
        aria-label={data ? rateSummary(data) : 'Fault rate'}
        style={{ width, height: CHART.height }}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          const x = event.nativeEvent.offsetX;
          setKeys(undefined);
          setDrag({ from: x, to: x });
        }}
        onPointerMove={(event) => {
          if (drag) setDrag({ ...drag, to: event.nativeEvent.offsetX });
        }}
        onPointerUp={finish}
        onPointerCancel={() => setDrag(undefined)}
      />
      <span className="rate-readout" role="status">
        {data && keys && bin !== undefined
          ? binWords(data, keys, phases)
          : data && data.untimed > 0
            ? untimedWords(data.untimed)
            : ''}
      </span>
    </div>
  );
}

const NO_PHASES: readonly never[] = [];

function dragged(
  drag: { readonly from: number; readonly to: number },
  data: RateData,
  width: number,
): Stretch {
  return {
    from: timeAt(Math.min(drag.from, drag.to), data, width),
    to: timeAt(Math.max(drag.from, drag.to), data, width),
  };
}

/** Asks once more when faults came, at a pace that leaves the engine its time. */
function useFresh(
  pulse: ReturnType<typeof useWorkbench>['faults']['pulse'],
  ask: () => void,
): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = pulse.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        ask();
      }, LOOK_EVERY);
    });
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [pulse, ask]);
}

/** The same as a table, for who does not see the chart. */
export function RateTable(): ReactNode {
  const { faults } = useWorkbench();
  const { valid } = useStore(faults.state);
  const rate = useCall('faults.rate', { filter: withoutTime(valid), bins: TABLE_BINS });
  useFresh(faults.pulse, rate.retry);
  if (!rate.value) return null;
  const { columns, rows } = rateTable(rate.value);
  return (
    <div className="rate-table" role="region" aria-label="Faults over time" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((name) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={String(row[0])}>
              {row.map((cell, column) => (
                <td key={columns[column]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
