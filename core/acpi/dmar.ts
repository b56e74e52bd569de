/** Decodes the DMAR table: remapping units, reserved memory, device scopes (VT-d 4.1, chapter 8). */
import { formatBdf } from '../format/bdf.ts';
import { byteDigits, hex } from '../format/hex.ts';
import type { Finding } from '../iommu/finding.ts';
import {
  DEVICE_SCOPE,
  DMAR,
  DMAR_STRUCTURES,
  SCOPE_FLAGS,
  SCOPE_TYPES,
  UNKNOWN_DMAR,
} from './dmar-layouts.ts';
import type { Part } from './remapping-table.ts';
import { decodeTable, optionalNumber, structureAt, walk } from './remapping-table.ts';
import type { AcpiStructure, TableFindings, TableHeader } from './structures.ts';
import { bigOf, numberOf, textAt } from './structures.ts';

const SCOPE_HEADER = 6;
const PAGE = 0xfffn;

export type DmarName = 'DRHD' | 'RMRR' | 'ATSR' | 'RHSA' | 'ANDD' | 'SATC' | 'SIDP' | 'unknown';

/** One device that a structure is about. */
export interface DeviceScope extends AcpiStructure {
  readonly type: number;
  /** `PCI endpoint`, `IOAPIC`; undefined for a type that the specification does not define. */
  readonly typeName: string | undefined;
  readonly flags: number;
  readonly flagNames: readonly string[];
  readonly enumerationId: number;
  readonly startBus: number;
  /** Hops from the start bus: through bridges to the device. */
  readonly path: readonly { readonly device: number; readonly function: number }[];
  /**
   * Requester ID; only for a path of one hop, since the buses behind bridges are known to the
   * firmware of the moment alone.
   */
  readonly id: number | undefined;
  /** `00:1c.0`, or `00:1c.0/00.0` for a longer path. */
  readonly text: string;
}

export interface DmarStructure extends AcpiStructure {
  readonly type: number;
  readonly name: DmarName;
  /** PCI segment, where the structure has one. */
  readonly segment: number | undefined;
  /** Register base (DRHD, RHSA) or start of the region (RMRR). */
  readonly base: bigint | undefined;
  /** Last byte of the region (RMRR). */
  readonly limit: bigint | undefined;
  /** INCLUDE_PCI_ALL (DRHD), ALL_PORTS (ATSR), ATC_REQUIRED (SATC). */
  readonly flag: boolean | undefined;
  /** ACPI name of the device (ANDD). */
  readonly objectName: string | undefined;
  readonly proximityDomain: number | undefined;
  readonly scopes: readonly DeviceScope[];
}

export interface DmarTable {
  readonly header: TableHeader;
  /** What follows the header: address width and flags. */
  readonly body: AcpiStructure;
  /** Bits of a DMA address. */
  readonly hostAddressWidth: number;
  readonly interruptRemapping: boolean;
  readonly x2apicOptOut: boolean;
  readonly dmaControlOptIn: boolean;
  readonly dmaRemapOptOut: boolean;
  /** In the order of the table; the DRHDs among them name the units `dmar0`, `dmar1`. */
  readonly structures: readonly DmarStructure[];
  readonly findings: readonly Finding[];
}

/**
 * Decodes the bytes of a DMAR table. Damage is told as findings; what stands behind it is left
 * out.
 * @returns undefined when the bytes are no DMAR table at all.
 */
export function decodeDmar(bytes: Uint8Array): DmarTable | undefined {
  const table = decodeTable(bytes, {
    signature: 'DMAR',
    body: DMAR,
    layouts: DMAR_STRUCTURES,
    unknown: UNKNOWN_DMAR,
    read: readStructure,
  });
  if (!table) return undefined;
  const { header, body, structures, findings } = table;
  judge(structures, findings);
  return {
    header,
    body,
    hostAddressWidth: numberOf(body, 'Host Address Width') + 1,
    interruptRemapping: numberOf(body, 'INTR_REMAP') === 1,
    x2apicOptOut: numberOf(body, 'X2APIC_OPT_OUT') === 1,
    dmaControlOptIn: numberOf(body, 'DMA_CTRL_PLATFORM_OPT_IN_FLAG') === 1,
    dmaRemapOptOut: numberOf(body, 'DMA_REMAP_OPT_OUT') === 1,
    structures,
    findings: findings.list,
  };
}

function readStructure(part: Part): DmarStructure {
  const { bytes, base, type, from, to } = part;
  const number = (name: string): number | undefined => optionalNumber(base, name);
  const address = (name: string): bigint | undefined =>
    base.layout.byName.has(name) ? bigOf(base, name) : undefined;
  const segment = number('Segment Number');
  const flag = number('INCLUDE_PCI_ALL') ?? number('ALL_PORTS') ?? number('ATC_REQUIRED');
  return {
    ...base,
    type,
    name: base.layout === UNKNOWN_DMAR ? 'unknown' : (base.layout.name as DmarName),
    segment,
    base: address('Register Base Address') ?? address('Reserved Memory Region Base Address'),
    limit: address('Reserved Memory Region Limit Address'),
    flag: flag === undefined ? undefined : flag === 1,
    objectName: type === ANDD_TYPE ? textAt(bytes, from, to - from) : undefined,
    proximityDomain: number('Proximity Domain'),
    scopes: segment === undefined ? [] : readScopes(part, segment),
  };
}

