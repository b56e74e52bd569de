import { parseBdf } from '../../core/format/bdf.ts';
import type { UnitInfo } from '../../core/protocol/contract.ts';

/** The tip of a BDF, the number that hardware knows it by: `Requester ID 0x0200`. */
export function idTip(
  bdf: string,
  units: readonly Pick<UnitInfo, 'vendor'>[] = [],
): string | undefined {
  const parsed = parseBdf(bdf);
  if (!parsed) return undefined;
  const amd = units.length > 0 && units.every(({ vendor }) => vendor === 'amd');
  return `${amd ? 'DeviceID' : 'Requester ID'} 0x${parsed.id.toString(16).padStart(4, '0')}`;
}
