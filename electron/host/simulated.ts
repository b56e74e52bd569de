import { encode } from '../../core/bits/layout.ts';
import { READ, WRITE } from '../../core/iommu/leaves.ts';
import { SERVER_CAP, SERVER_ECAP } from '../../core/machine/capability.ts';
import { Machine } from '../../core/machine/machine.ts';
import type { MemoryRange } from '../../core/machine/memory.ts';
import { contextEntry, DomainTables, RootTables } from '../../core/machine/tables.ts';
import { GCMD, RTADDR } from '../../core/vtd/registers-global.ts';

const REGISTERS = 0xfed9_0000n;
const RAM_END = 0x1000_0000n;
/** Tables stand here, and the buffers of devices behind them. */
const TABLES = 0x100_0000n;
const BUFFERS = 0x200_0000n;

const MAP: readonly MemoryRange[] = [
  { from: 0n, to: TABLES, kind: 'ram', owner: 'kernel' },
  { from: TABLES, to: BUFFERS, kind: 'ram', owner: "the unit's tables" },
  { from: BUFFERS, to: RAM_END, kind: 'ram', owner: 'device buffers' },
  { from: REGISTERS, to: REGISTERS + 0x1000n, kind: 'mmio', owner: 'registers' },
];

/** The devices of a fresh machine: requester, domain, first input address, pages, rights. */
const DEVICES = [
  { id: 0x0018, domain: 1, iova: 0xffff_0000n, pages: 16, rights: READ | WRITE },
  { id: 0x0020, domain: 2, iova: 0xfffe_0000n, pages: 4, rights: READ },
] as const;

/**
 * A small machine to try things on: 256 MiB, one VT-d unit that translates for two devices.
 * Everything in it can be changed, and acts as hardware would.
 */
export function simulate(name: string): Machine {
  const machine = new Machine({
    memory: MAP,
    unit: { name, base: REGISTERS, cap: SERVER_CAP, ecap: SERVER_ECAP, hostAddressWidth: 39 },
  });
  let next = TABLES;
  const page = (): bigint => {
    const address = next;
    next += 0x1000n;
    return address;
  };
  const root = new RootTables(machine.memory, page);
  let buffer = BUFFERS;
  for (const { id, domain, iova, pages, rights } of DEVICES) {
    const tables = new DomainTables(machine.memory, page, 4, `domain ${domain}`);
    for (let index = 0; index < pages; index++) {
      tables.map(iova + BigInt(index) * 0x1000n, buffer, rights);
      buffer += 0x1000n;
    }
    root.setContext(id, contextEntry({ translation: 'second-stage', domain, tables }));
  }
  const { registers } = machine.unit;
  registers.write(RTADDR.offset, 64, root.root);
  registers.write(GCMD.offset, 32, encode(GCMD.layout, { SRTP: 1 })[0]);
  registers.write(GCMD.offset, 32, encode(GCMD.layout, { TE: 1 })[0]);
  return machine;
}
