import type { KernelRecord } from '../../../core/log/records.ts';
import { parseBdf } from '../../../core/format/bdf.ts';
import type { CallHandlers } from '../../../core/protocol/server.ts';
import type { TimelineClocks } from '../../../core/protocol/contract-timeline.ts';
import { TimeAxis } from '../../../core/session/timeline/axis.ts';
import { FaultColumns } from '../../../core/session/timeline/fault-columns.ts';
import {
  itemCount,
  itemsOf,
  nearest,
  rowOf,
  selected,
  stepIn,
} from '../../../core/session/timeline/items.ts';
import { lanesOf, overviewOf } from '../../../core/session/timeline/lanes.ts';
import {
  Story,
  type PinnedNote,
  type TimelineSource,
} from '../../../core/session/timeline/story.ts';
import type { Console } from '../console/console.ts';
import type { Workbench } from '../workbench.ts';

/** Items of one answer of the list. */
const MOST_ITEMS = 4096;
/** Characters of a note or a write that its lane shows. */
const LONGEST_NOTE = 200;

/** What was made for a console, for as long as nothing of it changed. */
interface Kept {
  /** Of the fault table and the session: units and numbers hold as long as it is the same. */
  readonly epoch: string;
  readonly faults: FaultColumns;
  readonly stories: Map<TimelineClocks, { readonly seen: string; readonly story: Story }>;
}

/** The timeline: counted here, so that the window never gets a million faults. */
export function timelineCalls(bench: Workbench): CallHandlers {
  const kept = new WeakMap<Console, Kept>();
  const storyOf = (id: string | undefined, clocks: TimelineClocks): Story | undefined => {
    const console = consoleOf(bench, id);
    if (!console) return undefined;
    const epoch = `${bench.faults.epoch} ${bench.generation}`;
    let made = kept.get(console);
    if (made?.epoch !== epoch) {
      made = { epoch, faults: new FaultColumns(), stories: new Map() };
      kept.set(console, made);
    }
    made.faults.take(
      bench.faults.all(),
      console.id,
      (bdf) => bench.worlds.serving(bdf)?.facts.name,
    );
    const source = sourceOf(bench, console, made.faults);
    const seen = [
      console.record.bytes,
      source.phases.length,
      source.kernels.length,
      source.writes.at(-1)?.text,
      source.writes.length,
      JSON.stringify(source.notes),
    ].join(' ');
    const ready = made.stories.get(clocks);
    if (ready?.seen === seen) return ready.story;
    const story = new Story(source, new TimeAxis(source, clocks));
    made.stories.set(clocks, { seen, story });
    return story;
  };

  return {
    'timeline.get': ({ console, clocks, from, to, bins, overviewBins, device }) => {
      const story = storyOf(console, clocks);
      if (!story) return NOTHING;
      const { axis } = story;
      const view = {
        from: from ?? axis.start,
        to: Math.max(to ?? axis.end, from ?? axis.start),
        bins,
      };
      return {
        console: consoleOf(bench, console)?.id,
        stamped: axis.stamped,
        clocks: axis.clocks,
        possible: [...axis.possible],
        kernels: axis.kernels.map(({ kernel, line, base, start, end }) => ({
          kernel,
          line,
          base,
          start,
          end,
        })),
        start: axis.start,
        end: axis.end,
        from: view.from,
        to: view.to,
        lanes: lanesOf(story, view, device),
        overview: overviewOf(story, overviewBins),
      };
    },
    'timeline.select': ({ console, clocks, from, to }) => {
      const story = storyOf(console, clocks);
      const clockAt = (at: number): { kernel: number; time: number } =>
        story?.axis.clockAt(at) ?? { kernel: 0, time: at };
      const found = story && selected(story, from, to);
      return {
        first: found?.first,
        last: found?.last,
        faults: found?.faults ?? 0,
        items: found?.items ?? 0,
        from: clockAt(from),
        to: clockAt(to),
      };
    },
    'timeline.step': ({ console, clocks, lane, line, direction, device }) => {
      const story = storyOf(console, clocks);
      return { item: story && stepIn(story, lane, line, direction, device) };
    },
    'timeline.near': ({ console, clocks, lane, at, within, device }) => {
      const story = storyOf(console, clocks);
      return { item: story && nearest(story, lane, at, within, device) };
    },
    'timeline.items': ({ console, clocks, from, to }) => {
      const story = storyOf(console, clocks);
      if (!story) return { total: 0, from, items: [] };
      const items = itemsOf(story, from, Math.min(to, from + MOST_ITEMS));
      return { total: itemCount(story), from, items };
    },
    'timeline.place': ({ console, clocks, line }) => {
      const story = storyOf(console, clocks);
      return {
        at: story?.axis.place(line, undefined) ?? 0,
        kernel: story?.axis.kernelOf(line)?.kernel ?? 0,
        time: story?.axis.timeOf(line),
        row: story ? rowOf(story, line) : 0,
      };
    },
  };
}

const NOTHING = {
  stamped: true,
  clocks: 'apart' as const,
  possible: [],
  kernels: [],
  start: 0,
  end: 1,
  from: 0,
  to: 1,
  lanes: [],
  overview: { faults: [], lines: [], phases: [], probes: [] },
};

/** The console of that id; without one, or when it has gone, the session's first. */
function consoleOf(bench: Workbench, id: string | undefined): Console | undefined {
  const infos = bench.hub.infos();
  const wanted = infos.find((info) => info.id === id) ?? infos[0];
  return wanted && bench.hub.get(wanted.id);
}

function sourceOf(bench: Workbench, console: Console, faults: FaultColumns): TimelineSource {
  const story = bench.hub.story(console.id);
  return {
    kernels: story?.kernels ?? [],
    phases: story?.phases ?? [],
    times: console.times,
    receivedAt: (line) => console.receivedAt(line),
    faults,
    fault: (n) => bench.faults.get(n),
    marks: console.allMarks,
    devices: console.devices,
    // Kept with the session: what was sent stays in its place after a restart.
    writes: bench.notes
      .writes()
      .flatMap(({ source, line, text }) =>
        source === console.id && line !== undefined
          ? [{ line, text: text.slice(0, LONGEST_NOTE) }]
          : [],
      ),
    notes: notesOf(bench, console.id, story?.kernels ?? []),
    units: bench.worlds.captured().map((unit) => unit.facts.name),
    captured: (bdf) => domainText(bench, bdf),
  };
}

/** Notes that are pinned to a line, a fault or a moment of a console's log. */
function notesOf(
  bench: Workbench,
  console: string,
  kernels: readonly (KernelRecord | undefined)[],
): PinnedNote[] {
  return bench.notes.list().flatMap(({ pin, text }): PinnedNote[] => {
    const words = text.split('\n', 1)[0].slice(0, LONGEST_NOTE);
    if (pin?.kind === 'line' || pin?.kind === 'fault')
      return pin.console === undefined || pin.console === console
        ? [{ line: pin.line, text: words }]
        : [];
    if (pin?.kind !== 'time') return [];
    // Any line of its kernel says which clock is meant.
    return [{ line: kernels[pin.kernel]?.line ?? 1, time: pin.time, text: words }];
  });
}

/** The domain that the captured tables give a device. */
function domainText(bench: Workbench, bdf: string): string | undefined {
  const unit = bench.worlds.serving(bdf);
  const id = parseBdf(bdf)?.id;
  if (!unit || id === undefined || !bench.worlds.captured().includes(unit)) return undefined;
  const device = bench.worlds.device(unit, id, undefined);
  return device?.domain === undefined ? undefined : `DID ${device.domain}`;
}
