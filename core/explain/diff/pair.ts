import type { Unit } from '../../iommu/unit.ts';
import type { MissingPart } from './change.ts';

/** The same unit in both states. */
export interface UnitPair {
  readonly name: string;
  readonly a: Unit;
  readonly b: Unit;
}

/** Pairs units by the base of their registers where both know it, else by name. */
export function pairUnits(
  a: readonly Unit[],
  b: readonly Unit[],
): { readonly pairs: readonly UnitPair[]; readonly missing: readonly MissingPart[] } {
  const pairs: UnitPair[] = [];
  const rest = new Set(b);
  const missing: MissingPart[] = [];
  for (const unit of a) {
    const { vendor, base, name } = unit.facts;
    const fitting = [...rest].filter(({ facts }) => facts.vendor === vendor);
    const partner =
      fitting.find(({ facts }) => base !== undefined && facts.base === base) ??
      fitting.find(
        ({ facts }) => facts.name === name && (base === undefined || facts.base === undefined),
      );
    if (partner) {
      rest.delete(partner);
      pairs.push({ name, a: unit, b: partner });
    } else missing.push(noUnit('b', name));
  }
  for (const { facts } of rest) missing.push(noUnit('a', facts.name));
  return { pairs, missing };
}

function noUnit(side: 'a' | 'b', name: string): MissingPart {
  return {
    side,
    path: name,
    text: `${side.toUpperCase()} has no unit ${name}; it's listed as missing, not as removed.`,
  };
}
