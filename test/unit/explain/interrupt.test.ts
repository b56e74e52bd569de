import { describe, expect, test } from 'vitest';
import { amdUnit } from '../../../core/amdvi/unit.ts';
import { explainFault } from '../../../core/explain/explain.ts';
import type { FaultRecord } from '../../../core/iommu/fault.ts';
import type { InterruptTable, Unit } from '../../../core/iommu/unit.ts';
import * as amd from '../amdvi/tables.ts';
import {
  BDF,
  COPIED,
  ID,
  INTERRUPTS,
  PageMemory,
  contextOf,
  crashLog,
  fault,
  intelState,
  storyOf,
} from './state.ts';

const INDEX = 42;
/** Present, fixed, vector 0x30; the requester checked. */
const PRESENT = 0x30_0001n;
const source = (id: number, qualifier = 0, type = 1): bigint =>
  BigInt(id) | (BigInt(qualifier) << 16n) | (BigInt(type) << 18n);

const record = (more: Partial<FaultRecord> = {}): FaultRecord => ({
  ...fault(),
  type: 'interrupt',
  access: undefined,
  address: undefined,
  index: INDEX,
  reason: 0x22,
  ...more,
});

function withEntry(low: bigint, high: bigint, facts = {}): Unit {
  const { memory, unit } = intelState({ facts });
  memory.put(INTERRUPTS + 16 * INDEX, low, high);
  return unit;
}

describe('interrupt verdicts of VT-d', () => {
  test.each([
    ['entry zero', 0n, 0n, {}, 'interrupt-entry-absent'],
    ['entry cleared but for its fields', PRESENT - 1n, source(ID), {}, 'interrupt-entry-absent'],
    ['entry there', PRESENT, source(ID), {}, 'interrupt-stale-cache'],
    [
      'entry of another function',
      PRESENT,
      source(ID + 1),
      { reason: 0x26 },
      'interrupt-source-failed',
    ],
    ['function bits not compared', PRESENT, source(ID + 1, 3), {}, 'interrupt-stale-cache'],
    [
      'bit 2 not compared, bit 0 differs',
      PRESENT,
      source(ID + 1, 1),
      {},
      'interrupt-source-failed',
    ],
    ['requester not checked', PRESENT, source(0x1234, 0, 0), {}, 'interrupt-stale-cache'],
    ['buses 0 to 1', PRESENT, source(0x0001, 0, 2), {}, 'interrupt-stale-cache'],
    ['buses 2 to 3', PRESENT, source(0x0203, 0, 2), {}, 'interrupt-source-failed'],
    ['reserved bits', PRESENT | 0x1000n, source(ID), { reason: 0x24 }, 'reserved-bits'],
    [
      'index beyond',
      PRESENT,
      source(ID),
      { index: 65_536, reason: 0x21 },
      'interrupt-index-beyond',
    ],
    ['last index', 0n, 0n, { index: 65_535 }, 'interrupt-entry-absent'],
    ['compatibility format', 0n, 0n, { reason: 0x25, index: undefined }, 'interrupt-compatibility'],
    ['a malformed message', 0n, 0n, { reason: 0x20 }, 'request-blocked'],
  ] as const)('%s', (_name, low, high, about, verdict) => {
    const explained = explainFault(record(about), contextOf([withEntry(low, high)]));
    expect(explained.verdict).toBe(verdict);
  });

  test('a smaller table makes an index one beyond', () => {
    const unit = withEntry(PRESENT, source(ID), {
      interrupts: { table: BigInt(INTERRUPTS), capacity: 32, extended: false },
    });
    expect(explainFault(record(), contextOf([unit])).verdict).toBe('interrupt-index-beyond');
  });

  test('a page that is missing leaves it undecided, or is what the unit met too', () => {
    const { memory, unit } = intelState();
    memory.forget(INTERRUPTS, 'absent');
    const verdict = (reason: number) => explainFault(record({ reason }), contextOf([unit])).verdict;
    expect(verdict(0x22)).toBe('undecided');
    expect(verdict(0x23)).toBe('damaged-table');
  });

  test('one entry is looked up, not the table', () => {
    const unit = withEntry(0n, 0n);
    const asked: Unit = {
      ...unit,
      facts: unit.facts,
      devices: () => unit.devices(),
      entry: (path) => unit.entry(path),
      interrupts: (): readonly InterruptTable[] => {
        throw new Error('the whole table was asked for');
      },
    };
    expect(explainFault(record(), contextOf([asked])).verdict).toBe('interrupt-entry-absent');
  });

  test("the crash kernel's table is told apart from the first kernel's", () => {
    const story = storyOf(
      crashLog(
        COPIED,
        `DMAR: [INTR-REMAP] Request device [${BDF}] fault index 0x2a [fault reason 0x22] Present field in the IRTE entry is clear`,
      ),
    );
    const own = explainFault(
      story.faults[0],
      contextOf([withEntry(0n, 0n)], { tablesOf: 1, story }),
    );
    expect(own.text).toContain('started with a table of its own');
    const old = explainFault(
      story.faults[0],
      contextOf([withEntry(PRESENT, source(ID))], { tablesOf: 0, story }),
    );
    expect(old.verdict).toBe('interrupt-entry-absent');
    expect(old.text).toContain("present in the first kernel's table");
  });

  test('an I/O APIC is served by the unit whose entry names it', () => {
    const one = withEntry(PRESENT, source(0xf0f8), { name: 'dmar0' });
    const two = withEntry(0n, source(0xff00), { name: 'dmar1' });
    const explained = explainFault(record({ bdf: 'ff:00.0' }), contextOf([one, two]));
    expect(explained.unit?.facts.name).toBe('dmar1');
  });
});

