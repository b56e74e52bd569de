import type { Row } from './row.ts';

export const RUN_TIME: readonly Row[] = [
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
