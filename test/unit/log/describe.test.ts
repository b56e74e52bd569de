import { describe, expect, test } from 'vitest';
import { parseLog } from '../../../core/log/parse.ts';

/** The tips of a log's marked lines. */
const tips = (lines: readonly string[]) =>
  parseLog(new TextEncoder().encode(lines.join('\n'))).marks.map(({ kind, text }) => [kind, text]);

const FAULT =
  'DMAR: [DMA Read NO_PASID] Request device [00:06.0] fault addr 0x1f00000 [fault reason 0x06] PTE Read access is not set';

describe('tips of marked lines', () => {
  test('a fault: who, what, where and why; a decimal reason in both ways', () => {
    expect(tips([FAULT])).toEqual([
      ['fault', '00:06.0 read 0x1f00000: 0x06 (6) PTE Read access is not set'],
    ]);
    expect(
      tips([
        'dmar: INTR-REMAP: Request device [[61:00.0] fault index 42',
        'INTR-REMAP:[fault reason 34] Present field in the IRTE entry is clear',
      ])[0],
    ).toEqual([
      'fault',
      '61:00.0 interrupt entry 66: 0x22 (34) Present field in the IRTE entry is clear',
    ]);
    expect(tips(['DMAR:[DMA Read] Request device [01:00.0] fault addr fff80000 '])).toEqual([
      ['fault', '01:00.0 read 0xfff80000: the reason is not in the log'],
    ]);
    expect(
      tips([
        'AMD-Vi: Event logged [IO_PAGE_FAULT device=00:14.1 domain=0x000d address=0x245a0c0 flags=0x0070]',
      ]),
    ).toEqual([
      ['fault', '00:14.1 0x245a0c0 IO_PAGE_FAULT: write to a present page without permission'],
    ]);
  });

  test('a status register by its bits', () => {
    expect(tips(['DMAR: DRHD: handling fault status reg 103'])).toEqual([
      ['status', 'PFO, PPF, FRI 1'],
    ]);
  });

  test('table entries by their fields, legacy mode', () => {
    expect(
      tips([
        FAULT,
        'DMAR: Dump dmar0 table entries for IOVA 0x1f00000',
        'DMAR: root entry: 0x0000000101b3e001',
        'DMAR: context entry: hi 0x0000000000000a01, low 0x0000000101b4d001',
        'DMAR: pte level: 3, pte value: 0x0000000101b4e003',
        'DMAR: pte level: 2, pte value: 0x0000000101a00083',
      ]).slice(2),
    ).toEqual([
      ['dump', 'P=1 CTP=0x101b3e000'],
      ['dump', 'P=1 SSPTPTR=0x101b4d000 AW=1 DID=0xa'],
      ['dump', 'R=1 W=1 ADDR=0x101b4e000'],
      ['dump', 'R=1 W=1 PS=1 ADDR=0x101a00000'],
    ]);
  });

  test('table entries by their fields, scalable mode with first-stage tables', () => {
    const [root, context, directory, table, , entry] = tips([
      FAULT,
      'DMAR: Dump dmar0 table entries for IOVA 0x1f00000',
      'DMAR: scalable mode root entry: hi 0x0000000102448001, low 0x0000000101b3e001',
      'DMAR: context entry: hi 0x0000000000000000, low 0x0000000101b4d401',
      'DMAR: pasid dir entry: 0x0000000101b4e001',
      'DMAR: pasid table entry[0]: 0x0000000000000049',
      'DMAR: pasid table entry[1]: 0x0000000000000001',
      'DMAR: pte level: 4, pte value: 0x0000000101b4e027',
    ])
      .slice(2)
      .map(([, text]) => text);
    expect(root).toBe('LP=1 LCTP=0x101b3e000 UP=1 UCTP=0x102448000');
    expect(context).toContain('P=1');
    expect(directory).toContain('P=1');
    expect(table).toContain('PGTT=1');
    expect(entry).toContain('R/W=1');
  });

  test('invalidation descriptors', () => {
    expect(
      tips(['DMAR: QI PRIOR: Invalidation Wait qw0 = 0x200000025, qw1 = 0x185f6729c4'])[0][1],
    ).toMatch(/^invalidation wait.*SW=1/i);
  });

  test('commands, once both their words are there', () => {
    const [, first, , , last] = tips([
      'AMD-Vi: Event logged [ILLEGAL_COMMAND_ERROR address=0x12345670]',
      'AMD-Vi: CMD[0]: 00835001',
      'AMD-Vi: CMD[1]: 10000001',
      'AMD-Vi: CMD[2]: 00003c00',
      'AMD-Vi: CMD[3]: 00000000',
    ]);
    expect(first).toEqual(['dump', '']);
    expect(last[1]).toContain('S=1');
  });

  test('any other by the name of its message', () => {
    expect(tips(['DMAR-IR: Copied IR table for dmar0 from previous kernel'])).toEqual([
      ['hand-off', 'interrupt-table-copied'],
    ]);
  });
});

test('an event of two lines: its header is a part, its body the fault', () => {
  const { marks, faults } = parseLog(
    new TextEncoder().encode(
      'AMD-Vi: Event logged [\nIO_PAGE_FAULT device=00:14.1 domain=0x000d address=0x1000 flags=0x0000]\n',
    ),
  );
  expect(faults[0].line).toBe(1);
  expect(marks.map(({ line, kind, fault }) => [line, kind, fault])).toEqual([
    [1, 'fault-part', undefined],
    [2, 'fault', 0],
  ]);
});
