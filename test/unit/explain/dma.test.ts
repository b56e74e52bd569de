import { describe, expect, test } from 'vitest';
import { explainFault } from '../../../core/explain/explain.ts';
import type { VerdictId } from '../../../core/explain/verdicts.ts';
import { amdUnit } from '../../../core/amdvi/unit.ts';
import type { FaultRecord } from '../../../core/iommu/fault.ts';
import * as amd from '../amdvi/tables.ts';
import {
  BDF,
  CONTEXTS,
  COPIED,
  COPYING,
  IOVA,
  L1,
  L2,
  L3,
  PA,
  REFUSED,
  PageMemory,
  context,
  contextOf,
  crashLog,
  fault,
  faultLine,
  intelState,
  storyOf,
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

describe('around a hand-off', () => {
  const crashFault = (...lines: readonly string[]) => {
    const story = storyOf(crashLog(...lines));
    return { story, record: story.faults.at(-1)! };
  };
  const line = (reason: number): string =>
    faultLine(BDF, IOVA, reason, 'PTE Read access is not set');

  test('first kernel’s tables map it, the crash kernel attached the device: in-flight DMA', () => {
    const { story, record } = crashFault(COPYING, COPIED, line(0x06));
    const { unit } = intelState();
    const explained = explainFault(record, contextOf([unit], { tablesOf: 0, story }));
    expect(explained).toMatchObject({ verdict: 'in-flight-dma', confidence: 'strong' });
    expect(explained.evidence.map(({ what }) => what)).toContain('console line 7');
    expect(explained.story).toContain('It had copied the tables');
  });

  test.each([0x01, 0x02, 0x39])('reason %i: the crash kernel cleared the entry', (reason) => {
    const { story, record } = crashFault(COPYING, REFUSED, line(reason));
    const { unit } = intelState();
    const explained = explainFault(record, contextOf([unit], { tablesOf: 0, story }));
    expect(explained).toMatchObject({ verdict: 'entry-cleared', confidence: 'strong' });
    expect(explained.text).toContain('refused to take over');
  });

  test('near miss: the same fault of the first kernel itself', () => {
    const { unit } = intelState();
    const explained = explainFault(fault({ reason: 0x02 }), contextOf([unit], { tablesOf: 0 }));
    expect(explained.verdict).toBe('stale-cache');
  });

  test('hpsa: attached, translated by nobody’s old table, answered from the cache', () => {
    const { story, record } = crashFault(
      COPIED,
      `DMAR: Setting identity map for device 0000:${BDF} [0xe8000 - 0xe8fff]`,
      line(0x06),
    );
    const { unit } = intelState({ leaf: 0n });
    const explained = explainFault(record, contextOf([unit], { tablesOf: 0, story }));
    expect(explained.verdict).toBe('stale-cache');
    expect(explained.text).toContain('invalidation of the old domain');
    const before = crashFault(COPIED, line(0x06));
    expect(
      explainFault(before.record, contextOf([unit], { tablesOf: 0, story: before.story })).verdict,
    ).toBe('not-mapped');
  });

  test("the crash kernel's own tables: no entry, nothing taken over", () => {
    const { unit } = intelState({ context: [0n, 0n] });
    const empty = crashFault(line(0x02));
    const verdict = (of: ReturnType<typeof crashFault>) =>
      explainFault(of.record, contextOf([unit], { tablesOf: 1, story: of.story })).verdict;
    expect(verdict(empty)).toBe('entry-cleared');
    expect(verdict(crashFault(COPIED, line(0x02)))).toBe('entry-absent');
  });

  test("the crash kernel's own page table does not map what the first one mapped", () => {
    const { story, record } = crashFault(COPIED, line(0x06));
    const { unit } = intelState({ leaf: 0n });
    const inCrashMemory = [{ start: BigInt(L3), end: BigInt(L1) + 0xfffn }];
    const verdict = (reserved: typeof inCrashMemory) =>
      explainFault(record, contextOf([unit], { tablesOf: 1, story, reserved })).verdict;
    expect(verdict(inCrashMemory)).toBe('in-flight-dma');
    expect(verdict([{ start: BigInt(L3), end: BigInt(L3) + 0xfffn }])).toBe('not-mapped');
  });

  test('a lost upper half is told from other lost entries', () => {
    const { story, record } = crashFault(COPIED, faultLine('00:14.0', IOVA, 0x39, 'SM'));
    const { memory, unit } = intelState();
    memory.put(CONTEXTS + 16 * 0xa0, ...context());
    const explained = explainFault(record, contextOf([unit], { tablesOf: 0, story }));
    expect(explained.verdict).toBe('entry-cleared');
    expect(explained.text).toContain('upper half');
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

describe('AMD-Vi events', () => {
  const record = (more: Partial<FaultRecord> = {}): FaultRecord => ({
    line: 1,
    kernel: 0,
    vendor: 'amd',
    type: 'event',
    event: 'IO_PAGE_FAULT',
    access: 'write',
    bdf: '00:04.0',
    address: 0x5000n,
    flags: 0x20n,
    domain: 9,
    ...more,
  });
  const state = (leaf: bigint, values: Parameters<typeof amd.dte>[0] = {}) => {
    const memory = new PageMemory();
    memory.put(
      amd.dteAddress(amd.ID),
      ...amd.dte({ Mode: 2, HostPageTableRoot: 0x10, DomainID: 9, ...values }),
    );
    memory.put(0x10000, amd.host(0x11000, 1)).put(0x11028, leaf);
    return amdUnit(amd.facts(), memory);
  };
  const page = amd.host(0x80_0000);
  const readOnly = amd.host(0x80_0000, 0, 0x2000_0000_0000_0000n);

  test.each([
    ['not mapped', 0n, {}, {}, 'not-mapped'],
    ['mapped', page, {}, {}, 'stale-cache'],
    [
      'flags=0x0070: a write to a present page',
      readOnly,
      {},
      { flags: 0x70n },
      'permission-missing',
    ],
    ['a read of that page', readOnly, {}, { flags: 0x10n, access: 'read' }, 'stale-cache'],
    ['IW = 0 in the entry', page, { IW: 0 }, { flags: 0x70n }, 'permission-missing'],
    ['TV = 0', page, { TV: 0 }, {}, 'entry-absent'],
    ['reserved bits of the page', page | (1n << 52n), {}, { flags: 0xb0n }, 'reserved-bits'],
    ['NextLevel too high', amd.host(0x80_0000, 3), {}, { flags: 0x30n }, 'damaged-table'],
    ['beyond two levels', page, {}, { address: 1n << 30n }, 'beyond-width'],
    ['the last page of two levels', page, {}, { address: (1n << 30n) - 0x1000n }, 'not-mapped'],
  ] as const)('%s: %s', (_name, leaf, values, about, verdict) => {
    const unit = state(leaf, values);
    const explained = explainFault(record(about as Partial<FaultRecord>), contextOf([unit]));
    expect(explained.verdict).toBe(verdict);
  });

  test('a reserved bit in the device table entry', () => {
    const memory = new PageMemory();
    const [first, ...rest] = amd.dte({ Mode: 2, HostPageTableRoot: 0x10 });
    memory.put(amd.dteAddress(amd.ID), first | (1n << 63n), ...rest);
    const explained = explainFault(
      record({ event: 'ILLEGAL_DEV_TABLE_ENTRY', flags: 0x80n }),
      contextOf([amdUnit(amd.facts(), memory)]),
    );
    expect(explained.verdict).toBe('reserved-bits');
  });

  test('flags are read by name, also where the log does not name them', () => {
    const explained = explainFault(record({ flags: 0x70n }), contextOf([state(readOnly)]));
    expect(explained.hardwareSaid).toBe(
      'IO_PAGE_FAULT, PR RW PE: write to a present page without permission',
    );
    expect(explained.notes.join()).toContain('although the page is present');
  });

  test('a domain that is not the entry’s own shows that the entry changed', () => {
    const same = explainFault(record(), contextOf([state(0n)], { tablesOf: 0 }));
    const other = explainFault(record({ domain: 8 }), contextOf([state(0n)], { tablesOf: 0 }));
    expect([same.confidence, other.confidence]).toEqual(['strong', 'weak']);
  });

  test.each([
    ['ILLEGAL_COMMAND_ERROR', 'command-failed'],
    ['COMMAND_HARDWARE_ERROR', 'command-failed'],
    ['IOTLB_INV_TIMEOUT', 'invalidation-unanswered'],
    ['INVALID_PPR_REQUEST', 'request-blocked'],
    ['RMP_HW_ERROR', 'damaged-table'],
  ] as const)('%s: %s', (event, verdict) => {
    const explained = explainFault(record({ event, address: undefined }), contextOf([]));
    expect(explained.verdict).toBe(verdict);
  });
});
