/** Faults with no tables at hand, decided by what the kernel printed of its own. */
import { describe, expect, test } from 'vitest';
import { explainFault } from '../../../core/explain/explain.ts';
import { parseLog } from '../../../core/log/parse.ts';
import { contextOf, intelState } from './state.ts';
import { runCli } from '../../support/run-cli.ts';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const fault = (reason: string, bdf = '00:02.0', access = 'Read'): string =>
  `DMAR: [DMA ${access} NO_PASID] Request device [${bdf}] fault addr 0x5000 [fault reason ${reason}] SM: words`;
const DUMP = 'DMAR: Dump dmar0 table entries for IOVA 0x5000';
const log = (...lines: readonly string[]): string =>
  `${lines.map((line, at) => `[    1.00000${at}] ${line}`).join('\n')}\n`;
const explained = (...lines: readonly string[]): ReturnType<typeof explainFault> =>
  explainFault(parseLog(new TextEncoder().encode(log(...lines))).faults[0], contextOf([]));

describe('VT-d', () => {
  const ROOT = 'DMAR: root entry: 0x0000000001001001';
  const CONTEXT = 'DMAR: context entry: hi 0x0000000000000102, low 0x0000000002001001';
  const level = (number: number, value: bigint): string =>
    `DMAR: pte level: ${number}, pte value: 0x${value.toString(16).padStart(16, '0')}`;

  test.each([
    [
      'a context entry that is not present',
      [
        fault('0x02'),
        DUMP,
        ROOT,
        'DMAR: context entry: hi 0x0000000000000000, low 0x0000000000000000',
      ],
      'entry-absent',
      true,
    ],
    [
      'the same, and the hardware said otherwise',
      [
        fault('0x06'),
        DUMP,
        ROOT,
        'DMAR: context entry: hi 0x0000000000000000, low 0x0000000000000000',
      ],
      'entry-absent',
      false,
    ],
    [
      'a page that is not mapped',
      [fault('0x06'), DUMP, ROOT, CONTEXT, level(2, 0x3003003n), level(1, 0n)],
      'not-mapped',
      true,
    ],
    [
      'a page that may only be read',
      [
        fault('0x05', '00:02.0', 'Write'),
        DUMP,
        ROOT,
        CONTEXT,
        level(2, 0x3003003n),
        level(1, 0x4001n),
      ],
      'permission-missing',
      true,
    ],
    [
      'the upper half of a root entry',
      [
        fault('0x39', '80:14.0'),
        DUMP,
        'DMAR: scalable mode root entry: hi 0x0000000000000000, low 0x0000000001001001',
      ],
      'entry-absent',
      true,
    ],
  ] as const)('%s', (_name, lines, verdict, agrees) => {
    const found = explained(...lines);
    expect(found.verdict).toBe(verdict);
    expect(found.checks[0].passed).toBe(agrees);
    expect(found.text).toContain('this is what the kernel printed of its own');
    expect(found.evidence.some(({ meaning }) => meaning !== undefined)).toBe(true);
  });

  test.each([
    ['every entry grants it', [fault('0x06'), DUMP, ROOT, CONTEXT, level(1, 0x4003n)]],
    [
      'the lower half of the root entry serves the device',
      [
        fault('0x39', '80:0f.0'),
        DUMP,
        'DMAR: scalable mode root entry: hi 0x0000000000000000, low 0x0000000001001001',
      ],
    ],
    ['nothing was printed', [fault('0x06')]],
  ] as const)('undecided: %s', (_name, lines) => {
    expect(explained(...lines).verdict).toBe('undecided');
  });

  test('tables at hand come first', () => {
    const { unit } = intelState();
    const text = log(fault('0x06'), DUMP, ROOT, CONTEXT, level(1, 0n));
    const [record] = parseLog(new TextEncoder().encode(text)).faults;
    expect(explainFault(record, contextOf([unit])).verdict).toBe('stale-cache');
  });
});

describe('AMD-Vi', () => {
  const event =
    'AMD-Vi: Event logged [ILLEGAL_DEV_TABLE_ENTRY device=0000:06:00.0 pasid=0x00000 address=0x135300000 flags=0x0080]';
  const entry = (...words: readonly string[]): string[] =>
    words.map((word, at) => `AMD-Vi: DTE[${at}]: ${word}`);

  test.each([
    ['7d90000000000003', '0', '0', '0', 'undecided'],
    ['000000000000000b', '0', '0', '0', 'reserved-bits'],
    ['0000000000000e03', '0', '0', '0', 'damaged-table'],
    ['0000000000000603', '0', '3000000000000001', '0', 'damaged-table'],
    ['0000000000000603', '0', '2000000000000013', '0', 'undecided'],
  ])('DTE %s %s %s %s: %s', (a, b, c, d, verdict) => {
    const words = [a, b, c, d].map((word) => word.padStart(16, '0'));
    expect(explained(event, ...entry(...words)).verdict).toBe(verdict);
  });
});

describe('people see the entries decoded beside the lines', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'dumps-')), 'log');
  writeFileSync(
    file,
    log(
      'DMAR: DRHD: handling fault status reg 2',
      fault('0x02'),
      DUMP,
      'DMAR: root entry: 0x0000000001001001',
      'DMAR: context entry: hi 0x0000000000000102, low 0x0000000002001000',
      'DMAR: QI HEAD: IOTLB Invalidation qw0 = 0x12, qw1 = 0x0',
    ),
  );

  test('faults', async () => {
    const { out } = await runCli(['faults', file]);
    expect(out).toMatch(/2 +root entry +0x1001001.* P=1 CTP=0x1001000/);
    expect(out).toMatch(/context entry +0x2001000 0x102 +SSPTPTR=0x2001000 AW=2 DID=1/);
  });

  test('phases', async () => {
    const { out } = await runCli(['phases', file]);
    expect(out).toMatch(/handling fault status reg 2 {2}\(PPF, FRI 0\)/);
    expect(out).toMatch(/QI HEAD: .* {2}\(.*TYPE/i);
  });
});
