/**
 * The VT-d unit of a QtestMachine: registers, table pointer, invalidation, faults.
 * QEMU 7.2 has one fault recording register; a recorded fault stays until it is cleared. A request
 * that hits a cached translation without the right that it needs is refused and not recorded.
 */
import type { DmaDirection, MachineOptions } from './machine.ts';
import { QtestMachine } from './machine.ts';

/** Physical base of QEMU's VT-d unit. */
export const VTD_BASE = 0xfed9_0000;

/** Register offsets (VT-d §11.4) that the harness itself needs. */
const CAP = 0x08;
const ECAP = 0x10;
const GCMD = 0x18;
const GSTS = 0x1c;
const RTADDR = 0x20;
const CCMD = 0x28;
const FSTS = 0x34;

const GCMD_TE = 0x8000_0000;
const GCMD_SRTP = 0x4000_0000;
/** SRTP, SFL, WBF and SIRTP: commands, whose status bits are not written back. */
const ONE_SHOT = 0x6900_0000;
const CCMD_GLOBAL = (1n << 63n) | (1n << 61n);
const IOTLB_GLOBAL = (1n << 63n) | (1n << 60n);
const FSTS_PFO = 1;
const FRCD_F = 1n << 63n;
const PATTERN_BYTES = 16;
/** edu's buffer: patterns to write stand below, what was read stands from here on. */
const READ_OFFSET = 2048;

export interface HardwareFault {
  /** Requester ID. */
  readonly id: number;
  readonly reason: number;
  /** The faulting page's address; the low 12 bits are not recorded. */
  readonly address: bigint;
  readonly access: DmaDirection;
  readonly pasid: number | undefined;
}

/** What a DMA did: the data arrived (where, the caller knows), or faults were recorded. */
export interface DmaOutcome {
  readonly faults: readonly HardwareFault[];
  /** Read: what stands in edu's buffer now. Write: the pattern that edu sent. */
  readonly data: Uint8Array;
}

/** A page that stays mapped for reading and writing, to look into edu's buffer through. */
export interface DmaWindow {
  readonly iova: bigint;
  readonly pa: number;
}

export class VtdMachine {
  readonly machine: QtestMachine;
  readonly cap: bigint;
  readonly ecap: bigint;
  readonly #frcd: number;
  readonly #records: number;
  readonly #iotlb: number;
  /** A page that the harness itself uses to look into edu's buffer. */
  readonly #scratch: number;
  #serial = 1;
  #patterns = new Uint8Array(0);
  #nextPattern = 0;

  private constructor(machine: QtestMachine, cap: bigint, ecap: bigint) {
    this.machine = machine;
    this.cap = cap;
    this.ecap = ecap;
    this.#frcd = Number((cap >> 24n) & 0x3ffn) * 16;
    this.#records = Number((cap >> 40n) & 0xffn) + 1;
    this.#iotlb = Number((ecap >> 8n) & 0x3ffn) * 16 + 8;
    this.#scratch = machine.memoryBytes - 4096;
  }

  /** @param options `iommu` with its properties, e.g. `intel-iommu,aw-bits=48`. */
  static async start(options: MachineOptions): Promise<VtdMachine> {
    const machine = await QtestMachine.start(options);
    const cap = await machine.readq(VTD_BASE + CAP);
    const ecap = await machine.readq(VTD_BASE + ECAP);
    return new VtdMachine(machine, cap, ecap);
  }

  close(): Promise<void> {
    return this.machine.close();
  }

  readRegister(offset: number, width: 32 | 64): Promise<bigint> {
    return width === 64
      ? this.machine.readq(VTD_BASE + offset)
      : this.machine.readl(VTD_BASE + offset).then(BigInt);
  }

  writeRegister(offset: number, width: 32 | 64, value: bigint): Promise<void> {
    return width === 64
      ? this.machine.writeq(VTD_BASE + offset, value)
      : this.machine.writel(VTD_BASE + offset, Number(value));
  }

  /** Writes RTADDR (address and mode bits), latches it and invalidates all caches. */
  async setRoot(rtaddr: bigint): Promise<void> {
    await this.writeRegister(RTADDR, 64, rtaddr);
    const status = await this.machine.readl(VTD_BASE + GSTS);
    await this.machine.writel(VTD_BASE + GCMD, commandOf(status) | GCMD_SRTP);
    await this.invalidateAll();
  }

