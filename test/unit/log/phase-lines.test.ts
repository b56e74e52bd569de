import { describe, expect, test } from 'vitest';
import { parseLog } from '../../../core/log/parse.ts';

const parse = (text: string) => parseLog(new TextEncoder().encode(text));

/** kernel-messages.md 3, 4, 1.6 and 2.4: the line, what it is, and what it tells. */
type Row = readonly [line: string, phase: string, event: string, rest?: object];

const BRING_UP: readonly Row[] = [
  ['DMAR: Host address width 39', 'bring-up', 'host-address-width', { details: { bits: 39 } }],
  ['dmar: Host address width 46', 'bring-up', 'host-address-width', { details: { bits: 46 } }],
  [
    'DMAR: DRHD base: 0x000000fed90000 flags: 0x0',
    'bring-up',
    'drhd',
    { details: { base: 0xfed90000n, flags: 0n } },
  ],
  [
    'dmar: RMRR base: 0x000000bdf6e000 end: 0x000000bdf6efff',
    'bring-up',
    'rmrr',
    { details: { start: 0xbdf6e000n, end: 0xbdf6efffn } },
  ],
  ['DMAR: ATSR flags: 0x0', 'bring-up', 'atsr', { details: { flags: 0n } }],
  [
    'DMAR: RHSA base: 0x000000fbffe000 proximity domain: 0x0',
    'bring-up',
    'rhsa',
    { details: { base: 0xfbffe000n, proximity: 0n } },
  ],
  [
    'DMAR: ANDD device: 1 name: \\_SB.PCI0.I2C0',
    'bring-up',
    'andd',
    { details: { name: '\\_SB.PCI0.I2C0' } },
  ],
  ['DMAR: SATC flags: 0x1', 'bring-up', 'satc', { details: { flags: 1n } }],
  [
    'DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap 1c0000c40660462 ecap 19e2ff0505e',
    'bring-up',
    'unit',
    {
      unit: 'dmar0',
      details: { base: 0xfed90000n, version: '1:0', cap: 0x1c0000c40660462n, ecap: 0x19e2ff0505en },
    },
  ],
  [
    'dmar: IOMMU 1: reg_base_addr fed91000 ver 1:0 cap c9008020660262 ecap f0105a',
    'bring-up',
    'unit',
    { unit: 'dmar1', details: { cap: 0xc9008020660262n } },
  ],
  [
    'IOMMU fed90000: ver 1:0 cap c9008020660262 ecap f0105a',
    'bring-up',
    'unit',
    { details: { base: 0xfed90000n } },
  ],
  ['DMAR: IOMMU enabled', 'bring-up', 'enabled'],
  ['DMAR: IOMMU disabled', 'bring-up', 'disabled'],
  ['Intel-IOMMU: enabled', 'bring-up', 'enabled'],
  ['Intel-IOMMU: disabled', 'bring-up', 'disabled'],
  ['DMAR: Intel-IOMMU force enabled due to platform opt in', 'bring-up', 'forced'],
  ['DMAR: Enable scalable mode if hardware supports', 'bring-up', 'scalable-asked'],
  [
    'IOMMU 0 0xfed90000: using Queued invalidation',
    'bring-up',
    'queued-invalidation',
    { unit: 'dmar0', details: { base: 0xfed90000n } },
  ],
  [
    'dmar: IOMMU: dmar1 using Queued invalidation',
    'bring-up',
    'queued-invalidation',
    { unit: 'dmar1' },
  ],
  ['DMAR: dmar2: Using Queued invalidation', 'bring-up', 'queued-invalidation', { unit: 'dmar2' }],
  [
    'DMAR: dmar2: Using Register based invalidation',
    'bring-up',
    'register-invalidation',
    { unit: 'dmar2' },
  ],
  [
    'IOMMU: Setting identity map for device 0000:00:1d.0 [0xbdf6e000 - 0xbdf6efff]',
    'bring-up',
    'identity-map',
    { details: { device: '0000:00:1d.0', start: 0xbdf6e000n, end: 0xbdf6efffn } },
  ],
  [
    'hpsa 0000:02:00.0: DMAR: Setting identity map [0xe8000 - 0xe8fff]',
    'bring-up',
    'identity-map',
    { details: { driver: 'hpsa', bdf: '0000:02:00.0', start: 0xe8000n } },
  ],
  [
    'IOMMU: hardware identity mapping for device 0000:00:1f.0',
    'bring-up',
    'pass-through',
    { details: { device: '0000:00:1f.0' } },
  ],
  ['DMAR: Software identity mapping for device 0000:00:1f.0', 'bring-up', 'pass-through'],
  ['DMAR: Setting RMRR:', 'bring-up', 'setting-rmrr'],
  ['PCI-DMA: Intel(R) Virtualization Technology for Directed I/O', 'bring-up', 'ready'],
  ['DMAR: No RMRR found', 'bring-up', 'no-rmrr'],
  ['DMAR: No ATSR found', 'bring-up', 'no-atsr'],
  ['DMAR: No SATC found', 'bring-up', 'no-satc'],
  [
    '[Firmware Bug]: Your BIOS is broken; DMAR reported at address fed90000 returns all ones!',
    'bring-up',
    'bios-broken',
    { details: { base: 0xfed90000n, why: 'returns all ones' } },
  ],
  [
    '[Firmware Bug]: RMRR entry for device 06:00.0 is broken - applying workaround',
    'bring-up',
    'rmrr-broken',
    { details: { bdf: '06:00.0' } },
  ],
  ["x2apic: IRQ remapping doesn't support X2APIC mode", 'bring-up', 'x2apic-unsupported'],
  ['Excluding free pages                : [100.0 %] /', 'save', 'makedumpfile-filters'],
  [
    'iommu: Default domain type: Translated ',
    'bring-up',
    'default-domain',
    { details: { type: 'Translated' } },
  ],
  [
    'iommu: DMA domain TLB invalidation policy: strict mode (set via kernel command line)',
    'bring-up',
    'invalidation-policy',
    { details: { mode: 'strict' } },
  ],
  [
    'DMAR-IR: IOAPIC id 8 under DRHD base  0xfed91000 IOMMU 1',
    'bring-up',
    'interrupt-source',
    { unit: 'dmar1', details: { what: 'IOAPIC', id: 8, base: 0xfed91000n } },
  ],
  [
    'IOAPIC id 8 under DRHD base 0xfed91000',
    'bring-up',
    'interrupt-source',
    { details: { id: 8 } },
  ],
  [
    'HPET id 0 under DRHD base 0xfed91000',
    'bring-up',
    'interrupt-source',
    { details: { what: 'HPET' } },
  ],
  [
    'DMAR-IR: Queued invalidation will be enabled to support x2apic and Intr-remapping.',
    'bring-up',
    'queued-invalidation',
  ],
  [
    'DMAR-IR: Enabled IRQ remapping in x2apic mode',
    'bring-up',
    'interrupt-remapping',
    { details: { mode: 'x2apic' } },
  ],
  [
    'DMAR-IR: x2apic is disabled because BIOS sets x2apic opt out bit.',
    'bring-up',
    'x2apic-opt-out',
  ],
  ['DMAR-IR: Not enabling interrupt remapping', 'bring-up', 'no-interrupt-remapping'],
  [
    'DMAR-IR: This system BIOS has enabled interrupt remapping',
    'bring-up',
    'interrupt-remapping-broken',
  ],
  [
    'AMD-Vi: Enabling IOMMU at 0000:00:00.2 cap 0x40',
    'bring-up',
    'unit',
    { details: { bdf: '0000:00:00.2', capability: 0x40n } },
  ],
  [
    'AMD-Vi: Found IOMMU at 0000:00:00.2 cap 0x40',
    'bring-up',
    'unit',
    { details: { bdf: '0000:00:00.2' } },
  ],
  [
    'pci 0000:00:00.2: AMD-Vi: Found IOMMU cap 0x40',
    'bring-up',
    'unit',
    { details: { pci: '0000:00:00.2' } },
  ],
  [
    'AMD-Vi: Extended features:  PPR GT IA GA PC',
    'bring-up',
    'extended-features',
    { details: { words: 'PPR GT IA GA PC' } },
  ],
  [
    'pci 0000:00:00.2: AMD-Vi: Extended features (0x58f77ef22294a5a):',
    'bring-up',
    'extended-features',
    { details: { features: 0x58f77ef22294a5an } },
  ],
  [
    'AMD-Vi: Extended features (0x29d3, 0x0): PreF PPR GT IA GA HE',
    'bring-up',
    'extended-features',
    { details: { features: 0x29d3n, features2: 0n } },
  ],
  ['AMD-Vi: Interrupt remapping enabled', 'bring-up', 'interrupt-remapping'],
  ['AMD-Vi: X2APIC enabled', 'bring-up', 'x2apic'],
  ['AMD-Vi: virtual APIC enabled', 'bring-up', 'virtual-apic'],
  [
    'pci 0000:00:00.2: AMD-Vi: IOMMU performance counters supported',
    'bring-up',
    'performance-counters',
  ],
  [
    'AMD-Vi: Using global IVHD EFR:0x841f77e022094ace, EFR2:0x0',
    'bring-up',
    'table-features',
    { details: { features: 0x841f77e022094acen } },
  ],
  [
    '[Firmware Bug]: AMD-Vi: IOAPIC[4] not in IVRS table',
    'bring-up',
    'ioapic-missing',
    { details: { id: 4 } },
  ],
  ['AMD-Vi: [Firmware Bug]: : IOAPIC[4] not in IVRS table', 'bring-up', 'ioapic-missing'],
  ['AMD-Vi: Disabling interrupt remapping', 'bring-up', 'no-interrupt-remapping'],
  [
    'AMD-Vi: device: 00:00.2 cap: 0040 seg: 0 flags: 3e info 1300',
    'bring-up',
    'table-unit',
    { details: { bdf: '00:00.2', flags: 0x3en } },
  ],
  [
    'AMD-Vi: AMD-Vi: device: 0000:00:01.0 cap: 0040 flags: d1 info 0000',
    'bring-up',
    'table-unit',
    { details: { bdf: '0000:00:01.0' } },
  ],
  [
    'AMD-Vi:        mmio-addr: 00000000fed80000',
    'bring-up',
    'table-unit-base',
    { details: { base: 0xfed80000n } },
  ],
  [
    'AMD-Vi: AMD-Vi:   DEV_SELECT\t\t\t devid: 0000:00:07.0 flags: 00',
    'bring-up',
    'table-device',
    { details: { entry: 'SELECT', bdf: '0000:00:07.0', flags: 0n } },
  ],
  [
    'AMD-Vi: AMD-Vi:   DEV_SPECIAL(IOAPIC[0])\t\tdevid: 0000:00:14.0',
    'bring-up',
    'table-device',
    { details: { entry: 'SPECIAL', special: 'IOAPIC[0]' } },
  ],
];

