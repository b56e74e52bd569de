/**
 * The simulated unit and QEMU's side by side: the same stores, register writes and DMA go to
 * both, and what became of a DMA is compared.
 */
import { encode, valueOf, withField } from '../../core/bits/layout.ts';
import type { RegisterDefinition } from '../../core/iommu/registers.ts';
import { LEFT_OUT } from '../../core/machine/capability.ts';
import { Machine } from '../../core/machine/machine.ts';
import type { Lookup } from '../../core/machine/unit.ts';
import { DomainTables, RootTables } from '../../core/machine/tables.ts';
import { CAP, CCMD, ECAP, GCMD, GSTS, RTADDR } from '../../core/vtd/registers-global.ts';
import { FAULT_EVENT, FSTS } from '../../core/vtd/registers-faults.ts';
import { CONTEXT_ENTRY } from '../../core/vtd/tables.ts';
import { faultRecordRegisters, invalidationRegisters } from '../../core/vtd/registers.ts';
import type { HardwareFault, VtdMachine } from './qtest/vtd.ts';

const MEMORY_BYTES = 256 << 20;
/** A page that every domain maps one to one, to look into edu's buffer through. */
const WINDOW = 0xf00_0000;
const TABLES_FROM = 0x10_0000n;
const TABLES_TO = 0x20_0000n;
const DMA_WRITE = 'DMA write';
const BEYOND_WIDTH = 0x04;
const RESERVED_IN_CONTEXT = 0x0b;
const PASS_THROUGH = 2n;
const PATTERN_BYTES = 16;
/** edu's buffer: patterns for writes stand below, what was read stands from here on. */
const READ_OFFSET = 2048;

export type Access = 'read' | 'write';

/** Where the two units' answers to one DMA differ. */
export interface Difference {
  readonly request: string;
  readonly simulated: string;
  readonly qemu: string;
}

export class Bench {
  readonly qemu: VtdMachine;
  readonly machine: Machine;
  readonly root: RootTables;
  readonly iva: RegisterDefinition;
  readonly iotlb: RegisterDefinition;
  readonly #records: readonly RegisterDefinition[];
  readonly #patterns = new Uint8Array(READ_OFFSET);
  #next = TABLES_FROM;
  #nextPattern = 0;
  #pending: Promise<unknown>[] = [];

  private constructor(qemu: VtdMachine, width: number) {
    this.qemu = qemu;
    this.machine = new Machine({
      memory: [{ from: 0n, to: BigInt(MEMORY_BYTES), kind: 'ram', owner: 'memory' }],
      unit: {
        name: 'dmar0',
        base: 0xfed9_0000n,
        ...withoutLeftOut(qemu.cap, qemu.ecap),
        hostAddressWidth: width,
      },
    });
    [this.iva, this.iotlb] = invalidationRegisters(qemu.ecap);
    this.#records = faultRecordRegisters(qemu.cap);
    this.machine.memory.observe(({ address, after, text }) => {
      if (text !== DMA_WRITE) this.#send(qemu.machine.memwrite(Number(address), after));
    });
    this.root = new RootTables(this.machine.memory, this.page);
  }

