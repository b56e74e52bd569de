import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FaultRecord, VtdEra } from '../../../core/iommu/fault.ts';
import { parseFaultLine, parseLog } from '../../../core/log/parse.ts';
import { formatVtdFault, formatVtdStatus } from '../../../core/log/render.ts';
import { faultReasonName } from '../../../core/vtd/reasons.ts';

const parse = (text: string) => parseLog(new TextEncoder().encode(text));

/** kernel-messages.md 1.2: one fault in the wording of every era. */
const DMA_ERAS: readonly (readonly [VtdEra, string])[] = [
  [
    'V1',
    'DMAR:[DMA Write] Request device [02:1f.7] fault addr fff80000 \nDMAR:[fault reason 05] PTE Write access is not set',
  ],
  [
    'V2',
    'dmar: DMAR:[DMA Write] Request device [02:1f.7] fault addr fff80000 \nDMAR:[fault reason 05] PTE Write access is not set',
  ],
  [
    'V3',
    'DMAR: DMAR:[DMA Write] Request device [02:1f.7] fault addr fff80000 \nDMAR:[fault reason 05] PTE Write access is not set',
  ],
  [
    'V4',
    'DMAR: [DMA Write] Request device [02:1f.7] fault addr fff80000 [fault reason 05] PTE Write access is not set',
  ],
  [
    'V5',
    'DMAR: [DMA Write] Request device [02:1f.7] PASID ffffffff fault addr fff80000 [fault reason 05] PTE Write access is not set',
  ],
  [
    'V6',
    'DMAR: [DMA Write NO_PASID] Request device [0x02:0x1f.7] fault addr 0xfff80000 [fault reason 0x05] PTE Write access is not set',
  ],
  [
    'V7',
    'DMAR: [DMA Write NO_PASID] Request device [02:1f.7] fault addr 0xfff80000 [fault reason 0x05] PTE Write access is not set',
  ],
  [
    'V8',
    'DMAR: [DMA Write NO_PASID] Request device [0000:02:1f.7] fault addr 0xfff80000 [fault reason 0x05] PTE Write access is not set',
  ],
];

const INTERRUPT_ERAS: readonly (readonly [VtdEra, string])[] = [
  [
    'V1',
    'INTR-REMAP: Request device [[f0:1f.0] fault index 42\nINTR-REMAP:[fault reason 37] Blocked a compatibility format interrupt request',
  ],
  [
    'V2',
    'dmar: INTR-REMAP: Request device [[f0:1f.0] fault index 42\nINTR-REMAP:[fault reason 37] Blocked a compatibility format interrupt request',
  ],
  [
    'V3',
    'DMAR: INTR-REMAP: Request device [[f0:1f.0] fault index 42\nINTR-REMAP:[fault reason 37] Blocked a compatibility format interrupt request',
  ],
  [
    'V4',
    'DMAR: [INTR-REMAP] Request device [f0:1f.0] fault index 42 [fault reason 37] Blocked a compatibility format interrupt request',
  ],
  [
    'V6',
    'DMAR: [INTR-REMAP] Request device [0xf0:0x1f.0] fault index 0x42 [fault reason 0x25] Blocked a compatibility format interrupt request',
  ],
  [
    'V7',
    'DMAR: [INTR-REMAP] Request device [f0:1f.0] fault index 0x42 [fault reason 0x25] Blocked a compatibility format interrupt request',
  ],
  [
    'V8',
    'DMAR: [INTR-REMAP] Request device [0000:f0:1f.0] fault index 0x42 [fault reason 0x25] Blocked a compatibility format interrupt request',
  ],
];

