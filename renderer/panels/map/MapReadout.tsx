import type { ReactNode } from 'react';
import type { MapRegion, StripItem } from '../../../core/protocol/contract-map.ts';
import type { Store } from '../../state/store.ts';
import { useStore } from '../../state/store.ts';
import type { Hover } from './hover.ts';
import type { StripData } from './paint.ts';
import type { Mark } from './state.ts';
import { ownerText, regionText } from './words.ts';

/** Range, size and owner of what is under the pointer; without one, of what is selected. */
export function MapReadout({
  hover,
  strip,
  data,
  region,
  mark,
}: {
  readonly hover: Store<Hover | undefined>;
  readonly strip: StripItem | undefined;
  readonly data: StripData;
  readonly region: MapRegion | undefined;
  readonly mark: Mark | undefined;
}): ReactNode {
  const hovered = useStore(hover);
  const shown = hovered ?? selectedOf(strip, data, region, mark);
  return (
    <p className="map-readout" aria-live={hovered === undefined ? 'polite' : 'off'}>
      <span className={shown.tone === 'plain' ? '' : shown.tone === 'error' ? 'is-error' : 'muted'}>
        {shown.text}
      </span>
    </p>
  );
}

function selectedOf(
  strip: StripItem | undefined,
  data: StripData,
  region: MapRegion | undefined,
  mark: Mark | undefined,
): Hover {
  if (mark) return mark;
  if (region && strip) return { text: `${regionText(region)}, ${ownerText(strip)}`, tone: 'plain' };
  return {
    text:
      data.regions.length === 0
        ? 'Nothing mapped in view'
        : 'Arrows go from region to region, [ and ] from mark to mark, { and } from device to device',
    tone: 'muted',
  };
}
