/** The words of AMD-Vi units' PCI capability blocks, as debugfs prints them. */
import { CAPABILITY_WORDS } from '../amdvi/capability.ts';
import { decode } from '../bits/layout.ts';
import { hex } from '../format/hex.ts';
import { parseAmdCapability } from '../imports/amd.ts';
import type { Investigation } from './investigation.ts';
import { fieldsJson, offsetKey, summaryOf } from './registers-document.ts';

export interface CapabilityJson {
  /** `iommu00`, as the path over the text names it; null where none does. */
  readonly unit: string | null;
  readonly name: string;
  readonly offset: string;
  readonly value: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly summary: string;
}

/** Every word that the texts state, decoded. */
export function capabilityJson(investigation: Investigation): CapabilityJson[] {
  return investigation.debugfs.flatMap(parseAmdCapability).flatMap(({ unit, offset, value }) => {
    const layout = CAPABILITY_WORDS.get(offset);
    if (!layout) return [];
    const fields = decode(layout, [BigInt(value)]);
    return [
      {
        unit: unit ?? null,
        name: layout.name,
        offset: offsetKey(offset),
        value: hex(BigInt(value)),
        fields: fieldsJson(fields),
        summary: summaryOf(fields),
      },
    ];
  });
}