describe('fault records of every era', () => {
  test.each(DMA_ERAS)('%s: a DMA fault', (era, text) => {
    const { faults, notes } = parse(text);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({
      line: 1,
      vendor: 'intel',
      type: 'dma',
      access: 'write',
      bdf: '02:1f.7',
      address: 0xfff80000n,
      reason: 5,
      reasonName: 'PTE Write access is not set',
      era,
    });
    expect(faults[0].pasid).toBeUndefined();
    expect(notes).toEqual([]);
    expect(formatVtdFault(faults[0], era)).toBe(text);
  });

  test.each(INTERRUPT_ERAS)('%s: an interrupt fault', (era, text) => {
    const { faults, notes } = parse(text);
    expect(faults).toMatchObject([
      { type: 'interrupt', bdf: 'f0:1f.0', index: 0x42, reason: 0x25, era },
    ]);
    expect(faults[0].access).toBeUndefined();
    expect(faults[0].address).toBeUndefined();
    expect(notes).toEqual([]);
    expect(formatVtdFault(faults[0], era)).toBe(text);
  });

  test('a segment other than 0 stands in the BDF', () => {
    expect(
      parseFaultLine(
        'DMAR: [DMA Read PASID 0x7] Request device [0001:02:00.0] fault addr 0x1000 [fault reason 0x59] SM: Present bit in PASID Table Entry is clear',
      ),
    ).toMatchObject({ bdf: '0001:02:00.0', segment: 1, pasid: 7, era: 'V8' });
  });

  test.each([
    ['[fault reason 10]', 0x0a],
    ['[fault reason 0x10]', 0x10],
    ['[fault reason 113]', 0x71],
    ['[fault reason 0x71]', 0x71],
    ['[fault reason 0x0A]', 0x0a],
  ])('%s: 0x decides between decimal and hexadecimal', (text, reason) => {
    const line = `DMAR: [DMA Read] Request device [00:02.0] fault addr 1000 ${text} words`;
    const parsed = parseFaultLine(line);
    // The kernel's hexadecimal is lower case; anything else is noise and no record has its number.
    expect(parsed?.reason).toBe(text.includes('A') ? undefined : reason);
  });

  test('a code outside all tables prints as a DMA fault and has no name', () => {
    expect(
      parseFaultLine(
        'DMAR: [DMA Read NO_PASID] Request device [00:02.0] fault addr 0x0 [fault reason 0xf1] Unknown',
      ),
    ).toMatchObject({ type: 'dma', reason: 0xf1, reasonName: 'Unknown' });
  });
});

describe('status lines', () => {
  test.each([
    ['DRHD: handling fault status reg 2', ['PPF', 'FRI 0']],
    ['dmar: DRHD: handling fault status reg 3', ['PFO', 'PPF', 'FRI 0']],
    ['DMAR: DRHD: handling fault status reg 102', ['PPF', 'FRI 1']],
    ['DMAR: DRHD: handling fault status reg 402', ['PPF', 'FRI 4']],
    ['DMAR: DRHD: handling fault status reg 40', ['ITE']],
    ['DMAR: DRHD: handling fault status reg 10', ['IQE']],
    ['DMAR: DRHD: handling fault status reg ff03', ['PFO', 'PPF', 'FRI 255']],
  ])('%s', (line, bits) => {
    expect(parse(line).phases).toMatchObject([{ phase: 'status', details: { bits } }]);
  });

  test('one status announces every record until the next one', () => {
    const { faults, notes } = parse(
      [
        'DMAR: DRHD: handling fault status reg 3',
        'DMAR: [DMA Read] Request device [02:00.0] fault addr 1000 [fault reason 06] PTE Read access is not set',
        'DMAR: [DMA Read] Request device [02:00.1] fault addr 2000 [fault reason 06] PTE Read access is not set',
        'DMAR: DRHD: handling fault status reg 102',
        'DMAR: [DMA Read] Request device [02:00.2] fault addr 3000 [fault reason 06] PTE Read access is not set',
      ].join('\n'),
    );
    expect(faults.map((fault) => fault.status)).toEqual([3, 3, 0x102]);
    expect(notes.map((note) => note.id)).toEqual(['unit-dropped-faults']);
  });

  test('a status without PPF announces nothing; neither does one whose record was suppressed', () => {
    const record =
      'DMAR: [DMA Read] Request device [02:00.0] fault addr 1000 [fault reason 06] PTE Read access is not set';
    expect(parse(`DMAR: DRHD: handling fault status reg 40\n${record}`).faults[0].status).toBe(
      undefined,
    );
    expect(
      parse(
        `DMAR: DRHD: handling fault status reg 2\ndmar_fault: 7 callbacks suppressed\n${record}`,
      ).faults[0].status,
    ).toBeUndefined();
    expect(
      parse(`[  1.000000] DMAR: DRHD: handling fault status reg 2\n[  9.000000] ${record}`)
        .faults[0].status,
    ).toBeUndefined();
  });
});

