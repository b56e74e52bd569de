import { hexByte } from '../../core/format/hex.ts';
import type { FaultItem } from '../../core/protocol/schema.ts';

/** What the list can be narrowed to by a fault's values, as the filter language writes it. */
export function filterTerms(
  fault: Partial<
    Pick<
      FaultItem,
      'bdf' | 'unit' | 'reason' | 'event' | 'address' | 'pasid' | 'domain' | 'verdict'
    >
  >,
): string[] {
  const { bdf, unit, reason, event, address, pasid, domain, verdict } = fault;
  return [
    ...(bdf === undefined ? [] : [`bdf:${bdf}`]),
    ...(reason === undefined ? [] : [`reason:${hexByte(reason)}`]),
    ...(event === undefined ? [] : [`event:${event}`]),
    ...(address === undefined ? [] : [`addr~${address}`]),
    ...(pasid === undefined ? [] : [`pasid:${pasid}`]),
    ...(domain === undefined ? [] : [`did:${domain}`]),
    ...(unit === undefined ? [] : [`unit:${unit}`]),
    ...(verdict === undefined ? [] : [`verdict:${verdict.id}`]),
  ];
}
