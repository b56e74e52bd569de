import { describe, expect, test } from 'vitest';
import { parseLog } from '../../../core/log/parse.ts';

const parse = (lines: readonly string[]) =>
  parseLog(new TextEncoder().encode(lines.map((line) => `${line}\n`).join('')));
const stamp = (seconds: number): string => `[${seconds.toFixed(6).padStart(12)}] `;

const BOOT = [
  `${stamp(0)}Linux version 6.1.0 (a@b) (gcc) #1 SMP`,
  `${stamp(0)}Command line: ro intel_iommu=on crashkernel=256M`,
];
const CAPTURE = [
  `${stamp(0)}Linux version 6.1.0 (a@b) (gcc) #1 SMP`,
  `${stamp(0)}Command line: ro nr_cpus=1 reset_devices elfcorehdr=507252K`,
];
const UNITS = [0, 1, 2].map(
  (unit) => `${stamp(0.02)}DMAR: dmar${unit}: reg_base_addr fed9${unit}000 ver 1:0 cap 1 ecap 2`,
);
const PANIC = `${stamp(22.25)}Kernel panic - not syncing: sysrq triggered crash`;
const FAULT =
  'DMAR: [DMA Read NO_PASID] Request device [00:06.0] fault addr 0x1f00000 [fault reason 0x06] PTE Read access is not set';

describe('kernels', () => {
  test('first kernel, panic, crash kernel: each with its clock', () => {
    const { kernels, faults, phases } = parse([
      ...BOOT,
      `${stamp(16)}${FAULT}`,
      PANIC,
      ...CAPTURE,
      `${stamp(3)}${FAULT}`,
    ]);
    expect(kernels).toMatchObject([
      {
        kernel: 0,
        line: 1,
        role: 'first',
        clock: 'first kernel',
        release: '6.1.0',
        panic: 'sysrq triggered crash',
      },
      {
        kernel: 1,
        line: 5,
        role: 'capture',
        clock: 'crash kernel',
        commandLine: 'ro nr_cpus=1 reset_devices elfcorehdr=507252K',
      },
    ]);
    expect(faults.map(({ kernel, time }) => [kernel, time])).toEqual([
      [0, 16],
      [1, 3],
    ]);
    expect(phases.map(({ phase, kernel }) => `${kernel} ${phase}`)).toEqual([
      '0 boot',
      '0 boot',
      '0 panic',
      '1 boot',
      '1 capture',
    ]);
  });

  test('the log begins in the middle of a kernel', () => {
    const { kernels, faults } = parse([`${stamp(16)}${FAULT}`, PANIC, ...CAPTURE]);
    expect(kernels.map(({ role }) => role)).toEqual(['first', 'capture']);
    expect(faults[0].kernel).toBe(0);
  });

  test('firmware and the decompressor stand before the first kernel, not for one of their own', () => {
    const { kernels } = parse([
      'SeaBIOS',
      'early console in extract_kernel',
      'Booting the kernel.',
      ...BOOT,
    ]);
    expect(kernels).toHaveLength(1);
    expect(kernels[0]).toMatchObject({ release: '6.1.0', role: 'first' });
  });

  test('the crash kernel’s first lines are lost: its clock and its hand-off give it away', () => {
    const { kernels } = parse([
      ...BOOT,
      PANIC,
      `${stamp(0.03)}DMAR-IR: Copied IR table for dmar0 from previous kernel`,
    ]);
    expect(kernels.map(({ role }) => role)).toEqual(['first', 'capture']);
  });

  test('a fault after the panic, with a small time, is the next kernel’s', () => {
    expect(parse([...BOOT, PANIC, `${stamp(1.5)}${FAULT}`]).faults[0].kernel).toBe(1);
    expect(parse([...BOOT, PANIC, `${stamp(22.3)}${FAULT}`]).faults[0].kernel).toBe(0);
  });

  test('a reboot after the crash kernel is a third kernel', () => {
    const { kernels } = parse([
      ...BOOT,
      PANIC,
      ...CAPTURE,
      `${stamp(30)}reboot: Restarting system`,
      ...BOOT,
    ]);
    expect(kernels.map(({ role, clock }) => [role, clock])).toEqual([
      ['first', 'first kernel'],
      ['capture', 'crash kernel'],
      ['later', 'kernel 3'],
    ]);
  });

  test('a command line wrapped by an 80-column terminal still says that it is a crash kernel', () => {
    const line = `${stamp(0)}Command line: BOOT_IMAGE=/vmlinuz root=/dev/mapper/system-root ro console=ttyS0,115200n8 irqpoll nr_cpus=1 reset_devices elfcorehdr=1916276K`;
    const wrapped = line.match(/.{1,80}/g)!;
    const { kernels } = parse([CAPTURE[0], ...wrapped, `${stamp(0)}next`]);
    expect(kernels).toMatchObject([
      { role: 'capture', commandLine: line.slice(line.indexOf('BOOT')) },
    ]);
  });

  /** The console of kdump on an SNP host, 6.11: lore 20240827203804.4989-1-Ashish.Kalra@amd.com. */
  test('the 6.11 SNP case: panic, decompressor, copied table, time-outs, second panic', () => {
    const timeOuts = [1.864369, 2.038289, 2.212215, 2.386141, 2.560068].map(
      (time) => `${stamp(time)}AMD-Vi: Completion-Wait loop timed out`,
    );
    const { kernels, phases, notes } = parse([
      `${stamp(563.497112)}sysrq: Trigger a crash`,
      `${stamp(563.508415)}Kernel panic - not syncing: sysrq triggered crash`,
      `${stamp(564.224338)}Kernel Offset: 0x35a00000 from 0xffffffff81000000 (relocation range: 0xffffffff80000000-0xffffffffbfffffff)`,
      `${stamp(564.67692)}kexec: in native_machine_crash_shutdown`,
      'early console in extract_kernel',
      'input_data: 0x000000007410d2cc',
      'Decompressing Linux... Parsing ELF... Performing relocations... done.',
      'Booting the kernel (entry_offset: 0x0000000000000bda).',
      `${stamp(0)}Linux version 6.11.0-rc3-next-20240813-snp-host-f2a41ff576cc-dirty (amd@ethanolx7e2ehost) (gcc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0, GNU ld (GNU Binutils) 2.40) #61 SMP`,
      `${stamp(0)}Command line: BOOT_IMAGE=/vmlinuz ro amd_iommu_dump=1 reset_devices nr_cpus=1 irqpoll nousb elfcorehdr=1916276K`,
      `${stamp(1.671804)}AMD-Vi: Using global IVHD EFR:0x841f77e022094ace, EFR2:0x0`,
      `${stamp(1.679835)}AMD-Vi: Translation is already enabled - trying to copy translation structures`,
      `${stamp(1.689363)}AMD-Vi: Copied DEV table from previous kernel.`,
      ...timeOuts,
      `${stamp(3.231083)}..TIMER: vector=0x30 apic1=0 pin1=2 apic2=-1 pin2=-1`,
      'd out',
      `${stamp(3.815762)}Kernel panic - not syncing: timer doesn't work through Interrupt-remapped IO-APIC`,
      `${stamp(3.922523)}---[ end Kernel panic - not syncing: timer doesn't work through Interrupt-remapped IO-APIC ]---`,
    ]);
    expect(kernels.map(({ role, panic }) => [role, panic])).toEqual([
      ['first', 'sysrq triggered crash'],
      ['capture', "timer doesn't work through Interrupt-remapped IO-APIC"],
    ]);
    expect(phases.map(({ kernel, event }) => `${kernel} ${event}`)).toEqual([
      '0 sysrq-crash',
      '0 panic',
      '0 kernel-offset',
      '0 decompressor',
      '0 decompressor',
      '0 kernel-starts',
      '1 linux-version',
      '1 command-line',
      '1 table-features',
      '1 translation-found-enabled',
      '1 tables-copied',
      ...timeOuts.map(() => '1 completion-wait-time-out'),
      '1 panic',
      '1 panic-end',
    ]);
    expect(notes.map(({ id }) => id)).toEqual(['dump-not-saved']);
  });
});

