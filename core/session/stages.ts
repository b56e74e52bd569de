import type { Phase } from '../log/records.ts';

/** Stages of a boot by the log's phases; what is not here begins none. */
const STAGES: Readonly<Partial<Record<Phase, string>>> = {
  boot: 'boot',
  capture: 'boot',
  'bring-up': 'IOMMU bring-up',
  'hand-off': 'take-over',
  trigger: 'crash',
  oops: 'crash',
  panic: 'panic',
  switch: 'kexec',
  'hand-over': 'hand-over',
  save: 'saving the dump',
};

/** When its units are set up, a kernel runs until something else is told. */
const RUNNING = 'running';
const UNITS_READY = 'ready';

/** The stage of the boot that a milestone of the log begins; undefined for one that begins none. */
export function stageOf(milestone: {
  readonly phase: Phase;
  readonly event: string;
}): string | undefined {
  return milestone.event === UNITS_READY ? RUNNING : STAGES[milestone.phase];
}
