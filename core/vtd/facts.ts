/**
 * What register values alone tell of a unit (VT-d §11.4): from a register file, a target or a
 * simulated unit. A register that nobody read leaves its fact undefined.
 */
import { addressOf, valueOf } from '../bits/layout.ts';
import type { FactsFrom, IntelFacts, IntelInterruptFacts, QueueFacts } from '../iommu/facts.ts';
import type { RegisterDefinition } from '../iommu/registers.ts';
import type { MmioSpace, RegisterSource } from '../memory/mmio.ts';
import { CAP, ECAP, GSTS, RTADDR } from './registers-global.ts';
import { IQA, IQH, IQT, IRTA } from './registers-queues.ts';

export interface UnitIdentity {
  /** `dmar0`, `dmar1`: in the order of the DRHD structures. */
  readonly name: string;
  readonly segment: number;
  /** Physical base of the register page. */
  readonly base: bigint | undefined;
  /** From the DMAR table, where it is known. */
  readonly hostAddressWidth?: number;
}

const FROM: Readonly<Record<RegisterSource, FactsFrom>> = {
  'kernel copy': 'kernel',
  file: 'file',
  target: 'target',
  simulated: 'simulated',
};

const PAGE_BYTES = 4096;
const MODES = ['legacy', 'scalable', undefined, 'abort'] as const;

/** Facts of one unit from its registers: capabilities, status, root table and its mode, interrupt table, queue. */
export function intelFactsFromRegisters(registers: MmioSpace, identity: UnitIdentity): IntelFacts {
  const read = (which: RegisterDefinition): bigint | undefined =>
    registers.read(which.offset, which.layout.width === 32 ? 32 : 64)?.value;
  const [cap, ecap, gsts, rtaddr] = [read(CAP), read(ECAP), read(GSTS), read(RTADDR)];
  const reading = registers.read(CAP.offset, 64) ?? registers.read(RTADDR.offset, 64);
  return {
    vendor: 'intel',
    name: identity.name,
    segment: identity.segment,
    base: identity.base,
    from: reading ? FROM[reading.source] : 'none',
    registers,
    translationEnabled: gsts === undefined ? undefined : valueOf(GSTS.layout, [gsts], 'TES') === 1n,
    cap,
    ecap,
    rootTable: rootTableOf(rtaddr),
    mode: rtaddr === undefined ? undefined : translationMode(rtaddr),
    hostAddressWidth: identity.hostAddressWidth,
    interrupts: interruptFacts(read(IRTA)),
    queue: queueFacts(read(IQA), read(IQH), read(IQT)),
  };
}

/** The translation table mode that RTADDR's low bits give; undefined for the reserved value. */
export function translationMode(rtaddr: bigint): IntelFacts['mode'] {
  return MODES[Number(valueOf(RTADDR.layout, [rtaddr], 'TTM'))];
}

/** A root table at address 0 means that nobody set one. */
function rootTableOf(rtaddr: bigint | undefined): bigint | undefined {
  if (rtaddr === undefined) return undefined;
  const address = addressOf(RTADDR.layout, [rtaddr], 'RTA');
  return address === 0n ? undefined : address;
}

/** What IRTA tells; undefined when no table was set. */
function interruptFacts(irta: bigint | undefined): IntelInterruptFacts | undefined {
  if (irta === undefined) return undefined;
  const table = addressOf(IRTA.layout, [irta], 'IRTA');
  if (table === 0n) return undefined;
  return {
    table,
    capacity: 2 ** (Number(valueOf(IRTA.layout, [irta], 'S')) + 1),
    extended: valueOf(IRTA.layout, [irta], 'EIME') === 1n,
  };
}

/** What IQA, IQH and IQT tell; undefined when no queue was set. */
function queueFacts(
  iqa: bigint | undefined,
  iqh: bigint | undefined,
  iqt: bigint | undefined,
): QueueFacts | undefined {
  if (iqa === undefined) return undefined;
  const base = addressOf(IQA.layout, [iqa], 'IQA');
  if (base === 0n) return undefined;
  const offset = (which: RegisterDefinition, value: bigint | undefined, name: string) =>
    value === undefined ? undefined : Number(addressOf(which.layout, [value], name));
  return {
    base,
    length: PAGE_BYTES * 2 ** Number(valueOf(IQA.layout, [iqa], 'QS')),
    descriptor: valueOf(IQA.layout, [iqa], 'DW') === 1n ? 32 : 16,
    head: offset(IQH, iqh, 'QH'),
    tail: offset(IQT, iqt, 'QT'),
  };
}
