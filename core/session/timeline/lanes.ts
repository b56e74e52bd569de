import type {
  TimelineAnswer,
  TimelineItem,
  TimelineLane,
} from '../../protocol/contract-timeline.ts';
import { INTERRUPTS, NO_UNIT } from './fault-columns.ts';
import { LANES, type Story } from './story.ts';

/** The part of the axis that is shown, and how finely. */
export interface View {
  readonly from: number;
  readonly to: number;
  readonly bins: number;
}

/** Spans of one lane: a boot has some dozens. */
const MOST_SPANS = 2000;
const WORST: readonly TimelineItem['severity'][] = ['error', 'warning', 'note', 'ok'];
const ACCESSES = ['read', 'write', 'interrupt'] as const;

const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);

/** Where a place falls; undefined when it is outside. */
function binOf({ from, to, bins }: View, at: number): number | undefined {
  if (at < from || at > to) return undefined;
  return Math.min(bins - 1, Math.floor(((at - from) / (to - from || 1)) * bins));
}

/** All lanes of a log, in the order in which they stand. */
export function lanesOf(story: Story, view: View, device: string | undefined): TimelineLane[] {
  return [
    phasesLane(story, view),
    consoleLane(story, view),
    ...faultLanes(story, view),
    marksLane(story, view, LANES.invalidations, 'Invalidations'),
    marksLane(story, view, LANES.probes, 'Probes'),
    ...(device === undefined ? [] : [domainLane(story, view, device)]),
    marksLane(story, view, LANES.notes, 'Notes'),
  ];
}

/** What happened over the whole axis: faults and lines by bins, phases, probes. */
export function overviewOf(story: Story, bins: number): TimelineAnswer['overview'] {
  const { axis, source } = story;
  const view = { from: axis.start, to: axis.end, bins };
  const [faults, lines] = [zeros(bins), zeros(bins)];
  for (let index = 0; index < source.faults.length; index++) {
    const time = timeAt(source.faults.times[index]);
    const bin = binOf(view, axis.place(source.faults.lines[index], time));
    if (bin !== undefined) faults[bin]++;
  }
  eachLine(story, view, (bin, count) => (lines[bin] += count));
  return {
    faults,
    lines,
    phases: story
      .stages()
      .slice(0, MOST_SPANS)
      .map(({ from, to }) => ({ from, to })),
    probes: marksLane(story, view, LANES.probes, 'Probes').marks.map(({ at }) => at),
  };
}

function phasesLane(story: Story, view: View): TimelineLane {
  const shown = ({ from, to }: { from: number; to: number }): boolean =>
    to >= view.from && from <= view.to;
  const stages = story.stages();
  return {
    id: LANES.phases,
    name: 'Phases',
    count: stages.length,
    spans: [
      ...stages.filter(shown).map(({ from, to, name, line }) => ({
        from,
        to,
        text: name,
        line,
        kind: 'phase' as const,
      })),
      ...story
        .gaps()
        .filter(shown)
        .map((gap) => ({ ...gap, kind: 'gap' as const })),
    ].slice(0, MOST_SPANS),
    bars: [],
    marks: [],
  };
}

function consoleLane(story: Story, view: View): TimelineLane {
  const lines = zeros(view.bins);
  eachLine(story, view, (bin, count) => (lines[bin] += count));
  const marked = { warning: zeros(view.bins), error: zeros(view.bins) };
  const { axis, source } = story;
  for (const { line, severity } of source.marks) {
    if (severity !== 'warning' && severity !== 'error') continue;
    const bin = binOf(view, axis.place(line, undefined));
    if (bin !== undefined) marked[severity][bin]++;
  }
  return {
    id: LANES.console,
    name: 'Console',
    count: source.times.lines,
    spans: [],
    bars: [
      { tone: 'line', values: lines },
      { tone: 'warning', values: marked.warning },
      { tone: 'error', values: marked.error },
    ],
    marks: [],
  };
}

/** A lane for each unit, and one for interrupt requests. */
function faultLanes(story: Story, view: View): TimelineLane[] {
  const { axis, source } = story;
  const { faults } = source;
  const values = faults.lanes.map(() => ACCESSES.map(() => zeros(view.bins)));
  for (let index = 0; index < faults.length; index++) {
    const bin = binOf(view, axis.place(faults.lines[index], timeAt(faults.times[index])));
    if (bin !== undefined) values[faults.lane[index]][faults.access[index]][bin]++;
  }
  const lane = (id: string, name: string): TimelineLane => {
    const at = faults.lanes.indexOf(id);
    return {
      id,
      name,
      count: at < 0 ? 0 : faults.counts[at],
      spans: [],
      bars:
        at < 0
          ? []
          : ACCESSES.map((tone, access) => ({ tone, values: values[at][access] })).filter(
              ({ values: each }) => each.some((count) => count > 0),
            ),
      marks: [],
    };
  };
  const others = faults.lanes.filter(
    (id) => id !== INTERRUPTS && id !== NO_UNIT && !source.units.includes(id),
  );
  return [
    ...[...source.units, ...others.sort()].map((unit) => lane(unit, unit)),
    ...(faults.lanes.includes(NO_UNIT) ? [lane(NO_UNIT, 'Unit not known')] : []),
    lane(INTERRUPTS, 'Interrupts'),
  ];
}

function marksLane(story: Story, view: View, id: string, name: string): TimelineLane {
  const items = story.lane(id, undefined).map((item) => story.place(item));
  return { id, name, count: items.length, spans: [], bars: [], marks: thinned(items, view) };
}

function domainLane(story: Story, view: View, device: string): TimelineLane {
  const spans = story.domain(device);
  return {
    id: LANES.domain,
    name: `Domain ${device}`,
    count: spans.length,
    spans: spans
      .filter(({ from, to }) => to >= view.from && from <= view.to)
      .map(({ item, from, to }) => ({
        from,
        to,
        text: item.text,
        line: item.line,
        kind: 'domain' as const,
      }))
      .slice(0, MOST_SPANS),
    bars: [],
    marks: [],
  };
}

/** The worst item of each bin. */
function thinned(items: readonly TimelineItem[], view: View): TimelineItem[] {
  const kept = new Map<number, TimelineItem>();
  for (const item of items) {
    const bin = binOf(view, item.at);
    if (bin === undefined) continue;
    const old = kept.get(bin);
    if (!old || WORST.indexOf(item.severity) < WORST.indexOf(old.severity)) kept.set(bin, item);
  }
  return [...kept.values()];
}

/** Goes through the lines of the log by their bins; a line without a stamp is where the last is. */
function eachLine(story: Story, view: View, take: (bin: number, lines: number) => void): void {
  const { axis, source } = story;
  const { stride } = source.times;
  for (const { line: first, lineEnd, base, start } of axis.kernels) {
    let at = start;
    source.times.each(first, lineEnd, (line, time) => {
      if (!axis.stamped) at = line;
      else if (!Number.isNaN(time)) at = base + time;
      const bin = binOf(view, at);
      if (bin !== undefined) take(bin, stride);
    });
  }
}

function timeAt(time: number): number | undefined {
  return Number.isNaN(time) ? undefined : time;
}
