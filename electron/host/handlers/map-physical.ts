import type { PhysicalMap, PhysicalRegion } from '../../../core/explain/physical-map.ts';
import { hex } from '../../../core/format/hex.ts';
import type { CallOutput } from '../../../core/protocol/server.ts';

/** What matters whatever its width: it shows at every zoom. */
const ALWAYS: ReadonlySet<PhysicalRegion['kind']> = new Set([
  'crash-kernel',
  'kernel-text',
  'firmware',
]);

/** The regions of a physical map between two addresses, those below a pixel left out. */
export function physicalView(
  map: PhysicalMap,
  from: bigint,
  to: bigint,
  pixels: number,
): CallOutput<'map.physical'> {
  const pixel = (to - from + 1n) / BigInt(pixels);
  const inside = map.regions.filter(({ start, end }) => start <= to && end >= from);
  const wide = inside.filter(({ kind, start, end }) => end - start >= pixel || ALWAYS.has(kind));
  const shown = wide.slice(0, pixels);
  return {
    regions: shown.map(({ kind, name, start, end, depth }) => ({
      kind,
      name,
      from: hex(start),
      to: hex(end),
      depth,
    })),
    complete: map.complete,
    hidden: inside.length - shown.length,
  };
}
