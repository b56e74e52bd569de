import type { PhaseRule } from './phase-rule.ts';
import { rule } from './phase-table.ts';

const error = { severity: 'error' } as const;
const words = { kinds: { qw0: 'hex', qw1: 'hex' } } as const;

/** Errors of queues, logs and page requests: no fault records, but part of a fault's story. */
export const RUN_TIME: readonly PhaseRule[] = [
  rule(
    'detected invalid descriptor',
    /VT-d detected invalid descriptor: low=(?<qw0>[0-9a-f]{1,16}), high=(?<qw1>[0-9a-f]{1,16})/,
    'run-time',
    'invalid-descriptor',
    { ...error, ...words },
  ),
  rule(
    'detected invalid descriptor',
    /VT-d detected invalid descriptor: qw0 = (?<qw0>[0-9a-f]{1,16}), qw1 = (?<qw1>[0-9a-f]{1,16})/,
    'run-time',
    'invalid-descriptor',
    { ...error, ...words },
  ),
  rule(
    'detected Invalidation Queue Error',
    /VT-d detected Invalidation Queue Error: Reason (?<reason>[0-9a-f]{1,16})/,
    'run-time',
    'invalidation-queue-error',
    { ...error, kinds: { reason: 'hex' } },
  ),
  rule(
    'detected Invalidation Time-out',
    /VT-d detected Invalidation Time-out Error: SID (?<sid>[0-9a-f]{1,16})/,
    'run-time',
    'invalidation-time-out',
    { ...error, kinds: { sid: 'hex' } },
  ),
  rule(
    'detected Invalidation Completion',
    /VT-d detected Invalidation Completion Error: SID (?<sid>[0-9a-f]{1,16})/,
    'run-time',
    'invalidation-completion-error',
    { ...error, kinds: { sid: 'hex' } },
  ),
  rule(
    'QI HEAD: ',
    /QI HEAD: (?<descriptor>.{1,60}) qw0 = 0x(?<qw0>[0-9a-f]{1,16}), qw1 = 0x(?<qw1>[0-9a-f]{1,16})/,
    'run-time',
    'queue-head',
    words,
  ),
  rule(
    'QI PRIOR: ',
    /QI PRIOR: (?<descriptor>.{1,60}) qw0 = 0x(?<qw0>[0-9a-f]{1,16}), qw1 = 0x(?<qw1>[0-9a-f]{1,16})/,
    'run-time',
    'queue-prior',
    words,
  ),
  rule(
    'Invalidation Queue Error (IQE)',
    /Invalidation Queue Error \(IQE\) cleared/,
    'run-time',
    'invalidation-queue-error-cleared',
  ),
  rule(
    'Invalidation Time-out Error (ITE)',
    /Invalidation Time-out Error \(ITE\) cleared/,
    'run-time',
    'invalidation-time-out-cleared',
  ),
  rule(
    'Invalidation Completion Error (ICE)',
    /Invalidation Completion Error \(ICE\) cleared/,
    'run-time',
    'invalidation-completion-error-cleared',
  ),
  rule(
    'PRQ overflow ',
    /IOMMU: (?<unit>\w+): PRQ overflow detected/,
    'run-time',
    'page-requests-lost',
    error,
  ),
  rule(
    'PRQ overflow ',
    /IOMMU: (?<unit>\w+): PRQ overflow cleared/,
    'run-time',
    'page-requests-resumed',
  ),
  rule(
    'Invalid page request',
    /(?<unit>dmar\d+): Invalid page request: (?<qw0>[0-9a-f]{1,16}) (?<qw1>[0-9a-f]{1,16})/,
    'run-time',
    'invalid-page-request',
    { ...error, ...words },
  ),
  rule(
    'Address is not canonical',
    /IOMMU: (?<unit>\w+): Address is not canonical/,
    'run-time',
    'page-request-not-canonical',
    error,
  ),

  rule(
    'Completion-Wait loop timed out',
    /AMD-Vi: (?:IOMMU (?<bdf>[0-9a-f:.]{7,12}): )?Completion-Wait loop timed out/,
    'run-time',
    'completion-wait-time-out',
    error,
  ),
  rule(
    'Command buffer timeout',
    /AMD-Vi: Command buffer timeout/,
    'run-time',
    'command-buffer-time-out',
    error,
  ),
  rule(
    'Resetting IOMMU command buffer',
    /AMD-Vi: Resetting IOMMU command buffer/,
    'run-time',
    'command-buffer-reset',
    { severity: 'warning' },
  ),
  rule(
    'CMD Buffer head=',
    /CMD Buffer head=(?<head>\d+) tail=(?<tail>\d+)/,
    'run-time',
    'command-buffer',
    { kinds: { head: 'decimal', tail: 'decimal' } },
  ),
  rule(
    'IOMMU event log overflow',
    /AMD-Vi: IOMMU event log overflow/,
    'run-time',
    'event-log-overflow',
    { severity: 'warning' },
  ),
  rule(
    'log restarting',
    /AMD-Vi: IOMMU (?<log>Event|PPR|GA) log restarting/,
    'run-time',
    'event-log-overflow',
    { severity: 'warning' },
  ),
  rule(
    'No event written to event log',
    /AMD-Vi: No event written to event log/,
    'run-time',
    'event-missing',
    { severity: 'warning' },
  ),
];
