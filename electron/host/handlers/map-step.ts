import { MARK, type Strip } from '../../../core/explain/address-map.ts';
import type { CallInput, CallOutput } from '../../../core/protocol/server.ts';
import type { FaultPlaces } from '../fault-places.ts';
import { edges, regionItem } from './map-items.ts';

const PAGE = 4096n;

type Found = NonNullable<CallOutput<'map.step'>['found']>;

/** The thing of a device's address space that is nearest to a place, in one direction. */
export function besideOf(
  strip: Strip | undefined,
  faults: FaultPlaces,
  request: CallInput<'map.step'>,
): Found | undefined {
  const { way, what } = request;
  const frame = request.at === undefined ? undefined : Number(BigInt(request.at) / PAGE);
  const region = strip?.summary.beside(way, frame, what === 'mark' ? MARK.shared : undefined);
  const found: (Found | undefined)[] = [region && { kind: 'region', region: regionItem(region) }];
  if (what === 'mark') {
    const pin = faults.beside(request, way, frame);
    // Where a page has both, its faults matter more.
    found.unshift(pin && { kind: 'fault', pin }, gapBeside(strip, way, frame));
  }
  return nearest(
    found.filter((each) => each !== undefined),
    way,
  );
}

function gapBeside(
  strip: Strip | undefined,
  way: 'next' | 'previous',
  frame: number | undefined,
): Found | undefined {
  return nearest(
    (strip?.unreadable ?? [])
      .filter(({ from }) => frame === undefined || (way === 'next' ? from > frame : from < frame))
      .map((gap): Found => ({ kind: 'unreadable', ...edges(gap), why: gap.why })),
    way,
  );
}

/** Of several things the first in that direction; of equal ones the first of the list. */
function nearest(found: readonly Found[], way: 'next' | 'previous'): Found | undefined {
  let best: Found | undefined;
  for (const each of found)
    if (!best || (way === 'next' ? pageOf(each) < pageOf(best) : pageOf(each) > pageOf(best)))
      best = each;
  return best;
}

function pageOf(found: Found): bigint {
  const from =
    found.kind === 'fault'
      ? found.pin.from
      : found.kind === 'region'
        ? found.region.from
        : found.from;
  return BigInt(from) / PAGE;
}
