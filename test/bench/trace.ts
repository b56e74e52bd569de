/** What a Chromium trace tells of a page's main thread. */

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly cat: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  readonly args?: { readonly name?: string; readonly data?: { readonly type?: string } };
}

/** Categories that the figures below need. */
export const TRACE_CATEGORIES = ['toplevel', 'devtools.timeline', '__metadata'];

export interface MainThread {
  /** Script of each frame in which any ran, ms. */
  readonly frameScript: readonly number[];
  /** Every task, ms. */
  readonly tasks: readonly number[];
  /** Seconds that the trace covers. */
  readonly seconds: number;
}

/** Each frame of the main thread ends with making its layers for the compositor. */
const FRAME = 'Layerize';

const SCRIPT = new Set([
  'FunctionCall',
  'EvaluateScript',
  'v8.compile',
  'FireAnimationFrame',
  'TimerFire',
  'RunMicrotasks',
  'EventDispatch',
]);

/**
 * Reads a trace. A frame's script is the time in script events, nested ones counted once, between
 * the end of one frame and the next.
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
    .filter(({ pid, tid }) => `${pid}/${tid}` === main)
    .sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0));
  const ends = own.filter(({ name }) => name === FRAME).map(({ ts }) => ts);
  const perFrame = new Map<number, number>();
  let covered = -Infinity;
  let frame = 0;
  for (const { name, ph, ts, dur = 0 } of own) {
    if (ph !== 'X' || !SCRIPT.has(name)) continue;
    const end = ts + dur;
    if (end <= covered) continue;
    const took = end - Math.max(ts, covered);
    covered = end;
    while (frame < ends.length && ends[frame] <= ts) frame++;
    perFrame.set(frame, (perFrame.get(frame) ?? 0) + took);
  }
  const tasks = own
    .filter(({ name, ph }) => ph === 'X' && /RunTask/.test(name))
    .map(({ dur = 0 }) => dur / 1000);
  const times = own.map(({ ts }) => ts).filter((ts) => ts > 0);
  return {
    frameScript: [...perFrame.values()].map((us) => us / 1000),
    tasks,
    seconds: times.length > 0 ? (times.at(-1)! - times[0]) / 1e6 : 0,
  };
}

/** The value that a share of all values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0
    ? 0
    : sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}
