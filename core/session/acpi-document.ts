import { decode } from '../bits/layout.ts';
import { decodeDmar, type DmarStructure, type DmarTable } from '../acpi/dmar.ts';
import { findAcpiTables } from '../acpi/find.ts';
import type { IvhdEntry } from '../acpi/ivhd-entries.ts';
import { decodeIvrs, type IvrsBlock, type IvrsTable } from '../acpi/ivrs.ts';
import type { AcpiStructure, TableHeader } from '../acpi/structures.ts';
import { formatBdf } from '../format/bdf.ts';
import { hex } from '../format/hex.ts';
import type { Finding } from '../iommu/finding.ts';
import { Failure } from '../memory/failure.ts';
import type { Investigation } from './investigation.ts';
import { findingJson, incompleteJson, type FindingJson, type IncompleteJson } from './json.ts';

/** One structure of a table: its place, its fields by name, and what stands below it. */
export interface AcpiStructureJson {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  readonly fields: Readonly<Record<string, string>>;
  /** A line for a reader. */
  readonly text: string;
  readonly below: readonly AcpiStructureJson[];
}

export interface AcpiTableJson {
  readonly signature: string;
  readonly address: string | null;
  /** `memory`: the firmware's table; `kernel`: the copies that the kernel kept of its structures. */
  readonly from: 'memory' | 'file' | 'kernel';
  readonly oem: string | null;
  readonly checksumValid: boolean | null;
  readonly structures: readonly AcpiStructureJson[];
  readonly findings: readonly FindingJson[];
}

export interface AcpiDocument {
  readonly schema: 'faultline.acpi/1';
  readonly tables: readonly AcpiTableJson[];
  readonly incomplete: readonly IncompleteJson[];
}

/**
 * DMAR and IVRS of a case: out of table files, out of memory by the root pointer, or, in a crash
 * dump that holds no firmware memory, the structures of the DMAR that the kernel kept.
 * @throws Failure when there is none of these.
 */
export function acpiDocument(investigation: Investigation): AcpiDocument {
  const tables: AcpiTableJson[] = investigation.acpi.map((bytes) => fromBytes(bytes));
  const incomplete = [];
  if (investigation.memory) {
    const found = findAcpiTables(investigation.memory);
    incomplete.push(...found.incomplete);
    const place = (signature: string): bigint | undefined =>
      found.tables.find((table) => table.signature === signature)?.address;
    if (found.dmar) tables.push(dmarJson(found.dmar, 'memory', place('DMAR')));
    if (found.ivrs) tables.push(ivrsJson(found.ivrs, 'memory', place('IVRS')));
    if (tables.length === 0) tables.push(...kernelCopies(investigation));
  }
  if (tables.length === 0)
    throw new Failure(
      'unreadable',
      'No DMAR and no IVRS was found.',
      'Firmware memory is not part of a crash dump, and this kernel kept no copy that can be read.',
      'Give the table itself (/sys/firmware/acpi/tables/DMAR), or a dump of the whole machine.',
    );
  return { schema: 'faultline.acpi/1', tables, incomplete: incompleteJson(incomplete) };
}

function fromBytes(bytes: Uint8Array): AcpiTableJson {
  const dmar = decodeDmar(bytes);
  if (dmar) return dmarJson(dmar, 'file', undefined);
  const ivrs = decodeIvrs(bytes);
  if (ivrs) return ivrsJson(ivrs, 'file', undefined);
  throw new Failure('unreadable', 'The table is neither DMAR nor IVRS.', '', 'Give one of these.');
}

/** The kernel's copies, put behind a header so that the one decoder reads them. */
function kernelCopies(investigation: Investigation): AcpiTableJson[] {
  const copies = investigation.kernel()?.remappingStructures() ?? [];
  if (copies.length === 0) return [];
  const length = 48 + copies.reduce((sum, copy) => sum + copy.bytes.length, 0);
  const bytes = new Uint8Array(length);
  bytes.set(new TextEncoder().encode('DMAR'));
  new DataView(bytes.buffer).setUint32(4, length, true);
  let at = 48;
  for (const copy of copies) {
    bytes.set(copy.bytes, at);
    at += copy.bytes.length;
  }
  const table = decodeDmar(bytes);
  if (!table) return [];
  const json = dmarJson(table, 'kernel', undefined);
  // The header was never seen: nothing is known of it, and its checksum says nothing.
  return [
    {
      ...json,
      oem: null,
      checksumValid: null,
      findings: json.findings.filter((each) => each.id !== 'checksum'),
    },
  ];
}

