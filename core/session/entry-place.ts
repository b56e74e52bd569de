import { parsePath } from '../iommu/path.ts';
import type { Unit } from '../iommu/unit.ts';

/**
 * The path of an entry for a path that names only its device: a whole device stands for its
 * context entry, PASID table entry or device table entry. Other paths stay as they are.
 */
export function entryPlace(units: readonly Unit[], path: string): string {
  const [first, device, pasid, ...rest] = parsePath(path) ?? [];
  if (first?.kind !== 'unit' || device?.kind !== 'device' || rest.length > 0) return path;
  if (pasid && pasid.kind !== 'pasid') return path;
  const unit = units.find(({ facts }) => facts.name === first.name);
  const rows = unit?.devices().devices.filter(({ bdf }) => bdf === device.bdf) ?? [];
  const row = pasid ? rows.find((each) => each.pasid === pasid.pasid) : rows[0];
  if (row) return row.entry.path;
  const suffix = unit?.facts.vendor === 'amd' ? 'dte' : 'context';
  return pasid ? path : `${path}/${suffix}`;
}
