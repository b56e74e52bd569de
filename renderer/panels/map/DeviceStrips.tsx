import type { CSSProperties, ReactNode } from 'react';
import { useCallback } from 'react';
import { formatCount } from '../../../core/format/size.ts';
import type { StripItem } from '../../../core/protocol/contract-map.ts';
import { Glyph } from '../../ui/Glyph.tsx';
import { VirtualRows } from '../../ui/VirtualRows.tsx';
import { hoverOf, type Hover } from './hover.ts';
import { paintPins, paintStrip } from './paint.ts';
import { Plot } from './Plot.tsx';
import type { Sheet } from '../../ui/sheet.ts';
import type { Span } from './span.ts';
import { addressAt } from './span.ts';
import { useStrip } from './useStrip.ts';
import { deviceText, emptyWords } from './words.ts';

const ROW = 30;
const STRIP = 26;

/** One strip for each device over the whole of the overview's addresses. */
export function DeviceStrips({
  strips,
  selected,
  span,
  width,
  columns,
  onSelect,
  onAddress,
  onOpen,
  onHover,
  onKey,
}: {
  readonly strips: readonly StripItem[];
  readonly selected: number;
  readonly span: Span;
  readonly width: number;
  readonly columns: string;
  readonly onSelect: (index: number) => void;
  /** A place of a strip was clicked. */
  readonly onAddress: (index: number, address: bigint) => void;
  readonly onOpen: (beside: boolean) => void;
  readonly onHover: (hover: Hover | undefined) => void;
  readonly onKey: (stroke: string) => boolean;
}): ReactNode {
  return (
    <div
      className="map-devices"
      style={{ '--cols': columns, flexBasis: Math.max(1, strips.length) * ROW } as CSSProperties}
    >
      <VirtualRows
        label="Devices"
        role="grid"
        count={strips.length}
        selected={selected}
        rowHeight={ROW}
        onSelect={onSelect}
        onOpen={(_index, beside) => onOpen(beside)}
        onKey={onKey}
        nameOf={(index) =>
          strips[index] && `${deviceText(strips[index])} ${strips[index].driver ?? ''}`
        }
        render={(index) => (
          <DeviceCells
            strip={strips[index]}
            span={span}
            width={width}
            onAddress={(address) => onAddress(index, address)}
            onHover={onHover}
          />
        )}
      />
    </div>
  );
}

function DeviceCells({
  strip,
  span,
  width,
  onAddress,
  onHover,
}: {
  readonly strip: StripItem;
  readonly span: Span;
  readonly width: number;
  readonly onAddress: (address: bigint) => void;
  readonly onHover: (hover: Hover | undefined) => void;
}): ReactNode {
  const data = useStrip(strip, span, width);
  const paint = useCallback(
    (sheet: Sheet) => {
      const box = { x: 0, y: 0, width, height: STRIP };
      paintStrip(sheet, box, span, data);
      paintPins(sheet, box, span, data.pins);
      const words = emptyWords(strip);
      if (words !== undefined)
        sheet.text(width / 2, STRIP / 2 + 4, words, { fill: 'fg2', align: 'center', most: width });
    },
    [data, span, width, strip],
  );
  return (
    <>
      <span role="gridcell" className="map-name" title={`${strip.unit} ${strip.translation}`}>
        {deviceText(strip)} {strip.driver !== undefined && <small>{strip.driver}</small>}
      </span>
      <span role="gridcell" className="map-cell">
        <Plot
          width={width}
          height={STRIP}
          label={stripLabel(strip)}
          paint={paint}
          onHover={(x) =>
            onHover(x === undefined ? undefined : hoverOf(strip, data, span, width, x))
          }
          onPick={({ x }) => onAddress(addressAt(x, span, width))}
        />
      </span>
      <span role="gridcell" className="map-faults">
        {strip.faults > 0 && (
          <span className="is-error" title={`${formatCount(strip.faults)} faults`}>
            <Glyph kind="error" name="" /> {formatCount(strip.faults)}
            <span className="visually-hidden"> {strip.faults === 1 ? 'fault' : 'faults'}</span>
          </span>
        )}
      </span>
    </>
  );
}

function stripLabel(strip: StripItem): string {
  if (strip.first === undefined || strip.last === undefined)
    return `${deviceText(strip)}: ${emptyWords(strip) ?? 'its tables could not be read'}`;
  return `${deviceText(strip)}: ${strip.first}–${strip.last}`;
}
