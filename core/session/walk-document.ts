import { decode, reservedSet } from '../bits/layout.ts';
import { formatBdf, type Bdf } from '../format/bdf.ts';
import { hex } from '../format/hex.ts';
import { rightsText } from '../iommu/leaves.ts';
import { UNKNOWN_WORDS } from '../memory/unknown-words.ts';
import type { Unit, WalkRequest, WalkResult, WalkStep } from '../iommu/unit.ts';

/** Why a page is not there, in the exact words that every view uses. */
export const MISSING_WORDS: Readonly<Record<string, string>> = {
  ...UNKNOWN_WORDS,
  'no root table': 'the root table is not known',
};

/** The unit that serves a requester: the one with an entry for it, else the first of its segment. */
export function servingUnit(units: readonly Unit[], bdf: Bdf): Unit | undefined {
  const ofSegment = units.filter((unit) => unit.facts.segment === bdf.segment);
  return (
    ofSegment.find((unit) => unit.devices().devices.some((device) => device.id === bdf.id)) ??
    ofSegment[0]
  );
}

/** The JSON of one walk's end, as the contract fixes it. */
export function walkOutcomeJson(result: WalkResult): Record<string, string | number | boolean> {
  switch (result.result) {
    case 'translated':
      return {
        result: 'translated',
        pa: hex(result.pa),
        size: hex(result.size),
        rights: rightsText(result.rights),
        ...(result.untranslated ? { untranslated: true } : {}),
      };
    case 'fault':
      return {
        result: 'fault',
        reason: result.reason,
        name: result.name,
        ...(result.flags === undefined ? {} : { flags: hex(result.flags) }),
      };
    case 'unknown':
      return {
        result: 'unknown',
        why: MISSING_WORDS[result.why] ?? result.why,
        ...(result.address === undefined ? {} : { address: hex(result.address) }),
      };
  }
}

/** A batch line's answer: the end alone. */
export function walkBatchJson(result: WalkResult): Record<string, string | number> {
  if (result.result === 'translated') return { result: 'translated', pa: hex(result.pa) };
  if (result.result === 'fault') return { result: 'fault', reason: result.reason };
  return { result: 'unknown', why: MISSING_WORDS[result.why] ?? result.why };
}

/** One step with its entry decoded. */
export function walkStepJson(step: WalkStep): Record<string, unknown> {
  const { entry } = step;
  return {
    what: step.what,
    index: step.index,
    table: hex(step.table),
    ...(entry
      ? {
          path: entry.path,
          address: hex(entry.address),
          raw: entry.words.map(hex),
          fields: Object.fromEntries(
            decode(entry.layout, entry.words)
              .filter(
                ({ field, value }) =>
                  (field.kind !== 'reserved' && field.kind !== 'ignored') || value !== 0n,
              )
              .map(({ field, value }) => [
                field.name,
                hex(field.kind === 'address' ? value << BigInt(field.shift) : value),
              ]),
          ),
          reservedSet: reservedSet(entry.layout, entry.words).map((field) => field.name),
        }
      : { missing: MISSING_WORDS[step.missing ?? ''] ?? step.missing }),
    ...(step.rights === undefined ? {} : { rights: rightsText(step.rights) }),
    decides: step.text,
  };
}

/** The whole walk as the command line's JSON. */
export function walkDocument(
  unit: Unit,
  request: WalkRequest,
  result: WalkResult,
  segments = false,
): Record<string, unknown> {
  return {
    schema: 'faultline.walk/1',
    unit: unit.facts.name,
    bdf: formatBdf(request.id, unit.facts.segment, segments || unit.facts.segment !== 0),
    ...(request.pasid === undefined ? {} : { pasid: request.pasid }),
    address: hex(request.address),
    access: request.access,
    steps: result.steps.map(walkStepJson),
    ...walkOutcomeJson(result),
  };
}
