/**
 * What the lab is made of: a scenario is a platform with a crash and what goes wrong, a strategy
 * is what the second kernel does about the first one's IOMMU. Each stands in a file of its own.
 */
import type { VerdictId } from '../explain/verdicts.ts';
import type { Machine } from '../machine/machine.ts';
import type { Stage, Story } from './story.ts';
import type { VtdDriver } from './vtd-driver.ts';

/** The second kernel's side, as a strategy sees it. */
export interface TakeOver {
  readonly stage: Stage;
  readonly driver: VtdDriver;
  /** The unit's name in kernel messages. */
  readonly unit: string;
}

export interface Strategy {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  /** Thread, commit or kernel version that it comes from. */
  readonly source: string;
  /** What must hold for it to be possible. */
  readonly preconditions: readonly string[];
  /** The second kernel's IOMMU initialisation. */
  takeOver(kernel: TakeOver): void;
  /** A device's driver maps its first buffer: called before its context entry is replaced. */
  beforeContextMapping(kernel: TakeOver, id: number): void;
  /** What would have changed the outcome, given the story so far. */
  alternatives(story: Pick<Story, 'outcome' | 'steps'>): readonly string[];
}

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly source: string;
  /** What its faults are explained as, and the strategy under which they come about. */
  readonly shows: { readonly verdict: VerdictId; readonly strategy: string };
  /** Plays the scenario; the same strategy and seed always give the same story. */
  play(strategy: Strategy, seed: number): Played;
}

/** A story with the machine that it was played on. */
export interface Played {
  readonly story: Story;
  readonly machine: Machine;
  /** What the unit's registers held when the first kernel crashed, by offset. */
  readonly before: ReadonlyMap<number, number>;
}
