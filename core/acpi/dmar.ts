/** Decodes the DMAR table: remapping units, reserved memory, device scopes (VT-d 4.1, chapter 8). */
import { bits } from '../bits/layout.ts';
import { formatBdf } from '../format/bdf.ts';
import { hex } from '../format/hex.ts';
import type { Finding } from '../iommu/finding.ts';
import {
  DEVICE_SCOPE,
  DMAR,
  DMAR_STRUCTURES,
  SCOPE_FLAGS,
  SCOPE_TYPES,
  UNKNOWN_DMAR,
} from './dmar-layouts.ts';
import type { AcpiStructure, TableHeader } from './structures.ts';
import {
  bigOf,
  decodeHeader,
  HEADER_SIZE,
  judgeHeader,
  numberOf,
  TableFindings,
  textAt,
  wordsAt,
} from './structures.ts';

/** Bytes before the first remapping structure. */
const FIRST_STRUCTURE = HEADER_SIZE + 12;
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
  const header = decodeHeader(bytes);
  if (header?.signature !== 'DMAR') return undefined;
  const findings = new TableFindings('DMAR');
  const end = judgeHeader(header, bytes, findings);
  if (end < FIRST_STRUCTURE)
    findings.add('error', 'table-cut', end, 'The table ends before its first remapping structure.');
  const body: AcpiStructure = {
    offset: HEADER_SIZE,
    length: 12,
    layout: DMAR,
    words: wordsAt(bytes.subarray(0, end), HEADER_SIZE, 12),
  };
  findings.reserved(body);
  const structures: DmarStructure[] = [];
  for (let offset = FIRST_STRUCTURE; offset < end;) {
    const structure = readStructure(bytes, offset, end, findings);
    if (!structure) break;
    structures.push(structure);
    offset += structure.length;
  }
  judge(structures, findings);
  return {
    header,
    body,
    hostAddressWidth: numberOf(body, 'Host Address Width') + 1,
    interruptRemapping: numberOf(body, 'INTR_REMAP') === 1,
    x2apicOptOut: numberOf(body, 'X2APIC_OPT_OUT') === 1,
    dmaControlOptIn: numberOf(body, 'DMA_CTRL_PLATFORM_OPT_IN_FLAG') === 1,
    structures,
    findings: findings.list,
  };
}

function readStructure(
  bytes: Uint8Array,
  offset: number,
  end: number,
  findings: TableFindings,
): DmarStructure | undefined {
  if (offset + 4 > end) {
    findings.add('error', 'structure-cut', offset, 'The table ends within a structure’s head.');
    return undefined;
  }
  const [head] = wordsAt(bytes, offset, 4);
  const type = Number(bits([head], 15, 0));
  const length = Number(bits([head], 31, 16));
  const layout = DMAR_STRUCTURES.get(type) ?? UNKNOWN_DMAR;
  const fixed = layout.width / 8;
  if (length < fixed || offset + length > end) {
    findings.add(
      'error',
      'structure-length',
      offset,
      `A ${layout.name} structure says that it has ${length} bytes; ${length < fixed ? `it needs ${fixed}` : `the table has ${end - offset} left`}. What follows can't be decoded.`,
    );
    return undefined;
  }
  const base: AcpiStructure = { offset, length, layout, words: wordsAt(bytes, offset, fixed) };
  findings.reserved(base);
  if (layout === UNKNOWN_DMAR)
    findings.add('note', 'unknown-structure', offset, `Type ${type} is not a known structure.`);
  const number = (name: string): number | undefined =>
    layout.byName.has(name) ? numberOf(base, name) : undefined;
  const segment = number('Segment Number');
  const hasScopes = segment !== undefined;
  const flag = number('INCLUDE_PCI_ALL') ?? number('ALL_PORTS') ?? number('ATC_REQUIRED');
  return {
    ...base,
    type,
    name: layout === UNKNOWN_DMAR ? 'unknown' : (layout.name as DmarName),
    segment,
    base: layout.byName.has('Register Base Address')
      ? bigOf(base, 'Register Base Address')
      : layout.byName.has('Reserved Memory Region Base Address')
        ? bigOf(base, 'Reserved Memory Region Base Address')
        : undefined,
    limit: layout.byName.has('Reserved Memory Region Limit Address')
      ? bigOf(base, 'Reserved Memory Region Limit Address')
      : undefined,
    flag: flag === undefined ? undefined : flag === 1,
    objectName: type === 4 ? textAt(bytes, offset + fixed, length - fixed) : undefined,
    proximityDomain: number('Proximity Domain'),
    scopes: hasScopes
      ? readScopes(bytes, offset + fixed, offset + length, segment, type, findings)
      : [],
  };
}

/** Structures whose device scopes have flags. */
const SATC_TYPE = 5;

function readScopes(
  bytes: Uint8Array,
  from: number,
  to: number,
  segment: number,
  structure: number,
  findings: TableFindings,
): DeviceScope[] {
  const scopes: DeviceScope[] = [];
  for (let offset = from; offset < to;) {
    const length = bytes[offset + 1] ?? 0;
    if (length < SCOPE_HEADER || (length & 1) === 1 || offset + length > to) {
      findings.add(
        'error',
        'scope-length',
        offset,
        `A device scope says that it has ${length} bytes; the rest of its structure can't be decoded.`,
      );
      break;
    }
    const scope = readScope(bytes, offset, length, segment);
    findings.reserved(scope);
    if (scope.typeName === undefined)
      findings.add(
        'warning',
        'scope-type',
        offset,
        `Device scope type ${scope.type} is not known.`,
      );
    if (scope.path.length === 0)
      findings.add(
        'error',
        'scope-path',
        offset,
        'A device scope has no path: it names no device.',
      );
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
    scopes.push(scope);
    offset += length;
  }
  return scopes;
}

function readScope(
  bytes: Uint8Array,
  offset: number,
  length: number,
  segment: number,
): DeviceScope {
  const words = wordsAt(bytes, offset, SCOPE_HEADER);
  const base: AcpiStructure = { offset, length, layout: DEVICE_SCOPE, words };
  const path: { device: number; function: number }[] = [];
  for (let at = offset + SCOPE_HEADER; at + 1 < offset + length; at += 2)
    path.push({ device: bytes[at], function: bytes[at + 1] });
  const type = numberOf(base, 'Type');
  const flags = numberOf(base, 'Flags');
  const startBus = numberOf(base, 'Start Bus Number');
  const [first, ...rest] = path;
  const id = first
    ? (startBus << 8) | ((first.device & 0x1f) << 3) | (first.function & 7)
    : undefined;
  const hops = rest.map((hop) => `${hop.device.toString(16).padStart(2, '0')}.${hop.function}`);
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
