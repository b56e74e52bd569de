/**
 * A kernel's VT-d driver, as far as the hand-off needs it: it owns a root table, gives domains to
 * devices, maps pages, invalidates through the registers, and prints the faults that the unit
 * recorded. What it does in which order is what Linux does (drivers/iommu/intel-iommu.c of 4.9).
 */
import { encode, valueOf } from '../bits/layout.ts';
import type { Words } from '../bits/layout.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import type { RegisterDefinition } from '../iommu/registers.ts';
import type { Rights } from '../iommu/leaves.ts';
import type { Machine } from '../machine/machine.ts';
import { contextEntry, DomainTables, RootTables } from '../machine/tables.ts';
import { faultRecordRegisters, invalidationRegisters, registerWords } from '../vtd/registers.ts';
import { FAULT_EVENT, FSTS } from '../vtd/registers-faults.ts';
import { CCMD, GCMD, GSTS, RTADDR } from '../vtd/registers-global.ts';
import { formatVtdFault, formatVtdStatus } from '../log/render.ts';
import { CONTEXT_ENTRY } from '../vtd/tables.ts';
import type { PageAllocator } from './allocators.ts';
import { IovaAllocator } from './allocators.ts';
import { faultRecord } from './fault-record.ts';

const PAGE = 4096n;
const LEVELS = 4;

/** The interrupt message of a fault: vector and destination as Linux programs them at boot. */
const FAULT_VECTOR = 0x21;
const FAULT_MESSAGE = 0xfee0_1004n;

/** Codes of CCMD.CIRG and IOTLB.IIRG. */
const GLOBAL = 1;
const DOMAIN = 2;
const DEVICE = 3;
const PAGES = 3;

/** How kernels of the time (4.7 to 5.3) print faults. */
const ERA = 'V4';

/** Linux's mark of a copied context entry: bit 67, ignored by hardware. */
const COPIED = 1n << 3n;

export interface Domain {
  readonly id: number;
  readonly tables: DomainTables;
  readonly iovas: IovaAllocator;
}

/** Where a kernel's messages go. */
export interface KernelConsole {
  /** Lines so far. */
  readonly lines: number;
  /** Which kernel prints, from 0. */
  readonly kernel: number;
  print(line: string): void;
  /** A fault was printed. */
  fault(record: FaultRecord): void;
}

export class VtdDriver {
  readonly machine: Machine;
  readonly pages: PageAllocator;
  readonly root: RootTables;
  readonly #console: KernelConsole;
  readonly #iva: RegisterDefinition;
  readonly #iotlb: RegisterDefinition;
  readonly #records: readonly RegisterDefinition[];
  /** Domain 0 is never given out. */
  readonly #domainIds = new Set([0]);

