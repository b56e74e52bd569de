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
  const state = (values: Parameters<typeof amd.dte>[0]): Unit => {
    const memory = new PageMemory();
    memory.put(
      amd.dteAddress(amd.ID),
      ...amd.dte({ IV: 1, IntCtl: 2, IntTabLen: 9, IntTabRoot: 0x20000 >> 6, ...values }),
    );
    memory.put(0x20000, 0x141n, 0x22n);
    return amdUnit(amd.facts(), memory);
  };

  test.each([
    ['no entry enabled for it', {}, 0x08n, 'interrupt-entry-absent', /512 entries, 1 of them/],
    ['all interrupts aborted', { IntCtl: 0 }, 0x08n, 'request-blocked', /IntCtl = 00b/],
    ['forwarded unmapped', { IntCtl: 1 }, 0x08n, 'interrupt-stale-cache', /unmapped/],
    ['a reserved bit of the entry', {}, 0x98n, 'reserved-bits', /reserved bit/],
  ] as const)('%s', (_name, values, flags, verdict, says) => {
    const explained = explainFault(event(flags), contextOf([state(values)]));
    expect(explained.verdict).toBe(verdict);
    expect(explained.text).toMatch(says);
    expect(explained.sentence).toContain('was refused an interrupt');
  });
});
