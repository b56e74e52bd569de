/**
 * The accessed and dirty flags of first-stage entries after a request (VT-d §3.6.2): a translation
 * sets A in every entry that it used, a write D in the entry that maps the page; a refused request
 * may leave A behind, and nothing else changes.
 */
import { hex } from '../../core/format/hex.ts';
import type { WalkRequest, WalkResult } from '../../core/iommu/unit.ts';
import type { ModelMemory } from '../support/model-memory.ts';
import type { VtdMachine } from './qtest/vtd.ts';
import type { Prediction } from './vtd-deviations.ts';

const ACCESSED = 1n << 5n;
const DIRTY = 1n << 6n;

/** The reason of a request whose page lies in the interrupt address range. */
const INTERRUPT_RANGE = 0x87;

const TOGETHER = {
  name: 'A and D together',
  why: 'QEMU leaves the entry of a page as it is where one of the two is set already',
};
const BEFORE_REFUSAL = {
  name: 'D of a page in the interrupt address range',
  why: 'QEMU sets D before it refuses the request for the address of the page',
};
/** Where QEMU sets these flags in its own way. */
export const FLAG_DEVIATIONS = [TOGETHER, BEFORE_REFUSAL] as const;

interface FlagsAfter {
  readonly walk: WalkResult;
  readonly access: WalkRequest['access'];
  readonly prediction: Prediction;
}

/**
 * Compares the first-stage entries of a walk with what stands in QEMU's memory now, and brings the
 * model up to date.
 * @param access that was asked for
 * @param prediction what became of the request
 */
export async function checkFlags(
  machine: VtdMachine,
  memory: ModelMemory,
  { walk, access, prediction }: FlagsAfter,
): Promise<{ readonly rules: readonly string[]; readonly wrong: readonly string[] }> {
  const rules: string[] = [];
  const wrong: string[] = [];
  const reached = 'pa' in prediction;
  const interruptRange = 'reason' in prediction && prediction.reason === INTERRUPT_RANGE;
  for (const { entry, outcome } of walk.steps) {
    if (!entry?.layout.name.startsWith('FS-')) continue;
    const before = memory.readWord(entry.address);
    const after = await machine.machine.readq(Number(entry.address));
    memory.writeWord(entry.address, after);
    const used = before | ACCESSED;
    const written = access === 'write' && (outcome === 'leaf' || interruptRange);
    const expected = written && reached ? used | DIRTY : used;
    if (after === expected || (!reached && after === before)) continue;
    if (written && reached && after === before && (before & (ACCESSED | DIRTY)) !== 0n)
      rules.push(TOGETHER.name);
    else if (written && interruptRange && after === (used | DIRTY)) rules.push(BEFORE_REFUSAL.name);
    else wrong.push(`${entry.path}: ${hex(before)} becomes ${hex(expected)}, not ${hex(after)}`);
  }
  return { rules, wrong };
}
