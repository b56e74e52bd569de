import type { PhaseRule } from './phase-rule.ts';
import { rule } from './phase-table.ts';

const numbered = (groups: Readonly<Record<string, string | undefined>>): string | undefined =>
  groups['number'] === undefined ? undefined : `ivhd${groups['number']}`;
const warning = { severity: 'warning' } as const;
const error = { severity: 'error' } as const;

/** What a kernel says of translation and tables that it found in use. */
export const HAND_OFF: readonly PhaseRule[] = [
  rule(
    'Copied IR table for',
    /Copied IR table for (?<unit>dmar\d+) from previous kernel/,
    'hand-off',
    'interrupt-table-copied',
  ),
  rule(
    'Failed to copy IR table',
    /Failed to copy IR table for (?<unit>dmar\d+) from previous kernel/,
    'hand-off',
    'interrupt-table-refused',
    error,
  ),
  rule(
    'IRQ remapping was enabled on',
    /IRQ remapping was enabled on (?<unit>dmar\d+) but we are not in kdump mode/,
    'hand-off',
    'interrupt-remapping-left-on',
    warning,
  ),
  rule(
    'copy translation struct',
    /Translation (?:is )?already enabled - trying to copy translation structures/,
    'hand-off',
    'translation-found-enabled',
    { implies: { strategy: 'copy' } },
  ),
  rule(
    'trying to reuse translation',
    /Translation is already enabled - trying to reuse translation structures/,
    'hand-off',
    'translation-found-enabled',
    { implies: { strategy: 'reuse' } },
  ),
  rule(
    'Copied translation tables',
    /Copied translation tables from previous kernel for (?<unit>dmar\d+)/,
    'hand-off',
    'tables-copied',
  ),
  rule(
    'Failed to copy context table',
    /(?<unit>dmar\d+): Failed to copy context table for bus (?<bus>\d+)/,
    'hand-off',
    'context-table-refused',
    { ...error, kinds: { bus: 'decimal' } },
  ),
  rule(
    'Failed to copy translation tables',
    /Failed to copy translation tables from previous kernel for (?<unit>dmar\d+)/,
    'hand-off',
    'tables-refused',
    error,
  ),
  rule(
    'but we are not in kdump mode',
    /Translation was enabled for (?:(?<unit>dmar\d+)|IOMMU:(?<number>\d+)) but we are not in kdump mode/,
    'hand-off',
    'translation-left-on',
    { ...warning, unitOf: numbered },
  ),
  rule(
    'prior to OS',
    /Translation is enabled prior to OS/,
    'hand-off',
    'translation-found-enabled',
    { implies: { strategy: 'unknown' } },
  ),

  rule(
    'Copied DEV table from',
    /Copied DEV table from previous kernel/,
    'hand-off',
    'tables-copied',
  ),
  rule(
    'Failed to copy DEV table',
    /Failed to copy DEV table from previous kernel/,
    'hand-off',
    'tables-refused',
    error,
  ),
  rule(
    'Reused DEV table from',
    /Reused DEV table from previous kernel/,
    'hand-off',
    'tables-reused',
  ),
  rule(
    'Failed to reuse DEV table',
    /Failed to reuse DEV table from previous kernel/,
    'hand-off',
    'tables-refused',
    error,
  ),
  rule(
    'should use the same dev table',
    /IOMMU:(?<number>\d+) should use the same dev table as others!/,
    'hand-off',
    'device-tables-differ',
    { ...error, unitOf: numbered },
  ),
  rule(
    'The device table size of',
    /The device table size of IOMMU:(?<number>\d+) is not expected!/,
    'hand-off',
    'device-table-size',
    { ...error, unitOf: numbered },
  ),
  rule(
    'old device table is above 4G',
    /The address of old device table is above 4G, not trustworthy!/,
    'hand-off',
    'device-table-above-4g',
    error,
  ),
  rule(
    'old device table!',
    /Failed to (?<what>allocate memory for copying|remap memory for reusing) old device table!/,
    'hand-off',
    'device-table-memory',
    error,
  ),
  rule(
    'Wrong old irq remapping flag',
    /Wrong old irq remapping flag: (?:0x)?(?<flag>[0-9a-f]+)/,
    'hand-off',
    'interrupt-flag-wrong',
    { ...error, kinds: { flag: 'hex' } },
  ),
  rule(
    'from the previous kernel',
    /Re-using (?<what>event|command) buffer from the previous kernel|Re-using (?<cwb>CWB) buffers from the previous kernel/,
    'hand-off',
    'buffers-reused',
  ),
];