  /**
   * A simulated unit with QEMU's abilities beside QEMU's, both with translation off. QEMU's
   * tables are cleared, its faults too, and edu's buffer gets patterns that stand nowhere else.
   */
  static async make(qemu: VtdMachine, width: number, serial: number): Promise<Bench> {
    const { machine } = qemu;
    await qemu.enable(false);
    await qemu.faults();
    await machine.memset(Number(TABLES_FROM), Number(TABLES_TO - TABLES_FROM), 0);
    const bench = new Bench(qemu, width);
    const words = new Uint32Array(bench.#patterns.buffer);
    for (let at = 0; at < words.length; at += 4)
      words.set([0x5eed_0000, serial, at, 0x0eed_5eed], at);
    await machine.memwrite(WINDOW, bench.#patterns);
    await machine.dma(BigInt(WINDOW), READ_OFFSET, 'read');
    await bench.settle();
    return bench;
  }

  /** Requester ID of edu. */
  get device(): number {
    return this.qemu.machine.requester;
  }

  /** A fresh page for tables. */
  page = (): bigint => {
    if (this.#next >= TABLES_TO) throw new RangeError('the bench has no table page left');
    const address = this.#next;
    this.#next += 0x1000n;
    return address;
  };

  /** An empty domain with QEMU's number of levels, and the window. */
  domain(id: number): DomainTables {
    const levels = (valueOf(CAP.layout, [this.qemu.cap], 'SAGAW') & 4n) !== 0n ? 4 : 3;
    const tables = new DomainTables(this.machine.memory, this.page, levels, `domain ${id}`);
    tables.map(BigInt(WINDOW), BigInt(WINDOW), 3);
    return tables;
  }

  /** Writes a register of both units from its fields. */
  write(register: RegisterDefinition, fields: Readonly<Record<string, bigint | number>>): void {
    const [value] = encode(register.layout, fields);
    this.writeRaw(register.offset, register.layout.width === 32 ? 32 : 64, value);
  }

  writeRaw(offset: number, width: 32 | 64, value: bigint): void {
    this.machine.unit.registers.write(offset, width, value);
    this.#send(this.qemu.writeRegister(offset, width, value));
  }

  /** Both units' value of a register. */
  async read(register: RegisterDefinition): Promise<{ simulated: bigint; qemu: bigint }> {
    await this.settle();
    const width = register.layout.width === 32 ? 32 : 64;
    const simulated = this.machine.unit.registers.read(register.offset, width)?.value ?? -1n;
    return { simulated, qemu: await this.qemu.readRegister(register.offset, width) };
  }

  /** Makes both use a root table and forget what they cached. */
  setRoot(root: bigint): void {
    this.write(RTADDR, { RTA: root >> 12n });
    const translating = this.machine.unit.translationEnabled ? 1 : 0;
    this.write(GCMD, { SRTP: 1, TE: translating });
    this.flush();
  }

  enable(on: boolean): void {
    this.write(GCMD, { TE: on ? 1 : 0 });
  }

  /** Global invalidation of both caches. */
  flush(): void {
    this.write(CCMD, { ICC: 1, CIRG: 1 });
    this.write(this.iotlb, { IVT: 1, IIRG: 1 });
  }

  /** Waits until QEMU has done what was sent. */
  async settle(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    await Promise.all(pending);
  }

  /** A DMA of both of which nothing is compared, since stale entries may answer it. */
  async dmaUnseen(address: bigint, access: Access): Promise<void> {
    await this.settle();
    this.machine.dma({ id: this.device, address, length: PATTERN_BYTES, access });
    await this.qemu.machine.dma(address, PATTERN_BYTES, access, READ_OFFSET);
    this.#clearFaults();
    await this.qemu.faults();
  }

  /**
   * A DMA of both.
   * @returns what it came to, where they differ, and whether QEMU's rule explains a difference.
   */
  async dma(
    address: bigint,
    access: Access,
  ): Promise<{ difference: Difference | undefined; rule: boolean; outcome: string }> {
    await this.settle();
    const request = { id: this.device, address, access };
    const lookup = this.machine.unit.peek(request);
    const pa = lookup.decision.result === 'through' ? lookup.decision.pa : undefined;
    const done = this.machine.dma({ ...request, length: PATTERN_BYTES });
    const simulated = outcomeText(this.#simulatedFaults(), done.ok ? pa : undefined);
    this.#clearFaults();
    const reached = done.ok ? Number(pa) : undefined;
    const qemu =
      access === 'write'
        ? await this.#qemuWrite(address, reached)
        : await this.#qemuRead(address, reached);
    const rule = simulated !== qemu && this.#isRule(request, lookup, simulated, qemu);
    const told = { request: `${access} 0x${address.toString(16)}`, simulated, qemu };
    return {
      outcome: simulated,
      rule,
      difference: simulated === qemu || rule ? undefined : told,
    };
  }

  /** The rules of QEMU that `machine.test.ts` names. */
  #isRule(
    { address, access }: { address: bigint; access: Access },
    { decision, translationHit, contextHit, contextFill }: Lookup,
    simulated: string,
    qemu: string,
  ): boolean {
    if (decision.result !== 'blocked') return false;
    if (decision.reason === RESERVED_IN_CONTEXT && simulated === 'nothing') {
      const page = address & ~0xfffn;
      const fault = { id: this.device, reason: decision.reason, address: page, access };
      return qemu === outcomeText([fault], undefined);
    }
    if (qemu !== 'nothing') return false;
    if (translationHit) return true;
    const context = contextHit ?? contextFill;
    const type = context && valueOf(CONTEXT_ENTRY, context.words, 'TT');
    return decision.reason === BEYOND_WIDTH && type === PASS_THROUGH;
  }

  /** @param pa where the simulated unit let the DMA go */
  async #qemuWrite(address: bigint, pa: number | undefined): Promise<string> {
    const { machine } = this.qemu;
    const offset = (this.#nextPattern++ * PATTERN_BYTES) % READ_OFFSET;
    if (pa !== undefined) await machine.memset(pa, PATTERN_BYTES, 0);
    await machine.dma(address, PATTERN_BYTES, 'write', offset);
    const faults = await this.qemu.faults();
    if (pa === undefined) return outcomeText(faults, undefined);
    const found = await machine.memread(pa, PATTERN_BYTES);
    const arrived = found.every((byte, at) => byte === this.#patterns[offset + at]);
    return outcomeText(faults, arrived ? BigInt(pa) : undefined);
  }

  /** What was read is looked at through the window, as far as the device may write there. */
  async #qemuRead(address: bigint, pa: number | undefined): Promise<string> {
    const { machine } = this.qemu;
    const mark = new Uint8Array(PATTERN_BYTES);
    if (pa !== undefined) {
      new DataView(mark.buffer).setUint32(0, 0xfa00_0000 | (pa >>> 4), true);
      await machine.memwrite(pa, mark);
    }
    await machine.dma(address, PATTERN_BYTES, 'read', READ_OFFSET);
    const faults = await this.qemu.faults();
    if (pa === undefined) return outcomeText(faults, undefined);
    const look = { id: this.device, address: BigInt(WINDOW), access: 'write' } as const;
    const { decision } = this.machine.unit.peek(look);
    if (decision.result !== 'through' || decision.pa !== BigInt(WINDOW))
      return outcomeText(faults, faults.length === 0 ? BigInt(pa) : undefined);
    this.machine.dma({ ...look, length: PATTERN_BYTES });
    await machine.dma(BigInt(WINDOW), PATTERN_BYTES, 'write', READ_OFFSET);
    const found = await machine.memread(WINDOW, PATTERN_BYTES);
    const arrived = found.every((byte, at) => byte === mark[at]);
    return outcomeText(faults, arrived ? BigInt(pa) : undefined);
  }

  #simulatedFaults(): HardwareFault[] {
    const { registers } = this.machine.unit;
    return this.#records.flatMap(({ offset }) => {
      const low = registers.read(offset, 64)?.value ?? 0n;
      const high = registers.read(offset + 8, 64)?.value ?? 0n;
      if (!(high >> 63n)) return [];
      return [
        {
          id: Number(high & 0xffffn),
          reason: Number((high >> 32n) & 0xffn),
          address: low,
          access: (high >> 62n) & 1n ? ('read' as const) : ('write' as const),
          pasid: undefined,
        },
      ];
    });
  }

