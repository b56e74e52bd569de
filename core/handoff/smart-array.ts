/**
 * A RAID controller that does DMA: what the first kernel gave it goes on after a panic, a reset
 * ends it, and it answers a command only when it could read the command.
 */
import type { DmaResult, Machine } from '../machine/machine.ts';

/** A buffer that a kernel gave the controller, by I/O virtual address. */
export interface Buffer {
  readonly iova: bigint;
  readonly length: number;
  readonly access: 'read' | 'write';
}

/** A command block in memory: magic, kind, tag, data address, data length; 8 bytes each. */
const COMMAND_BYTES = 40;
const MAGIC = 0x444e_414d_4d4f_4353n;
const NO_OP = 3n;
const WRITE_DISK = 1n;

/** The words of a command that does nothing but come back with its tag. */
export function noOp(tag: bigint): bigint[] {
  return [MAGIC, NO_OP, tag, 0n, 0n];
}

/** The words of a command that writes a buffer to the disk. */
export function writeDisk(tag: bigint, data: bigint, length: number): bigint[] {
  return [MAGIC, WRITE_DISK, tag, data, BigInt(length)];
}

export class SmartArray {
  /** Requester ID. */
  readonly id: number;
  /** What was written to the disk, in order. */
  readonly disk: Uint8Array[] = [];
  readonly #machine: Machine;
  #inFlight: readonly Buffer[] = [];
  #next = 0;

  constructor(machine: Machine, id: number) {
    this.#machine = machine;
    this.id = id;
  }

  /** A kernel hands over buffers that the controller fills and reads as traffic comes. */
  give(buffers: readonly Buffer[]): void {
    this.#inFlight = buffers;
    this.#next = 0;
  }

  /** Goes on with the traffic that it was given: `count` DMAs, round its buffers. */
  carryOn(count: number): DmaResult[] {
    const results: DmaResult[] = [];
    for (let done = 0; done < count && this.#inFlight.length > 0; done++) {
      const { iova, length, access } = this.#inFlight[this.#next % this.#inFlight.length];
      const data = new Uint8Array(length).fill(++this.#next & 0xff);
      results.push(this.#machine.dma({ id: this.id, address: iova, length, access, data }));
    }
    return results;
  }

  /** Forgets all traffic. */
  reset(): void {
    this.#inFlight = [];
  }

  /**
   * A driver posts a command's bus address to the controller.
   * @returns the tag that comes back, or undefined when the controller stays silent.
   */
  post(address: bigint): { readonly tag: bigint | undefined; readonly read: DmaResult } {
    const read = this.#machine.dma({ id: this.id, address, length: COMMAND_BYTES, access: 'read' });
    if (!read.ok) return { tag: undefined, read };
    const view = new DataView(read.data.buffer, read.data.byteOffset);
    const word = (index: number): bigint => view.getBigUint64(index * 8, true);
    if (word(0) !== MAGIC) return { tag: undefined, read };
    if (word(1) === WRITE_DISK && !this.#store(word(3), Number(word(4))))
      return { tag: undefined, read };
    return { tag: word(2), read };
  }

  #store(address: bigint, length: number): boolean {
    const read = this.#machine.dma({ id: this.id, address, length, access: 'read' });
    if (read.ok) this.disk.push(read.data);
    return read.ok;
  }
}
