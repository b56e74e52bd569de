/** What the fault recording registers hold (VT-d §7.2.1, §11.4.7.6). */
import type { Words } from '../bits/layout.ts';
import { addressOf, field, layout, reserved, valueOf } from '../bits/layout.ts';
import type { MmioSpace } from '../memory/mmio.ts';
import { specification } from './define.ts';
import { faultReason, faultReasonName } from './reasons.ts';
import { CAP } from './registers-global.ts';
import { faultRecordRegisters } from './registers.ts';

/** A record of the advanced fault log in memory, which revision 4.0 removed; as the register, without F. */
export const FAULT_RECORD = layout(
  'fault record',
  128,
  [
    reserved(11, 0),
    field('FI', 63, 12, 'Fault information: the page address; for interrupts the index in 63:48', {
      kind: 'address',
      shift: 12,
    }),
    field('SID', 79, 64, 'Source identifier', { kind: 'bdf' }),
    reserved(92, 80),
    field('PRIV', 93, 93, 'Supervisor privilege was requested'),
    field('EXE', 94, 94, 'Execute permission was requested'),
    field('PP', 95, 95, 'PASID is present'),
    field('FR', 103, 96, 'Fault reason'),
    field('PV', 123, 104, 'PASID value'),
    field('AT', 125, 124, 'Address type'),
    field('T', 126, 126, 'Type', { values: { 0: 'write', 1: 'read' } }),
    reserved(127, 127),
  ],
  { spec: specification('§9.9', '3.1') },
);

/** One recorded fault. */
export interface RecordedFault {
  /** Which fault recording register. */
  readonly index: number;
  /** Whether F is set: the record waits for software. Cleared ones keep what they held. */
  readonly pending: boolean;
  readonly type: 'dma' | 'interrupt';
  /** Requester ID. */
  readonly id: number;
  readonly access: 'write' | 'read' | 'page request' | 'atomic';
  readonly reason: number;
  readonly reasonName: string;
  /** DMA: the page's address. */
  readonly address: bigint | undefined;
  /** Interrupts: the index in the remapping table, where the reason leaves one. */
  readonly interruptIndex: number | undefined;
  readonly pasid: number | undefined;
  readonly words: Words;
}

/** Reasons of interrupts for which FI is undefined (§11.4.7.6). */
const NO_INDEX = new Set([0x20, 0x25, 0x29, 0x2a, 0x2b]);

/** By T1 and T2 (T1 in bit 1). */
const ACCESSES = ['write', 'page request', 'read', 'atomic'] as const;

/**
 * The records that the registers hold, in their order; all-zero ones are left out. Undefined
 * where CAP, and with it their place, is not known.
 */
export function recordedFaults(registers: MmioSpace): RecordedFault[] | undefined {
  const cap = registers.read(CAP.offset, 64)?.value;
  if (cap === undefined) return undefined;
  const faults: RecordedFault[] = [];
  faultRecordRegisters(cap).forEach(({ offset, layout: of }, index) => {
    const low = registers.read(offset, 64)?.value;
    const high = registers.read(offset + 8, 64)?.value;
    if (low === undefined || high === undefined || (low === 0n && high === 0n)) return;
    const words = [low, high];
    const number = (name: string): number => Number(valueOf(of, words, name));
    const reason = number('FR');
    const interrupt = faultReason(reason)?.kind === 'interrupt';
    faults.push({
      index,
      pending: number('F') === 1,
      type: interrupt ? 'interrupt' : 'dma',
      id: number('SID'),
      access: ACCESSES[2 * number('T1') + number('T2')],
      reason,
      reasonName: faultReasonName(reason),
      address: interrupt ? undefined : addressOf(of, words, 'FI'),
      interruptIndex: interrupt && !NO_INDEX.has(reason) ? Number(low >> 48n) : undefined,
      pasid: number('PP') === 1 ? number('PV') : undefined,
      words,
    });
  });
  return faults;
}