const HAND_OFF: readonly Row[] = [
  [
    'DMAR-IR: Copied IR table for dmar0 from previous kernel',
    'hand-off',
    'interrupt-table-copied',
    { unit: 'dmar0' },
  ],
  [
    'DMAR-IR: Failed to copy IR table for dmar1 from previous kernel',
    'hand-off',
    'interrupt-table-refused',
    { unit: 'dmar1', severity: 'error' },
  ],
  [
    'DMAR-IR: IRQ remapping was enabled on dmar0 but we are not in kdump mode',
    'hand-off',
    'interrupt-remapping-left-on',
    { unit: 'dmar0' },
  ],
  [
    'DMAR: Translation already enabled - trying to copy translation structures',
    'hand-off',
    'translation-found-enabled',
    { details: { strategy: 'copy' } },
  ],
  [
    'DMAR: Copied translation tables from previous kernel for dmar0',
    'hand-off',
    'tables-copied',
    { unit: 'dmar0' },
  ],
  [
    'DMAR: dmar0: Failed to copy context table for bus 128',
    'hand-off',
    'context-table-refused',
    { unit: 'dmar0', details: { bus: 128 } },
  ],
  [
    'DMAR: Failed to copy translation tables from previous kernel for dmar0',
    'hand-off',
    'tables-refused',
    { unit: 'dmar0' },
  ],
  [
    'DMAR: Translation was enabled for dmar0 but we are not in kdump mode',
    'hand-off',
    'translation-left-on',
    { unit: 'dmar0' },
  ],
  ['Translation is enabled prior to OS.', 'hand-off', 'translation-found-enabled'],
  [
    'Translation is already enabled - trying to copy translation structures',
    'hand-off',
    'translation-found-enabled',
    { details: { strategy: 'copy' } },
  ],
  [
    'AMD-Vi: Translation is already enabled - trying to reuse translation structures',
    'hand-off',
    'translation-found-enabled',
    { details: { strategy: 'reuse' } },
  ],
  ['Copied DEV table from previous kernel.', 'hand-off', 'tables-copied'],
  ['AMD-Vi: Failed to copy DEV table from previous kernel.', 'hand-off', 'tables-refused'],
  ['AMD-Vi: Reused DEV table from previous kernel.', 'hand-off', 'tables-reused'],
  ['AMD-Vi: Failed to reuse DEV table from previous kernel.', 'hand-off', 'tables-refused'],
  [
    'AMD-Vi: IOMMU:1 should use the same dev table as others!',
    'hand-off',
    'device-tables-differ',
    { unit: 'ivhd1' },
  ],
  [
    'AMD-Vi: The device table size of IOMMU:2 is not expected!',
    'hand-off',
    'device-table-size',
    { unit: 'ivhd2' },
  ],
  [
    'AMD-Vi: Failed to allocate memory for copying old device table!',
    'hand-off',
    'device-table-memory',
  ],
  [
    'AMD-Vi: Failed to remap memory for reusing old device table!',
    'hand-off',
    'device-table-memory',
  ],
  [
    'AMD-Vi: Wrong old irq remapping flag: 0x1',
    'hand-off',
    'interrupt-flag-wrong',
    { details: { flag: 1n } },
  ],
  [
    'AMD-Vi: The address of old device table is above 4G, not trustworthy!',
    'hand-off',
    'device-table-above-4g',
  ],
  [
    'AMD-Vi: Translation was enabled for IOMMU:0 but we are not in kdump mode',
    'hand-off',
    'translation-left-on',
    { unit: 'ivhd0' },
  ],
  [
    'AMD-Vi: Re-using event buffer from the previous kernel',
    'hand-off',
    'buffers-reused',
    { details: { what: 'event' } },
  ],
  [
    'AMD-Vi: Re-using CWB buffers from the previous kernel',
    'hand-off',
    'buffers-reused',
    { details: { cwb: 'CWB' } },
  ],
];

