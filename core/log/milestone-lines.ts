import type { PhaseRule } from './phase-rule.ts';
import { rule } from './phase-table.ts';

const megabytes = { megabytes: 'decimal', at: 'decimal', ram: 'decimal' } as const;
const range = { start: 'hex', end: 'hex', megabytes: 'decimal' } as const;

/** The way from a boot over a panic to the saved dump, in the usual order. */
export const MILESTONES: readonly PhaseRule[] = [
  rule('Linux version ', /^\s*Linux version (?<release>\S+) \(.*$/, 'boot', 'linux-version'),
  rule(
    'ommand line: ',
    /^\s*(?:Kernel c|C)ommand line: (?<commandLine>.*)$/,
    'boot',
    'command-line',
  ),

  rule(
    'for crashkernel',
    /Reserving (?<megabytes>\d+)MB of (?<low>low )?memory at (?<at>\d+)MB for (?:low )?crashkernel(?: \((?:System RAM|low RAM limit): (?<ram>\d+)MB\))?/,
    'reserve',
    'crashkernel-reserved',
    { kinds: megabytes },
  ),
  rule(
    'crashkernel ',
    /crashkernel (?<low>low memory )?reserved: 0x(?<start>[0-9a-f]{8,16}) - 0x(?<end>[0-9a-f]{8,16}) \((?<megabytes>\d+) MB\)/,
    'reserve',
    'crashkernel-reserved',
    { kinds: range },
  ),
  rule(
    'crashkernel reservation failed',
    /crashkernel reservation failed(?: - (?<why>.*))?/,
    'reserve',
    'crashkernel-failed',
    { severity: 'error' },
  ),

  rule('Trigger a crash', /(?:sysrq: )?(?:SysRq : )?Trigger a crash/, 'trigger', 'sysrq-crash', {
    severity: 'warning',
  }),
  rule('BUG: unable to handle', /BUG: unable to handle (?<what>.*)$/, 'oops', 'bug', {
    severity: 'error',
  }),
  rule('BUG: kernel NULL', /BUG: (?<what>kernel NULL pointer dereference.*)$/, 'oops', 'bug', {
    severity: 'error',
  }),
  rule('BUG: soft lockup', /BUG: (?<what>soft lockup - CPU#.*)$/, 'oops', 'soft-lockup', {
    severity: 'error',
  }),
  rule(' [#1] SMP', /^(?<what>.{1,200} \[#1\] SMP.*)$/, 'oops', 'oops', { severity: 'error' }),
  rule(' [#1] PREEMPT', /^(?<what>.{1,200} \[#1\] PREEMPT.*)$/, 'oops', 'oops', {
    severity: 'error',
  }),
  rule(
    'Kernel panic - not',
    /---\[ end Kernel panic - not syncing: (?<why>.*?)(?: \]---)?\s*$/,
    'panic',
    'panic-end',
    { severity: 'error' },
  ),
  rule('Kernel panic - not', /Kernel panic - not syncing: (?<why>.*?)\s*$/, 'panic', 'panic', {
    severity: 'error',
  }),
  rule(
    'Kernel Offset: ',
    /Kernel Offset: 0x(?<kernelOffset>[0-9a-f]{1,16}) from 0x(?<from>[0-9a-f]{1,16})/,
    'panic',
    'kernel-offset',
    { kinds: { kernelOffset: 'hex', from: 'hex' } },
  ),
  rule('Kernel Offset: ', /Kernel Offset: disabled/, 'panic', 'kernel-offset', {
    implies: { kernelOffset: 0n },
  }),
  rule('Rebooting in ', /Rebooting in (?<seconds>\d+) seconds\.\./, 'end', 'reboot-after-panic', {
    severity: 'warning',
    kinds: { seconds: 'decimal' },
  }),

  rule('Starting new kernel', /(?:kexec(?:_core)?: )?Starting new kernel/, 'switch', 'kexec'),
  rule("I'm in purgatory", /I'm in purgatory/, 'hand-over', 'purgatory'),
  rule(
    'early console in extract_kernel',
    /early console in extract_kernel/,
    'hand-over',
    'decompressor',
  ),
  rule('Decompressing Linux', /Decompressing Linux/, 'hand-over', 'decompressor'),
  rule('Booting the k', /Booting the kernel/, 'hand-over', 'kernel-starts'),

  rule('kdump: saving', /kdump: saving to (?<target>.*)$/, 'save', 'save-target'),
  rule('saving vmcore', /kdump(?:\[\d+\])?: saving vmcore complete/, 'save', 'saved'),
  rule(
    'saving vmcore',
    /kdump(?:\[\d+\])?: saving vmcore-dmesg\.txt complete/,
    'save',
    'log-saved',
  ),
  rule(
    'saving vmcore',
    /kdump(?:\[\d+\])?: saving vmcore(?<log>-dmesg(?:\.txt)?)? failed(?:, _?exitcode:(?<code>\d+))?/,
    'save',
    'save-failed',
    { severity: 'error', kinds: { code: 'decimal' } },
  ),
  rule('saving vmcore', /kdump(?:\[\d+\])?: saving vmcore-dmesg/, 'save', 'saving-log'),
  rule('saving vmcore', /kdump(?:\[\d+\])?: saving vmcore/, 'save', 'saving'),
  rule(
    'failed, _exitcode',
    /(?<what>[\w .:-]{1,60})failed, _exitcode:(?<code>\d+)/,
    'save',
    'save-failed',
    {
      severity: 'error',
      kinds: { code: 'decimal' },
    },
  ),
  rule('saved vmcore', /saved vmcore(?: in (?<target>\S+))?/, 'save', 'saved'),
  rule('for memory holes', /Checking for memory holes/, 'save', 'makedumpfile-reads'),
  rule(
    'Excluding unnecessary pages',
    /Excluding unnecessary pages/,
    'save',
    'makedumpfile-filters',
  ),
  rule('Excluding free pages', /Excluding free pages/, 'save', 'makedumpfile-filters'),
  // Redrawn thousands of times a run: only the first one is looked for.
  rule('[  0.0 %]', /Copying data\s*: \[ {2}0\.0 %\]/, 'save', 'makedumpfile-copies'),
  rule('The dumpfile is saved', /The dumpfile is saved to (?<target>.*?)\.?\s*$/, 'save', 'saved'),
  rule('makedumpfile Completed', /makedumpfile Completed/, 'save', 'makedumpfile-completed'),
  rule('makedumpfile Failed', /makedumpfile Failed/, 'save', 'save-failed', { severity: 'error' }),

  rule('Restarting system', /(?:reboot: )?Restarting system/, 'end', 'restart'),
  rule('reboot: Power down', /reboot: Power down/, 'end', 'power-down'),
  rule('systemd-shutdown[', /systemd-shutdown\[\d+\]: Rebooting\./, 'end', 'restart'),

  rule(
    'messages dropped',
    /\*\* (?<count>\d+) printk messages dropped \*\*/,
    'lost',
    'printk-dropped',
    { severity: 'warning', kinds: { count: 'decimal' } },
  ),
  rule(
    'callbacks suppressed',
    /\b(?<function>(?:dmar|amd_iommu|iommu|intel_iommu|__iommu)\w*): (?<count>\d+) callbacks suppressed/,
    'suppressed',
    'callbacks-suppressed',
    { severity: 'warning', kinds: { count: 'decimal' } },
  ),
  ...['Panic', 'Oops'].flatMap((reason) =>
    [1, 2, 3, 4, 5, 6, 7, 8, 9].map((count) =>
      rule(
        `${reason}#${count} Part`,
        /^(?<reason>Panic|Oops)#(?<count>\d) Part(?<part>\d+)\s*$/,
        'lost',
        'pstore-part',
        { kinds: { count: 'decimal', part: 'decimal' } },
      ),
    ),
  ),
];