const ANDD_TYPE = 4;
/** From this type on, device scopes have flags. */
const SATC_TYPE = 5;

function readScopes({ bytes, type, from, to, findings }: Part, segment: number): DeviceScope[] {
  return walk(from, to, (offset) => {
    const length = bytes[offset + 1] ?? 0;
    if (length < SCOPE_HEADER || (length & 1) === 1 || offset + length > to) {
      findings.add(
        'error',
        'scope-length',
        offset,
        `A device scope says that it has ${length} bytes; the rest of its structure can't be decoded.`,
      );
      return undefined;
    }
    const base = structureAt(bytes, offset, length, DEVICE_SCOPE, findings);
    const scope = readScope(bytes, base, segment);
    judgeScope(scope, type, findings);
    return scope;
  });
}

function judgeScope(scope: DeviceScope, structure: number, findings: TableFindings): void {
  const { offset } = scope;
  if (scope.typeName === undefined)
    findings.add('warning', 'scope-type', offset, `Device scope type ${scope.type} is not known.`);
  if (scope.path.length === 0)
    findings.add('error', 'scope-path', offset, 'A device scope has no path: it names no device.');
  if (scope.flags !== 0 && structure < SATC_TYPE)
    findings.add(
      'warning',
      'reserved-bits',
      offset,
      'A device scope has flags set in a structure that defines none.',
    );
  for (const hop of scope.path)
    if (hop.device > 31 || hop.function > 7)
      findings.add(
        'error',
        'scope-path',
        offset,
        `A device scope names device ${hex(hop.device)}, function ${hex(hop.function)}, which PCI does not have.`,
      );
}

function readScope(bytes: Uint8Array, base: AcpiStructure, segment: number): DeviceScope {
  const path: { device: number; function: number }[] = [];
  for (let at = base.offset + SCOPE_HEADER; at + 1 < base.offset + base.length; at += 2)
    path.push({ device: bytes[at], function: bytes[at + 1] });
  const type = numberOf(base, 'Type');
  const flags = numberOf(base, 'Flags');
  const startBus = numberOf(base, 'Start Bus Number');
  const [first, ...rest] = path;
  const id = first
    ? (startBus << 8) | ((first.device & 0x1f) << 3) | (first.function & 7)
    : undefined;
  const hops = rest.map((hop) => `${byteDigits(hop.device)}.${hop.function}`);
  return {
    ...base,
    type,
    typeName: (SCOPE_TYPES as Readonly<Record<number, string>>)[type],
    flags,
    flagNames: SCOPE_FLAGS.filter((_, bit) => (flags >> bit) & 1),
    enumerationId: numberOf(base, 'Enumeration ID'),
    startBus,
    path,
    id: rest.length === 0 ? id : undefined,
    text: id === undefined ? '' : [formatBdf(id, segment), ...hops].join('/'),
  };
}

/** Rules between structures (VT-d 4.1 §8.3, §8.4). */
function judge(structures: readonly DmarStructure[], findings: TableFindings): void {
  const all = new Map<number, DmarStructure>();
  for (const each of structures) {
    if (each.name === 'DRHD') {
      const before = all.get(each.segment ?? 0);
      if (before)
        findings.add(
          'error',
          'drhd-order',
          each.offset,
          `A DRHD of segment ${each.segment} follows the one that includes all its devices (INCLUDE_PCI_ALL must be last).`,
        );
      if (each.flag) all.set(each.segment ?? 0, each);
      if (((each.base ?? 0n) & PAGE) !== 0n || each.base === 0n)
        findings.add(
          'error',
          'drhd-base',
          each.offset,
          `The register base ${hex(each.base ?? 0n)} is no page's address.`,
        );
      if (!each.flag && each.scopes.length === 0)
        findings.add('warning', 'drhd-empty', each.offset, 'This unit has no devices at all.');
    }
    if (each.name === 'RMRR') judgeRegion(each, findings);
  }
}

function judgeRegion(region: DmarStructure, findings: TableFindings): void {
  const { base = 0n, limit = 0n, offset } = region;
  if ((base & PAGE) !== 0n || ((limit + 1n) & PAGE) !== 0n)
    findings.add(
      'error',
      'rmrr-alignment',
      offset,
      `The reserved region ${hex(base)} to ${hex(limit)} does not cover whole pages.`,
    );
  if (limit < base)
    findings.add('error', 'rmrr-empty', offset, `The reserved region ends before it begins.`);
  if (region.scopes.length === 0)
    findings.add('error', 'rmrr-empty', offset, 'The reserved region is for no device.');
}
