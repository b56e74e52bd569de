/** A small simulated platform for tests: 64 MiB, one unit, tables allocated from 1 MiB on. */
import { valueOf } from '../../../core/bits/layout.ts';
import type { RegisterDefinition } from '../../../core/iommu/registers.ts';
import { READ, WRITE, type Rights } from '../../../core/iommu/leaves.ts';
import { SERVER_CAP, SERVER_ECAP } from '../../../core/machine/capability.ts';
import { Machine } from '../../../core/machine/machine.ts';
import { contextEntry, DomainTables, RootTables } from '../../../core/machine/tables.ts';
import type { UnitOptions } from '../../../core/machine/unit.ts';
import { CCMD, GCMD, RTADDR } from '../../../core/vtd/registers-global.ts';
import { invalidationRegisters, registerWords } from '../../../core/vtd/registers.ts';

export const MEMORY_BYTES = 0x400_0000n;
/** 02:00.0 */
export const DEVICE = 0x0200;
export const TE = 0x8000_0000n;
export const SRTP = 0x4000_0000n;
export const BOTH = READ | WRITE;
/** A page of the platform's memory that nothing else uses. */
export const PA = 0x200_0000n;

const TABLES_FROM = 0x10_0000n;

export class Platform {
  readonly machine: Machine;
  readonly root: RootTables;
  #next = TABLES_FROM;

  constructor(unit: Partial<UnitOptions> = {}) {
    this.machine = new Machine({
      memory: [
        { from: 0n, to: MEMORY_BYTES, kind: 'ram', owner: 'old kernel' },
        { from: 0xfed9_0000n, to: 0xfed9_1000n, kind: 'mmio', owner: 'dmar0' },
      ],
      unit: {
        name: 'dmar0',
        base: 0xfed9_0000n,
        cap: SERVER_CAP,
        ecap: SERVER_ECAP,
        hostAddressWidth: 39,
        ...unit,
      },
    });
    this.root = new RootTables(this.machine.memory, this.page);
  }

  /** A fresh page of memory. */
  page = (): bigint => {
    const address = this.#next;
    this.#next += 0x1000n;
    return address;
  };

  read(register: RegisterDefinition): bigint {
    const width = register.layout.width === 32 ? 32 : 64;
    return this.machine.unit.registers.read(register.offset, width)!.value;
  }

  write(register: RegisterDefinition, value: bigint): void {
    const width = register.layout.width === 32 ? 32 : 64;
    this.machine.unit.registers.write(register.offset, width, value);
  }

  field(register: RegisterDefinition, name: string): bigint {
    return valueOf(register.layout, registerWords(this.read(register)), name);
  }

  /** Latches a root table, the platform's own when none is named, and turns translation on. */
  enable(root = this.root.root): void {
    this.write(RTADDR, root);
    this.write(GCMD, SRTP);
    this.write(GCMD, TE);
  }

  domain(id: number): DomainTables {
    return new DomainTables(this.machine.memory, this.page, 4, `domain ${id}`);
  }

  /** Gives a device a domain of its own that maps one page. */
  attach(device: number, domain: number, iova: bigint, pa: bigint, rights: Rights): DomainTables {
    const tables = this.domain(domain);
    tables.map(iova, pa, rights);
    this.root.setContext(device, contextEntry({ translation: 'second-stage', domain, tables }));
    return tables;
  }

  /** Global invalidation of both caches. */
  flush(): void {
    this.write(CCMD, (1n << 63n) | (1n << 61n));
    this.write(invalidationRegisters(this.machine.unit.ecap)[1], (1n << 63n) | (1n << 60n));
  }

  /** One request: where it went, or the reason that blocked it. */
  request(address: bigint, access: 'read' | 'write' = 'read', id = DEVICE): string {
    const decision = this.machine.unit.translate({ id, address, access });
    if (decision.result === 'through') return `0x${decision.pa.toString(16)} by ${decision.by}`;
    return decision.result === 'blocked' ? `reason ${decision.reason}` : decision.result;
  }
}
