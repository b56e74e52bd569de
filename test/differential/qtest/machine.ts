/**
 * A q35 machine with an IOMMU and QEMU's `edu` device, whose DMA engine is the requester that
 * every differential test uses. Nothing of the vendors stands here: see vtd.ts.
 */
import type { Qemu } from './connection.ts';
import { QtestConnection } from './connection.ts';

const MEBIBYTE = 1 << 20;

/** Where the harness puts edu's BAR: in the 32-bit PCI hole, clear of the IOMMUs' registers. */
const EDU_BAR = 0xe000_0000;
const EDU_DEVICE = 4;

/** Registers of edu (QEMU's docs/specs/edu). */
const DMA_SOURCE = 0x80;
const DMA_DESTINATION = 0x88;
const DMA_COUNT = 0x90;
const DMA_COMMAND = 0x98;
const DMA_START = 1n;
const DMA_TO_MEMORY = 2n;
/** Writing raises edu's interrupt, or acknowledges it. */
const INTERRUPT_RAISE = 0x60;
const INTERRUPT_ACKNOWLEDGE = 0x64;
/** edu's own buffer as its DMA engine addresses it, 4 KiB long. */
const EDU_BUFFER = 0x40000;

const PCI_ADDRESS = 0xcf8;
const PCI_DATA = 0xcfc;
const PCI_COMMAND = 0x04;
const PCI_BAR0 = 0x10;
const PCI_CAPABILITIES = 0x34;
const COMMAND_MEMORY_AND_MASTER = 0x6;
const MSI_CAPABILITY = 0x05;
const MSI_ENABLE = 0x1_0000;
/** Offsets in edu's MSI capability, which has 64-bit addresses. */
const MSI_ADDRESS = 0x4;
const MSI_ADDRESS_HIGH = 0x8;
const MSI_DATA = 0xc;
/** Where edu's MSIs are sent to: the interrupt address range, its bits that mean anything zero. */
export const MSI_TARGET = 0xfee0_0000;

/** A DMA ends within some polls of the command register; more means that QEMU hangs. */
const MAX_POLLS = 10_000;

export interface MachineOptions {
  /** The IOMMU as `-device` takes it: `intel-iommu,aw-bits=48`, `amd-iommu`. */
  readonly iommu: string;
  /** Megabytes of memory from address 0. */
  readonly memory?: number;
  /** edu's device number on bus 0; 4 when not given. */
  readonly device?: number;
  /** Further options for QEMU itself. */
  readonly extra?: readonly string[];
  /** The QEMU to run; the machine's own when not given. */
  readonly qemu?: Qemu;
}

export type DmaDirection = 'read' | 'write';

export class QtestMachine {
  readonly connection: QtestConnection;
  /** Bytes of memory from address 0. */
  readonly memoryBytes: number;
  /** Requester ID of edu: 00:04.0 unless another device number was asked for. */
  readonly requester: number;
  /** edu's MSI capability in its configuration space, once it is enabled. */
  #msi: number | undefined;

  private constructor(connection: QtestConnection, memoryBytes: number, requester: number) {
    this.connection = connection;
    this.memoryBytes = memoryBytes;
    this.requester = requester;
  }

