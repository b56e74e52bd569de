import { hex } from '../../../core/format/hex.ts';
import { rightsText } from '../../../core/iommu/leaves.ts';
import type { Device, Unit } from '../../../core/iommu/unit.ts';
import type { CallOutput } from '../../../core/protocol/server.ts';

const PAGE = 4096n;
/** Table pages of one piece: more than any count of leaves needs, less than a hang. */
const PAGES_A_PIECE = 1 << 18;

/** A piece of a device's leaves, from an input address on. */
export function readMappings(
  unit: Unit,
  device: Device,
  from: bigint,
  count: number,
  signal: AbortSignal,
): CallOutput<'mappings.read'> {
  const first = Number(from / PAGE);
  const leaves: CallOutput<'mappings.read'>['leaves'] = [];
  let next: bigint | undefined;
  const result = unit.sweep(
    device,
    (batch) => {
      for (let i = 0; i < batch.count; i++) {
        // A batch may begin before the place that was asked for.
        if (batch.iova[i] + batch.pages[i] <= first) continue;
        const iova = BigInt(batch.iova[i]) * PAGE;
        if (leaves.length === count) {
          next = iova;
          return false;
        }
        const size = BigInt(batch.pages[i]) * PAGE;
        leaves.push([
          hex(iova),
          hex(BigInt(batch.pa[i]) * PAGE),
          hex(size),
          rightsText(batch.rights[i]),
        ]);
      }
    },
    { tablePages: PAGES_A_PIECE, from: first, signal },
  );
  return {
    leaves,
    next: next === undefined ? undefined : hex(next),
    incomplete: next === undefined ? result.incomplete.map((each) => each.text) : [],
  };
}
