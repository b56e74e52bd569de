import type { DeviceLine } from '../../log/device-lines.ts';
import type { LineMark } from '../../protocol/contract.ts';
import type { TimelineItem } from '../../protocol/contract-timeline.ts';
import { stageOf } from '../stages.ts';
import { faultItem, faultText, type SessionFault } from '../view-fault.ts';
import type { AxisSource, TimeAxis } from './axis.ts';
import type { FaultColumns } from './fault-columns.ts';

/** Something sent to a target. */
export interface TargetWrite {
  /** The console's line that had begun when it was sent. */
  readonly line: number;
  readonly text: string;
}

/** A note that is pinned to a line or a moment of the log. */
export interface PinnedNote {
  readonly line: number;
  readonly time?: number;
  readonly text: string;
}

/** One console's log as the timeline sees it. */
export interface TimelineSource extends AxisSource {
  readonly faults: FaultColumns;
  readonly fault: (n: number) => SessionFault | undefined;
  /** Marked lines, ascending. */
  readonly marks: readonly Omit<LineMark, 'fault'>[];
  readonly devices: readonly DeviceLine[];
  readonly writes: readonly TargetWrite[];
  readonly notes: readonly PinnedNote[];
  /** Units that are known without a fault, in their order. */
  readonly units: readonly string[];
  /** What the captured tables say of a device, at the end of the kernel that they are of. */
  readonly captured?: (bdf: string) => string | undefined;
}

/** The lanes that are no unit's. */
export const LANES = {
  phases: 'phases',
  console: 'console',
  interrupts: 'interrupts',
  invalidations: 'invalidations',
  probes: 'probes',
  domain: 'domain',
  notes: 'notes',
} as const;

/** Messages of queued invalidation, of command buffers and of their errors. */
const INVALIDATION =
  /invalidat|^queue-|^command-buffer|^completion-wait|^invalid-(?:descriptor|page-request)$/;

/** An item without its place: that depends on the axis. */
type Told = Omit<TimelineItem, 'at'>;

/** Everything that happened beside faults, by lane, in the order of the log. */
export class Story {
  readonly axis: TimeAxis;
  readonly source: TimelineSource;
  readonly #phases: readonly Told[];
  readonly #invalidations: readonly Told[];
  readonly #writes: readonly Told[];
  readonly #notes: readonly Told[];
  /** Of all lanes but the faults': for the list. */
  readonly events: readonly Told[];