  /** Boots the machine and gives edu its BAR and bus mastering. */
  static async start(options: MachineOptions): Promise<QtestMachine> {
    const megabytes = options.memory ?? 256;
    const hardware = ['-M', 'q35', '-m', `${megabytes}M`];
    const device = options.device ?? EDU_DEVICE;
    const edu = `edu,addr=0x${device.toString(16)},dma_mask=0xffffffffffffffff`;
    const connection = await QtestConnection.start(
      hardware.concat('-device', options.iommu, '-device', edu, options.extra ?? []),
      options.qemu,
    );
    const machine = new QtestMachine(connection, megabytes * MEBIBYTE, device << 3);
    await machine.writePci(machine.requester, PCI_BAR0, EDU_BAR);
    await machine.writePci(machine.requester, PCI_COMMAND, COMMAND_MEMORY_AND_MASTER);
    return machine;
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  async readl(address: number): Promise<number> {
    return Number(await this.connection.send(`readl 0x${address.toString(16)}`));
  }

  async readq(address: number): Promise<bigint> {
    return BigInt(await this.connection.send(`readq 0x${address.toString(16)}`));
  }

  async writel(address: number, value: number): Promise<void> {
    await this.connection.send(`writel 0x${address.toString(16)} 0x${(value >>> 0).toString(16)}`);
  }

  async writeq(address: number, value: bigint): Promise<void> {
    await this.connection.send(`writeq 0x${address.toString(16)} 0x${value.toString(16)}`);
  }

  async memread(address: number, length: number): Promise<Uint8Array> {
    const text = await this.connection.send(
      `read 0x${address.toString(16)} 0x${length.toString(16)}`,
    );
    return Buffer.from(text.slice(2), 'hex');
  }

  async memwrite(address: number, bytes: Uint8Array): Promise<void> {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
    await this.connection.send(
      `b64write 0x${address.toString(16)} 0x${bytes.length.toString(16)} ${text}`,
    );
  }

  /** Fills memory with one byte value. */
  async memset(address: number, length: number, value: number): Promise<void> {
    await this.connection.send(
      `memset 0x${address.toString(16)} 0x${length.toString(16)} 0x${value.toString(16)}`,
    );
  }

  async outl(port: number, value: number): Promise<void> {
    await this.connection.send(`outl 0x${port.toString(16)} 0x${(value >>> 0).toString(16)}`);
  }

  async inl(port: number): Promise<number> {
    return Number(await this.connection.send(`inl 0x${port.toString(16)}`));
  }

  /** Writes a 32-bit word of a function's configuration space. */
  async writePci(id: number, register: number, value: number): Promise<void> {
    await Promise.all([
      this.outl(PCI_ADDRESS, 0x8000_0000 | (id << 8) | register),
      this.outl(PCI_DATA, value),
    ]);
  }

  /** Reads a 32-bit word of a function's configuration space. */
  async readPci(id: number, register: number): Promise<number> {
    const [, value] = await Promise.all([
      this.outl(PCI_ADDRESS, 0x8000_0000 | (id << 8) | register),
      this.inl(PCI_DATA),
    ]);
    return value;
  }

  /** Lets edu send one MSI with this data to MSI_TARGET. What became of it the unit must say. */
  async msi(data: number): Promise<void> {
    this.#msi ??= await this.#enableMsi();
    await Promise.all([
      this.writePci(this.requester, this.#msi + MSI_DATA, data),
      this.writel(EDU_BAR + INTERRUPT_RAISE, 1),
      this.writel(EDU_BAR + INTERRUPT_ACKNOWLEDGE, 1),
    ]);
  }

  /** @returns where the capability stands. */
  async #enableMsi(): Promise<number> {
    const id = this.requester;
    let at = (await this.readPci(id, PCI_CAPABILITIES)) & 0xff;
    let head = await this.readPci(id, at);
    while ((head & 0xff) !== MSI_CAPABILITY) {
      at = (head >> 8) & 0xff;
      if (at === 0) throw new Error('edu has no MSI capability');
      head = await this.readPci(id, at);
    }
    await this.writePci(id, at + MSI_ADDRESS, MSI_TARGET);
    await this.writePci(id, at + MSI_ADDRESS_HIGH, 0);
    await this.writePci(id, at, head | MSI_ENABLE);
    return at;
  }

  /**
   * Lets edu do one DMA and waits for its end: `read` moves memory to edu's buffer, `write`
   * moves edu's buffer to memory. What became of it is seen in memory and in the unit's faults;
   * edu itself says nothing.
   * @param length bytes, at most 4096 with `offset`
   * @param offset first byte within edu's buffer
   */
  async dma(address: bigint, length: number, direction: DmaDirection, offset = 0): Promise<void> {
    const buffer = BigInt(EDU_BUFFER + offset);
    const toMemory = direction === 'write';
    const started = [
      this.writeq(EDU_BAR + DMA_SOURCE, toMemory ? buffer : address),
      this.writeq(EDU_BAR + DMA_DESTINATION, toMemory ? address : buffer),
      this.writeq(EDU_BAR + DMA_COUNT, BigInt(length)),
      this.writeq(EDU_BAR + DMA_COMMAND, DMA_START | (toMemory ? DMA_TO_MEMORY : 0n)),
    ];
    let command = await this.readq(EDU_BAR + DMA_COMMAND);
    await Promise.all(started);
    for (let poll = 0; command & DMA_START; poll++) {
      if (poll === MAX_POLLS) throw new Error('edu: the DMA does not end');
      command = await this.readq(EDU_BAR + DMA_COMMAND);
    }
  }
}
