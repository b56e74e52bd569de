import type { MmioSpace } from '../memory/mmio.ts';

/**
 * What is known of a unit before a table is read: found by following the kernel's structures
 * (core/linux), from a register file, from a target, or of a simulated unit. `undefined` means
 * not known; nothing is guessed.
 */
export type FactsFrom = 'kernel' | 'file' | 'target' | 'simulated' | 'none';

interface CommonFacts {
  /** `dmar0`, `ivhd0`: in the order of the ACPI structures, or as the kernel names them. */
  readonly name: string;
  readonly segment: number;
  /** Physical base of the register page. */
  readonly base: bigint | undefined;
  readonly from: FactsFrom;
  readonly registers: MmioSpace;
  readonly translationEnabled: boolean | undefined;
}

export interface IntelFacts extends CommonFacts {
  readonly vendor: 'intel';
  readonly cap: bigint | undefined;
  readonly ecap: bigint | undefined;
  /** Physical address of the root table (RTADDR without its low bits). */
  readonly rootTable: bigint | undefined;
  readonly mode: 'legacy' | 'scalable' | 'abort' | undefined;
  /** Bits of a physical address (the DMAR table's Host Address Width), where it is known. */
  readonly hostAddressWidth?: number;
  readonly interrupts: IntelInterruptFacts | undefined;
  readonly queue: QueueFacts | undefined;
}

export interface IntelInterruptFacts {
  /** Physical address of the interrupt remapping table. */
  readonly table: bigint;
  /** Entries. Linux's constant 65,536 where only the kernel was asked. */
  readonly capacity: number;
  /** x2APIC mode: 32-bit destinations (IRTA.EIME). */
  readonly extended: boolean | undefined;
}

export interface QueueFacts {
  readonly base: bigint;
  /** Bytes. */
  readonly length: number;
  /** Bytes in one descriptor: 16 or 32. */
  readonly descriptor: number;
  /** Byte offsets; undefined where the hardware was not asked. */
  readonly head: number | undefined;
  readonly tail: number | undefined;
}

export interface AmdFacts extends CommonFacts {
  readonly vendor: 'amd';
  readonly extendedFeatures: bigint | undefined;
  readonly control: bigint | undefined;
  /** Physical address of the device table. */
  readonly deviceTable: bigint | undefined;
  /** Entries in the device table. */
  readonly capacity: number | undefined;
  /** Bits in an interrupt remapping entry: 128 with guest APIC mode, else 32. */
  readonly interruptFormat: 32 | 128 | undefined;
  readonly commandBuffer: QueueFacts | undefined;
  readonly eventLog: QueueFacts | undefined;
  readonly pprLog: QueueFacts | undefined;
  /** C-bit mask of SME that stands inside table pointers; 0n when off. */
  readonly smeMask: bigint;
  /**
   * Memory reserved for the crash kernel, which the dump that it saves never holds; first and last
   * address. A crash kernel that goes on using the device table (Linux 6.18 and later) puts its own
   * tables there, after the crash.
   */
  readonly crashMemory?: readonly { readonly first: bigint; readonly last: bigint }[];
}

export type UnitFacts = IntelFacts | AmdFacts;