const head = (
  header: TableHeader,
  from: AcpiTableJson['from'],
  address: bigint | undefined,
  findings: readonly Finding[],
): Omit<AcpiTableJson, 'structures'> => ({
  signature: header.signature,
  address: address === undefined ? null : hex(address),
  from,
  oem: `${header.oemId} ${header.oemTableId}`.trim(),
  checksumValid: header.checksumValid ?? null,
  findings: findings.map(findingJson),
});

function dmarJson(
  table: DmarTable,
  from: AcpiTableJson['from'],
  address: bigint | undefined,
): AcpiTableJson {
  return {
    ...head(table.header, from, address, table.findings),
    structures: table.structures.map(dmarStructure),
  };
}

function structure(
  of: AcpiStructure,
  name: string,
  text: string,
  below: readonly AcpiStructureJson[] = [],
): AcpiStructureJson {
  const fields = Object.fromEntries(
    decode(of.layout, of.words)
      .filter(({ field, value }) => field.kind !== 'reserved' || value !== 0n)
      .map(({ field, value }) => [field.name, hex(value)]),
  );
  return { name, offset: of.offset, length: of.length, fields, text, below };
}

function dmarStructure(of: DmarStructure): AcpiStructureJson {
  const parts = [
    of.segment === undefined ? '' : `segment ${of.segment}`,
    of.base === undefined
      ? ''
      : of.limit === undefined
        ? `base ${hex(of.base)}`
        : `${hex(of.base)}–${hex(of.limit)}`,
    of.objectName ?? '',
    of.proximityDomain === undefined ? '' : `proximity domain ${of.proximityDomain}`,
    of.flag ? (of.name === 'DRHD' ? 'all PCI devices of the segment' : 'all') : '',
  ];
  return structure(
    of,
    of.name,
    parts.filter(Boolean).join(', '),
    of.scopes.map((scope) =>
      structure(
        scope,
        'device scope',
        `${scope.typeName ?? `type ${scope.type}`} ${scope.text}${scope.enumerationId ? `, id ${scope.enumerationId}` : ''}`,
      ),
    ),
  );
}

function ivrsJson(
  table: IvrsTable,
  from: AcpiTableJson['from'],
  address: bigint | undefined,
): AcpiTableJson {
  return {
    ...head(table.header, from, address, table.findings),
    structures: table.blocks.map(ivrsBlock),
  };
}

function ivrsBlock(of: IvrsBlock): AcpiStructureJson {
  if (of.kind === 'IVHD')
    return structure(
      of,
      `IVHD ${of.type.toString(16)}h`,
      `unit ${formatBdf(of.deviceId, of.segment)}, base ${hex(of.base)}`,
      of.entries.map(ivhdEntry),
    );
  if (of.kind === 'IVMD') {
    const what = of.exclusion ? 'exclusion' : of.unity ? 'unity map' : 'range';
    return structure(
      of,
      'IVMD',
      `${what} ${hex(of.start)}–${hex(of.start + of.size - 1n)}, devices ${formatBdf(of.firstDevice, of.segment)}–${formatBdf(of.lastDevice, of.segment)}`,
    );
  }
  return structure(of, `type ${hex(of.type)}`, 'not defined by the specification');
}

function ivhdEntry(of: IvhdEntry): AcpiStructureJson {
  const parts = [
    of.deviceId === undefined ? '' : formatBdf(of.deviceId),
    of.sourceId === undefined ? '' : `requests carry ${formatBdf(of.sourceId)}`,
    of.variety ? `${of.variety} ${of.handle ?? ''}`.trim() : '',
    of.hid ?? '',
    of.settings ? `settings ${hex(of.settings)}` : '',
  ];
  return structure(of, of.layout.name, parts.filter(Boolean).join(', '));
}
