import { describe, expect, test } from 'vitest';
import { explainFault } from '../../../core/explain/explain.ts';
import { amdUnit } from '../../../core/amdvi/unit.ts';
import type { FaultRecord } from '../../../core/iommu/fault.ts';
import * as amd from '../amdvi/tables.ts';
import { PageMemory, contextOf } from './state.ts';

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
