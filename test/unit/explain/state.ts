/** States made by hand: what the tests of this folder build their cases of. */
import { encode } from '../../../core/bits/layout.ts';
import type { ExplainContext } from '../../../core/explain/judgement.ts';
import type { LogStory } from '../../../core/explain/story.ts';
import type { IntelFacts } from '../../../core/iommu/facts.ts';
import type { FaultRecord } from '../../../core/iommu/fault.ts';
import type { Unit } from '../../../core/iommu/unit.ts';
import { parseLog } from '../../../core/log/parse.ts';
import { UNKNOWN_MMIO } from '../../../core/memory/mmio.ts';
import { CONTEXT_ENTRY, ROOT_ENTRY } from '../../../core/vtd/tables.ts';
import { intelUnit } from '../../../core/vtd/unit.ts';
import { PageMemory } from '../amdvi/tables.ts';

export { PageMemory };

export const ROOT = 0x1000;
export const CONTEXTS = 0x2000;
/** 00:02.0, which most cases use. */
export const ID = 0x10;
export const BDF = '00:02.0';
const DOMAIN = 7;
/** Top, middle and lowest page table of that device. */
export const L3 = 0x10000;
export const L2 = 0x11000;
export const L1 = 0x12000;
/** What its one mapping maps: address 0x5000. */
export const IOVA = 0x5000n;
export const PA = 0x80_0000n;
export const INTERRUPTS = 0x20_0000;

export function intelFacts(more: Partial<IntelFacts> = {}): IntelFacts {
  return {
    vendor: 'intel',
    name: 'dmar0',
    segment: 0,
    base: 0xfed90000n,
    from: 'file',
    registers: UNKNOWN_MMIO,
    translationEnabled: true,
    cap: 0xd2008c22260206n,
    ecap: 0xf00f4an,
    rootTable: BigInt(ROOT),
    mode: 'legacy',
    interrupts: { table: BigInt(INTERRUPTS), capacity: 65_536, extended: false },
    queue: undefined,
    ...more,
  };
}

/** A context entry's words. */
export function context(values: Parameters<typeof encode>[1] = {}): bigint[] {
  return encode(CONTEXT_ENTRY, { P: 1, AW: 1, DID: DOMAIN, SSPTPTR: L3 >> 12, ...values });
}

export interface StateOptions {
  /** Second-stage leaf of IOVA; read and write by default. */
  readonly leaf?: bigint;
  readonly context?: readonly bigint[];
  readonly root?: readonly bigint[];
  readonly facts?: Partial<IntelFacts>;
}

/** One unit with one device that maps one page. */
export function intelState(options: StateOptions = {}): { memory: PageMemory; unit: Unit } {
  const memory = new PageMemory();
  memory.put(ROOT, ...(options.root ?? encode(ROOT_ENTRY, { P: 1, CTP: CONTEXTS >> 12 })));
  memory.put(CONTEXTS + 16 * ID, ...(options.context ?? context()));
  memory.put(L3, BigInt(L2) | 3n);
  memory.put(L2, BigInt(L1) | 3n);
  memory.put(L1 + 8 * Number(IOVA >> 12n), options.leaf ?? PA | 3n);
  return { memory, unit: intelUnit(intelFacts(options.facts), memory) };
}

/** A second device with a table of its own: top, middle and lowest page in a row at `at`. */
export function addDevice(
  memory: PageMemory,
  id: number,
  at: number,
  leaves: readonly (readonly [iova: bigint, entry: bigint])[],
  values: Parameters<typeof encode>[1] = {},
): void {
  memory.put(CONTEXTS + 16 * id, ...context({ SSPTPTR: at >> 12, DID: id, ...values }));
  memory.put(at, BigInt(at + 0x1000) | 3n);
  memory.put(at + 0x1000, BigInt(at + 0x2000) | 3n);
  for (const [iova, entry] of leaves) memory.put(at + 0x2000 + 8 * Number(iova >> 12n), entry);
}

/** A fault of the device, as a kernel printed it. */
export function fault(more: Partial<FaultRecord> = {}): FaultRecord {
  return {
    line: 100,
    kernel: 0,
    vendor: 'intel',
    type: 'dma',
    access: 'read',
    bdf: BDF,
    address: IOVA,
    reason: 0x06,
    ...more,
  };
}

export function contextOf(
  units: readonly Unit[],
  more: Partial<ExplainContext> = {},
): ExplainContext {
  return { units, tablesOf: undefined, driverOf: () => undefined, knowledge: [], ...more };
}

/** The story that a log tells; `found` are texts with the lines where they stand. */
export function storyOf(
  log: string,
  found: Readonly<Record<string, readonly number[]>> = {},
): LogStory & { readonly faults: readonly FaultRecord[] } {
  const { kernels, phases, notes, faults } = parseLog(new TextEncoder().encode(log));
  return {
    kernels,
    phases,
    notes,
    faults,
    texts: Object.entries(found).map(([text, lines]) => ({ text, lines })),
  };
}

/** A first kernel that panics and a crash kernel, with lines that the latter prints. */
export function crashLog(...lines: readonly string[]): string {
  return [
    '[    0.000000] Linux version 6.1.0-50-amd64 (x@y) (gcc) #1 SMP',
    '[    0.000000] Reserving 256MB of memory at 240MB for crashkernel (System RAM: 767MB)',
    '[   20.000000] Kernel panic - not syncing: sysrq triggered crash',
    '[    0.000000] Linux version 6.1.0-50-amd64 (x@y) (gcc) #1 SMP',
    '[    0.000000] Command line: root=/dev/sda elfcorehdr=0x1e000000',
    ...lines.map((line, index) => `[    3.0000${String(index).padStart(2, '0')}] ${line}`),
    '',
  ].join('\n');
}

export const COPYING = 'DMAR: Translation already enabled - trying to copy translation structures';
export const COPIED = 'DMAR: Copied translation tables from previous kernel for dmar0';
export const REFUSED = 'DMAR: Failed to copy translation tables from previous kernel for dmar0';
export const faultLine = (bdf: string, address: bigint, reason: number, text: string): string =>
  `DMAR: [DMA Read NO_PASID] Request device [${bdf}] fault addr 0x${address.toString(16)} [fault reason 0x${reason.toString(16).padStart(2, '0')}] ${text}`;
