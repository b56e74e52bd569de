import { parseHex } from '../../../core/format/hex.ts';
import type { Unit } from '../../../core/iommu/unit.ts';
import type { Workbench } from '../workbench.ts';

/** Offsets of the registers that Linux prints when it finds a unit (VT-d 5.10, section 11.4). */
const VERSION = 0x000;
const CAPABILITY = 0x008;
const EXTENDED_CAPABILITY = 0x010;

/** Register values by offset that a console log tells of a unit: nothing else prints any whole. */
export function loggedRegisters(bench: Workbench, unit: Unit): ReadonlyMap<number, bigint> {
  const found = new Map<number, bigint>();
  const { vendor, base } = unit.facts;
  if (vendor !== 'intel' || base === undefined) return found;
  for (const { id } of bench.hub.infos())
    for (const { event, details } of bench.hub.story(id)?.phases ?? []) {
      if (event !== 'unit' || hexDetail(details['base']) !== base) continue;
      const capability = hexDetail(details['cap']);
      const extended = hexDetail(details['ecap']);
      const version = versionOf(details['version']);
      if (version !== undefined) found.set(VERSION, version);
      if (capability !== undefined) found.set(CAPABILITY, capability);
      if (extended !== undefined) found.set(EXTENDED_CAPABILITY, extended);
    }
  return found;
}

function hexDetail(detail: unknown): bigint | undefined {
  if (typeof detail === 'bigint') return detail;
  return typeof detail === 'string' ? parseHex(detail) : undefined;
}

/** `1:0`: major and minor version, four bits each in the register. */
function versionOf(detail: unknown): bigint | undefined {
  const match = typeof detail === 'string' ? /^(\d{1,2}):(\d{1,2})$/.exec(detail) : null;
  if (!match) return undefined;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major < 16 && minor < 16 ? BigInt(major * 16 + minor) : undefined;
}
