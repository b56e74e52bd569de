import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { faultJson } from '../../../core/log/json.ts';
import { parseLog } from '../../../core/log/parse.ts';

/** What kernels print, without stamps: faults of both vendors, old and new, and what surrounds them. */
const MESSAGES = [
  'Linux version 6.1.0 (a@b) (gcc) #1 SMP',
  'DMAR: Host address width 39',
  'usb 1-1: new high-speed USB device number 2 using xhci_hcd',
  'DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap d2008c22260206 ecap f00f4a',
  'DMAR: DRHD: handling fault status reg 2',
  'DMAR: [DMA Read NO_PASID] Request device [00:06.0] fault addr 0x1f00000 [fault reason 0x06] PTE Read access is not set',
  'dmar: DMAR:[DMA Read] Request device [01:00.0] fault addr fff80000 ',
  'DMAR:[fault reason 01] Present bit in root entry is clear',
  'dmar: INTR-REMAP: Request device [[61:00.0] fault index 42',
  'INTR-REMAP:[fault reason 34] Present field in the IRTE entry is clear',
  'DMAR: [DMA Read] Request device [7a:02.0] PASID 2 fault addr 7f81c968d000 [fault reason 113] SM: Present bit in first-level paging entry is clear',
  'nvme 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0000 address=0xfc189000 flags=0x0000]',
  'AMD-Vi: Event logged [',
  'IO_PAGE_FAULT device=05:00.0 domain=0x0012 address=0x00000000ff6101b0 flags=0x0070]',
  'iommu ivhd0: AMD-Vi: Event logged [ILLEGAL_DEV_TABLE_ENTRY device=0000:06:00.0 pasid=0x00000 address=0x135300000 flags=0x0080]',
  'AMD-Vi: DTE[0]: 7d90000000000003',
  'AMD-Vi: DTE[1]: 0000100103fb0003',
  'dmar_fault: 2474 callbacks suppressed',
];

const stamp = (at: number): string => `[${(1 + at / 1000).toFixed(6).padStart(12)}] `;
const PLAIN = MESSAGES.map((message, at) => stamp(at) + message);

interface Told {
  readonly faults: readonly object[];
  readonly phases: readonly string[];
}

/** What a log tells, without places and with times only where they are asked for. */
function told(text: string, times = true): Told {
  const { faults, phases } = parseLog(new TextEncoder().encode(text));
  return {
    faults: faults.map((fault) => {
      const { time, ...rest } = faultJson({ ...fault, line: 0 });
      return times ? { ...rest, time } : rest;
    }),
    phases: phases.map((phase) => `${times ? phase.time : ''} ${phase.phase} ${phase.event}`),
  };
}
const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
const EXPECTED = told(joined(PLAIN));

test('the plain log has seven faults', () => {
  expect(EXPECTED.faults).toHaveLength(7);
  expect(EXPECTED.phases).toHaveLength(5);
});