describe('interrupt verdicts of AMD-Vi', () => {
  const event = (flags: bigint): FaultRecord => ({
    line: 1,
    kernel: 0,
    vendor: 'amd',
    type: 'event',
    event: 'IO_PAGE_FAULT',
    bdf: '00:04.0',
    address: 0xfee00000n,
    flags,
  });
  const TABLE = 0x20000;
  /** Enabled, fixed, to vector 0x22. */
  const ENABLED = [0x141n, 0x22n] as const;
  const state = (
    values: Parameters<typeof amd.dte>[0],
    entries: Readonly<Record<number, readonly bigint[]>> = { 0: ENABLED },
  ): Unit => {
    const memory = new PageMemory();
    memory.put(
      amd.dteAddress(amd.ID),
      ...amd.dte({ IV: 1, IntCtl: 2, IntTabLen: 9, IntTabRoot: TABLE >> 6, ...values }),
    );
    for (const [index, words] of Object.entries(entries))
      memory.put(TABLE + 16 * Number(index), ...words);
    return amdUnit(amd.facts(), memory);
  };
  const all = (count: number): Record<number, readonly bigint[]> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [index, ENABLED]));
  const I = 0x08n;
  const I_PR_RZ = 0x98n;

  test.each([
    // The device table entry decides.
    ['all interrupts aborted', { IntCtl: 0 }, {}, I, 'request-blocked', /IntCtl = 00b/, 'IntCtl'],
    [
      'forwarded unmapped',
      { IntCtl: 1 },
      {},
      I,
      'interrupt-stale-cache',
      /unmapped \(IntCtl/,
      'IntCtl',
    ],
    ['no interrupt half', { IV: 0 }, {}, I, 'interrupt-stale-cache', /IV = 0/, 'IV'],
    ['a reserved IntCtl', { IntCtl: 3 }, {}, I, 'reserved-bits', /11b/, 'IntCtl'],
    // The table decides.
    [
      'no entry enabled for it',
      {},
      { 0: ENABLED },
      I,
      'interrupt-entry-absent',
      /512 entries, 1 of them enabled/,
      'IntTabRoot',
    ],
    [
      'an entry that was freed',
      {},
      { 0: ENABLED, 3: [0x140n, 0x23n] },
      I,
      'interrupt-entry-absent',
      /Entry 3 was enabled once/,
      'RemapEn',
    ],
    [
      'the longest table: no index lies beyond it',
      { IntTabLen: 11 },
      {},
      I,
      'interrupt-entry-absent',
      /names is not enabled: /,
      'IntTabRoot',
    ],
    [
      'every entry enabled, more could be named',
      { IntTabLen: 2 },
      all(4),
      I,
      'interrupt-index-beyond',
      /All 4 entries/,
      'IntTabLen',
    ],
    [
      'one of them not enabled',
      { IntTabLen: 2 },
      all(3),
      I,
      'interrupt-entry-absent',
      /4 entries, 3 of them/,
      'IntTabRoot',
    ],
    [
      'every entry of the longest table enabled',
      { IntTabLen: 11 },
      all(2048),
      I,
      'interrupt-stale-cache',
      /No message that the device could send/,
      'IntTabRoot',
    ],
    [
      'entries that are absent leave no event',
      { IG: 1 },
      {},
      I,
      'interrupt-stale-cache',
      /IG = 1/,
      'IG',
    ],
    [
      'a reserved bit of an entry',
      {},
      { 0: ENABLED, 5: [0x141n, 0x1_0022n] },
      I_PR_RZ,
      'reserved-bits',
      /Entry 5 .*vector 0x22/,
      'reserved 119:72',
    ],
    [
      'a reserved type',
      {},
      { 0: ENABLED, 6: [0x14dn, 0x22n] },
      I_PR_RZ,
      'reserved-bits',
      /Entry 6 .*IntType 3/,
      'IntType',
    ],
    [
      'an arbitrated interrupt is allowed',
      {},
      { 6: [0x145n, 0x22n] },
      I_PR_RZ,
      'interrupt-stale-cache',
      /No message/,
      'IntTabRoot',
    ],
    [
      'guest mode has no type',
      {},
      { 6: [0x0c1n, 0x22n] },
      I_PR_RZ,
      'interrupt-stale-cache',
      /No message/,
      'IntTabRoot',
    ],
    [
      'entries that log nothing',
      {},
      { 6: [0x14fn, 0x22n] },
      I_PR_RZ,
      'interrupt-stale-cache',
      /SupIOPF = 1/,
      'SupIOPF',
    ],
    [
      'several entries that are wrong',
      {},
      { 6: [0x14dn, 0x22n], 7: [0x14dn, 0x23n] },
      I_PR_RZ,
      'reserved-bits',
      /2 enabled entries/,
      'IntType',
    ],
  ] as const)('%s', (_name, values, entries, flags, verdict, says, field) => {
    const explained = explainFault(event(flags), contextOf([state(values, entries)]));
    expect(explained.text).toMatch(says);
    expect(explained.verdict).toBe(verdict);
    expect(explained.evidence.map((each) => each.field)).toContain(field);
    expect(explained.sentence).toContain('was refused an interrupt');
  });

  test('in the 32-bit format GuestMode is reserved', () => {
    const memory = new PageMemory();
    memory.put(
      amd.dteAddress(amd.ID),
      ...amd.dte({ IV: 1, IntCtl: 2, IntTabLen: 9, IntTabRoot: TABLE >> 6 }),
    );
    memory.put(TABLE, 0x0022_0181n);
    const unit = amdUnit(amd.facts({ interruptFormat: 32 }), memory);
    const explained = explainFault(event(I_PR_RZ), contextOf([unit]));
    expect(explained.verdict).toBe('reserved-bits');
    expect(explained.evidence.map(({ field }) => field)).toContain('GuestMode');
  });

  test('reserved bits of the interrupt half are what ILLEGAL_DEV_TABLE_ENTRY tells of', () => {
    const words = amd.dte({ IV: 1, IntCtl: 2, IntTabLen: 9, IntTabRoot: TABLE >> 6 });
    const memory = new PageMemory();
    memory.put(amd.dteAddress(amd.ID), words[0], words[1], words[2] | (1n << 52n), words[3]);
    const unit = amdUnit(amd.facts(), memory);
    const told = { ...event(0x88n), event: 'ILLEGAL_DEV_TABLE_ENTRY' };
    const explained = explainFault(told, contextOf([unit]));
    expect(explained.verdict).toBe('reserved-bits');
    expect(explained.checks[0].passed).toBe(true);
    expect(explainFault(event(I), contextOf([unit])).checks[0].passed).toBe(false);
  });

  test('a page of the table that is missing leaves it undecided', () => {
    const memory = new PageMemory();
    memory.put(
      amd.dteAddress(amd.ID),
      ...amd.dte({ IV: 1, IntCtl: 2, IntTabLen: 8, IntTabRoot: TABLE >> 6 }),
    );
    memory.forget(TABLE, 'excluded');
    const explained = explainFault(event(I_PR_RZ), contextOf([amdUnit(amd.facts(), memory)]));
    expect(explained.verdict).toBe('undecided');
  });

  test("the crash kernel's own table is told apart from the first kernel's", () => {
    const story = storyOf(
      crashLog(
        'AMD-Vi: Translation is already enabled - trying to copy translation structures',
        'AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:00:04.0 domain=0x0000 address=0xfee00000 flags=0x0008]',
      ),
    );
    const own = explainFault(story.faults[0], contextOf([state({}, {})], { tablesOf: 1, story }));
    expect(own.verdict).toBe('interrupt-entry-absent');
    expect(own.text).toContain('started with a table of its own');
    const old = explainFault(
      story.faults[0],
      contextOf([state({ IntTabLen: 11 }, all(2048))], { tablesOf: 0, story }),
    );
    expect(old.verdict).toBe('interrupt-entry-absent');
    expect(old.text).toContain("The first kernel's table would not refuse it");
  });
});
