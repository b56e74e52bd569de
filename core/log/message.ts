import type { VtdEra } from '../iommu/fault.ts';
import type { Severity } from '../format/severity.ts';
import type { PhaseRule } from './phase-rule.ts';
import type { Detail, Phase } from './records.ts';

/** What one line says: the parts that are found in it, before anything is joined across lines. */
export type Message =
  VtdFault | VtdReason | StatusLine | AmdHeader | AmdEvent | AmdDevice | DumpLine | PhaseLine;

interface At {
  /** Index in the line's text where it starts. */
  readonly index: number;
}

/** A VT-d fault record; without `reason` when that stands on the next line (V1 to V3) or was cut. */
export interface VtdFault extends At {
  readonly kind: 'vtd';
  readonly interrupt: boolean;
  readonly era: VtdEra;
  readonly access: 'read' | 'write' | undefined;
  readonly segment: number | undefined;
  readonly id: number;
  readonly pasid: number | undefined;
  readonly address: bigint | undefined;
  readonly entryIndex: number | undefined;
  readonly reason: number | undefined;
}

/** The second line of V1 to V3. */
export interface VtdReason extends At {
  readonly kind: 'vtd-reason';
  readonly interrupt: boolean;
  readonly reason: number;
}

export interface StatusLine extends At {
  readonly kind: 'status';
  readonly value: number;
}

/** `Event logged [` with its body on another line. */
export interface AmdHeader extends At {
  readonly kind: 'amd-header';
}

export interface AmdEvent extends At {
  readonly kind: 'amd';
  readonly event: string;
  readonly unit: string | undefined;
  readonly driver: string | undefined;
  readonly segment: number | undefined;
  readonly id: number | undefined;
  readonly pasid: number | undefined;
  readonly domain: number | undefined;
  readonly address: bigint | undefined;
  readonly flags: bigint | undefined;
  readonly raw: readonly bigint[] | undefined;
  /** The device's prefix stands there but `AMD-Vi:` does not: kernels 5.0 and 5.1. */
  readonly unnamed: boolean;
}

/** The second line of `Device not attached to domain properly`. */
export interface AmdDevice extends At {
  readonly kind: 'amd-device';
  readonly segment: number | undefined;
  readonly id: number;
  readonly domain: number;
}

/** A line of what kernels print after a fault: table entries, DTE and command words. */
export interface DumpLine extends At {
  readonly kind: 'dump';
  /** `start`, the name of the structure, or `stop` for a line that says why the dump ends. */
  readonly what: string;
  readonly text: string;
  readonly unit: string | undefined;
  /** `start`: the address that was looked up. */
  readonly iova: bigint | undefined;
  /** `DTE[n]`, `CMD[n]`, `pasid table entry[n]`. */
  readonly entryIndex: number | undefined;
  readonly level: number | undefined;
  /** As printed, the lowest-addressed first. */
  readonly words: readonly bigint[];
  /** Bits in each word. */
  readonly width: 32 | 64;
}

/** A line of the tables in phase-lines, bring-up-lines and hand-off-lines. */
export interface PhaseLine extends At {
  readonly kind: 'phase';
  readonly phase: Phase;
  readonly event: string;
  readonly text: string;
  readonly severity: Severity;
  readonly unit: string | undefined;
  readonly details: Readonly<Record<string, Detail>>;
}

/** What was read from one line, or from lines joined. */
export interface Reading {
  readonly messages: readonly Message[];
  /**
   * `part`: a phase line's beginning or end, nothing if no neighbour completes it. `cut`: a fault's
   * beginning or end. `damaged`: it names a fault but can't be one as it stands.
   */
  readonly broken: 'no' | 'part' | 'cut' | 'damaged';
  /** `part`, of a phase line: the rules whose key is there. */
  readonly rules?: readonly PhaseRule[];
}

/**
 * PCI address as kernels print it, in groups segment, bus, device, function; 5.14 put `0x` before
 * bus and device.
 */
export const BDF = '(?:([0-9a-f]{4}):)?(?:0x)?([0-9a-f]{2}):(?:0x)?([01][0-9a-f])\\.([0-7])';

/** Requester id of BDF's last three groups. */
export function requesterId(bus: string, device: string, fn: string): number {
  return (Number.parseInt(bus, 16) << 8) | (Number.parseInt(device, 16) << 3) | Number(fn);
}

/** Hexadecimal digits, without `0x`, as a number: up to 13 of them are exact. */
export function hexNumber(digits: string): number;
export function hexNumber(digits: string | undefined): number | undefined;
export function hexNumber(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/** The same as a word of 64 bits. */
export function hexWord(digits: string): bigint {
  return BigInt(`0x${digits}`);
}
