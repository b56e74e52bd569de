import type { KeyboardEvent, ReactNode } from 'react';
import { useCallback, useId } from 'react';
import { formatCount, formatSize } from '../../../core/format/size.ts';
import { hex } from '../../../core/format/hex.ts';
import type { MapPin, MapRegion, StripItem } from '../../../core/protocol/contract-map.ts';
import { strokeIn } from '../../keymap.ts';
import { hoverOf, pinAt, regionAt, type Hover } from './hover.ts';
import {
  edgesOf,
  paintPinLabels,
  paintPins,
  paintStrip,
  paintTicks,
  type StripData,
} from './paint.ts';
import { Plot, taken, type PlotPoint } from './Plot.tsx';
import type { Sheet } from '../../ui/sheet.ts';
import type { Span } from './span.ts';
import { sizeOf } from './span.ts';
import { deviceText, regionText } from './words.ts';

/** Room for the lines from the overview, the strip, and the addresses and faults below it. */
const ZOOM = { wedge: 18, strip: 46, ticks: 18, faults: 14 } as const;
export const ZOOM_HEIGHT = ZOOM.wedge + ZOOM.strip + ZOOM.ticks + ZOOM.faults;

/** One device's addresses as near as one likes: from all of them down to a page. */
export function ZoomStrip({
  strip,
  span,
  overview,
  width,
  data,
  selected,
  onPick,
  onFault,
  onOpen,
  onMenu,
  onZoom,
  onPan,
  onHover,
  onKey,
}: {
  readonly strip: StripItem;
  readonly span: Span;
  readonly overview: Span;
  readonly width: number;
  readonly data: StripData;
  readonly selected: MapRegion | undefined;
  readonly onPick: (region: MapRegion) => void;
  readonly onFault: (pin: MapPin) => void;
  readonly onOpen: (region: MapRegion) => void;
  readonly onMenu: (region: MapRegion, at: PlotPoint['at']) => void;
  readonly onZoom: (way: 'in' | 'out', at: number) => void;
  readonly onPan: (part: number) => void;
  readonly onHover: (hover: Hover | undefined) => void;
  readonly onKey: (stroke: string) => boolean;
}): ReactNode {
  const id = useId();
  const paint = useCallback(
    (sheet: Sheet) => paintZoom(sheet, { x: 0, y: 0, width }, { span, overview, data, selected }),
    [span, overview, width, data, selected],
  );
  const at = (x: number): MapRegion | undefined => regionAt(data.regions, span, width, x);
  const onKeyDown = (event: KeyboardEvent): void => {
    const stroke = strokeIn(event, 'map');
    if (stroke !== undefined && onKey(stroke)) taken(event);
  };
  return (
    <div className="map-zoom">
      <div className="map-zoom-name">
        <b className="mono">{deviceText(strip)}</b>
        <span className="muted">zoom {formatSize(sizeOf(span))}</span>
      </div>
      <div
        className="map-zoom-strip inset-focus"
        role="listbox"
        aria-label={`Regions of ${deviceText(strip)} in ${hex(span.from)}–${hex(span.to)}`}
        aria-activedescendant={`${id}-region`}
        tabIndex={0}
        data-zoom
        onKeyDown={onKeyDown}
      >
        <Plot
          width={width}
          height={ZOOM_HEIGHT}
          paint={paint}
          onHover={(x) =>
            onHover(x === undefined ? undefined : hoverOf(strip, data, span, width, x))
          }
          onPick={({ x }) => {
            const fault = pinAt(data.pins, span, width, x);
            const picked = at(x);
            if (fault) onFault(fault);
            else if (picked) onPick(picked);
          }}
          onOpen={({ x }) => {
            const picked = at(x);
            if (picked) onOpen(picked);
          }}
          onMenu={(point) => {
            const picked = at(point.x);
            if (picked) onMenu(picked, point.at);
          }}
          onWheel={(delta, x) => onZoom(delta < 0 ? 'in' : 'out', x / Math.max(1, width))}
          onDrag={(by) => onPan(-by / Math.max(1, width))}
        />
        {/* The one region that is selected stands in the document too, for readers. */}
        <div
          id={`${id}-region`}
          role="option"
          aria-selected={selected !== undefined}
          className="visually-hidden"
        >
          {selected
            ? regionText(selected)
            : `No region is selected, ${formatCount(data.regions.length)} in view`}
        </div>
      </div>
    </div>
  );
}

/** Draws the zoom strip, with the lines that lead to it from the overview above. */
export function paintZoom(
  sheet: Sheet,
  place: { readonly x: number; readonly y: number; readonly width: number },
  shown: {
    readonly span: Span;
    readonly overview: Span;
    readonly data: StripData;
    readonly selected: MapRegion | undefined;
  },
): void {
  const { x, y, width } = place;
  const { span, overview, data, selected } = shown;
  const [left, right] = edgesOf({ from: hex(span.from), to: hex(span.to) }, overview, width);
  for (const [from, to] of [
    [Math.min(left, width), 0],
    [Math.min(right, width), width],
  ])
    sheet.line(
      [
        [x + from, y],
        [x + to, y + ZOOM.wedge - 2],
      ],
      'line',
    );
  const box = { x, y: y + ZOOM.wedge, width, height: ZOOM.strip };
  sheet.rect(box.x, box.y, width, ZOOM.strip, { fill: 'bg2', stroke: 'line' });
  paintStrip(sheet, box, span, data);
  if (selected) {
    const [from, to] = edgesOf(selected, span, width);
    if (to > 0 && from < width)
      sheet.rect(box.x + from - 1, box.y, to - from + 2, ZOOM.strip, {
        stroke: 'accent',
        lineWidth: 2,
      });
  }
  for (const region of data.regions) {
    if (region.pa === undefined) continue;
    const [from, to] = edgesOf(region, span, width);
    sheet.text(
      box.x + from + 6,
      box.y + 17,
      `${formatSize(BigInt(region.mapped))} → ${region.pa}`,
      {
        fill: 'fg0',
        mono: true,
        most: to - from - 10,
      },
    );
  }
  paintPins(sheet, box, span, data.pins);
  paintPinLabels(sheet, { ...box, y: box.y + ZOOM.strip + ZOOM.ticks }, span, data.pins);
  paintTicks(sheet, { ...box, y: box.y + ZOOM.strip }, span);
}
