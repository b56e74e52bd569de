import { formatCount, plural } from '../../../core/format/size.ts';
import type { HandoffStep, HandoffStory } from '../../../core/protocol/contract.ts';
import type { GlyphKind } from '../../ui/Glyph.tsx';

export type Outcome = HandoffStory['outcome'];
export type Lane = HandoffStep['lane'];

/** The lanes from top to bottom, and their names. */
export const LANES: readonly (readonly [Lane, string])[] = [
  ['old kernel', 'Old kernel'],
  ['device', 'Device'],
  ['iommu', 'IOMMU caches'],
  ['tables', 'Tables'],
  ['kdump kernel', 'kdump kernel'],
];

export const OUTCOME_GLYPH: Readonly<Record<Outcome, GlyphKind>> = {
  'dump saved': 'ok',
  'dump damaged': 'error',
  'device lost': 'error',
  faults: 'warning',
  nothing: 'unknown',
};

/** The words of a cell: `37 faults`, `dump saved`. */
export function outcomeWords(story: HandoffStory): string {
  if (story.outcome === 'faults') return plural(story.faults, 'fault');
  return story.outcome;
}

/** How far the matrix was played: `41 of 64 cells`, and `…` while it goes on. */
export function labWords(done: number, all: number, running: boolean): string {
  return `${formatCount(done)} of ${formatCount(all)} cells${running ? '…' : ''}`;
}

/** What a step changed of the state: the rows that read otherwise than after the step before. */
export function changedRows(
  step: Pick<HandoffStep, 'state'>,
  before: Pick<HandoffStep, 'state'> | undefined,
): ReadonlySet<string> {
  if (!before) return new Set();
  const old = new Map(before.state.map((row) => [row.what, `${row.memory} ${row.cached}`]));
  return new Set(
    step.state
      .filter(({ what, memory, cached }) => old.get(what) !== `${memory} ${cached}`)
      .map(({ what }) => what),
  );
}

/** Names a cell of the matrix. */
export const cellKey = (strategy: string, scenario: string): string => `${strategy} ${scenario}`;

/** A box of the swim lanes: a step in its lane, as wide as the lane is free after it. */
export interface LaneBox {
  readonly step: HandoffStep;
  readonly lane: number;
  /** Columns, from 0; `to` excluded. */
  readonly from: number;
  readonly to: number;
}

/** A box reaches to the next step of its lane, at most this many columns. */
const LONGEST = 4;

export function laneBoxes(steps: readonly HandoffStep[]): readonly LaneBox[] {
  return steps.map((step, index) => {
    const next = steps.findIndex((later, at) => at > index && later.lane === step.lane);
    const free = (next < 0 ? steps.length : next) - index;
    return {
      step,
      lane: LANES.findIndex(([lane]) => lane === step.lane),
      from: index,
      to: index + Math.min(LONGEST, free),
    };
  });
}

/** The step that a story opens at: the deciding one, else the last. */
export function openingStep(steps: readonly HandoffStep[]): number {
  const deciding = steps.findIndex((step) => step.deciding);
  return deciding >= 0 ? deciding : Math.max(0, steps.length - 1);
}
