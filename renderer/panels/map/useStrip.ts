import { useMemo, useState } from 'react';
import { hex } from '../../../core/format/hex.ts';
import { MAX_PIXELS, type StripItem } from '../../../core/protocol/contract-map.ts';
import { useCall } from '../../engine/useCall.ts';
import type { StripData } from './paint.ts';
import type { Span } from './span.ts';
import { keyOf } from './state.ts';

const NOTHING: never[] = [];

export interface ShownStrip extends StripData {
  /** Every region is one range. */
  readonly exact: boolean;
}

/** The request for what lies between two addresses. */
export function viewOf(strip: StripItem, span: Span, width: number) {
  const { unit, bdf, pasid } = strip;
  const pixels = Math.min(MAX_PIXELS, Math.max(1, Math.floor(width)));
  return { unit, bdf, pasid, from: hex(span.from), to: hex(span.to), pixels };
}

/** Whether there are regions to ask for. */
export function hasRegions(strip: StripItem): boolean {
  return strip.first !== undefined || strip.unreadable > 0;
}

/**
 * What is drawn of a device between two addresses. While another span is on its way, what is
 * known of the device stays: its addresses stand where they belong in any span.
 */
export function useStrip(
  strip: StripItem | undefined,
  span: Span | undefined,
  width: number,
): ShownStrip {
  const view = strip && span && width > 0 ? viewOf(strip, span, width) : undefined;
  const key = strip ? keyOf(strip) : '';
  const regions = useKept(
    key,
    useCall('map.regions', strip && hasRegions(strip) ? view : undefined).value,
  );
  const pins = useKept(
    key,
    useCall('map.faults', strip && strip.faults > 0 ? view : undefined).value,
  );
  return useMemo(
    () => ({
      regions: regions?.regions ?? NOTHING,
      unreadable: regions?.unreadable ?? NOTHING,
      pins: pins?.pins ?? NOTHING,
      exact: regions?.exact ?? true,
    }),
    [regions, pins],
  );
}

/** The last value that there was for a key. */
function useKept<T>(key: string, value: T | undefined): T | undefined {
  const [kept, setKept] = useState({ key, value });
  if (kept.key !== key || (value !== undefined && value !== kept.value)) setKept({ key, value });
  return value ?? (kept.key === key ? kept.value : undefined);
}