describe('two-line records', () => {
  test('other lines between the halves; halves pair by order', () => {
    const { faults } = parse(
      [
        'dmar: DMAR:[DMA Read] Request device [01:00.0] fault addr fff80000 ',
        'usb 1-1: new high-speed USB device number 2 using xhci_hcd',
        'dmar: INTR-REMAP: Request device [[61:00.0] fault index 42',
        'dmar: DMAR:[DMA Write] Request device [02:00.0] fault addr fff90000 ',
        'DMAR:[fault reason 01] Present bit in root entry is clear',
        'INTR-REMAP:[fault reason 34] Present field in the IRTE entry is clear',
        'DMAR:[fault reason 05] PTE Write access is not set',
      ].join('\n'),
    );
    expect(faults.map(({ bdf, reason }) => [bdf, reason])).toEqual([
      ['01:00.0', 1],
      ['61:00.0', 0x22],
      ['02:00.0', 5],
    ]);
  });

  test('equal stamps pair before the order does', () => {
    const { faults } = parse(
      [
        '[    1.000001] dmar: DMAR:[DMA Read] Request device [01:00.0] fault addr fff80000 ',
        '[    1.000002] dmar: DMAR:[DMA Read] Request device [02:00.0] fault addr fff90000 ',
        '[    1.000002] DMAR:[fault reason 02] Present bit in context entry is clear',
        '[    1.000001] DMAR:[fault reason 01] Present bit in root entry is clear',
      ].join('\n'),
    );
    expect(faults.map(({ bdf, reason }) => [bdf, reason])).toEqual([
      ['02:00.0', 2],
      ['01:00.0', 1],
    ]);
  });

  test('the first line is missing: no record, and the place is told', () => {
    const { faults, notes } = parse(
      'DMAR:[fault reason 06] PTE Read access is not set\nDMAR: DRHD: handling fault status reg 2\n',
    );
    expect(faults).toEqual([]);
    expect(notes).toMatchObject([{ id: 'unparsed', line: 1, offset: 0 }]);
  });

  test('the second line never comes: the record goes out without a reason', () => {
    const others = Array.from({ length: 40 }, () => 'DMAR: DRHD: handling fault status reg 2');
    const { faults } = parse(
      [
        'DMAR:[DMA Read] Request device [01:00.0] fault addr fff80000 ',
        ...others,
        'DMAR:[fault reason 06] PTE Read access is not set',
      ].join('\n'),
    );
    expect(faults).toHaveLength(1);
    expect(faults[0].reason).toBeUndefined();
  });
});

