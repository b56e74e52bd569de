import type { KeyboardEvent, PointerEvent, ReactNode } from 'react';
import { useEffect, useRef, useState } from 'react';
import { formatCount } from '../../../core/format/size.ts';
import type { TimelineItem } from '../../../core/protocol/contract-timeline.ts';
import { kernelName, seconds } from '../../format/time.ts';
import { useStore } from '../../state/store.ts';
import { fit } from '../../ui/colours.ts';
import { ActionKeys } from '../../ui/Keys.tsx';
import { useScale } from '../../ui/useScale.ts';
import { useWidth } from '../../ui/useWidth.ts';
import type { Range } from './axis.ts';
import { LAYOUT, PAN_STEP, placeAt, timelineSummary, xOf } from './axis.ts';
import { draw, heightOf, laneAt } from './draw.ts';
import type { TimelineModel } from './model.ts';

/** Width of a bin, px: a bar of it is still seen. */
const BIN = 3;
/** Shorter drags are clicks, px. */
const LEAST_DRAG = 4;
/** How far from a thing a click still means it, px. */
const REACH = 10;
/** Zoom of one notch of the wheel. */
const NOTCH = 1.0015;

/** The lanes on a canvas, their names beside it, and what is current below in words. */
export function TimelineChart({
  model,
  onKey,
  onOpen,
}: {
  readonly model: TimelineModel;
  readonly onKey: (event: KeyboardEvent) => boolean;
  readonly onOpen: (item: TimelineItem) => void;
}): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const state = useStore(model.state);
  const scale = useScale();
  const width = Math.max(0, useWidth(box) - LAYOUT.names - LAYOUT.right);
  const { answer, lane, item, cursor, selected } = state;
  const range = state.range ?? model.whole;
  const [drag, setDrag] = useState<Range>();

  useEffect(() => model.show(Math.floor(width / BIN)), [model, width]);
  useEffect(() => {
    if (!canvas.current || width <= 0 || !answer) return;
    const context = fit(canvas.current, width, heightOf(answer), scale);
    const marked = drag && { from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) };
    if (context)
      draw(context, { answer, range, width, lane, item, cursor, selected: marked ?? selected });
  }, [answer, range, width, scale, lane, item, cursor, selected, drag]);

  // The lane that keys lead to comes into view.
  useEffect(() => {
    box.current
      ?.querySelector(`[data-lane="${CSS.escape(lane)}"]`)
      ?.scrollIntoView({ block: 'nearest' });
  }, [lane]);

  // React's own wheel listeners can't keep the page from scrolling.
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      const sideways = event.shiftKey ? event.deltaY : event.deltaX;
      if (Math.abs(sideways) > Math.abs(event.deltaY) || event.shiftKey)
        model.pan(Math.sign(sideways) * PAN_STEP * 0.4);
      else
        model.zoom(NOTCH ** event.deltaY, placeAt(event.offsetX, model.range, element.clientWidth));
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, [model]);

  const at = (event: PointerEvent): number => placeAt(event.nativeEvent.offsetX, range, width);
  const finish = (event: PointerEvent): void => {
    if (!drag || !answer) return;
    setDrag(undefined);
    const ends = [drag.from, at(event)].sort((a, b) => a - b);
    if (xOf(ends[1], range, width) - xOf(ends[0], range, width) >= LEAST_DRAG)
      return model.select({ from: ends[0], to: ends[1] });
    const on = laneAt(answer, event.nativeEvent.offsetY);
    if (!on) return;
    const place = at(event);
    const inside = on.spans.find(({ from, to }) => place >= from && place <= to);
    // In a stretch, its beginning is meant, however far that is.
    const target = inside?.from ?? place;
    void model.pickNear(on.id, target, (REACH / width) * (range.to - range.from));
  };
  const overview = (event: PointerEvent): boolean => {
    if (event.nativeEvent.offsetY > LAYOUT.overview) return false;
    const center = placeAt(event.nativeEvent.offsetX, model.whole, width);
    const half = (range.to - range.from) / 2;
    model.setRange({ from: center - half, to: center + half });
    return true;
  };

  return (
    <div className="timeline" ref={box}>
      <div
        className="timeline-lanes inset-focus"
        role="group"
        aria-label="Timeline"
        aria-describedby="timeline-current"
        tabIndex={0}
        data-first-focus
        onKeyDown={(event) => {
          if (!onKey(event)) return;
          event.preventDefault();
          event.stopPropagation();
        }}
      >
        {answer && (
          <div className="timeline-names" style={{ paddingTop: LAYOUT.overview + LAYOUT.ruler }}>
            {answer.lanes.map(({ id, name, count }) => (
              <div
                key={id}
                data-lane={id}
                className={`timeline-name ${id === lane ? 'is-current' : ''}`}
                style={{ height: LAYOUT.lane }}
                title={name}
              >
                <span>{name}</span>
                <span className="mono muted">{formatCount(count)}</span>
              </div>
            ))}
          </div>
        )}
        <canvas
          ref={canvas}
          role="img"
          aria-label={answer ? timelineSummary(answer) : 'Timeline'}
          style={{ width, height: answer ? heightOf(answer) : 0 }}
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            if (!overview(event)) setDrag({ from: at(event), to: at(event) });
          }}
          onPointerMove={(event) => {
            if (drag) setDrag({ ...drag, to: at(event) });
            else if (event.buttons === 1) overview(event);
          }}
          onPointerUp={finish}
          onPointerCancel={() => setDrag(undefined)}
          onDoubleClick={() => {
            const { item: current } = model.state.get();
            if (current) onOpen(current);
          }}
        />
      </div>
      <p className="timeline-current" id="timeline-current" role="status">
        {item ? <ItemWords item={item} /> : <Hint />}
      </p>
    </div>
  );
}

function Hint(): ReactNode {
  return (
    <span className="muted">
      <ActionKeys action="chart.up" /> <ActionKeys action="chart.down" /> lane,{' '}
      <ActionKeys action="chart.previous" /> <ActionKeys action="chart.next" /> what is in it,{' '}
      <ActionKeys action="chart.open" /> its line; <ActionKeys action="chart.in" />{' '}
      <ActionKeys action="chart.out" /> zoom, <ActionKeys action="chart.left" />{' '}
      <ActionKeys action="chart.right" /> pan; a drag selects
    </span>
  );
}

/** What is current, in words. */
function ItemWords({ item }: { readonly item: TimelineItem }): ReactNode {
  return (
    <>
      <span className="mono second">
        {kernelName(item.kernel)}
        {item.time === undefined ? '' : ` ${seconds(item.time, 6)} s`} · line{' '}
        {formatCount(item.line)}
        {item.fault === undefined ? '' : ` · #${item.fault}`}
      </span>{' '}
      <span className="mono">{item.text}</span>
    </>
  );
}
