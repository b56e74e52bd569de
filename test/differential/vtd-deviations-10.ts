/**
 * Where QEMU 10.0's VT-d unit does not do what the specification says: by rule, each with its
 * reason, in the order in which its code meets them. First-stage tables are new in it.
 */
import { valueOf } from '../../core/bits/layout.ts';
import type { Entry, WalkResult } from '../../core/iommu/unit.ts';
import { capabilitiesOf } from '../../core/vtd/capabilities.ts';
import { pasidInvalid } from '../../core/vtd/checks.ts';
import { PASID_TABLE_ENTRY } from '../../core/vtd/tables.ts';
import type { Deviation, Prediction } from './vtd-deviations.ts';
import {
  CONTEXT_RECORD_RULE,
  DIRECTORY_SIZE_RULE,
  LEGACY_REASONS_RULE,
  PASID_RESERVED_RULE,
  PASS_THROUGH_RULE,
  RID_PASID_RULE,
  SECOND_STAGE_RIGHTS_RULE,
  SNOOP_RULE,
  entryOf,
} from './vtd-deviations.ts';

const PRESENT = 1n;
const READ_WRITE = 2n;
const USER = 4n;
const FIRST_STAGE = 1;
const FIRST_STAGE_1GIB = 1n << 56n;
const NOT_CANONICAL = 0x80;
const INTERRUPT_RANGE = { from: 0xfee0_0000n, to: 0xfef0_0000n };
/** Unreadable, absent, reserved, supervisor, write: what a lower entry or a later check may say. */
const LATER_IN_FIRST_STAGE = new Set([0x70, 0x71, 0x72, 0x81, 0x85]);
/** Reasons that QEMU finds before it looks at FPD of PASID directory and table. */
const PASID_REASONS = new Set([0x50, 0x51, 0x58, 0x59, 0x5b]);
const UNQUALIFIED = new Set([0x50, 0x58]);

/** The first-stage entries that a walk met, the one that ended it included. */
const firstStage = (walk: WalkResult): Entry[] =>
  walk.steps.flatMap(({ entry }) => (entry?.layout.name.startsWith('FS-') ? [entry] : []));

/** The PASID table entry, where a walk went on to first-stage tables. */
function firstStageEntry(walk: WalkResult): Entry | undefined {
  const step = walk.steps.find(({ what }) => what === 'PASID table entry');
  const { entry } = step ?? {};
  return entry &&
    step?.outcome === 'next' &&
    Number(valueOf(PASID_TABLE_ENTRY, entry.words, 'PGTT')) === FIRST_STAGE
    ? entry
    : undefined;
}

/** FPD of the entries up to the one that a walk used last. */
const silenced = (walk: WalkResult, whats: readonly string[]): boolean =>
  whats.some((what) => ((entryOf(walk, what)?.words[0] ?? 0n) & 2n) !== 0n);

const refused = (reason: number, walk: WalkResult): Prediction => ({
  reason,
  recorded: !silenced(walk, ['context entry', 'PASID directory entry', 'PASID table entry']),
});

export const QEMU10_DEVIATIONS: readonly Deviation[] = [
  RID_PASID_RULE,
  DIRECTORY_SIZE_RULE,
  PASID_RESERVED_RULE,
  SNOOP_RULE,
  {
    name: 'pages of 1 GiB without FS1GP',
    why: 'QEMU maps a first-stage page of 1 GiB although its CAP does not report FS1GP',
    world: (world) => ({
      ...world,
      facts: { ...world.facts, cap: world.facts.cap! | FIRST_STAGE_1GIB },
    }),
  },
  {
    name: 'PASID entry: type before P',
    why: 'QEMU judges PGTT, AW and FSPM of a PASID table entry that is not present',
    outcome: (prediction, walk, _request, facts) => {
      const entry = walk.steps.at(-1)?.entry;
      if (!entry || !('reason' in prediction) || prediction.reason !== 0x59) return prediction;
      return pasidInvalid(entry.words, capabilitiesOf(facts)) ? refused(0x5b, walk) : prediction;
    },
  },
  {
    name: 'FPD of the PASID structures at fault',
    why: 'QEMU looks at FPD of PASID directory and table only where both are sound',
    outcome: (prediction, walk) =>
      'reason' in prediction && PASID_REASONS.has(prediction.reason)
        ? {
            ...prediction,
            recorded: UNQUALIFIED.has(prediction.reason) || !silenced(walk, ['context entry']),
          }
        : prediction,
  },
  {
    name: 'canonical by AW',
    why: 'QEMU takes the width of canonical addresses from AW, which is the second stage of the entry',
    outcome: (prediction, walk, { address }) => {
      const entry = firstStageEntry(walk);
      const aw = entry ? Number(valueOf(PASID_TABLE_ENTRY, entry.words, 'AW')) : 2;
      const width = 30 + 9 * aw;
      if (width >= 48) return prediction;
      const extended = BigInt.asUintN(64, BigInt.asIntN(width, address));
      return extended === address ? prediction : refused(NOT_CANONICAL, walk);
    },
  },
  {
    name: 'rights entry by entry in the first stage',
    why: 'QEMU refuses at the first entry without the right, before its reserved bits and lower entries',
    outcome: (prediction, walk, { access }) => {
      if (!('reason' in prediction) || !LATER_IN_FIRST_STAGE.has(prediction.reason))
        return prediction;
      for (const { words } of firstStage(walk)) {
        if ((words[0] & PRESENT) === 0n) break;
        if ((words[0] & USER) === 0n) return refused(0x81, walk);
        if (access === 'write' && (words[0] & READ_WRITE) === 0n) return refused(0x85, walk);
      }
      return prediction;
    },
  },
  {
    name: 'interrupt address range by page',
    why: 'QEMU refuses every address of a page that touches the interrupt address range',
    outcome: (prediction, walk) => {
      if (!('pa' in prediction) || walk.result !== 'translated' || walk.untranslated)
        return prediction;
      if (walk.pa >= INTERRUPT_RANGE.from && walk.pa < INTERRUPT_RANGE.to) return prediction;
      const page = walk.pa & ~(walk.size - 1n);
      const touches = page < INTERRUPT_RANGE.to && page + walk.size > INTERRUPT_RANGE.from;
      return touches ? refused(0x87, walk) : prediction;
    },
  },
  PASS_THROUGH_RULE,
  SECOND_STAGE_RIGHTS_RULE,
  CONTEXT_RECORD_RULE,
  LEGACY_REASONS_RULE,
];