  constructor(machine: Machine, pages: PageAllocator, console: KernelConsole) {
    this.machine = machine;
    this.pages = pages;
    this.#console = console;
    [this.#iva, this.#iotlb] = invalidationRegisters(machine.unit.ecap);
    this.#records = faultRecordRegisters(machine.unit.cap);
    this.root = new RootTables(machine.memory, () => pages.page());
  }

  /** Whether the unit translates already: an earlier kernel left it on. */
  translationEnabled(): boolean {
    return this.#field(GSTS, 'TES') === 1n;
  }

  /** The root table that the register names. */
  rootTableAddress(): bigint {
    return this.#field(RTADDR, 'RTA') << 12n;
  }

  /** Makes the unit use this driver's root table, then empties its caches. */
  setRootTable(): void {
    this.#write(RTADDR, { RTA: this.root.root >> 12n });
    this.#command({ SRTP: 1, TE: this.#field(GSTS, 'TES') });
    this.flushContextGlobal();
    this.flushIotlbGlobal();
  }

  /** Gives the fault event interrupt a message and unmasks it. */
  enableFaultEvents(): void {
    const [control, data, address] = FAULT_EVENT;
    this.#write(data, { IMD: FAULT_VECTOR });
    this.#write(address, { MA: FAULT_MESSAGE >> 2n });
    this.#write(control, { IM: 0 });
  }

  enableTranslation(): void {
    this.#command({ TE: 1 });
  }

  // ---- domains -------------------------------------------------------------------------------

  /** Keeps a domain identifier that copied entries use from being given out. */
  reserveDomain(id: number): void {
    this.#domainIds.add(id);
  }

  /** A domain with empty tables under the lowest free identifier. */
  newDomain(): Domain {
    let id = 0;
    while (this.#domainIds.has(id)) id++;
    this.#domainIds.add(id);
    const { memory } = this.machine;
    const tables = new DomainTables(memory, () => this.pages.page(), LEVELS, `domain ${id}`);
    return { id, tables, iovas: new IovaAllocator() };
  }

  /** Points a device's context entry at a domain. With CM = 0 nothing needs to be flushed. */
  attach(id: number, domain: Domain): void {
    const { tables } = domain;
    this.root.setContext(
      id,
      contextEntry({ translation: 'second-stage', domain: domain.id, tables }),
    );
  }

  /** Maps `pages` pages of memory and gives their first I/O virtual address. */
  map(domain: Domain, physical: readonly bigint[], rights: Rights): bigint {
    const iova = domain.iovas.allocate(physical.length);
    physical.forEach((pa, index) => domain.tables.map(iova + BigInt(index) * PAGE, pa, rights));
    return iova;
  }

  /** Maps a reserved region one to one. */
  mapIdentity(domain: Domain, from: bigint, to: bigint, rights: Rights): void {
    for (let address = from; address <= to; address += PAGE)
      domain.tables.map(address, address, rights);
    domain.iovas.reserve(from, Number((to - from) / PAGE) + 1);
  }

  /** Unmaps pages and invalidates their translations, each by itself. */
  unmap(domain: Domain, iova: bigint, pages: number): void {
    for (let page = 0; page < pages; page++) {
      const address = iova + BigInt(page) * PAGE;
      domain.tables.unmap(address);
      this.flushIotlbPage(domain.id, address);
    }
    domain.iovas.free(iova);
  }

  // ---- invalidation --------------------------------------------------------------------------

  flushContextGlobal(): void {
    this.#write(CCMD, { ICC: 1, CIRG: GLOBAL });
  }

  /** @param domain the identifier that the cached entry carries */
  flushContextDevice(id: number, domain: number): void {
    this.#write(CCMD, { ICC: 1, CIRG: DEVICE, SID: id, DID: domain });
  }

  flushIotlbGlobal(): void {
    this.#write(this.#iotlb, { IVT: 1, IIRG: GLOBAL, DR: 1, DW: 1 });
  }

  flushIotlbDomain(domain: number): void {
    this.#write(this.#iotlb, { IVT: 1, IIRG: DOMAIN, DR: 1, DW: 1, DID: domain });
  }

  flushIotlbPage(domain: number, iova: bigint): void {
    this.#write(this.#iva, { ADDR: iova >> 12n });
    this.#write(this.#iotlb, { IVT: 1, IIRG: PAGES, DR: 1, DW: 1, DID: domain });
  }

  // ---- take-over -----------------------------------------------------------------------------

  /**
   * Copies the context tables that a root table in another kernel's memory leads to; the page
   * tables below stay where they are. Each entry's domain identifier is reserved.
   * @returns the devices whose entries were copied, by requester ID.
   */
  copyContextTables(oldRoot: bigint): number[] {
    const { memory } = this.machine;
    const old = new RootTables(memory, () => this.pages.page(), oldRoot);
    const copied: number[] = [];
    for (let bus = 0; bus < 256; bus++) {
      if (old.contextTable(bus) === undefined) continue;
      this.root.addContextTable(bus);
      for (let id = bus << 8; id < (bus + 1) << 8; id++) {
        const words = old.context(id);
        if (!(words[0] & 1n)) continue;
        this.reserveDomain(domainOf(words));
        this.root.setContext(id, [words[0], words[1] | COPIED]);
        copied.push(id);
      }
    }
    return copied;
  }

  /** A device's context entry, when it is present and was copied from another kernel. */
  copiedContext(id: number): Words | undefined {
    const words = this.root.context(id);
    return words[0] & 1n && words[1] & COPIED ? words : undefined;
  }

  /** Clears a context entry before it is written anew. */
  clearContext(id: number): void {
    this.root.setContext(id, [0n, 0n]);
  }

  // ---- faults --------------------------------------------------------------------------------

  /** The fault event handler: prints every recorded fault and clears it. @returns how many. */
  handleFaults(): number {
    const status = Number(this.#read(FSTS));
    if (status !== 0) this.#console.print(formatVtdStatus(status, ERA));
    if (this.#field(FSTS, 'PPF') === 0n) return 0;
    let index = Number(this.#field(FSTS, 'FRI'));
    let count = 0;
    for (; count < this.#records.length; count++) {
      const record = this.#records[index];
      if (this.#field(record, 'F') === 0n) break;
      const words = registerWords(this.#read(record));
      const { lines, kernel } = this.#console;
      const fault = faultRecord(record, words, { line: lines + 1, kernel, status });
      this.#console.print(formatVtdFault(fault, ERA));
      this.#console.fault(fault);
      this.#write(record, { F: 1 });
      index = (index + 1) % this.#records.length;
    }
    this.#write(FSTS, { PFO: 1, PPF: 1 });
    return count;
  }

  #command(fields: Readonly<Record<string, bigint | number>>): void {
    this.#write(GCMD, fields);
  }

  #field(register: RegisterDefinition, name: string): bigint {
    return valueOf(register.layout, registerWords(this.#read(register)), name);
  }

  /** A register's value; 128-bit ones in two reads. */
  #read({ offset, layout }: RegisterDefinition): bigint {
    const { registers } = this.machine.unit;
    const word = (at: number): bigint =>
      registers.read(at, layout.width === 32 ? 32 : 64)?.value ?? 0n;
    return layout.width === 128 ? word(offset) | (word(offset + 8) << 64n) : word(offset);
  }

  /** Writes a register from its fields; of a 128-bit one the upper half, where its flags are. */
  #write(
    { offset, layout }: RegisterDefinition,
    fields: Readonly<Record<string, bigint | number>>,
  ): void {
    const words = encode(layout, fields);
    const { registers } = this.machine.unit;
    if (layout.width === 128) registers.write(offset + 8, 64, words[1]);
    else registers.write(offset, layout.width === 32 ? 32 : 64, words[0]);
  }
}

/** The domain identifier of a context entry. */
export function domainOf(words: Words): number {
  return Number(valueOf(CONTEXT_ENTRY, words, 'DID'));
}
