import { expect, test } from 'vitest';
import {
  countJson,
  FaultCounter,
  faultJson,
  faultNdjson,
  kernelJson,
  noteJson,
  phaseJson,
} from '../../../core/log/json.ts';
import { parseLog } from '../../../core/log/parse.ts';

const parse = (text: string) => parseLog(new TextEncoder().encode(text));

const LOG = `[    0.000000] Linux version 6.1.0 (a@b) (gcc) #1 SMP
[    0.016000] DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap d2008c22260206 ecap f00f4a
[   16.113477] DMAR: DRHD: handling fault status reg 3
[   16.113870] DMAR: [DMA Read PASID 0x5] Request device [0001:00:06.0] fault addr 0x1f00000 [fault reason 0x71] SM: Present bit in first-level paging entry is clear
[   17.000000] DMAR: [INTR-REMAP] Request device [61:00.0] fault index 0x42 [fault reason 0x22] Present field in the IRTE entry is clear
[   18.000000] iommu ivhd0: AMD-Vi: Event logged [ILLEGAL_DEV_TABLE_ENTRY device=0000:06:00.0 pasid=0x00000 address=0x135300000 flags=0x0080]
[   18.000001] AMD-Vi: DTE[0]: 7d90000000000003
AMD-Vi: Event logged [IO_PAGE_FAULT device=00:14.1 domain=0x000d address=0x000000000245a0c0 flags=0x0070]
`;

test('the contract’s fields, in its order; addresses and registers as text, counts as numbers', () => {
  expect(JSON.stringify(parse(LOG).faults.map((fault) => faultJson(fault)))).toBe(
    JSON.stringify([
      {
        line: 4,
        time: 16.11387,
        kernel: 0,
        vendor: 'intel',
        type: 'dma',
        access: 'read',
        bdf: '0001:00:06.0',
        pasid: 5,
        address: '0x1f00000',
        reason: 113,
        reasonName: 'SM: Present bit in first-level paging entry is clear',
        status: '0x3',
      },
      {
        line: 5,
        time: 17,
        kernel: 0,
        vendor: 'intel',
        type: 'interrupt',
        bdf: '61:00.0',
        reason: 34,
        reasonName: 'Present field in the IRTE entry is clear',
        index: 66,
        status: '0x3',
      },
      {
        line: 6,
        time: 18,
        kernel: 0,
        vendor: 'amd',
        type: 'event',
        access: 'read',
        bdf: '06:00.0',
        pasid: 0,
        address: '0x135300000',
        event: 'ILLEGAL_DEV_TABLE_ENTRY',
        flags: '0x80',
        flagNames: ['RZ'],
        raw: ['0x7d90000000000003'],
        unit: 'ivhd0',
      },
      {
        line: 8,
        kernel: 0,
        vendor: 'amd',
        type: 'event',
        access: 'write',
        bdf: '00:14.1',
        address: '0x245a0c0',
        event: 'IO_PAGE_FAULT',
        domain: 13,
        flags: '0x70',
        flagNames: ['PR', 'RW', 'PE'],
      },
    ]),
  );
});

test('NDJSON made directly is the text of the object', () => {
  const { faults } = parse(LOG);
  expect(faults.length).toBeGreaterThan(0);
  for (const segments of [false, true])
    for (const fault of faults)
      expect(faultNdjson(fault, segments)).toBe(`${JSON.stringify(faultJson(fault, segments))}\n`);
});

test('a segment of 0 is written only where the log says it and it is asked for', () => {
  const { faults } = parse(LOG);
  expect(faults.map((fault) => faultJson(fault, true)['bdf'])).toEqual([
    '0001:00:06.0',
    '61:00.0',
    '0000:06:00.0',
    '00:14.1',
  ]);
});

test('phases: what a message tells stands beside the common fields', () => {
  const { phases, kernels } = parse(LOG);
  expect(phases.map((phase) => phaseJson(phase, kernels[phase.kernel].clock)).slice(1, 3)).toEqual([
    {
      line: 2,
      time: 0.016,
      kernel: 0,
      clock: 'first kernel',
      phase: 'bring-up',
      event: 'unit',
      unit: 'dmar0',
      base: '0xfed90000',
      version: '1:0',
      cap: '0xd2008c22260206',
      ecap: '0xf00f4a',
      text: 'DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap d2008c22260206 ecap f00f4a',
    },
    {
      line: 3,
      time: 16.113477,
      kernel: 0,
      clock: 'first kernel',
      phase: 'status',
      event: 'fault-status',
      status: '0x3',
      bits: ['PFO', 'PPF', 'FRI 0'],
      text: 'DMAR: DRHD: handling fault status reg 3',
    },
  ]);
});

test('kernels and notes', () => {
  const { kernels, notes } = parse(LOG);
  expect(kernels.map(kernelJson)).toEqual([
    { kernel: 0, line: 1, role: 'first', clock: 'first kernel', release: '6.1.0' },
  ]);
  expect(notes.map(noteJson)).toMatchObject([
    { line: 3, time: 16.113477, kernel: 0, severity: 'warning', id: 'unit-dropped-faults' },
  ]);
});

test('totals by device and reason, the most frequent first', () => {
  const counter = new FaultCounter();
  for (const fault of [...parse(LOG).faults, ...parse(LOG).faults.slice(3)]) counter.add(fault);
  expect(counter.rows().map(countJson)[0]).toEqual({
    bdf: '00:14.1',
    event: 'IO_PAGE_FAULT',
    count: 2,
  });
  expect(counter.rows()).toHaveLength(4);
});
