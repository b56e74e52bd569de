/** Tables made by hand, in a memory of pages: what the tests of this folder build their cases of. */
import type { AmdFacts, QueueFacts } from '../../../core/iommu/facts.ts';
import { DEFAULT_BUDGET } from '../../../core/iommu/unit.ts';
import type { Budget, Device, SweepResult, Unit } from '../../../core/iommu/unit.ts';
import type { PhysicalMemory, PfnRange, UnknownPage } from '../../../core/memory/physical.ts';
import { PAGE_SIZE, ZERO_PAGE } from '../../../core/memory/physical.ts';
import { RegisterWords, UNKNOWN_MMIO } from '../../../core/memory/mmio.ts';
import { DTE } from '../../../core/amdvi/dte.ts';
import { encode } from '../../../core/bits/layout.ts';
import { leafLines } from '../../support/leaf-lines.ts';

/** Pages by frame number; frames below `end` that were never written read as zero. */
export class PageMemory implements PhysicalMemory {
  readonly #pages = new Map<number, Uint8Array>();
  readonly #unknown = new Map<number, UnknownPage>();
  readonly #end: number;

  constructor(end = 0x100000) {
    this.#end = end;
  }

  page(pfn: number): Uint8Array | UnknownPage {
    const unknown = this.#unknown.get(pfn);
    if (unknown) return unknown;
    return this.#pages.get(pfn) ?? (pfn < this.#end ? ZERO_PAGE : 'absent');
  }

  provenance(pfn: number) {
    const page = this.page(pfn);
    return typeof page === 'string' ? page : page === ZERO_PAGE ? 'zero' : 'present';
  }

  ranges(): PfnRange[] {
    return [{ from: 0, to: this.#end }];
  }

  describe(): string {
    return 'made by a test';
  }

  forget(address: number, why: UnknownPage): void {
    this.#unknown.set(address / PAGE_SIZE, why);
  }

  /** Writes 64-bit words. */
  put(address: number | bigint, ...words: readonly bigint[]): this {
    let at = Number(address);
    for (const word of words) {
      const pfn = Math.floor(at / PAGE_SIZE);
      let page = this.#pages.get(pfn);
      if (!page) this.#pages.set(pfn, (page = new Uint8Array(PAGE_SIZE)));
      new DataView(page.buffer).setBigUint64(at % PAGE_SIZE, word, true);
      at += 8;
    }
    return this;
  }
}

export const READ_WRITE = 0x6000_0000_0000_0000n;

/** A host entry: present, with rights, NextLevel and address. */
export function host(address: number | bigint, next = 0, rights = READ_WRITE): bigint {
  return rights | (BigInt(next) << 9n) | BigInt(address) | 1n;
}

/** A page of `size` bytes (larger than the level's own) as NextLevel 7 encodes it. */
export function sized(address: number | bigint, size: bigint, rights = READ_WRITE): bigint {
  return host((BigInt(address) | (size - 1n)) & ~(size >> 1n) & 0xf_ffff_ffff_f000n, 7, rights);
}

/** A device table entry from field values; V and TV are set, reads and writes permitted. */
export function dte(values: Parameters<typeof encode>[1] = {}): bigint[] {
  return encode(DTE, { V: 1, TV: 1, IR: 1, IW: 1, ...values });
}

export const DEVICE_TABLE = 0x1000;
/** Requester ID that most cases use: 00:04.0. */
export const ID = 0x20;

export interface FactOptions {
  readonly registers?: ReadonlyMap<number, number>;
  readonly interruptFormat?: 32 | 128;
  readonly from?: AmdFacts['from'];
  readonly smeMask?: bigint;
  readonly control?: bigint;
  readonly features?: bigint;
  readonly translationEnabled?: boolean;
  readonly segment?: number;
  readonly eventLog?: QueueFacts;
  readonly commandBuffer?: QueueFacts;
}

export function facts(options: FactOptions = {}): AmdFacts {
  return {
    vendor: 'amd',
    name: 'ivhd0',
    segment: options.segment ?? 0,
    base: 0xfed80000n,
    from: options.from ?? 'file',
    registers: options.registers
      ? new RegisterWords(options.registers, 'file', true)
      : UNKNOWN_MMIO,
    translationEnabled: options.translationEnabled ?? true,
    extendedFeatures: options.features,
    control: options.control,
    deviceTable: BigInt(DEVICE_TABLE),
    capacity: 256,
    interruptFormat: options.interruptFormat ?? 128,
    commandBuffer: options.commandBuffer,
    eventLog: options.eventLog,
    pprLog: undefined,
    smeMask: options.smeMask ?? 0n,
  };
}

export const dteAddress = (id: number): number => DEVICE_TABLE + 32 * id;

/** The device's row, and its leaf list as the contract's lines. */
export function leavesOf(
  unit: Unit,
  id = ID,
  budget: Budget = DEFAULT_BUDGET,
  pasid?: number,
): { device: Device; lines: string[]; result: SweepResult } {
  const device = unit.devices().devices.find((each) => each.id === id && each.pasid === pasid);
  if (!device) throw new Error('the device has no row');
  let text = '';
  const result = unit.sweep(device, (batch) => void (text += leafLines(batch)), budget);
  return { device, lines: text.split('\n').slice(0, -1), result };
}
