/** Where a register's value comes from. */
export type RegisterSource = 'kernel copy' | 'file' | 'target' | 'simulated';

export interface RegisterReading {
  readonly value: bigint;
  readonly source: RegisterSource;
}

/**
 * The door to a unit's memory-mapped registers. `undefined` means that nobody read the
 * register: unknown is a value, and it is not zero.
 */
export interface MmioSpace {
  /** @param offset bytes from the unit's base; @param width bits, 32 or 64. */
  read(offset: number, width: 32 | 64): RegisterReading | undefined;
}

/** A register space that can be written: simulated, or an armed target. */
export interface WritableMmio extends MmioSpace {
  write(offset: number, width: 32 | 64, value: bigint): void;
}

/** Registers of which nothing is known. */
export const UNKNOWN_MMIO: MmioSpace = { read: () => undefined };

/**
 * 32-bit register words by offset, as `--registers` files and `regs` documents hold them.
 * A 64-bit register is known when both its halves are.
 */
export class RegisterWords implements MmioSpace {
  readonly #words: ReadonlyMap<number, number>;
  readonly #source: RegisterSource;
  readonly #absentIsZero: boolean;

  /**
   * @param words 32-bit values by byte offset (multiples of 4)
   * @param absentIsZero offsets that the document leaves out read as zero (the form's default)
   */
  constructor(words: ReadonlyMap<number, number>, source: RegisterSource, absentIsZero: boolean) {
    this.#words = words;
    this.#source = source;
    this.#absentIsZero = absentIsZero;
  }

  read(offset: number, width: 32 | 64): RegisterReading | undefined {
    const low = this.#word(offset);
    if (low === undefined) return undefined;
    if (width === 32) return { value: BigInt(low), source: this.#source };
    const high = this.#word(offset + 4);
    if (high === undefined) return undefined;
    return { value: (BigInt(high) << 32n) | BigInt(low), source: this.#source };
  }

  #word(offset: number): number | undefined {
    return this.#words.get(offset) ?? (this.#absentIsZero ? 0 : undefined);
  }
}
