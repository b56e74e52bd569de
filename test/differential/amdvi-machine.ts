/**
 * The AMD-Vi unit of a QtestMachine: registers, device table pointer, invalidation, and what a DMA
 * came to.
 *
 * QEMU 7.2 decides on events but never writes one to the event log (its overflow test is always
 * true). Which event it decided on is seen from QEMU's own trace, which the unit writes line by
 * line before the DMA ends; the flags that the entry would have held are not seen.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventName } from '../../core/amdvi/events.ts';
import { RegisterWords } from '../../core/memory/mmio.ts';
import type { DmaDirection, MachineOptions } from './qtest/machine.ts';
import { QtestMachine } from './qtest/machine.ts';

/** Physical base of QEMU's AMD-Vi unit. */
export const AMDVI_BASE = 0xfed8_0000;

/** Register offsets (48882 §3.4) that the harness itself needs. */
const DEVICE_TABLE_BASE = 0x00;
const COMMAND_BASE = 0x08;
const EVENT_BASE = 0x10;
const CONTROL = 0x18;
const EXCLUSION_BASE = 0x20;
const EXCLUSION_LIMIT = 0x28;
const EXTENDED_FEATURE_2 = 0x1a0;
const COMMAND_TAIL = 0x2008;
/** Bytes of registers that say what the unit is and how it is set. */
const FIRST_REGISTERS = 0x40;

const IOMMU_EN = 1n;
const EVENT_LOG_AND_COMMANDS = 0x1004n;
/** 256 entries. */
const BUFFER_LENGTH = 8n << 56n;
const BUFFER_BYTES = 4096;
const COMMAND_BYTES = 16;
const INVALIDATE_IOMMU_ALL = 8n << 60n;
const DTE_BYTES = 32;

const PATTERN_BYTES = 16;
/** edu's buffer: patterns to write stand below, what was read stands from here on. */
const READ_OFFSET = 2048;
const TRACE_CHUNK = 1 << 16;

/** QEMU's trace points where its unit decides on an event. */
const TRACES: Readonly<Record<string, EventName>> = {
  amdvi_invalid_dte: 'ILLEGAL_DEV_TABLE_ENTRY',
  amdvi_mode_invalid: 'ILLEGAL_DEV_TABLE_ENTRY',
  amdvi_dte_get_fail: 'DEV_TAB_HARDWARE_ERROR',
  amdvi_get_pte_hwerror: 'PAGE_TAB_HARDWARE_ERROR',
  amdvi_page_fault: 'IO_PAGE_FAULT',
};
/** QEMU's trace point where its unit sends an interrupt on: `addr 0xfee01004 data 0x4041`. */
const SENT = /^amdvi_mem_ir_write addr 0x([0-9a-f]+) data 0x([0-9a-f]+)/;
const SENT_TRACE = 'amdvi_mem_ir_write';

/** What a DMA did: the data arrived (where, the caller knows), or it was refused. */
export interface AmdviDma {
  /** The events that the unit decided on: one at most, unless QEMU is not understood. */
  readonly events: readonly EventName[];
  /** Read: what stands in edu's buffer now. Write: the pattern that edu sent. */
  readonly data: Uint8Array;
}

/** An MSI as it arrives at the processors. */
export interface Message {
  readonly address: bigint;
  readonly data: number;
}

export class AmdviMachine {
  readonly machine: QtestMachine;
  readonly #folder: string;
  readonly #trace: number;
  /** The last pages of memory belong to the harness. */
  readonly #scratch: number;
  readonly #commands: number;
  #commandTail = 0;
  #traced = 0;
  #patterns = new Uint8Array(0);
  #nextPattern = 0;
  #serial = 1;

  private constructor(machine: QtestMachine, folder: string, trace: number) {
    this.machine = machine;
    this.#folder = folder;
    this.#trace = trace;
    this.#scratch = machine.memoryBytes - 4096;
    this.#commands = machine.memoryBytes - 2 * 4096;
  }

  /** Pages at the end of memory that scenes leave alone. */
  static readonly ownPages = 3;

  static async start(options: MachineOptions): Promise<AmdviMachine> {
    const folder = mkdtempSync(join(tmpdir(), 'faultline-amdvi-'));
    const path = join(folder, 'trace');
    writeFileSync(path, '');
    const extra = [...Object.keys(TRACES), SENT_TRACE].flatMap((name) => ['-trace', name]);
    const machine = await QtestMachine.start({ ...options, extra: [...extra, '-D', path] });
    const started = new AmdviMachine(machine, folder, openSync(path, 'r'));
    const events = machine.memoryBytes - 3 * 4096;
    await Promise.all([
      started.#write(COMMAND_BASE, BigInt(started.#commands) | BUFFER_LENGTH),
      started.#write(EVENT_BASE, BigInt(events) | BUFFER_LENGTH),
    ]);
    return started;
  }

