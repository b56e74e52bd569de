/**
 * The second kernel's hpsa driver, as far as the story goes: it resets the controller, sends it
 * no-op messages until one comes back, and then writes the dump through it.
 */
import { formatBdf } from '../format/bdf.ts';
import type { Rights } from '../iommu/leaves.ts';
import { READ, WRITE } from '../iommu/leaves.ts';
import type { DmaResult } from '../machine/machine.ts';
import type { Strategy, TakeOver } from './lab.ts';
import type { SmartArray } from './smart-array.ts';
import { noOp, writeDisk } from './smart-array.ts';
import type { Domain } from './vtd-driver.ts';

const BOTH: Rights = READ | WRITE;
const PAGE_BYTES = 4096;

/** A region that firmware asks to be mapped one to one for a device (DMAR's RMRR). */
export interface ReservedRegion {
  readonly from: bigint;
  /** Last byte, as the kernel prints it. */
  readonly last: bigint;
}

export class HpsaDriver {
  readonly #kernel: TakeOver;
  readonly #controller: SmartArray;
  #domain: Domain | undefined;

  constructor(kernel: TakeOver, controller: SmartArray) {
    this.#kernel = kernel;
    this.#controller = controller;
  }

  /** `hpsa 0000:02:00.0: TEXT`, as the driver prints it. */
  print(text: string): void {
    this.#kernel.stage.print(`hpsa 0000:${formatBdf(this.#controller.id)}: ${text}`);
  }

  get domain(): Domain | undefined {
    return this.#domain;
  }

  /** The IOMMU driver's part of the first mapping: a domain of its own for the device. */
  attach(strategy: Strategy): Domain {
    const { stage, driver } = this.#kernel;
    const { id } = this.#controller;
    strategy.beforeContextMapping(this.#kernel, id);
    this.#domain = stage.step(
      {
        lane: 'tables',
        title: `The context entry of ${formatBdf(id)} is replaced`,
        text: (domain) =>
          `The device gets domain ${domain.id} and page tables of the kdump kernel. Writing the entry itself flushes nothing: a unit with CAP.CM = 0 caches no entry that is not present, and a new entry takes the place of none. This one takes the place of a copied entry, which was present.`,
      },
      () => {
        const domain = driver.newDomain();
        driver.clearContext(id);
        driver.attach(id, domain);
        return domain;
      },
    );
    return this.#domain;
  }

  mapReserved(regions: readonly ReservedRegion[]): void {
    const domain = this.#attached();
    const bdf = formatBdf(this.#controller.id);
    for (const { from, last } of regions) {
      const range = `[0x${from.toString(16)} - 0x${last.toString(16)}]`;
      this.#kernel.stage.print(`DMAR: Setting identity map for device 0000:${bdf} ${range}`);
      this.#kernel.driver.mapIdentity(domain, from, last, BOTH);
    }
  }

  /** Allocates one page and maps it for the device. */
  mapPage(): { readonly iova: bigint; readonly page: bigint } {
    const { driver } = this.#kernel;
    const page = driver.pages.page();
    return { iova: driver.map(this.#attached(), [page], BOTH), page };
  }

  /** Writes a no-op into a mapped page; its tag is its own bus address. */
  writeNoOp(iova: bigint, page: bigint): void {
    this.#kernel.driver.machine.memory.writeWords(page, noOp(iova), 'no-op command');
  }

  /** Posts a command. @returns whether its own tag came back, and what its read met. */
  post(iova: bigint): { readonly answered: boolean; readonly read: DmaResult } {
    const { tag, read } = this.#controller.post(iova);
    return { answered: tag === iova, read };
  }

  /** Frees what `mapPage` mapped. */
  unmapPage(iova: bigint): void {
    this.#kernel.driver.unmap(this.#attached(), iova, 1);
  }

  /** Writes one page of the dump to the disk. @returns whether the controller said that it did. */
  save(bytes: Uint8Array): boolean {
    const { memory } = this.#kernel.driver.machine;
    const data = this.mapPage();
    const command = this.mapPage();
    memory.write(data.page, bytes, 'dump data');
    const words = writeDisk(command.iova, data.iova, PAGE_BYTES);
    memory.writeWords(command.page, words, 'disk write command');
    const { answered } = this.post(command.iova);
    this.unmapPage(command.iova);
    this.unmapPage(data.iova);
    return answered;
  }

  #attached(): Domain {
    if (!this.#domain) throw new Error('the device has no domain yet');
    return this.#domain;
  }
}
