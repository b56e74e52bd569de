/**
 * One fault as a console or a unit tells it. The fields are those of the command line's
 * contract; what a line does not say is absent.
 */
export interface FaultRecord {
  /** 1-based line of the log where the record starts. */
  readonly line: number;
  /** Seconds of the kernel's own clock, as printed. */
  readonly time?: number;
  /** Which kernel of the log printed it, from 0. */
  readonly kernel: number;
  readonly vendor: 'intel' | 'amd';
  readonly type: 'dma' | 'interrupt' | 'event';
  readonly access?: 'read' | 'write';
  /** `02:00.0`, with the segment only when it is not 0. */
  readonly bdf?: string;
  readonly pasid?: number;
  readonly address?: bigint;
  /** VT-d fault reason number. */
  readonly reason?: number;
  readonly reasonName?: string;
  /** AMD-Vi event name. */
  readonly event?: string;
  readonly domain?: number;
  readonly flags?: bigint;
  readonly flagNames?: readonly string[];
  /** Interrupt remapping table index. */
  readonly index?: number;
  /**
   * Raw words that the log dumps for this fault (fault records, DTE[n], CMD[n], table entries),
   * each structure's lowest-addressed word first, in the width that the log prints.
   */
  readonly raw?: readonly bigint[];
  /** The fault status register that announced it. */
  readonly status?: number;
  /** Byte offset in the log where the record starts, and bytes to the end of its last line. */
  readonly offset?: number;
  readonly length?: number;
  /** When the bytes arrived, in the clock of whoever pushed them. */
  readonly receivedAt?: number;
  /** PCI segment, only where the line prints one. */
  readonly segment?: number;
  /** The unit, where the line or its dump names one: `dmar0`, `ivhd0`. */
  readonly unit?: string;
  /** The driver that the kernel names before the device (`nvme`); absent for an unbound one. */
  readonly driver?: string;
  /** Wording by which a VT-d line was recognised, `V1` (2.6.32) to `V8` (7.2). */
  readonly era?: VtdEra;
  /** The entries behind `raw`, with what each is. */
  readonly dump?: readonly DumpedEntry[];
}

/** Generations of the kernel's wording of VT-d faults, oldest first. */
export type VtdEra = 'V1' | 'V2' | 'V3' | 'V4' | 'V5' | 'V6' | 'V7' | 'V8';

/** An entry that the kernel printed after a fault, from its own copy of the tables. */
export interface DumpedEntry {
  /** `DTE`, `CMD`, `root entry`, `scalable mode root entry`, `context entry`, `pasid dir entry`, `pasid table entry`, `pte`, `Control`. */
  readonly what: string;
  /** Page-table level, for `pte`. */
  readonly level?: number;
  /** 64-bit words, the lowest-addressed first. */
  readonly words: readonly bigint[];
}