  #clearFaults(): void {
    const { registers } = this.machine.unit;
    for (const { offset } of this.#records) registers.write(offset + 8, 64, 1n << 63n);
    registers.write(FSTS.offset, 32, 1n);
  }

  #send(sent: Promise<unknown>): void {
    this.#pending.push(sent);
  }
}

/** Registers whose values both units must agree on, as far as layouts let software see them. */
export const COMPARED: readonly RegisterDefinition[] = [GSTS, RTADDR, FSTS, ...FAULT_EVENT];

function outcomeText(
  faults: readonly Omit<HardwareFault, 'pasid'>[],
  pa: bigint | undefined,
): string {
  if (faults.length > 0)
    return faults
      .map(
        ({ id, reason, address, access }) =>
          `reason ${reason} ${access} 0x${address.toString(16)} by ${id}`,
      )
      .join(', ');
  return pa === undefined ? 'nothing' : `reached 0x${pa.toString(16)}`;
}

/** The registers with every ability taken out that the simulated unit does not have. */
function withoutLeftOut(cap: bigint, ecap: bigint): { cap: bigint; ecap: bigint } {
  const words = new Map([
    [CAP, cap],
    [ECAP, ecap],
  ]);
  for (const [definition, names] of LEFT_OUT)
    for (const name of names) {
      const [word] = withField(definition.layout, [words.get(definition)!], name, 0n);
      words.set(definition, word);
    }
  return { cap: words.get(CAP)!, ecap: words.get(ECAP)! };
}
