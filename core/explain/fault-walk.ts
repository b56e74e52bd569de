import type { Unit, WalkRequest, WalkResult } from '../iommu/unit.ts';

/** PASIDE is 0: requests with PASID are refused (VT-d 4.1 §7.1.3, SCT.6). */
const PASID_REFUSED = 0x45;

/**
 * The walk of a recorded fault's request. Fault records name a PASID for requests without one too:
 * the one that stands for them (RID_PASID). Where the context entry allows no other, that is what
 * it was.
 * @param reason what the hardware recorded; undefined when that is not known
 * @returns the request as it was on the bus, without a PASID where it carried none, and its walk
 */
export function walkOfFault(
  unit: Unit,
  request: WalkRequest,
  reason: number | undefined,
): { readonly request: WalkRequest; readonly result: WalkResult } {
  const result = unit.walk(request);
  if (
    request.pasid === undefined ||
    reason === PASID_REFUSED ||
    result.result !== 'fault' ||
    result.reason !== PASID_REFUSED
  )
    return { request, result };
  const plain = { ...request, pasid: undefined };
  return { request: plain, result: unit.walk(plain) };
}
