import type { TimelineItem } from '../../protocol/contract-timeline.ts';
import { LANES, type Story } from './story.ts';

/** Everything on the axis as one list, in the order of the log; faults stay columns. */
export function itemCount({ events, source }: Story): number {
  return events.length + source.faults.length;
}

/** Items `from` to `to` (excluded) of that list. */
export function itemsOf(story: Story, from: number, to: number): TimelineItem[] {
  const { events, source } = story;
  const { faults } = source;
  const end = Math.min(to, itemCount(story));
  const out: TimelineItem[] = [];
  let event = eventsBefore(story, from);
  let fault = from - event;
  while (out.length < end - from) {
    const next = events[event];
    const takesEvent =
      next !== undefined && (fault >= faults.length || next.line <= faults.lines[fault]);
    if (takesEvent) {
      out.push(story.place(next));
      event++;
    } else out.push(story.faultItem(fault++));
  }
  return out;
}

/** The row of the first item at a line or behind it; the last row when there is none. */
export function rowOf(story: Story, line: number): number {
  const events = firstAt(story.events.length, (index) => story.events[index].line >= line);
  const row = events + story.source.faults.from(line);
  return Math.max(0, Math.min(row, itemCount(story) - 1));
}

/** Of the first `row` items, how many are no faults. */
function eventsBefore({ events, source }: Story, row: number): number {
  const { faults } = source;
  // Of two lists by line, the smallest split in which nothing left comes before what was taken.
  const low = Math.max(0, row - faults.length);
  const high = Math.min(row, events.length);
  return (
    low +
    firstAt(high - low, (step) => {
      const event = low + step;
      const fault = row - event - 1;
      return fault < 0 || events[event].line > faults.lines[fault];
    })
  );
}

/** The first index of a run of which all before fail and all behind fit. */
function firstAt(count: number, fits: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fits(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The next thing of a lane behind a line (or before it); its first (or last) without a line.
 * Things on one line count as one.
 */
export function stepIn(
  story: Story,
  lane: string,
  line: number | undefined,
  direction: 'next' | 'previous',
  device: string | undefined,
): TimelineItem | undefined {
  const { faults, marks } = story.source;
  if (lane === LANES.console) {
    const at = nextIndex(marks.length, (index) => marks[index].line, line, direction);
    return at === undefined ? undefined : story.markItem(marks[at]);
  }
  const which = faults.lanes.indexOf(lane);
  if (which >= 0) {
    const next = direction === 'next';
    let at =
      line === undefined
        ? next
          ? 0
          : faults.length - 1
        : next
          ? faults.from(line + 1)
          : faults.from(line) - 1;
    for (; at >= 0 && at < faults.length; at += next ? 1 : -1)
      if (faults.lane[at] === which) return story.faultItem(at);
    return undefined;
  }
  const items = story.lane(lane, device);
  const at = nextIndex(items.length, (index) => items[index].line, line, direction);
  return at === undefined ? undefined : story.place(items[at]);
}

/** The thing of a lane that is nearest to a place, no farther from it than `within`. */
export function nearest(
  story: Story,
  lane: string,
  at: number,
  within: number,
  device: string | undefined,
): TimelineItem | undefined {
  const { faults, marks } = story.source;
  const { axis } = story;
  let best = -1;
  let distance = within;
  const look = (index: number, place: number): void => {
    const away = Math.abs(place - at);
    if (away > distance || (away === distance && best >= 0)) return;
    distance = away;
    best = index;
  };
  if (lane === LANES.console) {
    for (const [index, { line }] of marks.entries()) look(index, axis.place(line, undefined));
    return best < 0 ? undefined : story.markItem(marks[best]);
  }
  const which = faults.lanes.indexOf(lane);
  if (which >= 0) {
    for (let index = 0; index < faults.length; index++)
      if (faults.lane[index] === which)
        look(index, axis.place(faults.lines[index], faultTime(story, index)));
    return best < 0 ? undefined : story.faultItem(best);
  }
  const items = story.lane(lane, device);
  for (const [index, { line, time }] of items.entries()) look(index, axis.place(line, time));
  return best < 0 ? undefined : story.place(items[best]);
}

function faultTime({ source }: Story, index: number): number | undefined {
  const time = source.faults.times[index];
  return Number.isNaN(time) ? undefined : time;
}

function nextIndex(
  count: number,
  lineOf: (index: number) => number,
  line: number | undefined,
  direction: 'next' | 'previous',
): number | undefined {
  const at =
    direction === 'next'
      ? line === undefined
        ? 0
        : firstAt(count, (index) => lineOf(index) > line)
      : (line === undefined ? count : firstAt(count, (index) => lineOf(index) >= line)) - 1;
  return at >= 0 && at < count ? at : undefined;
}

/** What lies in a part of the axis, with the first and the last of it. */
export function selected(
  story: Story,
  from: number,
  to: number,
): {
  readonly first: TimelineItem | undefined;
  readonly last: TimelineItem | undefined;
  readonly faults: number;
  readonly items: number;
} {
  const { faults } = story.source;
  let first: TimelineItem | undefined;
  let last: TimelineItem | undefined;
  let items = 0;
  for (const event of story.events) {
    const item = story.place(event);
    if (item.at < from || item.at > to) continue;
    items++;
    if (!first || item.at < first.at) first = item;
    if (!last || item.at >= last.at) last = item;
  }
  let inside = 0;
  let earliest = -1;
  let latest = -1;
  let least = Infinity;
  let most = -Infinity;
  for (let index = 0; index < faults.length; index++) {
    const at = story.axis.place(faults.lines[index], faultTime(story, index));
    if (at < from || at > to) continue;
    inside++;
    if (at < least) [least, earliest] = [at, index];
    if (at >= most) [most, latest] = [at, index];
  }
  if (earliest >= 0 && (!first || least < first.at)) first = story.faultItem(earliest);
  if (latest >= 0 && (!last || most >= last.at)) last = story.faultItem(latest);
  return { first, last, faults: inside, items: items + inside };
}