describe('gaps between milestones', () => {
  const copied = (unit: number, time: number): string =>
    `${stamp(time)}DMAR-IR: Copied IR table for dmar${unit} from previous kernel`;

  test('silence between the interrupt tables of two units', () => {
    const { phases } = parse([
      ...CAPTURE,
      ...UNITS,
      copied(0, 0.03),
      copied(1, 12.53),
      copied(2, 12.54),
    ]);
    expect(phases.filter(({ phase }) => phase === 'gap')).toMatchObject([
      {
        line: 7,
        time: 12.53,
        kernel: 1 - 1,
        event: 'silence',
        details: { seconds: 12.5, after: 'interrupt-table-copied', afterLine: 6 },
      },
    ]);
  });

  test('silence right after a milestone, ended by a line of no interest', () => {
    const { phases } = parse([
      ...CAPTURE,
      ...UNITS,
      copied(0, 0.03),
      `${stamp(9.03)}clocksource: x`,
    ]);
    expect(phases.filter(({ phase }) => phase === 'gap')).toMatchObject([
      { line: 7, details: { seconds: 9, afterLine: 6 } },
    ]);
  });

  test('a long way with lines in between is no silence, but is told of a crash kernel', () => {
    const steps = Array.from({ length: 60 }, (_, at) => `${stamp(at + 1)}pci ${at}`);
    const end = `${stamp(60.5)}DMAR: Translation already enabled - trying to copy translation structures`;
    const gaps = (lines: readonly string[]) =>
      parse(lines).phases.filter(({ phase }) => phase === 'gap');
    expect(gaps([...CAPTURE, ...UNITS, ...steps, end])).toMatchObject([{ event: 'long-way' }]);
    expect(gaps([...BOOT, ...UNITS, ...steps, `${stamp(60.5)}DMAR: No ATSR found`])).toEqual([]);
  });

  test('an idle machine before its panic is no gap', () => {
    const { phases } = parse([
      ...BOOT,
      ...UNITS,
      `${stamp(2)}last`,
      `${stamp(90000)}Kernel panic - not syncing: x`,
    ]);
    expect(phases.some(({ phase }) => phase === 'gap')).toBe(false);
  });

  test('a crash kernel that stops between two units', () => {
    const { notes } = parse([...CAPTURE, ...UNITS, copied(0, 0.03)]);
    expect(notes.map(({ id }) => id)).toEqual(['hand-off-incomplete', 'dump-not-saved']);
    expect(notes[0].text).toContain('dmar0 were taken over; no word about dmar1, dmar2');
  });

  test('a kernel that was not crashed into has no dump to save', () => {
    expect(
      parse([
        ...BOOT,
        `${stamp(0.1)}DMAR-IR: IRQ remapping was enabled on dmar0 but we are not in kdump mode`,
      ]).notes,
    ).toEqual([]);
  });

  test('a log that ends after the panic', () => {
    expect(parse([...BOOT, PANIC]).notes.map(({ id }) => id)).toEqual(['no-crash-kernel']);
  });

  test('a crash kernel that saved its dump leaves nothing to say', () => {
    const { notes } = parse([
      ...BOOT,
      PANIC,
      ...CAPTURE,
      ...UNITS,
      ...[0, 1, 2].map((unit) => copied(unit, 0.03)),
      'makedumpfile Completed.',
    ]);
    expect(notes).toEqual([]);
  });
});

