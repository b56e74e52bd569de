import { useEffect, useRef } from 'react';
import type { MapRegion, StripItem } from '../../../core/protocol/contract-map.ts';
import { useWorkbench } from '../../state/context.ts';
import { useFollowed } from '../../state/useFollowed.ts';
import type { Span } from './span.ts';
import { WHOLE, around, overview, spanAt } from './span.ts';
import { keyOf, type MapState } from './state.ts';

const FOUR_GIB = (1n << 32n) - 1n;
/** What a place that is followed is shown with around it. */
export const NEAR = 128n << 10n;

/** A region's addresses. */
export const edges = ({ from, to }: MapRegion): Span => ({ from: BigInt(from), to: BigInt(to) });

/** The region that begins at an address; where it is drawn together with others, all of them. */
export function selectedIn(
  regions: readonly MapRegion[],
  address: string | undefined,
): MapRegion | undefined {
  if (address === undefined) return undefined;
  const own = regions.find(({ from }) => from === address);
  if (own) return own;
  const at = BigInt(address);
  return regions.find(({ from, to }) => BigInt(from) <= at && at <= BigInt(to));
}

/** The overview's addresses. */
export function reach(how: MapState['reach'], last: string | undefined): Span {
  if (how === 'all') return WHOLE;
  if (how === '4 GiB' || last === undefined) return { from: 0n, to: FOUR_GIB };
  return overview(BigInt(last));
}

/** All that a device maps; the overview's addresses when that is nothing. */
export function wholeOf(strip: StripItem, wide: Span): Span {
  if (strip.first === undefined || strip.last === undefined) return wide;
  return around({ from: BigInt(strip.first), to: BigInt(strip.last) });
}

/** The map goes where another panel's selection is. */
export function useFollowing(
  strips: readonly StripItem[],
  span: Span | undefined,
  set: (change: Partial<MapState>) => void,
): void {
  const { map } = useWorkbench();
  const followed = useFollowed((each) =>
    each.bdf !== undefined && each.from !== 'map' ? each : undefined,
  );
  const latest = useRef({ span, set });
  useEffect(() => {
    latest.current = { span, set };
  });
  useEffect(() => {
    if (!followed) return;
    const found = strips.find(
      ({ bdf, unit, pasid }) =>
        bdf === followed.bdf &&
        (followed.unit === undefined || unit === followed.unit) &&
        (followed.pasid === undefined || pasid === followed.pasid),
    );
    if (!found) return;
    const here = map.get().device === keyOf(found);
    const shown = here ? latest.current.span : undefined;
    const iova = followed.iova === undefined ? undefined : BigInt(followed.iova);
    const seen = iova === undefined || (shown && iova >= shown.from && iova <= shown.to);
    if (here && seen) return;
    latest.current.set({
      device: keyOf(found),
      region: undefined,
      mark: undefined,
      span: iova === undefined ? undefined : spanAt(iova - NEAR, 2n * NEAR),
    });
  }, [followed, strips, map]);
}
