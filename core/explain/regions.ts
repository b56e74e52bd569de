import type { DmarTable } from '../acpi/dmar.ts';
import type { IvrsTable } from '../acpi/ivrs.ts';
import type { PhaseRecord } from '../log/records.ts';

/** Memory that the firmware wants devices to reach at its own address (RMRR, IVMD). */
export interface FirmwareRegion {
  readonly kind: 'RMRR' | 'IVMD';
  readonly segment: number;
  readonly start: bigint;
  /** Last address. */
  readonly end: bigint;
  /** Requester IDs, both ends included; undefined where they are not known. */
  readonly devices: readonly { readonly first: number; readonly last: number }[] | undefined;
  /** 1 read, 2 write: what devices may do there. */
  readonly rights: number;
  /** Who told: `DMAR`, `IVRS`, `console line 12`. */
  readonly from: string;
}

/** The RMRRs of a DMAR table. A scope behind a bridge is a device that only firmware can name. */
export function dmarRegions(table: DmarTable, from = 'DMAR'): FirmwareRegion[] {
  return table.structures.flatMap((structure): FirmwareRegion[] => {
    const { base, limit } = structure;
    if (structure.name !== 'RMRR' || base === undefined || limit === undefined || limit < base)
      return [];
    const ids = structure.scopes.map((scope) => scope.id);
    return [
      {
        kind: 'RMRR',
        segment: structure.segment ?? 0,
        start: base,
        end: limit,
        devices: ids.includes(undefined) ? undefined : ids.map((id) => ({ first: id!, last: id! })),
        rights: 3,
        from,
      },
    ];
  });
}

/** The unity-mapped ranges of an IVRS table; exclusion ranges need no mapping. */
export function ivrsRegions(table: IvrsTable, from = 'IVRS'): FirmwareRegion[] {
  return table.blocks.flatMap((block): FirmwareRegion[] =>
    block.kind === 'IVMD' && block.unity && !block.exclusion && block.size > 0n
      ? [
          {
            kind: 'IVMD',
            segment: block.segment,
            start: block.start,
            end: block.start + block.size - 1n,
            devices: [
              block.type === 0x20
                ? { first: 0, last: 0xffff }
                : { first: block.firstDevice, last: block.lastDevice },
            ],
            rights: (block.read ? 1 : 0) | (block.write ? 2 : 0),
            from,
          },
        ]
      : [],
  );
}

/** RMRRs that a kernel printed while it read the DMAR; the lines name no device. */
export function loggedRegions(phases: readonly PhaseRecord[]): FirmwareRegion[] {
  const seen = new Set<string>();
  return phases.flatMap((phase): FirmwareRegion[] => {
    const { start, end } = phase.details;
    if (phase.event !== 'rmrr' || typeof start !== 'bigint' || typeof end !== 'bigint') return [];
    const key = `${start} ${end}`;
    if (seen.has(key) || end < start) return [];
    seen.add(key);
    return [
      {
        kind: 'RMRR',
        segment: 0,
        start,
        end,
        devices: undefined,
        rights: 3,
        from: `console line ${phase.line}`,
      },
    ];
  });
}

/** Whether a region is for a requester; undefined where its devices are not known. */
export function regionServes(region: FirmwareRegion, id: number): boolean | undefined {
  return region.devices?.some(({ first, last }) => id >= first && id <= last);
}

/** The region that holds an address and is, or may be, for a requester. */
export function regionAt(
  regions: readonly FirmwareRegion[],
  segment: number,
  id: number,
  address: bigint,
): FirmwareRegion | undefined {
  const holding = regions.filter(
    (region) =>
      region.segment === segment &&
      address >= region.start &&
      address <= region.end &&
      regionServes(region, id) !== false,
  );
  return holding.find((region) => regionServes(region, id)) ?? holding[0];
}