  async close(): Promise<void> {
    await this.machine.close();
    closeSync(this.#trace);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The unit's first registers and its features, as they stand. */
  async registers(): Promise<RegisterWords> {
    const offsets = Array.from({ length: FIRST_REGISTERS / 4 }, (_, at) => 4 * at);
    offsets.push(EXTENDED_FEATURE_2, EXTENDED_FEATURE_2 + 4);
    const values = await Promise.all(offsets.map((at) => this.machine.readl(AMDVI_BASE + at)));
    const words = new Map(offsets.map((offset, at) => [offset, values[at]]));
    return new RegisterWords(words, 'target', false);
  }

  /**
   * Writes the registers that point to tables and turns translation on.
   * @param deviceTable device table base register: address and size field
   * @param exclusion exclusion base and limit registers
   * @param control bits of the control register that are set besides those of the logs
   */
  async setTables(
    deviceTable: bigint,
    exclusion: readonly [base: bigint, limit: bigint],
    control = IOMMU_EN,
  ): Promise<void> {
    await Promise.all([
      this.#write(DEVICE_TABLE_BASE, deviceTable),
      this.#write(EXCLUSION_BASE, exclusion[0]),
      this.#write(EXCLUSION_LIMIT, exclusion[1]),
      this.#write(CONTROL, EVENT_LOG_AND_COMMANDS | control),
      this.invalidateAll(),
    ]);
  }

  /** Makes the unit forget all that it has cached. */
  async invalidateAll(): Promise<void> {
    const at = this.#commands + this.#commandTail;
    this.#commandTail = (this.#commandTail + COMMAND_BYTES) % BUFFER_BYTES;
    await Promise.all([
      this.machine.writeq(at, INVALIDATE_IOMMU_ALL),
      this.machine.writeq(at + 8, 0n),
      this.#write(COMMAND_TAIL, BigInt(this.#commandTail)),
    ]);
  }

  /**
   * One DMA with translation on. A write carries a pattern that no other DMA of this machine
   * carries; what a read brought is looked at in edu's buffer.
   * @param length bytes, 1 to 16
   */
  async dma(address: bigint, length: number, direction: DmaDirection): Promise<AmdviDma> {
    if (direction === 'write') {
      const { offset, pattern } = await this.#pattern();
      await this.machine.dma(address, length, direction, offset);
      return { events: this.#events(), data: pattern.subarray(0, length) };
    }
    await this.machine.dma(address, length, direction, READ_OFFSET);
    const events = this.#events();
    const data = await this.#untranslated(async () => {
      await this.machine.dma(BigInt(this.#scratch), length, 'write', READ_OFFSET);
      return this.machine.memread(this.#scratch, length);
    });
    return { events, data };
  }

  /** One MSI of edu: what the unit sent on; undefined when it refused it. */
  async interrupt(data: number): Promise<Message | undefined> {
    await this.machine.msi(data);
    return this.#traces().sent;
  }

  /**
   * The bits that make QEMU refuse a device table entry. They differ between its point releases,
   * so they are measured: an entry of zeros but for one bit, 256 times.
   * @param table where a device table may be written for the moment
   */
  async illegalBits(table: number): Promise<readonly bigint[]> {
    const place = table + DTE_BYTES * this.machine.requester;
    await this.setTables(BigInt(table) | 1n, [0n, 0n]);
    const illegal = [0n, 0n, 0n, 0n];
    for (let bit = 0; bit < 256; bit++) {
      const at = place + 8 * (bit >> 6);
      const word = 1n << BigInt(bit & 63);
      const set = this.machine.writeq(at, word);
      await Promise.all([set, this.invalidateAll()]);
      await this.machine.dma(BigInt(this.#scratch), 4, 'read', READ_OFFSET);
      if (this.#events().includes('ILLEGAL_DEV_TABLE_ENTRY')) illegal[bit >> 6] |= word;
      await this.machine.writeq(at, 0n);
    }
    return illegal;
  }

  #write(offset: number, value: bigint): Promise<void> {
    return this.machine.writeq(AMDVI_BASE + offset, value);
  }

  /** The events decided on since the last look. */
  #events(): readonly EventName[] {
    return this.#traces().events;
  }

  /** What the unit traced since the last look. */
  #traces(): { readonly events: readonly EventName[]; readonly sent: Message | undefined } {
    const chunk = Buffer.alloc(TRACE_CHUNK);
    let text = '';
    for (;;) {
      const length = readSync(this.#trace, chunk, 0, TRACE_CHUNK, this.#traced);
      if (length === 0) break;
      this.#traced += length;
      text += chunk.toString('latin1', 0, length);
    }
    const seen = new Set<EventName>();
    let sent: Message | undefined;
    for (const line of text.split('\n')) {
      const event = TRACES[line.split(' ')[0]];
      if (event !== undefined) seen.add(event);
      const message = SENT.exec(line);
      if (message) sent = { address: BigInt(`0x${message[1]}`), data: Number(`0x${message[2]}`) };
    }
    return { events: [...seen], sent };
  }

  /** Where in edu's buffer the next pattern stands; fills the buffer when all are used up. */
  async #pattern(): Promise<{ offset: number; pattern: Uint8Array }> {
    if (this.#nextPattern * PATTERN_BYTES >= this.#patterns.length) {
      const words = new Uint32Array(READ_OFFSET / 4);
      for (let at = 0; at < words.length; at += 4)
        words.set([0x5eed_0000, this.#serial, ~this.#serial++, 0x0eed_5eed], at);
      this.#patterns = new Uint8Array(words.buffer);
      this.#nextPattern = 0;
      await this.#untranslated(async () => {
        await this.machine.memwrite(this.#scratch, this.#patterns);
        await this.machine.dma(BigInt(this.#scratch), READ_OFFSET, 'read');
      });
    }
    const offset = PATTERN_BYTES * this.#nextPattern++;
    return { offset, pattern: this.#patterns.subarray(offset, offset + PATTERN_BYTES) };
  }

  /** Runs `act` while the unit is off. */
  async #untranslated<T>(act: () => Promise<T>): Promise<T> {
    await this.#write(CONTROL, EVENT_LOG_AND_COMMANDS);
    const result = await act();
    await this.#write(CONTROL, EVENT_LOG_AND_COMMANDS | IOMMU_EN);
    return result;
  }
}
