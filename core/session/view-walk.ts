import { formatBdf } from '../format/bdf.ts';
import { hex } from '../format/hex.ts';
import { rightsText } from '../iommu/leaves.ts';
import { parsePath } from '../iommu/path.ts';
import type { Device, Unit, WalkRequest, WalkResult, WalkStep } from '../iommu/unit.ts';
import type { WalkAnswer, WalkOutcome, WalkStepItem } from '../protocol/schema.ts';
import { MISSING_WORDS } from './walk-document.ts';

/** Bits of an address that stay below the page tables. */
const PAGE_BITS = 12;
/** Bits that one level of a page table takes. */
const LEVEL_BITS = 9;

/** A walk as the window draws it. */
export function walkAnswer(
  unit: Unit,
  request: WalkRequest,
  result: WalkResult,
  device: Device | undefined,
): WalkAnswer {
  const levels = device?.levels ?? deepestLevel(result.steps);
  return {
    unit: unit.facts.name,
    bdf: formatBdf(request.id, unit.facts.segment),
    pasid: request.pasid,
    address: hex(request.address),
    access: request.access,
    title: walkTitle(device, levels),
    split: splitAddress(request.address, levels, lowestLevel(result.steps)),
    steps: result.steps.map(stepItem),
    outcome: outcome(result),
  };
}

function walkTitle(device: Device | undefined, levels: number | undefined): string {
  if (!device) return 'no entry for this device';
  if (levels === undefined) return device.translation;
  const width = Math.min(64, PAGE_BITS + LEVEL_BITS * levels);
  return `${device.translation}, ${width}-bit, ${levels} level${levels === 1 ? '' : 's'}`;
}

/**
 * The address by level, the high part first. A large page ends the split early: its lower bits
 * are all offset.
 */
function splitAddress(
  address: bigint,
  levels: number | undefined,
  lowest: number,
): WalkAnswer['split'] {
  const parts: WalkAnswer['split'] = [];
  if (levels === undefined || levels < 1 || levels > 6) return parts;
  for (let level = levels; level >= lowest; level--) {
    const low = PAGE_BITS + LEVEL_BITS * (level - 1);
    const high = Math.min(63, low + LEVEL_BITS - 1);
    const value = Number((address >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n));
    parts.push({ name: `L${level}`, bits: `${high}:${low}`, value });
  }
  const offsetBits = PAGE_BITS + LEVEL_BITS * (lowest - 1);
  parts.push({
    name: 'offset',
    bits: `${offsetBits - 1}:0`,
    value: Number(address & ((1n << BigInt(offsetBits)) - 1n)),
  });
  return parts;
}

/** Levels that the steps' paths name. */
function levelsOf(steps: readonly WalkStep[]): number[] {
  return steps.flatMap(({ entry }) => {
    const last = entry && parsePath(entry.path)?.at(-1);
    return last?.kind === 'level' ? [last.level] : [];
  });
}

function deepestLevel(steps: readonly WalkStep[]): number | undefined {
  const levels = levelsOf(steps);
  return levels.length > 0 ? Math.max(...levels) : undefined;
}

/** The level whose entry is a leaf; 1 where the walk did not come to one. */
function lowestLevel(steps: readonly WalkStep[]): number {
  return levelsOf(steps.filter((step) => step.outcome === 'leaf'))[0] ?? 1;
}

function stepItem(step: WalkStep): WalkStepItem {
  return {
    what: step.what,
    index: step.index,
    table: hex(step.table),
    path: step.entry?.path,
    address: step.entry && hex(step.entry.address),
    words: step.entry?.words.map((word) => hex(word)) ?? [],
    missing: step.missing && (MISSING_WORDS[step.missing] ?? step.missing),
    text: step.text,
    rights: step.rights === undefined ? undefined : rightsText(step.rights),
    outcome: step.outcome,
  };
}

function outcome(result: WalkResult): WalkOutcome {
  switch (result.result) {
    case 'translated':
      return {
        result: 'translated',
        pa: hex(result.pa),
        size: hex(result.size),
        rights: rightsText(result.rights),
        untranslated: result.untranslated,
      };
    case 'fault':
      return {
        result: 'fault',
        reason: result.reason,
        name: result.name,
        flags: result.flags === undefined ? undefined : hex(result.flags),
      };
    case 'unknown':
      return {
        result: 'unknown',
        why: MISSING_WORDS[result.why] ?? result.why,
        address: result.address === undefined ? undefined : hex(result.address),
      };
  }
}