const RUN_TIME: readonly Row[] = [
  [
    'DMAR: VT-d detected invalid descriptor: low=25, high=185f6729c4',
    'run-time',
    'invalid-descriptor',
    { details: { qw0: 0x25n, qw1: 0x185f6729c4n } },
  ],
  [
    'DMAR: VT-d detected invalid descriptor: qw0 = 25, qw1 = 185f6729c4',
    'run-time',
    'invalid-descriptor',
    { details: { qw0: 0x25n } },
  ],
  [
    'DMAR: VT-d detected Invalidation Queue Error: Reason f',
    'run-time',
    'invalidation-queue-error',
    { details: { reason: 15n } },
  ],
  [
    'DMAR: VT-d detected Invalidation Time-out Error: SID 100',
    'run-time',
    'invalidation-time-out',
    { details: { sid: 0x100n } },
  ],
  [
    'DMAR: VT-d detected Invalidation Completion Error: SID 0',
    'run-time',
    'invalidation-completion-error',
  ],
  [
    'DMAR: QI HEAD: Device-TLB Invalidation qw0 = 0x2000000003, qw1 = 0x7ffffffffffff001',
    'run-time',
    'queue-head',
    { details: { descriptor: 'Device-TLB Invalidation', qw0: 0x2000000003n } },
  ],
  [
    'DMAR: QI PRIOR: Invalidation Wait qw0 = 0x200000025, qw1 = 0x185f6729c4',
    'run-time',
    'queue-prior',
    { details: { descriptor: 'Invalidation Wait', qw0: 0x200000025n, qw1: 0x185f6729c4n } },
  ],
  ['DMAR: Invalidation Queue Error (IQE) cleared', 'run-time', 'invalidation-queue-error-cleared'],
  ['DMAR: Invalidation Time-out Error (ITE) cleared', 'run-time', 'invalidation-time-out-cleared'],
  [
    'DMAR: Invalidation Completion Error (ICE) cleared',
    'run-time',
    'invalidation-completion-error-cleared',
  ],
  ['IOMMU: dmar0: PRQ overflow detected', 'run-time', 'page-requests-lost', { unit: 'dmar0' }],
  ['IOMMU: dmar0: PRQ overflow cleared', 'run-time', 'page-requests-resumed'],
  ['dmar0: Invalid page request: 00000001 00001000', 'run-time', 'invalid-page-request'],
  ['IOMMU: dmar0: Address is not canonical', 'run-time', 'page-request-not-canonical'],
  ['AMD-Vi: Completion-Wait loop timed out', 'run-time', 'completion-wait-time-out'],
  [
    'AMD-Vi: IOMMU 0000:00:00.2: Completion-Wait loop timed out',
    'run-time',
    'completion-wait-time-out',
    { details: { bdf: '0000:00:00.2' } },
  ],
  [
    'AMD-Vi: CMD Buffer head=339 tail=340',
    'run-time',
    'command-buffer',
    { details: { head: 339, tail: 340 } },
  ],
  ['AMD-Vi: Command buffer timeout', 'run-time', 'command-buffer-time-out'],
  ['AMD-Vi: Resetting IOMMU command buffer', 'run-time', 'command-buffer-reset'],
  ['AMD-Vi: IOMMU event log overflow', 'run-time', 'event-log-overflow'],
  [
    'AMD-Vi: IOMMU PPR log restarting',
    'run-time',
    'event-log-overflow',
    { details: { log: 'PPR' } },
  ],
  ['AMD-Vi: No event written to event log', 'run-time', 'event-missing'],
];

