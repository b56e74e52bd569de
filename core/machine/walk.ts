/**
 * The walks that a unit does when its caches don't answer: core/vtd's, as for a captured unit,
 * over the machine's memory.
 */
import type { Words } from '../bits/layout.ts';
import { valueOf } from '../bits/layout.ts';
import type { IntelFacts } from '../iommu/facts.ts';
import type { WalkRequest, WalkResult } from '../iommu/unit.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import type { Capabilities } from '../vtd/capabilities.ts';
import { CONTEXT_ENTRY } from '../vtd/tables.ts';
import { walkFromContext, walkTables } from '../vtd/walk.ts';
import type { CachedContext } from './caches.ts';

const PASS_THROUGH = 2n;
/** Not present, invalid, reserved bits set (LCT.2, LCT.4, LCT.3). */
const CONTEXT_REFUSED = new Set([0x02, 0x03, 0x0b]);

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
  if (!step?.entry || isRefused(walk)) return { walk, context: undefined };
  const { words, address } = step.entry;
  return { walk, context: { id: request.id, domain: domainOf(words), words, address } };
}

/** Whether the context entry itself is not present or not valid: with CM = 0 it is not cached. */
function isRefused(walk: WalkResult): boolean {
  return walk.result === 'fault' && CONTEXT_REFUSED.has(walk.reason);
}

/** A request's walk from a cached context entry on: root and context table are not read. */
export function walkUnder(
  walker: Walker,
  context: CachedContext,
  request: WalkRequest,
): WalkResult {
  const { facts, memory, capabilities } = walker;
  return walkFromContext(facts, memory, capabilities, request, context);
}

/** Whether requests go through untranslated: TT = 10b (VT-d 4.1 §9.3). */
export function isPassThrough(context: CachedContext): boolean {
  return valueOf(CONTEXT_ENTRY, context.words, 'TT') === PASS_THROUGH;
}

/** The domain identifier of a context entry. */
function domainOf(words: Words): number {
  return Number(valueOf(CONTEXT_ENTRY, words, 'DID'));
}
