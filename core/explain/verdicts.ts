import type { Severity } from '../format/severity.ts';

/** The causes that a fault can be found to have. The same ids stand in JSON, filters and notes. */
export type VerdictId =
  | 'not-mapped'
  | 'permission-missing'
  | 'entry-absent'
  | 'entry-cleared'
  | 'in-flight-dma'
  | 'rmrr-not-mapped'
  | 'stale-cache'
  | 'interrupt-entry-absent'
  | 'interrupt-index-beyond'
  | 'interrupt-source-failed'
  | 'interrupt-compatibility'
  | 'interrupt-stale-cache'
  | 'reserved-bits'
  | 'damaged-table'
  | 'beyond-width'
  | 'request-blocked'
  | 'command-failed'
  | 'invalidation-unanswered'
  | 'undecided';

export interface VerdictKind {
  readonly title: string;
  readonly severity: Severity;
  /** What would show that the verdict is wrong. */
  readonly disprove: string;
}

export const VERDICTS: Readonly<Record<VerdictId, VerdictKind>> = {
  'not-mapped': {
    title: 'Not mapped',
    severity: 'error',
    disprove:
      'A capture taken at the moment of the fault that shows a present entry for this page.',
  },
  'permission-missing': {
    title: 'Permission missing',
    severity: 'error',
    disprove: 'A capture taken at the moment of the fault in which every level grants this access.',
  },
  'entry-absent': {
    title: 'Context or root entry absent',
    severity: 'error',
    disprove: 'A root, context or device table entry for this requester that is present.',
  },
  'entry-cleared': {
    title: 'Entry cleared by a new kernel',
    severity: 'error',
    disprove: "The crash kernel's own tables at the time of the fault, with the entry present.",
  },
  'in-flight-dma': {
    title: 'In-flight DMA after hand-off',
    severity: 'error',
    disprove:
      "The crash kernel's driver using this address itself, or the first kernel's tables without it.",
  },
  'rmrr-not-mapped': {
    title: 'RMRR not mapped',
    severity: 'error',
    disprove:
      'A mapping of the firmware region to itself in the tables of the moment of the fault.',
  },
  'stale-cache': {
    title: 'Stale cached translation',
    severity: 'error',
    disprove: 'An invalidation of the old domain between the change of the entry and the fault.',
  },
  'interrupt-entry-absent': {
    title: 'Interrupt entry absent',
    severity: 'error',
    disprove: 'A present entry at this index at the moment of the fault.',
  },
  'interrupt-index-beyond': {
    title: 'Interrupt index beyond the table',
    severity: 'error',
    disprove: 'A larger interrupt remapping table than the register shows.',
  },
  'interrupt-source-failed': {
    title: 'Source ID check failed',
    severity: 'error',
    disprove: 'An entry at this index whose source is the requester.',
  },
  'interrupt-compatibility': {
    title: 'Compatibility-format interrupt blocked',
    severity: 'error',
    disprove: 'A device that writes remappable-format messages only.',
  },
  'interrupt-stale-cache': {
    title: 'Stale cached interrupt entry',
    severity: 'error',
    disprove:
      'An interrupt entry cache invalidation between the change of the entry and the fault.',
  },
  'reserved-bits': {
    title: 'Reserved bits set',
    severity: 'error',
    disprove: 'The entry with all reserved bits 0 at the moment of the fault.',
  },
  'damaged-table': {
    title: 'Damaged table',
    severity: 'error',
    disprove: 'A sound pointer in the deciding entry at the moment of the fault.',
  },
  'beyond-width': {
    title: 'Wrong address width',
    severity: 'error',
    disprove: 'A domain with more levels, or a unit with a wider address.',
  },
  'request-blocked': {
    title: 'Request type blocked',
    severity: 'error',
    disprove: 'An entry whose translation type allows this kind of request.',
  },
  'command-failed': {
    title: 'IOMMU command failed',
    severity: 'error',
    disprove: 'The command buffer with a command at this address that the specification allows.',
  },
  'invalidation-unanswered': {
    title: 'Invalidation unanswered by the device',
    severity: 'error',
    disprove: 'A completion of the invalidation by the device.',
  },
  undecided: {
    title: "Can't be decided",
    severity: 'warning',
    disprove: 'The missing data: with it the walk decides.',
  },
};
