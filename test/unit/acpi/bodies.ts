/** Tables to put structures into, and what was found in them. */
import * as ivrs from '../../../core/acpi/ivrs-layouts.ts';
import { structure } from './build.ts';

export const bytes = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));
export const ids = (found: { findings: readonly { id: string }[] } | undefined): string[] =>
  (found?.findings ?? []).map((each) => each.id);
export const IVRS_BODY = structure(ivrs.IVRS, { PASize: 48, VASize: 64 });

export const UNIT = { DeviceID: 2, 'Capability Offset': 0x40, 'IOMMU Base Address': 0xfeb80000n };