describe('noise', () => {
  test.each([
    ['DMAR: [DMA R?ad] Request de~ice [02:00.0]'],
    ['DMAR: [DMA Read] Request device [02:0~.0] fault addr fffff000 [fault reason 06] PTE'],
    ['DMAR: [DMA Read] Request device [02:2f.0] fault addr fffff000 [fault reason 06] PTE'],
    ['DMAR: [DMA Read] Request device [02:00.9] fault addr fffff000 [fault reason 06] PTE'],
    ['DMAR: [DMA Read] Request device [02:00.0] fault addr ff?ff000 [fault reason 06] PTE'],
    ['DMAR: [INTR-REMAP] Request device [02:00.0] fault index 0x?2 [fault reason 0x22]'],
    [
      'DMAR: [DMA Read PASID 0x100000] Request device [02:00.0] fault addr 0x1000 [fault reason 0x59]',
    ],
  ])('%s is told with its place, and no BDF is guessed', (line) => {
    const { faults, notes, marks } = parse(`[    1.000000] first\n[    2.000000] ${line}\n`);
    expect(faults).toEqual([]);
    expect(notes).toMatchObject([{ id: 'unparsed', line: 2, offset: 21 }]);
    expect(marks).toMatchObject([{ kind: 'unparsed', line: 2 }]);
  });

  test('a record that was cut before its reason stands without one, and says so', () => {
    const { faults, notes } = parse(
      '[    2.000000] DMAR: [DMA Read NO_PASID] Request device [02:00.0] fault addr 0xfffff000 [fault rea\n[    3.000000] next\n',
    );
    expect(faults).toMatchObject([{ bdf: '02:00.0', address: 0xfffff000n }]);
    expect(faults[0].reason).toBeUndefined();
    expect(notes.map((note) => note.id)).toContain('record-cut');
  });

  test('words of the reason may be cut: the number counts', () => {
    expect(
      parseFaultLine(
        'DMAR: [DMA Read] Request device [02:00.0] fault addr 1000 [fault reason 02] Present bit in PA$',
      ),
    ).toMatchObject({ reason: 2, reasonName: 'Present bit in context entry is clear' });
  });
});

/** A fault that the era's kernels can print. */
const anyFault = (era: VtdEra): fc.Arbitrary<FaultRecord> =>
  fc
    .record({
      interrupt: fc.boolean(),
      access: fc.constantFrom<'read' | 'write'>('read', 'write'),
      segment: fc.integer({ min: 0, max: era === 'V8' ? 0xffff : 0 }),
      id: fc.integer({ min: 0, max: 0xffff }),
      pasid: fc.option(fc.integer({ min: 0, max: 0xfffff }), { nil: undefined }),
      page: fc.bigInt({ min: 0n, max: 0xfffffffffffffn }),
      index: fc.integer({ min: 0, max: 0xffff }),
      reason: fc.integer({ min: 0, max: 0xff }),
    })
    .map(({ interrupt, access, segment, id, pasid, page, index, reason }): FaultRecord => {
      const two = (value: number): string => value.toString(16).padStart(2, '0');
      const bdf = `${two(id >> 8)}:${two((id >> 3) & 31)}.${id & 7}`;
      const common = {
        line: 1,
        kernel: 0,
        vendor: 'intel' as const,
        bdf: segment === 0 ? bdf : `${segment.toString(16).padStart(4, '0')}:${bdf}`,
        reason,
        reasonName: faultReasonName(reason),
      };
      if (interrupt) return { ...common, type: 'interrupt', index };
      const withPasid = era >= 'V5' && pasid !== undefined ? { pasid } : {};
      return { ...common, type: 'dma', access, address: page << 12n, ...withPasid };
    });

test.each(['V1', 'V2', 'V3', 'V4', 'V5', 'V6', 'V7', 'V8'] as const)(
  '%s: what is printed is read back, with a status line before it',
  (era) => {
    fc.assert(
      fc.property(anyFault(era), fc.integer({ min: 0, max: 0xff }), (fault, index) => {
        const status = (index << 8) | 2;
        const { faults, notes } = parse(
          `${formatVtdStatus(status, era)}\n${formatVtdFault(fault, era)}\n`,
        );
        expect(faults).toHaveLength(1);
        expect(faults[0]).toMatchObject({ ...fault, line: 2, status });
        expect(faults[0].pasid).toBe(fault.pasid);
        expect(notes).toEqual([]);
      }),
      { numRuns: 200 },
    );
  },
);
