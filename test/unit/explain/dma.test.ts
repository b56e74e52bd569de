import { describe, expect, test } from 'vitest';
import { explainFault } from '../../../core/explain/explain.ts';
import type { VerdictId } from '../../../core/explain/verdicts.ts';
import type { FaultRecord } from '../../../core/iommu/fault.ts';
import {
  IOVA,
  L1,
  L2,
  PA,
  context,
  contextOf,
  fault,
  intelState,
  type StateOptions,
} from './state.ts';

/** Each cause in a state that has it, and the near misses: one bit, one page, one field away. */
const CASES: readonly {
  readonly name: string;
  readonly state?: StateOptions;
  readonly fault?: Partial<FaultRecord>;
  readonly verdict: VerdictId;
  readonly says?: RegExp;
}[] = [
  {
    name: 'the page is not mapped',
    state: { leaf: 0n },
    verdict: 'not-mapped',
    says: /not present/,
  },
  {
    name: 'the page beside it is mapped',
    fault: { address: IOVA + 0x1000n },
    verdict: 'not-mapped',
  },
  {
    name: 'a table on the way is missing',
    fault: { address: 0x4000_0000n },
    verdict: 'not-mapped',
  },
  {
    name: 'the page is mapped for writing only',
    state: { leaf: PA | 2n },
    verdict: 'permission-missing',
    says: /does not grant a read/,
  },
  {
    name: 'the page is mapped for reading only and was written',
    state: { leaf: PA | 1n },
    fault: { access: 'write', reason: 0x05 },
    verdict: 'permission-missing',
  },
  {
    name: 'the tables translate it all the same',
    verdict: 'stale-cache',
    says: /translate this read to 0x800000/,
  },
  {
    name: 'mapped for reading only, and it was read',
    state: { leaf: PA | 1n },
    verdict: 'stale-cache',
  },
  {
    name: 'the device passes through',
    state: { context: context({ TT: 2 }) },
    verdict: 'stale-cache',
    says: /untranslated/,
  },
  {
    name: 'no context entry',
    state: { context: [0n, 0n] },
    fault: { reason: 0x02 },
    verdict: 'entry-absent',
  },
  {
    name: 'no root entry',
    state: { root: [0n, 0n] },
    fault: { reason: 0x01 },
    verdict: 'entry-absent',
  },
  {
    name: 'another device',
    fault: { bdf: '00:02.1', reason: 0x02 },
    verdict: 'entry-absent',
  },
  {
    name: 'reserved bits in the context entry',
    state: { context: [context()[0] | 0x10n, context()[1]] },
    fault: { reason: 0x0b },
    verdict: 'reserved-bits',
  },
  {
    name: 'reserved bits in the page table entry',
    state: { leaf: PA | 3n | (1n << 11n), facts: { ecap: 0xf00f4an & ~0x80n } },
    fault: { reason: 0x0c },
    verdict: 'reserved-bits',
  },
  {
    name: 'the address has more bits than the levels',
    fault: { address: 1n << 39n, reason: 0x04 },
    verdict: 'beyond-width',
  },
  {
    name: 'the address is the last that the levels cover',
    fault: { address: (1n << 39n) - 0x1000n },
    verdict: 'not-mapped',
  },
  {
    name: 'the context entry has a width that the unit lacks',
    state: { context: context({ AW: 3 }) },
    fault: { reason: 0x03 },
    verdict: 'damaged-table',
  },
];

