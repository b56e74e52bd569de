/** What a Chromium trace tells of a page's main thread. */

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly cat: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds: by the clock, and of the thread's own processor time. */
  readonly ts: number;
  readonly dur?: number;
  readonly tts?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string; readonly data?: { readonly type?: string } };
}

/** Categories that the figures below need. */
export const TRACE_CATEGORIES = ['toplevel', 'devtools.timeline', '__metadata'];

/** Times of one kind, ms: by the clock, and in processor time, which a busy machine stretches less. */
export interface Times {
  readonly clock: readonly number[];
  readonly processor: readonly number[];
}

export interface MainThread {
  /** Script of each frame in which any ran. */
  readonly script: Times;
  /** Script, style and layout of each frame. */
  readonly scriptAndLayout: Times;
  /** Every task. */
  readonly tasks: Times;
}

/** Each frame of the main thread ends with making its layers for the compositor. */
const FRAME = 'Layerize';

const SCRIPT = [
  'FunctionCall',
  'EvaluateScript',
  'v8.compile',
  'FireAnimationFrame',
  'TimerFire',
  'RunMicrotasks',
  'EventDispatch',
];
const LAYOUT = ['UpdateLayoutTree', 'Layout', 'PrePaint'];

/**
 * Reads a trace. What a frame took is the time in events of a kind, nested ones counted once,
 * between the end of one frame and the next.
 */
export function mainThread(trace: Buffer): MainThread {
  const { traceEvents } = JSON.parse(trace.toString('utf8')) as { traceEvents: TraceEvent[] };
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid}/${tid}`),
  );
  const frames = new Map<string, number>();
  for (const { name, pid, tid } of traceEvents)
    if (name === FRAME) frames.set(`${pid}/${tid}`, (frames.get(`${pid}/${tid}`) ?? 0) + 1);
  // Of the renderers' main threads, the one that draws the page.
  const main = [...mains].sort((a, b) => (frames.get(b) ?? 0) - (frames.get(a) ?? 0))[0];
  const own = traceEvents
    .filter(({ pid, tid, ph }) => `${pid}/${tid}` === main && ph === 'X')
    .sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0));
  const ends = own.filter(({ name }) => name === FRAME).map(({ ts }) => ts);
  const tasks = own.filter(({ name }) => /RunTask/.test(name));
  const [script, scriptAndLayout] = [SCRIPT, [...SCRIPT, ...LAYOUT]].map((names): Times => {
    const kinds = new Set(names);
    const events = own.filter(({ name }) => kinds.has(name));
    return { clock: perFrame(events, ends, byClock), processor: perFrame(events, ends, byThread) };
  });
  return {
    script,
    scriptAndLayout,
    tasks: {
      clock: tasks.map((event) => byClock(event)[1] / 1000),
      processor: tasks.map((event) => byThread(event)[1] / 1000),
    },
  };
}

type Span = (event: TraceEvent) => readonly [start: number, length: number];
const byClock: Span = ({ ts, dur = 0 }) => [ts, dur];
const byThread: Span = ({ tts = 0, tdur = 0 }) => [tts, tdur];

/** Time in events between the ends of frames, ms. */
function perFrame(events: readonly TraceEvent[], ends: readonly number[], span: Span): number[] {
  const took = new Map<number, number>();
  let covered = -Infinity;
  let frame = 0;
  for (const event of events) {
    const [start, length] = span(event);
    const end = start + length;
    if (end <= covered) continue;
    while (frame < ends.length && ends[frame] <= event.ts) frame++;
    took.set(frame, (took.get(frame) ?? 0) + end - Math.max(start, covered));
    covered = end;
  }
  return [...took.values()].map((each) => each / 1000);
}

/** The value that a share of all values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0
    ? 0
    : sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}
