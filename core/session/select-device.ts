import { formatBdf, type Bdf } from '../format/bdf.ts';
import type { Device, Unit } from '../iommu/unit.ts';
import { Failure } from '../memory/failure.ts';

/**
 * The unit and row of a requester. Without a PASID the row of requests without one: in scalable
 * mode PASID 0 as long as the context entry says no other.
 * @throws Failure when no unit has an entry for it, naming the devices that there are.
 */
export function selectDevice(
  units: readonly Unit[],
  bdf: Bdf,
  pasid: number | undefined,
): { readonly unit: Unit; readonly device: Device } {
  for (const unit of units) {
    if (unit.facts.segment !== bdf.segment) continue;
    const rows = unit.devices().devices.filter((device) => device.id === bdf.id);
    const device =
      rows.find((row) => row.pasid === pasid) ?? (pasid === undefined ? rows[0] : undefined);
    if (device) return { unit, device };
  }
  const name = formatBdf(bdf.id, bdf.segment) + (pasid === undefined ? '' : ` with PASID ${pasid}`);
  const known = [
    ...new Set(units.flatMap((unit) => unit.devices().devices.map((device) => device.bdf))),
  ];
  throw new Failure(
    'unreadable',
    `${name} has no entry in any unit's tables.`,
    'Its requests would fault, or another unit serves it.',
    known.length > 0
      ? `Devices with one: ${known.slice(0, 12).join(', ')}${known.length > 12 ? `, ${known.length - 12} more` : ''}.`
      : 'No device has one.',
  );
}