  /** Global register-based invalidation of the context cache, then of the IOTLB. */
  async invalidateAll(): Promise<void> {
    await Promise.all([
      this.writeRegister(CCMD, 64, CCMD_GLOBAL),
      this.writeRegister(this.#iotlb, 64, IOTLB_GLOBAL),
    ]);
  }

  /** Turns DMA remapping on or off. */
  async enable(on: boolean): Promise<void> {
    const command = commandOf(await this.machine.readl(VTD_BASE + GSTS));
    await this.machine.writel(VTD_BASE + GCMD, on ? command | GCMD_TE : command & ~GCMD_TE);
  }

  /** The recorded faults, oldest first as the registers hold them; clears them and the overflow. */
  async faults(): Promise<HardwareFault[]> {
    const reads: Promise<bigint>[] = [];
    for (let at = 0; at < this.#records; at++) {
      const register = VTD_BASE + this.#frcd + 16 * at;
      reads.push(this.machine.readq(register), this.machine.readq(register + 8));
    }
    const words = await Promise.all(reads);
    const faults: HardwareFault[] = [];
    const cleared: Promise<void>[] = [];
    for (let at = 0; at < this.#records; at++) {
      const low = words[2 * at];
      const high = words[2 * at + 1];
      if (!(high & FRCD_F)) continue;
      faults.push({
        id: Number(high & 0xffffn),
        reason: Number((high >> 32n) & 0xffn),
        address: low & ~0xfffn,
        access: (high >> 62n) & 1n ? 'read' : 'write',
        pasid: (high >> 31n) & 1n ? Number((high >> 40n) & 0xfffffn) : undefined,
      });
      cleared.push(this.machine.writeq(VTD_BASE + this.#frcd + 16 * at + 8, FRCD_F));
    }
    if (faults.length > 0) cleared.push(this.machine.writel(VTD_BASE + FSTS, FSTS_PFO));
    await Promise.all(cleared);
    return faults;
  }

  /**
   * One DMA with remapping as it stands. A write carries a pattern that no other DMA of this
   * machine carries; what a read brought is looked at in edu's buffer.
   * @param length bytes, 1 to 16
   * @param look how to fill and see edu's buffer. `gate`: translation is off for a moment before
   *   or after the DMA, which makes QEMU forget its context cache and IOTLB. A window: a page
   *   that this device can read and write through translation at `iova`, and that stands at
   *   `pa`; caches stay as they are but for the window's own entry.
   */
  async dma(
    address: bigint,
    length: number,
    direction: DmaDirection,
    look: 'gate' | DmaWindow = 'gate',
  ): Promise<DmaOutcome> {
    if (direction === 'write') {
      const { offset, pattern } = await this.#pattern(look);
      await this.machine.dma(address, length, direction, offset);
      return { faults: await this.faults(), data: pattern.subarray(0, length) };
    }
    await this.machine.dma(address, length, direction, READ_OFFSET);
    const faults = await this.faults();
    const data = await this.#through(look, async (iova, pa) => {
      await this.machine.dma(iova, length, 'write', READ_OFFSET);
      return this.machine.memread(pa, length);
    });
    return { faults, data };
  }

  /** Where in edu's buffer the next pattern stands; fills the buffer when all are used up. */
  async #pattern(look: 'gate' | DmaWindow): Promise<{ offset: number; pattern: Uint8Array }> {
    if (this.#nextPattern * PATTERN_BYTES >= this.#patterns.length) {
      const words = new Uint32Array(READ_OFFSET / 4);
      for (let at = 0; at < words.length; at += 4)
        words.set([0x5eed_0000, this.#serial, ~this.#serial++, 0x0eed_5eed], at);
      this.#patterns = new Uint8Array(words.buffer);
      this.#nextPattern = 0;
      await this.#through(look, async (iova, pa) => {
        await this.machine.memwrite(pa, this.#patterns);
        await this.machine.dma(iova, READ_OFFSET, 'read');
      });
    }
    const offset = PATTERN_BYTES * this.#nextPattern++;
    return { offset, pattern: this.#patterns.subarray(offset, offset + PATTERN_BYTES) };
  }

  /** Runs `act` while edu can reach the page at `pa` under `iova`. */
  async #through<T>(
    look: 'gate' | DmaWindow,
    act: (iova: bigint, pa: number) => Promise<T>,
  ): Promise<T> {
    if (look !== 'gate') return act(look.iova, look.pa);
    const command = commandOf(await this.machine.readl(VTD_BASE + GSTS));
    const gated = (command & GCMD_TE) !== 0;
    if (gated) await this.machine.writel(VTD_BASE + GCMD, command & ~GCMD_TE);
    const result = await act(BigInt(this.#scratch), this.#scratch);
    if (gated) await this.machine.writel(VTD_BASE + GCMD, command);
    return result;
  }
}

/** GCMD's persistent bits from GSTS: one-shot bits (SRTP, SFL, WBF, SIRTP) are left out. */
function commandOf(status: number): number {
  return status & ~ONE_SHOT;
}
