import { accessKind, type SessionFault } from '../view-fault.ts';

/** The lane of interrupt requests, and of faults of devices that no known unit serves. */
export const INTERRUPTS = 'interrupts';
export const NO_UNIT = 'no-unit';

const ACCESSES = ['read', 'write', 'interrupt'] as const;

/**
 * The faults of one console as columns, kept up with what arrives: a million of them are counted
 * into bins in a few milliseconds.
 */
export class FaultColumns {
  /** Lanes that occur, in the order in which they came; a fault's lane is its index here. */
  readonly lanes: string[] = [];
  readonly counts: number[] = [];
  length = 0;
  lines = new Float64Array(1024);
  /** Seconds of its kernel's clock; NaN where the line has no stamp. */
  times = new Float64Array(1024);
  lane = new Uint16Array(1024);
  /** 0 read, 1 write, 2 interrupt. */
  access = new Uint8Array(1024);
  /** The session's number of each. */
  numbers = new Uint32Array(1024);
  #seen = 0;

  /**
   * Takes what is new of the session's faults.
   * @param unitOf the unit that serves a device
   */
  take(
    faults: readonly SessionFault[],
    console: string,
    unitOf: (bdf: string) => string | undefined,
  ): void {
    const units = new Map<string, string | undefined>();
    const unit = (bdf: string): string | undefined => {
      if (!units.has(bdf)) units.set(bdf, unitOf(bdf));
      return units.get(bdf);
    };
    for (; this.#seen < faults.length; this.#seen++) {
      const fault = faults[this.#seen];
      if (fault.console !== console) continue;
      const { record } = fault;
      const access = accessKind(record);
      const lane =
        access === 'interrupt'
          ? INTERRUPTS
          : (record.unit ?? (record.bdf === undefined ? undefined : unit(record.bdf)) ?? NO_UNIT);
      this.#add(fault.n, record.line, record.time, lane, ACCESSES.indexOf(access));
    }
  }

  /** The first index of which the line is at least `line`. */
  from(line: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.lines[middle] < line) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #add(n: number, line: number, time: number | undefined, lane: string, access: number): void {
    if (this.length === this.lines.length) this.#grow();
    let index = this.lanes.indexOf(lane);
    if (index < 0) {
      index = this.lanes.push(lane) - 1;
      this.counts.push(0);
    }
    this.counts[index]++;
    const at = this.length++;
    this.lines[at] = line;
    this.times[at] = time ?? Number.NaN;
    this.lane[at] = index;
    this.access[at] = access;
    this.numbers[at] = n;
  }

  #grow(): void {
    const size = this.length * 2;
    const lines = new Float64Array(size);
    const times = new Float64Array(size);
    const lane = new Uint16Array(size);
    const access = new Uint8Array(size);
    const numbers = new Uint32Array(size);
    lines.set(this.lines);
    times.set(this.times);
    lane.set(this.lane);
    access.set(this.access);
    numbers.set(this.numbers);
    Object.assign(this, { lines, times, lane, access, numbers });
  }
}