  constructor(source: TimelineSource, axis: TimeAxis) {
    this.source = source;
    this.axis = axis;
    const told = source.phases.map((phase): Told & { event: string; phase: string } => ({
      lane: INVALIDATION.test(phase.event) ? LANES.invalidations : LANES.phases,
      kernel: phase.kernel,
      time: phase.time,
      line: phase.line,
      text: phase.text,
      severity: phase.severity,
      event: phase.event,
      phase: phase.phase,
    }));
    const plain = ({ event: _event, phase: _phase, ...item }: (typeof told)[number]): Told => item;
    const byLine = (a: Told, b: Told): number => a.line - b.line;
    this.#invalidations = told
      .filter(({ lane }) => lane === LANES.invalidations)
      .map(plain)
      .sort(byLine);
    this.#phases = told
      .filter(({ lane, phase }) => lane === LANES.phases && phase !== 'status')
      .map(plain)
      .sort(byLine);
    this.#writes = source.writes.map(({ line, text }) => ({
      lane: LANES.probes,
      kernel: axis.kernelOf(line)?.kernel ?? 0,
      time: axis.timeOf(line),
      line,
      text,
      severity: 'warning',
    }));
    this.#notes = source.notes
      .map(({ line, time, text }): Told => ({
        lane: LANES.notes,
        kernel: axis.kernelOf(line)?.kernel ?? 0,
        time: time ?? axis.timeOf(line),
        line,
        text,
        severity: 'note',
      }))
      .sort(byLine);
    this.events = [...this.#phases, ...this.#invalidations, ...this.#writes, ...this.#notes].sort(
      byLine,
    );
  }

  /** The lane's items; of the console's lane, its marked lines. Faults are not among them. */
  lane(id: string, device: string | undefined): readonly Told[] {
    if (id === LANES.phases) return this.#phases;
    if (id === LANES.invalidations) return this.#invalidations;
    if (id === LANES.probes) return this.#writes;
    if (id === LANES.notes) return this.#notes;
    if (id === LANES.domain) return this.domain(device).map(({ item }) => item);
    return [];
  }

  /** A marked line as an item of the console's lane. */
  markItem({ line, text, severity }: Omit<LineMark, 'fault'>): TimelineItem {
    const time = this.axis.timeOf(line);
    return this.place({
      lane: LANES.console,
      kernel: this.axis.kernelOf(line)?.kernel ?? 0,
      time,
      line,
      text,
      severity,
    });
  }

  /** A fault of the columns as an item. */
  faultItem(index: number): TimelineItem {
    const { faults } = this.source;
    const n = faults.numbers[index];
    const line = faults.lines[index];
    const time = Number.isNaN(faults.times[index]) ? undefined : faults.times[index];
    const fault = this.source.fault(n);
    return {
      at: this.axis.place(line, time),
      lane: faults.lanes[faults.lane[index]],
      kernel: fault?.record.kernel ?? this.axis.kernelOf(line)?.kernel ?? 0,
      time,
      line,
      text: fault ? faultText(fault.record) : '',
      severity: 'error',
      fault: n,
      ...(fault && asked(fault)),
    };
  }

  place(item: Told): TimelineItem {
    return { ...item, at: this.axis.place(item.line, item.time) };
  }

  /** Stages of the boot: where each begins, neighbours of one name joined. */
  stages(): { readonly from: number; readonly to: number; readonly name: string; line: number }[] {
    const out: { from: number; to: number; name: string; kernel: number; line: number }[] = [];
    const { kernels } = this.axis;
    const endOf = (kernel: number): number =>
      kernels.find((each) => each.kernel === kernel)?.end ?? this.axis.end;
    for (const { phase, event, kernel, line, time } of this.source.phases) {
      const name = stageOf({ phase, event });
      const last = out.at(-1);
      if (name === undefined || (last?.name === name && last.kernel === kernel)) continue;
      const from = this.axis.place(line, time);
      if (last) last.to = last.kernel === kernel ? from : endOf(last.kernel);
      out.push({ from, to: endOf(kernel), name, kernel, line });
    }
    return out.filter(({ from, to }) => to >= from);
  }

  /** Silences and long ways that the log's reader noticed, each with its words. */
  gaps(): { readonly from: number; readonly to: number; readonly text: string; line: number }[] {
    const out: { from: number; to: number; text: string; line: number }[] = [];
    for (const { phase, line, time, text, details } of this.source.phases) {
      if (phase !== 'gap' || time === undefined) continue;
      const to = this.axis.place(line, time);
      const seconds = Number(details['seconds'] ?? 0);
      if (seconds > 0 && this.axis.stamped) out.push({ from: to - seconds, to, text, line });
    }
    return out;
  }

  /** Where a device stood, from each word of it to the next or to its kernel's end. */
  domain(device: string | undefined): { item: Told; from: number; to: number }[] {
    if (device === undefined) return [];
    const { kernels } = this.axis;
    const said = this.source.devices
      .filter(({ bdf }) => bdf === device)
      .map(({ line, time, text }): Told => ({
        lane: LANES.domain,
        kernel: this.axis.kernelOf(line)?.kernel ?? 0,
        time,
        line,
        text,
        severity: 'note',
      }));
    // A kernel that took over its predecessor's tables has the device in the copied domain first.
    for (const { event, kernel, line, time } of this.source.phases)
      if (event === 'tables-copied' || event === 'tables-reused')
        said.push({
          lane: LANES.domain,
          kernel,
          time,
          line,
          text: event === 'tables-copied' ? 'domain copied' : 'domain reused',
          severity: 'note',
        });
    said.sort((a, b) => a.line - b.line);
    const captured = this.source.captured?.(device);
    // The tables of a dump are those of the kernel that crashed: the first of the log.
    const lastOfFirst = said.findLastIndex(({ kernel }) => kernel === kernels[0]?.kernel);
    return said.map((item, index) => {
      const next = said[index + 1];
      const end = kernels.find(({ kernel }) => kernel === item.kernel)?.end ?? this.axis.end;
      const from = this.axis.place(item.line, item.time);
      const to =
        next?.kernel === item.kernel ? this.axis.place(next.line, next.time) : Math.max(from, end);
      const text =
        captured !== undefined && index === lastOfFirst
          ? `${item.text}, ${captured} in the dump`
          : item.text;
      return { item: { ...item, text }, from, to };
    });
  }
}

/** Who asked for what. */
function asked(fault: SessionFault): Pick<TimelineItem, 'bdf' | 'pasid' | 'address' | 'access'> {
  const { bdf, pasid, address, access } = faultItem(fault);
  return { bdf, pasid, address, access };
}
