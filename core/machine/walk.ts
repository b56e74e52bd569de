/**
 * The walks that a unit does when its caches don't answer: core/vtd's, as for a captured unit,
 * over the machine's memory.
 */
import type { Words } from '../bits/layout.ts';
import { addressOf, valueOf } from '../bits/layout.ts';
import type { IntelFacts } from '../iommu/facts.ts';
import type { WalkRequest, WalkResult } from '../iommu/unit.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import type { Capabilities } from '../vtd/capabilities.ts';
import { CONTEXT_ENTRY } from '../vtd/tables.ts';
import { devicePath } from '../vtd/paths.ts';
import { LEGACY_REASONS, walkSecondStage } from '../vtd/walk-paging.ts';
import { ended, Walk } from '../vtd/walk-steps.ts';
import { walkTables } from '../vtd/walk.ts';
import type { CachedContext } from './caches.ts';

const PASS_THROUGH = 2n;

/** What a walk needs of a unit. */
export interface Walker {
  readonly facts: IntelFacts;
  readonly memory: PhysicalMemory;
  readonly capabilities: Capabilities;
}

/** A request's walk from the root table on, and the context entry that it may leave cached. */
export function walkFromRoot(
  walker: Walker,
  request: WalkRequest,
): { readonly walk: WalkResult; readonly context: CachedContext | undefined } {
  const walk = walkTables(walker.facts, walker.memory, walker.capabilities, request);
  const step = walk.steps.find(({ entry }) => entry?.layout === CONTEXT_ENTRY);
  // An entry that stops the walk is not present or not valid: with CM = 0 it is not cached.
  if (!step?.entry || step.outcome === 'stop') return { walk, context: undefined };
  const { words, address } = step.entry;
  return { walk, context: { id: request.id, domain: domainOf(words), words, address } };
}

/** A request's walk from a cached context entry on: root and context table are not read. */
export function walkUnder(
  walker: Walker,
  context: CachedContext,
  request: WalkRequest,
): WalkResult {
  const { facts, memory, capabilities } = walker;
  const { words } = context;
  const walk = new Walk(facts, memory, capabilities, request);
  walk.faultProcessingDisabled = valueOf(CONTEXT_ENTRY, words, 'FPD') === 1n;
  if (isPassThrough(context)) return walk.untranslated();
  const tables = {
    top: addressOf(CONTEXT_ENTRY, words, 'SSPTPTR'),
    levels: Number(valueOf(CONTEXT_ENTRY, words, 'AW')) + 2,
    path: devicePath(facts, request.id),
  };
  const found = walkSecondStage(
    walk,
    tables,
    request.address,
    request.access === 'write',
    LEGACY_REASONS,
  );
  if (ended(found)) return found;
  return { result: 'translated', ...found, untranslated: false, steps: walk.steps };
}

export function isPassThrough(context: CachedContext): boolean {
  return valueOf(CONTEXT_ENTRY, context.words, 'TT') === PASS_THROUGH;
}

/** The domain identifier of a context entry. */
export function domainOf(words: Words): number {
  return Number(valueOf(CONTEXT_ENTRY, words, 'DID'));
}
