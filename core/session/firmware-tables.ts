import { decodeDmar, type DmarTable } from '../acpi/dmar.ts';
import { findAcpiTables } from '../acpi/find.ts';
import { decodeIvrs, type IvrsTable } from '../acpi/ivrs.ts';
import {
  dmarRegions,
  ivrsRegions,
  loggedRegions,
  type FirmwareRegion,
} from '../explain/regions.ts';
import type { LogStory } from '../explain/story.ts';
import type { Investigation } from './investigation.ts';

/** Bytes before the first structure of a DMAR. */
const DMAR_HEAD = 48;

/** DMAR and IVRS as table files, memory or the kernel's own copies have them. */
export function firmwareTables(investigation: Investigation): {
  readonly dmar: DmarTable | undefined;
  readonly ivrs: IvrsTable | undefined;
} {
  const { dmar, ivrs } = givenTables(investigation);
  return { dmar: dmar ?? kernelDmar(investigation), ivrs };
}

/** The same without asking a kernel: from table files and the firmware's own memory. */
export function givenTables(investigation: Investigation): {
  readonly dmar: DmarTable | undefined;
  readonly ivrs: IvrsTable | undefined;
} {
  const files = investigation.acpi;
  const found = investigation.memory && findAcpiTables(investigation.memory);
  const first = <T>(decode: (bytes: Uint8Array) => T | undefined): T | undefined =>
    files.map(decode).find((table) => table !== undefined);
  return {
    dmar: first(decodeDmar) ?? found?.dmar,
    ivrs: first(decodeIvrs) ?? found?.ivrs,
  };
}

/** The structures that a kernel kept of its DMAR, behind a header of their own. */
function kernelDmar(investigation: Investigation): DmarTable | undefined {
  const copies = investigation.kernel()?.remappingStructures() ?? [];
  if (copies.length === 0) return undefined;
  const bytes = new Uint8Array(copies.reduce((sum, copy) => sum + copy.bytes.length, DMAR_HEAD));
  bytes.set(new TextEncoder().encode('DMAR'));
  new DataView(bytes.buffer).setUint32(4, bytes.length, true);
  let at = DMAR_HEAD;
  for (const copy of copies) {
    bytes.set(copy.bytes, at);
    at += copy.bytes.length;
  }
  return decodeDmar(bytes);
}

/** Every RMRR and IVMD range that the sources tell of; the log only where no table does. */
export function firmwareRegions(investigation: Investigation, story?: LogStory): FirmwareRegion[] {
  const { dmar, ivrs } = firmwareTables(investigation);
  const regions = [...(dmar ? dmarRegions(dmar) : []), ...(ivrs ? ivrsRegions(ivrs) : [])];
  return regions.length > 0 ? regions : loggedRegions(story?.phases ?? []);
}