describe('DMA verdicts of VT-d', () => {
  test.each(CASES)('$name: $verdict', ({ state, fault: about, verdict, says }) => {
    const { unit } = intelState(state);
    const explained = explainFault(fault(about), contextOf([unit]));
    expect(explained.verdict).toBe(verdict);
    if (says) expect(explained.text + explained.tablesSay).toMatch(says);
    expect(explained.evidence.length).toBeGreaterThan(0);
    for (const { address, words } of explained.evidence)
      expect(address === undefined || words!.length > 0).toBe(true);
  });

  test('evidence names the deciding entry: address, raw word and field', () => {
    const { unit } = intelState({ leaf: PA | 2n });
    const { evidence } = explainFault(fault(), contextOf([unit]));
    expect(evidence.at(-1)).toMatchObject({
      what: 'L1 entry',
      address: BigInt(L1) + 8n * (IOVA >> 12n),
      words: [PA | 2n],
      field: 'R',
    });
  });

  test.each(['excluded', 'failed', 'absent'] as const)(
    'a table page that is %s leaves it undecided',
    (why) => {
      const { memory, unit } = intelState();
      memory.forget(L2, why);
      const explained = explainFault(fault(), contextOf([unit]));
      expect(explained.verdict).toBe('undecided');
      expect(explained.confidence).toBe('weak');
      expect(explained.text).toContain('0x11000');
    },
  );

  test('a table that neither the unit nor the source can read is damage', () => {
    const { memory, unit } = intelState();
    memory.forget(L2, 'absent');
    const at = (reason: number) => explainFault(fault({ reason }), contextOf([unit])).verdict;
    expect(at(0x07)).toBe('damaged-table');
    expect(at(0x06)).toBe('undecided');
  });

  test('tables that give another reason than the unit are told as such', () => {
    const { unit } = intelState({ leaf: 0n });
    const explained = explainFault(fault({ reason: 0x02 }), contextOf([unit]));
    expect(explained).toMatchObject({ verdict: 'not-mapped', confidence: 'weak' });
    expect(explained.text).toContain('The hardware reported reason 0x02');
  });

  test('without any table there is still a meaning', () => {
    const explained = explainFault(fault(), contextOf([]));
    expect(explained.verdict).toBe('undecided');
    expect(explained.text).toContain('not mapped, or not for reading');
    expect(explained.notes.join()).toContain('only the tables can tell');
  });

  test('confidence grows with what is known', () => {
    const { unit } = intelState({ leaf: 0n });
    const sure = explainFault(fault(), contextOf([unit], { tablesOf: 0 }));
    const open = explainFault(fault(), contextOf([unit]));
    const other = explainFault(fault(), contextOf([unit], { tablesOf: 1 }));
    expect([sure.confidence, open.confidence, other.confidence]).toEqual([
      'strong',
      'fair',
      'weak',
    ]);
  });

  test("the kernel's own dump of the entries makes a stale cache certain", () => {
    const { unit } = intelState();
    const pte = (level: number, word: bigint) => ({ what: 'pte', level, words: [word] });
    const record = fault({ dump: [pte(3, 3n), pte(2, 3n), pte(1, PA | 3n)] });
    const explained = explainFault(record, contextOf([unit], { tablesOf: 0 }));
    expect(explained).toMatchObject({ verdict: 'stale-cache', confidence: 'strong' });
    const later = explainFault(
      fault({ dump: [pte(3, 3n), pte(2, 3n), pte(1, 0n)] }),
      contextOf([unit], { tablesOf: 0 }),
    );
    expect(later.confidence).toBe('weak');
  });
});

describe('firmware regions', () => {
  const region = {
    kind: 'RMRR' as const,
    segment: 0,
    start: IOVA,
    end: IOVA + 0xfffn,
    devices: [{ first: 0x10, last: 0x10 }],
    rights: 3,
    from: 'DMAR',
  };
  test.each([
    ['listed for the device', region, 'rmrr-not-mapped'],
    ['listed for nobody known', { ...region, devices: undefined }, 'rmrr-not-mapped'],
    ['listed for another device', { ...region, devices: [{ first: 8, last: 8 }] }, 'not-mapped'],
    ['elsewhere', { ...region, start: 0x6000n, end: 0x6fffn }, 'not-mapped'],
    ['of another segment', { ...region, segment: 1 }, 'not-mapped'],
  ] as const)('%s', (_name, each, verdict) => {
    const { unit } = intelState({ leaf: 0n });
    const explained = explainFault(fault(), contextOf([unit], { regions: [each] }));
    expect(explained.verdict).toBe(verdict);
  });

  test('mapped: the region is not the cause', () => {
    const { unit } = intelState();
    expect(explainFault(fault(), contextOf([unit], { regions: [region] })).verdict).toBe(
      'stale-cache',
    );
  });
});