describe('where the wording misleads', () => {
  const legacy = [
    FAULT,
    'DMAR: Dump dmar0 table entries for IOVA 0x1f00000',
    'DMAR: root entry: 0x0000000101b3e001',
    'DMAR: context entry: hi 0x0000000000000a02, low 0x0000000101b4d001',
    'DMAR: pte level: 3, pte value: 0x0000000101b4e003',
  ];
  const ids = (lines: readonly string[]) => parse(lines).notes.map(({ id }) => id);

  test('up to 6.12 a large page is called not present', () => {
    expect(ids([...legacy, 'DMAR: PTE not present at level 2'])).toEqual([
      'superpage-called-not-present',
    ]);
    expect(ids([...legacy, 'DMAR: PTE not present at level 1'])).toEqual([]);
  });

  test('from 6.13 the level is the one below', () => {
    expect(
      ids([
        ...legacy,
        'DMAR: pte level: 2, pte value: 0x0000000000000000',
        'DMAR: page table not present at level 1',
      ]),
    ).toEqual(['level-is-the-one-below']);
  });

  test('a healthy leaf beside a fault for its permission', () => {
    expect(
      ids([
        ...legacy,
        'DMAR: pte level: 2, pte value: 0x0000000101b4f003',
        'DMAR: pte level: 1, pte value: 0x0000000012345003',
      ]),
    ).toEqual(['dump-contradicts-fault']);
    expect(
      ids([
        ...legacy,
        'DMAR: pte level: 2, pte value: 0x0000000101b4f003',
        'DMAR: pte level: 1, pte value: 0x0000000012345002',
      ]),
    ).toEqual([]);
  });

  test('the dump crashes after the context entry', () => {
    expect(
      ids([
        ...legacy.slice(0, 4),
        'BUG: unable to handle page fault for address: ffffc90000000000',
      ]),
    ).toEqual(['dump-ended-in-oops']);
  });

  test('5.16 to 5.19 dump the driver’s domain', () => {
    expect(ids([...legacy.slice(0, 2), 'DMAR: device [00:06.0] not probed'])).toEqual([
      'dump-of-drivers-domain',
    ]);
  });

  test('a copied context table in the wrong half', () => {
    const wrong = [
      'DMAR: [DMA Read NO_PASID] Request device [80:14.0] fault addr 0xe81759000 [fault reason 0x39] SM: Present bit in Root Entry is clear',
      'DMAR: Dump dmar0 table entries for IOVA 0xe81759000',
      'DMAR: scalable mode root entry: hi 0x0000000000000000, low 0x0000000101b3e001',
      'DMAR: context table is not present',
    ];
    expect(ids([...CAPTURE, ...wrong])).toContain('copied-to-the-wrong-half');
    expect(ids([...BOOT, ...wrong])).not.toContain('copied-to-the-wrong-half');
  });

  test('a dump belongs to its own fault: another address is another story', () => {
    const { faults, phases } = parse([
      FAULT,
      'DMAR: Dump dmar0 table entries for IOVA 0x2000',
      'DMAR: root entry: 0x0000000101b3e001',
    ]);
    expect(faults[0].raw).toBeUndefined();
    expect(phases).toMatchObject([{ event: 'table-dump' }]);
  });

  test('each is told once in a kernel', () => {
    const again = (lines: readonly string[]) => [...lines, 'DMAR: PTE not present at level 2'];
    expect(ids([...again(legacy), ...again(legacy)])).toHaveLength(1);
  });
});