/** kernel-messages.md 5: each kind of mangling, applied to every line. */
describe('mangled as a whole, with the same stamps', () => {
  const kinds: readonly (readonly [string, (line: string, at: number) => string])[] = [
    ['CR LF', (line) => `${line}\r`],
    ['CR CR LF', (line) => `${line}\r\r`],
    [
      'colour around the prefix',
      (line) => `\u001b[32m${line.slice(0, 15)}\u001b[0m${line.slice(15)}`,
    ],
    ['colour around all', (line) => `\u001b[0;31m${line}\u001b[m`],
    ['a terminal title and bells', (line) => `\u001b]0;title\u0007${line}\u0007`],
    ['NUL and backspace', (line) => `\u0000\u0000${line.slice(0, 15)}\b${line.slice(15)}`],
    ['levels of dmesg -r', (line, at) => `<${at % 8}>${line}`],
    ['dmesg -x', (line) => `kern  :err   : ${line}`],
    [
      'caller ids',
      (line, at) => `${line.slice(0, 14)}[${at % 2 ? '    T1' : '    C3'}]${line.slice(14)}`,
    ],
    ['syslog', (line) => `Apr 09 11:28:59 host kernel: ${line}`],
    ['syslog, blank host', (line) => `Apr  9 11:28:59   kernel: ${line}`],
    ['journal, ISO time', (line) => `2014-04-25T09:37:53.595431+01:00 kvmhost kernel: ${line}`],
    [
      'the bracket of the stamp lost',
      (line) => `2014-04-25T09:37:53.595431+01:00 kvmhost kernel: ${line.slice(1)}`,
    ],
    ['a stamp, then kernel:', (line) => `${line.slice(0, 15)}kernel: ${line.slice(15)}`],
    ['quoted by mail', (line) => `> > ${line}`],
    ['quoted without blanks', (line) => `>>${line}`],
    ['quoted with HTML entities', (line) => `&gt; ${line.replaceAll('<', '&lt;')}`],
    ['quoted-printable', (line) => line.replaceAll('=', '=3D')],
    ['no-break spaces', (line) => line.replace('] ', ']\u00a0')],
    ['a terminal program’s clock', (line) => `[2024-05-06 07:08:09.123] ${line}`],
    ['a shell’s prompt before it', (line) => `/ # ls ${line}`],
  ];
  test.each(kinds)('%s', (_, mangle) => {
    expect(told(joined(PLAIN.map(mangle)))).toEqual(EXPECTED);
  });
});

describe('mangled, without the kernel’s clock', () => {
  const without = told(joined(PLAIN), false);
  const kinds: readonly (readonly [string, (line: string, at: number) => string])[] = [
    ['no stamp', (line) => line],
    ['dmesg -T', (line) => `[Wed Jun  3 15:40:37 2026] ${line}`],
    ['dmesg -H', (line) => `[Nov14 11:52] ${line}`],
    ['dmesg -d', (line) => `[  +0.000108] ${line}`],
    ['dmesg -xT', (line) => `kern  :info  : [Fri Apr  7 00:04:33 2023] ${line}`],
    ['syslog', (line) => `Apr 09 11:28:59 host kernel: ${line}`],
  ];
  test.each(kinds)('%s', (_, mangle) => {
    expect(told(joined(MESSAGES.map(mangle)), false)).toEqual(without);
  });
});

describe('netconsole and /dev/kmsg', () => {
  test('extended headers carry priority, sequence and microseconds', () => {
    const text = joined(
      MESSAGES.map((message, at) => `3,${at + 416},${1000000 + at * 1000},-,caller=C3;${message}`),
    );
    expect(told(text)).toEqual(EXPECTED);
  });

  test('a message of two lines in one record', () => {
    expect(
      told(
        '3,416,1692021403,-;dmar: DMAR:[DMA Read] Request device [00:02.0] fault addr 1a45aa9000 \\x0aDMAR:[fault reason 12] non-zero reserved fields in PTE\n SUBSYSTEM=pci\n',
      ).faults,
    ).toMatchObject([{ time: 1692.021403, bdf: '00:02.0', address: '0x1a45aa9000', reason: 12 }]);
  });

  test('a release before the priority', () => {
    expect(told(`6.4.0-rc1,6,444,501151268,-;${MESSAGES[5]}\n`).faults).toMatchObject([
      { time: 501.151268, bdf: '00:06.0' },
    ]);
  });
});

