/** A fault record's PASID and the request that was on the bus (VT-d 5.10 §3.4.3, §7.1.3). */
import { describe, expect, test } from 'vitest';
import { walkOfFault } from '../../../core/explain/fault-walk.ts';
import type { WalkRequest } from '../../../core/iommu/unit.ts';
import { Bench, DEVICE, LEVEL } from '../vtd/bench-unit.ts';

/** A first stage in which page 0 is mapped and page 1 is not. */
const tables = (context: Record<string, number> = {}): Bench =>
  new Bench().scalable({}, context).chain(4, 7n).put(LEVEL[1], 0x20_0007n);
const REQUEST: WalkRequest = { id: DEVICE, pasid: 0, address: 0x1000n, access: 'read' };
const NOT_PRESENT = 0x71;
const PASID_REFUSED = 0x45;

describe('the walk of a recorded fault', () => {
  test('where no PASID is allowed, the recorded one stands for a request without', () => {
    expect(walkOfFault(tables().unit(), REQUEST, NOT_PRESENT)).toMatchObject({
      request: { pasid: undefined },
      result: { result: 'fault', reason: NOT_PRESENT },
    });
  });

  test.each([
    ['the hardware refused the PASID itself', {}, PASID_REFUSED, PASID_REFUSED],
    ['PASIDs are allowed', { PASIDE: 1 }, NOT_PRESENT, NOT_PRESENT],
    [
      'what the hardware recorded is not known, and PASIDs are allowed',
      { PASIDE: 1 },
      undefined,
      NOT_PRESENT,
    ],
  ] as const)('it stays with its PASID where %s', (_, context, recorded, reason) => {
    expect(walkOfFault(tables(context).unit(), REQUEST, recorded)).toMatchObject({
      request: { pasid: 0 },
      result: { result: 'fault', reason },
    });
  });
});
