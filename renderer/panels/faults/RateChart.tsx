import type { ReactNode } from 'react';
import { useEffect, useRef, useState } from 'react';
import { useCall } from '../../engine/useCall.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { fit, token } from '../../ui/colours.ts';
import { useWidth } from '../../ui/useWidth.ts';
import type { PhaseItem } from '../../../core/protocol/contract.ts';
import type { RateData } from './rate.ts';
import {
  CHART,
  niceMaximum,
  phaseSpans,
  rateSummary,
  ticks,
  timeAt,
  timeFilter,
  withoutTime,
  xOf,
} from './rate.ts';

/** Width of a bar and its gap, px. */
const BIN = 5;
const LEAST_DRAG = 4;

/** Faults over time; a drag selects a time and filters to it. */
export function RateChart({ filter }: { readonly filter: string }): ReactNode {
  const { faults } = useWorkbench();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(box);
  const bins = Math.max(1, Math.floor((width - CHART.left - CHART.right) / BIN));
  useStore(faults.pulse);
  const rate = useCall('faults.rate', width > 0 ? { filter, bins } : undefined);
  const phases = useCall('phases.list', {});
  const [drag, setDrag] = useState<{ from: number; to: number }>();
  const data = rate.value;

  useEffect(() => {
    const context = canvas.current && width > 0 ? fit(canvas.current, width, CHART.height) : null;
    if (!context || !data) return;
    draw(context, data, phases.value?.phases ?? [], width);
    if (drag) {
      context.globalAlpha = 0.22;
      context.fillStyle = token('accent');
      const left = Math.min(drag.from, drag.to);
      context.fillRect(left, CHART.phases, Math.abs(drag.to - drag.from), CHART.height);
      context.globalAlpha = 1;
    }
  }, [data, phases.value, width, drag]);

  const finish = (): void => {
    if (drag && data && Math.abs(drag.to - drag.from) >= LEAST_DRAG) {
      const [a, b] = [drag.from, drag.to].sort((x, y) => x - y);
      const range = timeFilter(
        timeAt(a, data, width),
        timeAt(b, data, width),
        phases.value?.phases ?? [],
      );
      const rest = withoutTime(filter);
      faults.setFilter(rest === '' ? range : `${rest} ${range}`);
    }
    setDrag(undefined);
  };

  return (
    <div className="rate" ref={box}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={data ? rateSummary(data) : 'Fault rate'}
        style={{ width, height: CHART.height }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          const x = event.nativeEvent.offsetX;
          setDrag({ from: x, to: x });
        }}
        onPointerMove={(event) => {
          if (drag) setDrag({ ...drag, to: event.nativeEvent.offsetX });
        }}
        onPointerUp={finish}
        onPointerCancel={() => setDrag(undefined)}
      />
    </div>
  );
}

function draw(
  context: CanvasRenderingContext2D,
  data: RateData,
  phases: readonly PhaseItem[],
  width: number,
): void {
  const base = CHART.height - CHART.bottom;
  const top = CHART.top + 10;
  const most = niceMaximum(data);
  const scale = (base - top) / most;

  context.font = '10px Inter Variable, system-ui, sans-serif';
  drawPhases(context, data, phases, width);

  context.strokeStyle = token('line');
  context.beginPath();
  for (const y of [base + 0.5, top + 0.5]) {
    context.moveTo(CHART.left, y);
    context.lineTo(width - CHART.right, y);
  }
  context.stroke();

  context.fillStyle = token('fg2');
  context.textAlign = 'right';
  context.fillText(String(most), CHART.left - 6, top + 3);
  context.fillText('0', CHART.left - 6, base + 3);
  context.textAlign = 'center';
  for (const tick of ticks(data.start, data.end, Math.max(2, Math.floor(width / 110)))) {
    const x = xOf(tick, data, width);
    context.fillText(`${Number(tick.toPrecision(6))} s`, x, CHART.height - 3);
  }

  const bars = [
    [data.read, token('rd')],
    [data.write, token('wr')],
    [data.interrupt, token('ir')],
  ] as const;
  const step = (width - CHART.left - CHART.right) / data.read.length;
  const stacked = new Float64Array(data.read.length);
  for (const [values, colour] of bars) {
    context.fillStyle = colour;
    for (const [bin, value] of values.entries()) {
      if (value === 0) continue;
      // A single fault among thousands still shows.
      const height = Math.max(2, value * scale);
      const x = CHART.left + bin * step;
      context.fillRect(x, base - stacked[bin] - height, Math.max(2, step - 1), height);
      stacked[bin] += height;
    }
  }
}

function drawPhases(
  context: CanvasRenderingContext2D,
  data: RateData,
  phases: readonly PhaseItem[],
  width: number,
): void {
  context.textAlign = 'left';
  for (const span of phaseSpans(phases, data)) {
    const from = xOf(span.from, data, width);
    const to = xOf(span.to, data, width);
    if (to - from < 2) continue;
    context.fillStyle = token('bg3');
    context.fillRect(from, 0, to - from - 1, CHART.phases);
    if (to - from < 40) continue;
    context.save();
    context.beginPath();
    context.rect(from, 0, to - from - 6, CHART.phases);
    context.clip();
    context.fillStyle = token('fg1');
    context.fillText(span.name, from + 4, 10);
    context.restore();
  }
}
