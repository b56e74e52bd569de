/** Decodes the IVRS table: units, their devices, memory ranges (48882 rev 3.08, chapter 5). */
import { hex } from '../format/hex.ts';
import type { Finding } from '../iommu/finding.ts';
import type { IvhdEntry } from './ivhd-entries.ts';
import { judgeRanges, readEntries } from './ivhd-entries.ts';
import { IVMD, IVRS, IVRS_BLOCKS, UNKNOWN_BLOCK } from './ivrs-layouts.ts';
import type { Part } from './remapping-table.ts';
import { decodeTable } from './remapping-table.ts';
import type { AcpiStructure, TableHeader } from './structures.ts';
import { bigOf, numberOf } from './structures.ts';

/** A hardware definition: one unit, in one of the three forms that firmware gives of it. */
export interface Ivhd extends AcpiStructure {
  readonly kind: 'IVHD';
  /** 0x10, 0x11 or 0x40; firmware lists a unit once in each form that it supports. */
  readonly type: number;
  readonly deviceId: number;
  readonly capabilityOffset: number;
  readonly base: bigint;
  readonly segment: number;
  /** Image of the extended feature register; undefined in type 10h. */
  readonly features: bigint | undefined;
  readonly features2: bigint | undefined;
  readonly entries: readonly IvhdEntry[];
}

/** A memory definition: a range that devices need mapped to itself, or left untranslated. */
export interface Ivmd extends AcpiStructure {
  readonly kind: 'IVMD';
  /** 0x20 all devices, 0x21 one, 0x22 a range. */
  readonly type: number;
  readonly firstDevice: number;
  readonly lastDevice: number;
  readonly segment: number;
  readonly start: bigint;
  /** Bytes. */
  readonly size: bigint;
  readonly unity: boolean;
  readonly read: boolean;
  readonly write: boolean;
  readonly exclusion: boolean;
}

export interface UnknownBlock extends AcpiStructure {
  readonly kind: 'unknown';
  readonly type: number;
}

export type IvrsBlock = Ivhd | Ivmd | UnknownBlock;

export interface IvrsTable {
  readonly header: TableHeader;
  /** What follows the header: IVinfo. */
  readonly body: AcpiStructure;
  readonly physicalAddressBits: number;
  readonly virtualAddressBits: number;
  /** In the order of the table. */
  readonly blocks: readonly IvrsBlock[];
  /**
   * One definition of each unit, the one that the kernel uses: of the highest type that is there
   * (40h, 11h, 10h). Their order names the units `ivhd0`, `ivhd1`.
   */
  readonly units: readonly Ivhd[];
  readonly findings: readonly Finding[];
}

/**
 * Decodes the bytes of an IVRS table. Damage is told as findings; what stands behind it is left
 * out.
 * @returns undefined when the bytes are no IVRS table at all.
 */
export function decodeIvrs(bytes: Uint8Array): IvrsTable | undefined {
  const table = decodeTable(bytes, {
    signature: 'IVRS',
    body: IVRS,
    layouts: IVRS_BLOCKS,
    unknown: UNKNOWN_BLOCK,
    read: readBlock,
  });
  if (!table) return undefined;
  const { header, body, structures, findings } = table;
  return {
    header,
    body,
    physicalAddressBits: numberOf(body, 'PASize'),
    virtualAddressBits: numberOf(body, 'VASize'),
    blocks: structures,
    units: preferred(structures),
    findings: findings.list,
  };
}

function readBlock(part: Part): IvrsBlock {
  const { base, type } = part;
  if (base.layout === UNKNOWN_BLOCK) return { ...base, kind: 'unknown', type };
  return base.layout === IVMD ? memory(part) : hardware(part);
}

function hardware({ bytes, base, type, from, to, findings }: Part): Ivhd {
  const { layout, offset } = base;
  const entries = readEntries(bytes, from, to, findings);
  judgeRanges(entries, findings);
  const unit: Ivhd = {
    ...base,
    kind: 'IVHD',
    type,
    deviceId: numberOf(base, 'DeviceID'),
    capabilityOffset: numberOf(base, 'Capability Offset'),
    base: bigOf(base, 'IOMMU Base Address'),
    segment: numberOf(base, 'PCI Segment Group'),
    features: layout.byName.has('EFR Image') ? bigOf(base, 'EFR Image') : undefined,
    features2: layout.byName.has('EFR2 Image') ? bigOf(base, 'EFR2 Image') : undefined,
    entries,
  };
  if ((unit.base & 0x3fffn) !== 0n || unit.base === 0n)
    findings.add(
      'error',
      'ivhd-base',
      offset,
      `The register base ${hex(unit.base)} is no multiple of 16 KiB.`,
    );
  return unit;
}

function memory({ base, type, findings }: Part): Ivmd {
  const device = numberOf(base, 'DeviceID');
  const auxiliary = numberOf(base, 'Auxiliary data');
  const block: Ivmd = {
    ...base,
    kind: 'IVMD',
    type,
    firstDevice: type === 0x20 ? 0 : device,
    lastDevice: type === 0x20 ? 0xffff : type === 0x22 ? auxiliary : device,
    segment: numberOf(base, 'PCI Segment Group'),
    start: bigOf(base, 'Start Address'),
    size: bigOf(base, 'Memory Length'),
    unity: numberOf(base, 'Unity') === 1,
    read: numberOf(base, 'IR') === 1,
    write: numberOf(base, 'IW') === 1,
    exclusion: numberOf(base, 'Exclusion range') === 1,
  };
  if (((block.start | block.size) & 0xfffn) !== 0n)
    findings.add(
      'error',
      'ivmd-alignment',
      base.offset,
      `The memory ${hex(block.start)}, ${hex(block.size)} bytes long, does not cover whole pages.`,
    );
  if (block.lastDevice < block.firstDevice)
    findings.add('error', 'ivmd-range', base.offset, 'The range of devices ends before it begins.');
  return block;
}

/** Units by base: of several definitions of one, that of the highest type. */
function preferred(blocks: readonly IvrsBlock[]): Ivhd[] {
  const units = blocks.filter((block): block is Ivhd => block.kind === 'IVHD');
  const highest = Math.max(0, ...units.map((unit) => unit.type));
  return units.filter((unit) => unit.type === highest);
}
