import type {
  MapPin,
  MapRegion,
  PhysicalItem,
  StripItem,
} from '../../../core/protocol/contract-map.ts';
import { formatSize } from '../../../core/format/size.ts';
import { hex } from '../../../core/format/hex.ts';
import { edgesOf, pinText, type StripData } from './paint.ts';
import type { Span } from './span.ts';
import { addressAt } from './span.ts';
import { deviceText, emptyWords, ownerText, rangeText, regionText } from './words.ts';

/** What stands under the pointer, in words. */
export interface Hover {
  readonly text: string;
  readonly tone: 'plain' | 'muted' | 'error';
}

/** How near a pointer must be, px. */
const NEAR = 4;

/** The region at a place of a strip, or the nearest one within reach. */
export function regionAt(
  regions: readonly MapRegion[],
  span: Span,
  width: number,
  x: number,
): MapRegion | undefined {
  let best: MapRegion | undefined;
  let nearest = NEAR;
  for (const region of regions) {
    const [from, to] = edgesOf(region, span, width);
    const away = x < from ? from - x : x > to ? x - to : 0;
    if (away < nearest) {
      nearest = away;
      best = region;
      if (away === 0) break;
    }
  }
  return best;
}

/** The faults at a place of a strip. */
export function pinAt(
  pins: readonly MapPin[],
  span: Span,
  width: number,
  x: number,
): MapPin | undefined {
  return pins.find((pin) => Math.abs(edgesOf(pin, span, width)[0] - x) <= NEAR);
}

function gapAt(data: StripData, span: Span, width: number, x: number) {
  return data.unreadable.find((gap) => {
    const [from, to] = edgesOf(gap, span, width);
    return x >= from && x <= to;
  });
}

/** Range, size and owner of what a device's strip shows at a place. */
export function hoverOf(
  strip: StripItem,
  data: StripData,
  span: Span,
  width: number,
  x: number,
): Hover {
  const who = `${deviceText(strip)}: `;
  const pin = pinAt(data.pins, span, width, x);
  if (pin) return { text: who + pinText(pin), tone: 'error' };
  const region = regionAt(data.regions, span, width, x);
  if (region) return { text: `${who}${regionText(region)}, ${ownerText(strip)}`, tone: 'plain' };
  const gap = gapAt(data, span, width, x);
  if (gap) return { text: who + gapText(gap), tone: 'muted' };
  // A device that is not translated reaches everything, mapped or not.
  const translated = strip.translation !== 'pass-through' && strip.translation !== 'blocked';
  const why = translated ? 'not mapped' : (emptyWords(strip) ?? strip.translation);
  return { text: `${who}${hex(addressAt(x, span, width))}, ${why}`, tone: 'muted' };
}

/** `0xa000–0xafff, 4 KiB, page excluded by the dump's filter`. */
export function gapText(gap: {
  readonly from: string;
  readonly to: string;
  readonly why: string;
}): string {
  return `${rangeText(gap)}, ${formatSize(BigInt(gap.to) - BigInt(gap.from) + 1n)}, ${gap.why}`;
}

/** Range, size and name of what stands at a physical address. */
export function physicalHover(owner: PhysicalItem | undefined, address: bigint): Hover {
  if (!owner) return { text: `Physical: ${hex(address)}, nothing is known of it`, tone: 'muted' };
  const size = formatSize(BigInt(owner.to) - BigInt(owner.from) + 1n);
  return { text: `Physical: ${rangeText(owner)}, ${size}, ${owner.name}`, tone: 'plain' };
}
