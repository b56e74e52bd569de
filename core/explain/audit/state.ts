import type { Finding, Incomplete } from '../../iommu/finding.ts';
import type { DeviceList, InterruptTable, Unit } from '../../iommu/unit.ts';
import type { KnownFunction } from '../functions.ts';
import type { Intervals } from '../mappings/intervals.ts';
import type { DistinctTable } from '../mappings/tables.ts';
import type { FirmwareRegion } from '../regions.ts';

/** What the machine's memory is, where somebody knows. */
export interface MemoryMap {
  /** Set aside for the crash kernel. */
  readonly reserved?: Intervals;
  /** The kernel's text and read-only data. */
  readonly kernelText?: Intervals;
  /** The kernel's own page tables. */
  readonly kernelTables?: Intervals;
  /** All that answers at some address: RAM, firmware, device windows. */
  readonly everything?: Intervals;
}

/** Beside the tables, what the rules may ask. All of it can be missing. */
export interface AuditFacts {
  readonly map: MemoryMap;
  readonly regions?: readonly FirmwareRegion[];
  readonly functions?: readonly KnownFunction[];
  /** Drivers that spoke of their device in the crash kernel's part of a log, by BDF. */
  readonly crashDrivers?: ReadonlyMap<string, string>;
  /** The firmware asks for x2APIC to stay off. */
  readonly x2apicOptOut?: boolean;
}

/** Kinds of memory that a mapping should not reach, as bits. */
export const REACH = {
  reserved: 1,
  kernelText: 2,
  kernelTables: 4,
  nowhere: 8,
  unitTables: 16,
  /** Not a place: the mapping's address is that of the memory. */
  identity: 32,
} as const;
export type Reach = keyof typeof REACH;

/** Mapped ranges of one kind in one table, in page frames. */
export interface ReachedRanges {
  /** Of very many only the first. */
  readonly ranges: readonly {
    readonly iova: number;
    readonly pa: number;
    readonly pages: number;
    readonly rights: number;
  }[];
  /** Page frames in all of them. */
  readonly pages: number;
  /** Ranges, listed or not. */
  readonly count: number;
}

/** What the sweep of one page table gave. */
export interface SweptTable {
  readonly table: DistinctTable;
  readonly leaves: number;
  readonly reached: ReadonlyMap<Reach, ReachedRanges>;
  /** Frames of the table's pages that no table before it has. */
  readonly shared: readonly { readonly frame: number; readonly with: DistinctTable }[];
  readonly findings: readonly Finding[];
  readonly incomplete: readonly Incomplete[];
}

/** The state under audit: every unit's entries, every page table swept once. */
export interface AuditState {
  readonly facts: AuditFacts;
  readonly units: readonly { readonly unit: Unit; readonly list: DeviceList }[];
  readonly interrupts: readonly {
    readonly unit: Unit;
    readonly tables: readonly InterruptTable[];
  }[];
  readonly tables: readonly SweptTable[];
  /** Texts of what could not be read. */
  readonly gaps: readonly string[];
  readonly incomplete: readonly Incomplete[];
}
