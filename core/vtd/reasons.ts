/**
 * Fault reasons of VT-d (§7.1.3 and §5.1.4.1): the number in the FR field of a fault record, the
 * words that Linux prints for it, what it means, and the specification's names of the conditions
 * that it stands for.
 */
import type { ReasonRow } from './reasons-legacy.ts';
import { INTERRUPT, INTERRUPT_UNNAMED, LEGACY, LEGACY_UNNAMED } from './reasons-legacy.ts';
import { SCALABLE_UNNAMED } from './reasons-scalable-unnamed.ts';
import { SCALABLE } from './reasons-scalable.ts';

export type FaultKind = 'dma' | 'interrupt' | 'scalable';

export interface FaultReason {
  readonly code: number;
  /** Linux's wording, or ours where Linux has none (`known` is false then). */
  readonly name: string;
  readonly known: boolean;
  readonly meaning: string;
  readonly kind: FaultKind;
  /** The specification's condition names. */
  readonly conditions: string;
  /** Qualified faults are not recorded where FPD is set in the entry that was used. */
  readonly qualified: boolean;
}

const rows = (table: readonly ReasonRow[], kind: FaultKind, known: boolean): FaultReason[] =>
  table.map(([code, name, conditions, qualified, meaning]) => ({
    code,
    name,
    known,
    meaning,
    kind,
    conditions,
    qualified,
  }));

/** Every reason that the specification defines, in order of its number. */
export const FAULT_REASONS: readonly FaultReason[] = [
  ...rows(LEGACY, 'dma', true),
  ...rows(LEGACY_UNNAMED, 'dma', false),
  ...rows(INTERRUPT, 'interrupt', true),
  ...rows(INTERRUPT_UNNAMED, 'interrupt', false),
  ...rows(SCALABLE, 'scalable', true),
  ...rows(SCALABLE_UNNAMED, 'scalable', false),
].sort((a, b) => a.code - b.code);

const BY_CODE: ReadonlyMap<number, FaultReason> = new Map(
  FAULT_REASONS.map((reason) => [reason.code, reason]),
);

/** The reason with this number; undefined where the specification defines none. */
export function faultReason(code: number): FaultReason | undefined {
  return BY_CODE.get(code);
}

/** The reason's words; `Unknown` where Linux, too, has none. */
export function faultReasonName(code: number): string {
  return BY_CODE.get(code)?.name ?? 'Unknown';
}
