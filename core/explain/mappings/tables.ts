import type { Device, Unit } from '../../iommu/unit.ts';

/** One page table with everybody whose requests go through it. */
export interface DistinctTable {
  readonly unit: Unit;
  /** One of the users, for sweeps. */
  readonly device: Device;
  /** Every row with this table, in the list's order. */
  readonly users: readonly Device[];
  /** Physical address of the top table. */
  readonly pageTable: bigint;
}

/**
 * The page tables of units, each once: devices of one domain share theirs. What else decides the
 * rights of a walk (a DTE's IR and IW, the other stage of a nested one) tells tables apart too.
 */
export function distinctTables(units: readonly Unit[]): DistinctTable[] {
  const found = new Map<string, DistinctTable & { readonly users: Device[] }>();
  for (const unit of units)
    for (const device of unit.devices().devices) {
      const { pageTable, levels } = device;
      if (pageTable === undefined || levels === undefined) continue;
      const kind =
        device.translation === 'nested'
          ? device.entry.words.join()
          : device.translation.replace('+device-tlb', '');
      const key = [unit.facts.name, pageTable, levels, kind, device.amd?.rights].join(' ');
      const known = found.get(key);
      if (known) known.users.push(device);
      else found.set(key, { unit, device, users: [device], pageTable });
    }
  return [...found.values()];
}

/** `00:02.0`, `00:02.0 PASID 3`: a row's requester. */
export function requesterText(device: Device): string {
  return device.pasid === undefined ? device.bdf : `${device.bdf} PASID ${device.pasid}`;
}

/** Path of a row: what its page-table steps hang on. */
export function devicePath(unit: Unit, device: Device): string {
  const at = `${unit.facts.name}/${device.bdf}`;
  return device.pasid === undefined ? at : `${at}/pasid.${device.pasid}`;
}

/** Rows whose requests are not translated: they reach all memory under its own address. */
export function untranslated(
  units: readonly Unit[],
): { readonly unit: Unit; readonly device: Device; readonly rights: number }[] {
  return units.flatMap((unit) =>
    unit
      .devices()
      .devices.filter(({ translation }) => translation === 'pass-through')
      .map((device) => ({
        unit,
        device,
        // An invalid DTE says nothing of rights; VT-d's pass-through has none to say.
        rights: device.amd?.valid ? device.amd.rights : 3,
      })),
  );
}