const MILESTONES: readonly Row[] = [
  [
    'Linux version 6.1.0-50-amd64 (debian-kernel@lists.debian.org) (gcc-12)',
    'boot',
    'linux-version',
    { details: { release: '6.1.0-50-amd64' } },
  ],
  ['Command line: ro quiet', 'boot', 'command-line', { details: { commandLine: 'ro quiet' } }],
  ['Kernel command line: ro elfcorehdr=1916276K', 'capture', 'command-line'],
  [
    'Reserving 256MB of memory at 240MB for crashkernel (System RAM: 767MB)',
    'reserve',
    'crashkernel-reserved',
    { details: { megabytes: 256, at: 240, ram: 767 } },
  ],
  [
    'Reserving 256MB of low memory at 240MB for crashkernel (low RAM limit: 4096MB)',
    'reserve',
    'crashkernel-reserved',
    { details: { low: 'low' } },
  ],
  [
    'crashkernel reserved: 0x000000001f000000 - 0x000000002f000000 (256 MB)',
    'reserve',
    'crashkernel-reserved',
    { details: { start: 0x1f000000n, end: 0x2f000000n } },
  ],
  [
    'crash hp: crashkernel low memory reserved: 0x72000000 - 0x82000000 (256 MB)',
    'reserve',
    'crashkernel-reserved',
    { details: { low: 'low memory' } },
  ],
  ['crashkernel reservation failed - memory is in use.', 'reserve', 'crashkernel-failed'],
  ['SysRq : Trigger a crash', 'trigger', 'sysrq-crash'],
  ['sysrq: SysRq : Trigger a crash', 'trigger', 'sysrq-crash'],
  ['sysrq: Trigger a crash', 'trigger', 'sysrq-crash'],
  ['BUG: unable to handle kernel NULL pointer dereference at           (null)', 'oops', 'bug'],
  ['BUG: kernel NULL pointer dereference, address: 0000000000000000', 'oops', 'bug'],
  ['BUG: unable to handle page fault for address: ffffc90000000000', 'oops', 'bug'],
  ['Oops: 0002 [#1] SMP PTI', 'oops', 'oops'],
  [
    'Oops: general protection fault, probably for non-canonical address 0xdead000000000000: 0000 [#1] PREEMPT SMP',
    'oops',
    'oops',
  ],
  ['watchdog: BUG: soft lockup - CPU#46 stuck for 22s! [swapper/46:0]', 'oops', 'soft-lockup'],
  [
    'Kernel panic - not syncing: sysrq triggered crash',
    'panic',
    'panic',
    { details: { why: 'sysrq triggered crash' } },
  ],
  [
    '---[ end Kernel panic - not syncing: Fatal exception ]---',
    'panic',
    'panic-end',
    { details: { why: 'Fatal exception' } },
  ],
  [
    '---[ end Kernel panic - not syncing: Fatal exception',
    'panic',
    'panic-end',
    { details: { why: 'Fatal exception' } },
  ],
  [
    'Kernel Offset: 0x35a00000 from 0xffffffff81000000 (relocation range: 0xffffffff80000000-0xffffffffbfffffff)',
    'panic',
    'kernel-offset',
    { details: { kernelOffset: 0x35a00000n } },
  ],
  ['Kernel Offset: disabled', 'panic', 'kernel-offset', { details: { kernelOffset: 0n } }],
  ['Rebooting in 10 seconds..', 'end', 'reboot-after-panic', { details: { seconds: 10 } }],
  ['kexec_core: Starting new kernel', 'switch', 'kexec'],
  ["I'm in purgatory", 'hand-over', 'purgatory'],
  ['early console in extract_kernel', 'hand-over', 'decompressor'],
  [
    'Decompressing Linux... Parsing ELF... Performing relocations... done.',
    'hand-over',
    'decompressor',
  ],
  ['Booting the kernel (entry_offset: 0x0000000000000bda).', 'hand-over', 'kernel-starts'],
  ['kdump: saving to /sysroot//var/crash/127.0.0.1-2024-01-01', 'save', 'save-target'],
  ['kdump: saving vmcore-dmesg.txt', 'save', 'saving-log'],
  ['kdump: saving vmcore-dmesg.txt complete', 'save', 'log-saved'],
  ['kdump: saving vmcore', 'save', 'saving'],
  ['kdump[495]: saving vmcore', 'save', 'saving'],
  ['kdump: saving vmcore complete', 'save', 'saved'],
  [
    'kdump[495]: saving vmcore failed, _exitcode:1',
    'save',
    'save-failed',
    { details: { code: 1 } },
  ],
  [
    'The dumpfile is saved to /var/crash/vmcore.',
    'save',
    'saved',
    { details: { target: '/var/crash/vmcore' } },
  ],
  ['makedumpfile Completed.', 'save', 'makedumpfile-completed'],
  ['makedumpfile Failed.', 'save', 'save-failed'],
  ['reboot: Restarting system', 'end', 'restart'],
  ['Restarting system.', 'end', 'restart'],
  ['reboot: Power down', 'end', 'power-down'],
  ['systemd-shutdown[1]: Rebooting.', 'end', 'restart'],
  [
    '** 37 printk messages dropped ** [   12.3] text',
    'lost',
    'printk-dropped',
    { details: { count: 37 } },
  ],
  [
    'dmar_fault: 893 callbacks suppressed',
    'suppressed',
    'callbacks-suppressed',
    { details: { function: 'dmar_fault', count: 893 } },
  ],
  [
    'amd_iommu_report_rmp_fault: 3 callbacks suppressed',
    'suppressed',
    'callbacks-suppressed',
    { details: { count: 3 } },
  ],
  ['Oops#1 Part1', 'lost', 'pstore-part', { details: { part: 1 } }],
];