describe('wrapped', () => {
  const FAULTS = [5, 10, 11, 13, 14].map((at) => PLAIN[at]);

  test.each(FAULTS)('at every column, by a terminal: %s', (line) => {
    const expected = told(`${line}\n`).faults;
    expect(expected).toHaveLength(1);
    // No terminal is narrower.
    for (let column = 60; column < line.length; column++) {
      const text = `${line.slice(0, column)}\n${line.slice(column)}\n[    9.000000] next\n`;
      const { faults } = told(text);
      // Cut inside the words after the reason the record is whole on the first line.
      expect(faults, `column ${column}`).toEqual(expected);
    }
  });

  test.each(FAULTS)('at 80 columns with carriage returns: %s', (line) => {
    const text = `${line.match(/.{1,80}/g)!.join('\r\n')}\r\n[    9.000000] next\r\n`;
    expect(told(text).faults).toEqual(told(`${line}\n`).faults);
  });

  test('at 80 columns: the registers of a unit', () => {
    const line =
      '[    0.016000] DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap d2008c22260206 ecap f00f4a';
    const { phases } = parseLog(
      new TextEncoder().encode(`${line.slice(0, 80)}\n${line.slice(80)}\n[    0.017000] next\n`),
    );
    expect(phases).toMatchObject([{ details: { cap: 0xd2008c22260206n, ecap: 0xf00f4an } }]);
  });

  test('at blanks, by mail', () => {
    const words = PLAIN[14].split(' ');
    for (let at = 1; at < words.length; at++) {
      // Mail is not broken before the line is long.
      if (words.slice(0, at).join(' ').length < 60) continue;
      const text = `> ${words.slice(0, at).join(' ')}\n> ${words.slice(at).join(' ')}\n> [    9.000000] next\n`;
      expect(told(text).faults, `word ${at}`).toEqual(told(`${PLAIN[14]}\n`).faults);
    }
  });

  test('an address is never made of a cut one', () => {
    expect(
      told(
        '[    1.000000] DMAR: [DMA Read NO_PASID] Request device [00:06.0] fault addr 0x1f00\n[    2.000000] next\n',
      ).faults[0],
    ).not.toHaveProperty('address');
    expect(
      told(
        '[    1.000000] DMAR: [DMA Read NO_PASID] Request device [00:06.0] fault addr 0x1f000\n[    2.000000] next\n',
      ).faults[0],
    ).not.toHaveProperty('address');
  });
});

describe('interleaved', () => {
  test('two lines whose newline was lost', () => {
    expect(told(`${PLAIN[4]}${PLAIN[5]}${PLAIN[11]}\n`)).toEqual(
      told(joined([PLAIN[4], PLAIN[5], PLAIN[11]])),
    );
  });

  test('orphan tails say nothing', () => {
    const { faults, phases, notes } = parseLog(new TextEncoder().encode('d out\nts suppressed\n'));
    expect({ faults, phases, notes }).toEqual({ faults: [], phases: [], notes: [] });
  });
});

describe('pstore', () => {
  test('parts stand newest first and begin in the middle of a line', () => {
    const { faults, kernels, notes } = parseLog(
      new TextEncoder().encode(
        [
          'Oops#1 Part1',
          '0x06] PTE Read access is not set',
          '<3>[   20.000000] DMAR: [DMA Read] Request device [02:00.0] fault addr 2000 [fault reason 06] PTE Read access is not set',
          'Oops#1 Part2',
          'uest device [01:00.0] fault addr 1000 [fault reason 06] PTE Read access is not set',
          '<3>[    2.000000] DMAR: [DMA Read] Request device [01:00.0] fault addr 1000 [fault reason 06] PTE Read access is not set',
          '<6>[    2.500000] DMAR: No RMRR found',
        ].join('\n'),
      ),
    );
    expect(faults.map(({ time, bdf, kernel }) => [time, bdf, kernel])).toEqual([
      [20, '02:00.0', 0],
      [2, '01:00.0', 0],
    ]);
    expect(kernels).toHaveLength(1);
    expect(notes.map(({ id }) => id)).toEqual(['pstore-order', 'unparsed']);
  });
});

test('any mixture of harmless mangling gives the same records', () => {
  const harmless = fc.constantFrom<(line: string) => string>(
    (line) => line,
    (line) => `${line}\r`,
    (line) => `\u001b[33m${line}\u001b[0m`,
    (line) => `<3>${line}`,
    (line) => `> ${line}`,
    (line) => `Apr 09 11:28:59 host kernel: ${line}`,
  );
  fc.assert(
    fc.property(
      fc.array(harmless, { minLength: PLAIN.length, maxLength: PLAIN.length }),
      (mangles) => {
        expect(told(joined(PLAIN.map((line, at) => mangles[at](line))))).toEqual(EXPECTED);
      },
    ),
    { numRuns: 200 },
  );
});
