/**
 * A story: what happens step by step when one kernel hands its devices over to the next, under
 * one strategy. It is played on the simulated machine, never measured.
 */
import type { FaultRecord } from '../iommu/fault.ts';
import type { MachineEvent } from '../machine/events.ts';
import type { Machine } from '../machine/machine.ts';
import type { KernelConsole } from './vtd-driver.ts';

/** Whose move a step is. */
export type Lane = 'old kernel' | 'device' | 'iommu' | 'tables' | 'kdump kernel';

export type Outcome =
  /** The dump was written and equals the crashed kernel's memory. */
  | 'dump saved'
  /** The dump was written, and is not what memory held. */
  | 'dump damaged'
  /** The device that the dump goes to never answered. */
  | 'device lost'
  /** Faults were recorded, and nothing worse came of them. */
  | 'faults'
  | 'nothing';

/** One line of the state pane: what memory says beside what the unit holds. */
export interface StateRow {
  readonly what: string;
  readonly memory: string;
  readonly cached: string;
  readonly differs: boolean;
}

export interface Step {
  /** 1 for the first step, and so on. */
  readonly n: number;
  readonly lane: Lane;
  readonly title: string;
  readonly text: string;
  /** What happened in the machine during the step. */
  readonly events: readonly MachineEvent[];
  /** Console lines printed up to and including this step. */
  readonly consoleLines: number;
  /** State after the step. */
  readonly state: readonly StateRow[];
  /** The step that decides the outcome. */
  readonly deciding: boolean;
}

export interface Story {
  readonly scenario: string;
  readonly strategy: string;
  readonly seed: number;
  readonly steps: readonly Step[];
  /** What both kernels print. */
  readonly console: readonly string[];
  /** When each line was printed, in seconds of its own kernel's clock. */
  readonly times: readonly number[];
  /** The faults that the unit recorded, as the console tells them. */
  readonly faults: readonly FaultRecord[];
  readonly outcome: Outcome;
  /** Why it came out so, in some sentences. */
  readonly verdict: string;
  /** What would have changed the outcome, one sentence each. */
  readonly whatWouldChange: readonly string[];
}

/** What a step says of itself; texts may depend on what its action gave. */
export interface StepText<Result> {
  readonly lane: Lane;
  readonly title: string | ((result: Result) => string);
  readonly text: string | ((result: Result) => string);
  readonly deciding?: boolean | ((result: Result) => boolean);
}

/** What a line takes on a serial console of 115200 baud, in seconds: 80 characters of ten bits. */
const A_LINE = 800 / 115_200;

/** Plays a story: runs steps on a machine and records what they did. */
export class Stage implements KernelConsole {
  readonly machine: Machine;
  readonly console: string[] = [];
  readonly times: number[] = [];
  readonly faults: FaultRecord[] = [];
  readonly steps: Step[] = [];
  readonly #observe: () => readonly StateRow[];
  #told: number;

  /** @param observe gives the state pane's rows as they are now */
  constructor(machine: Machine, observe: () => readonly StateRow[]) {
    this.machine = machine;
    this.#observe = observe;
    this.#told = machine.log.last;
  }

  /** Which kernel runs, from 0. */
  kernel = 0;
  /** Seconds since it started; it goes on by what is waited for, and by printing. */
  #time = 0;

  /** Another kernel starts, and its clock with it. */
  startKernel(): void {
    this.kernel++;
    this.#time = 0;
  }

  /** So many seconds pass. */
  wait(seconds: number): void {
    this.#time += seconds;
  }

  get lines(): number {
    return this.console.length;
  }

  print(line: string): void {
    this.console.push(line);
    this.times.push(this.#time);
    this.#time += A_LINE;
  }

  fault(record: FaultRecord): void {
    this.faults.push(record);
  }

  /** Runs one step. @returns what its action gave. */
  step<Result>(about: StepText<Result>, action: () => Result): Result {
    const result = action();
    const events = this.machine.log.since(this.#told);
    this.#told = this.machine.log.last;
    const { lane, title, text, deciding } = about;
    this.steps.push({
      n: this.steps.length + 1,
      lane,
      title: typeof title === 'string' ? title : title(result),
      text: typeof text === 'string' ? text : text(result),
      events,
      consoleLines: this.console.length,
      state: this.#observe(),
      deciding: typeof deciding === 'function' ? deciding(result) : (deciding ?? false),
    });
    return result;
  }
}
