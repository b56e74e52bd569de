/** Paths of a unit's entries, in the form of core/iommu/path.ts. */
import { formatBdf } from '../format/bdf.ts';
import type { IntelFacts } from '../iommu/facts.ts';
import { levelStep } from '../iommu/path.ts';
import { byteDigits } from '../format/hex.ts';

/** `dmar0/02:00.0`. */
export function devicePath(facts: IntelFacts, id: number): string {
  return `${facts.name}/${formatBdf(id, facts.segment)}`;
}

/** `dmar0/root`. */
export function rootPath(facts: IntelFacts): string {
  return `${facts.name}/root`;
}

/** `dmar0/bus.02`. */
export function busPath(facts: IntelFacts, bus: number): string {
  return `${facts.name}/bus.${byteDigits(bus)}`;
}

/** `dmar0/02:00.0/context`. */
export function contextPath(facts: IntelFacts, id: number): string {
  return `${devicePath(facts, id)}/context`;
}

/** `dmar0/02:00.0/pasid-dir.0`. */
export function directoryPath(facts: IntelFacts, id: number, index: number): string {
  return `${devicePath(facts, id)}/pasid-dir.${index}`;
}

/** What page-table steps hang on: the device, or its PASID. */
export function tablesPath(facts: IntelFacts, id: number, pasid: number | undefined): string {
  const device = devicePath(facts, id);
  return pasid === undefined ? device : `${device}/pasid.${pasid}`;
}

/** Page-table steps from the top level down to `level` for an input page frame. */
export function pagingPath(base: string, levels: number, level: number, frame: number): string {
  let path = base;
  for (let at = levels; at >= level; at--)
    path += `/${levelStep(at, Math.floor(frame / 512 ** (at - 1)) % 512)}`;
  return path;
}