describe.each<[string, readonly Row[]]>([
  ['bring-up', BRING_UP],
  ['hand-off', HAND_OFF],
  ['run time', RUN_TIME],
  ['milestones', MILESTONES],
])('%s', (_, rows) => {
  test.each(rows.map((row) => ({ row, line: row[0] })))('$line', ({ row }) => {
    const [line, phase, event, rest = {}] = row;
    const { phases, marks, faults } = parse(`[    1.250000] ${line}\r\n`);
    expect(phases).toHaveLength(1);
    expect(phases[0]).toMatchObject({ line: 1, time: 1.25, kernel: 0, phase, event, ...rest });
    expect(phases[0].text).toBe(line.trim());
    expect(marks).toHaveLength(1);
    expect(faults).toEqual([]);
  });
});

describe('makedumpfile', () => {
  test('its progress, redrawn on one line, gives one record', () => {
    const steps = Array.from(
      { length: 1000 },
      (_, at) =>
        `\rCopying data                        : [${(at / 10).toFixed(1).padStart(5)} %] /   eta: 2m10s`,
    );
    const { phases } = parse(
      `${steps.join('')}\rCopying data                        : [100.0 %] |\nend`,
    );
    expect(phases.map((phase) => phase.event)).toEqual(['makedumpfile-copies']);
  });
});

describe('lines that are none of them', () => {
  test.each([
    ['net_ratelimit: 12 callbacks suppressed'],
    ['A mail about Linux version 6.1 and its Kernel panic'],
    ['crashkernel=256M'],
    ['the device is not present'],
  ])('%s', (line) => {
    const { phases, marks, notes } = parse(`${line}\n`);
    expect({ phases, marks, notes }).toEqual({ phases: [], marks: [], notes: [] });
  });
});
