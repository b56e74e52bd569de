import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FaultRecord } from '../../../core/iommu/fault.ts';
import { FaultTable } from '../../../core/session/fault-table.ts';

const NOT_MAPPED = { id: 'not-mapped', title: 'Not mapped', severity: 'error' } as const;
const QUERY = { filter: '', group: 'none', sort: 'order', from: 0, to: 10 } as const;

/** A storm of two devices, a page for each fault; how its verdicts are made is the test's. */
function storm(faults: number, verdict: () => typeof NOT_MAPPED): FaultTable {
  const made = new FaultTable({
    driver: () => undefined,
    unit: () => 'dmar0',
    verdict,
    knownVerdict: () => undefined,
    phase: () => undefined,
  });
  for (let n = 0; n < faults; n++) {
    const record: FaultRecord = {
      line: n,
      kernel: 0,
      vendor: 'intel',
      type: 'dma',
      bdf: n % 2 === 0 ? '00:06.0' : '02:00.0',
      address: BigInt(n) << 12n,
      reason: 6,
      reasonName: 'PTE Read access is not set',
    };
    made.add(record, 'console-1', n);
  }
  return made;
}

describe('a storm of faults', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test.each(['"PTE Read"', 'pte', '"00:06"', '0x1f', 'bdf:02:00.0 reason:6'])(
    'the filter %s asks for no verdict of those that are not shown',
    (filter) => {
      const verdict = vi.fn(() => NOT_MAPPED);
      const answer = storm(1000, verdict).rows({ ...QUERY, folded: [], filter });
      expect(answer.passed).toBeGreaterThan(0);
      expect(answer.looked).toBeUndefined();
      expect(verdict.mock.calls.length).toBeLessThanOrEqual(QUERY.to);
    },
  );

  test.each(['verdict:not-mapped', '"not mapped"'])(
    'the filter %s judges a part for each answer, says how far it is, and ends with all',
    (filter) => {
      // A verdict takes 10 ms here; an answer has 400 ms for them.
      const faults = storm(1000, () => {
        vi.advanceTimersByTime(10);
        return NOT_MAPPED;
      });
      const looked: (number | undefined)[] = [];
      let passed = 0;
      do {
        const answer = faults.rows({ ...QUERY, folded: [], to: 0, filter });
        looked.push(answer.looked);
        expect(answer.passed).toBe(answer.looked ?? 1000);
        ({ passed } = answer);
      } while (looked.at(-1) !== undefined && looked.length < 100);
      expect(passed).toBe(1000);
      expect(looked.length).toBeGreaterThan(5);
    },
  );

  test('counts the faults of a device, and those of a range of its pages', () => {
    const faults = storm(1000, () => NOT_MAPPED);
    expect(faults.count('00:06.0')).toBe(500);
    expect(faults.count('00:06.0', { first: 10, last: 20 })).toBe(6);
    expect(faults.count('02:00.0', { first: 10, last: 20 })).toBe(5);
    expect(faults.count('00:1f.0')).toBe(0);
    const { record } = faults.get(1)!;
    faults.add(record, 'console-1', 1000);
    expect(faults.count('00:06.0')).toBe(501);
    faults.replace(1, { ...record, address: 15n << 12n });
    expect(faults.count('00:06.0', { first: 10, last: 20 })).toBe(7);
    faults.clear();
    expect(faults.count('00:06.0')).toBe(0);
  });
});
