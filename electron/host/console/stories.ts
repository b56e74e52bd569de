import { knowledgeTexts } from '../../../core/explain/knowledge.ts';
import { LogTexts } from '../../../core/explain/log-texts.ts';
import type { LogStory } from '../../../core/explain/story.ts';
import { crashKernelDrivers, DriverLines } from '../../../core/log/driver-lines.ts';
import type { KernelRecord, LogNote, PhaseRecord } from '../../../core/log/records.ts';
import type { PhaseItem } from '../../../core/protocol/contract.ts';
import { knowledgeBase } from '../knowledge.ts';

/** The log parser's note that lines or faults were dropped. */
const LOWER_BOUND = 'counts-are-lower-bounds';

/** What a console's log tells beside its faults, as it grows. */
interface Story {
  readonly kernels: KernelRecord[];
  readonly phases: PhaseRecord[];
  readonly notes: LogNote[];
  /** Finds the texts that the knowledge base asks for. */
  readonly found: LogTexts;
  /** Which drivers speak in it. */
  readonly drivers: DriverLines;
}

/** What the logs of all consoles tell beside their faults. */
export class Stories {
  readonly #stories = new Map<string, Story>();

  /** A console's log begins, or begins anew. */
  begin(console: string): void {
    const found = new LogTexts(knowledgeTexts(knowledgeBase()));
    const drivers = new DriverLines();
    this.#stories.set(console, { kernels: [], phases: [], notes: [], found, drivers });
  }

  delete(console: string): void {
    this.#stories.delete(console);
  }

  clear(): void {
    this.#stories.clear();
  }

  phase(console: string, record: PhaseRecord): void {
    this.#stories.get(console)?.phases.push(record);
  }

  kernel(console: string, record: KernelRecord): void {
    const story = this.#stories.get(console);
    if (story) story.kernels[record.kernel] = record;
  }

  note(console: string, note: LogNote): void {
    this.#stories.get(console)?.notes.push(note);
  }

  bytes(console: string, bytes: Uint8Array): void {
    const story = this.#stories.get(console);
    story?.found.push(bytes);
    story?.drivers.push(bytes);
  }

  /**
   * Milestones of all consoles, in the order of each.
   * @param at a kernel's time on the one axis of all of a console's kernels
   */
  phases(at: (console: string, kernel: number, time: number | undefined) => number): PhaseItem[] {
    return [...this.#stories].flatMap(([id, { phases }]) =>
      phases.map(({ line, time, kernel, phase, text }) => ({
        line,
        time,
        kernel,
        phase,
        text,
        at: at(id, kernel, time),
      })),
    );
  }

  /** The phase that a line of a console's log stands in. */
  phaseAt(
    console: string | undefined,
    { line, kernel }: { readonly line: number; readonly kernel: number },
  ): string | undefined {
    const phases = this.#stories.get(console ?? '')?.phases ?? [];
    let low = 0;
    let high = phases.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (phases[middle].line <= line) low = middle + 1;
      else high = middle;
    }
    const last = phases[low - 1];
    return last?.kernel === kernel ? last.phase : undefined;
  }

  /** What a console's log tells; undefined when there is no such console. */
  story(console: string): LogStory | undefined {
    const story = this.#stories.get(console);
    if (!story) return undefined;
    const { kernels, phases, notes, found } = story;
    return { kernels, phases, notes, texts: found.found() };
  }

  /** Drivers by device that speak in the crash kernel's part of a console's log. */
  crashDrivers(console: string): ReadonlyMap<string, string> | undefined {
    const story = this.#stories.get(console);
    return story && crashKernelDrivers(story.kernels, story.drivers);
  }

  /** Another text whenever the logs told more of the hand-off than before. */
  get told(): string {
    return [...this.#stories]
      .map(([id, { kernels, phases, notes, drivers }]) =>
        [id, kernels.length, phases.length, notes.length, drivers.count].join('.'),
      )
      .join(' ');
  }

  /** Why there were more faults than the logs tell; undefined when there is no sign of that. */
  get lowerBound(): string | undefined {
    for (const { notes } of this.#stories.values()) {
      const note = notes.find(({ id }) => id === LOWER_BOUND);
      if (note) return note.text;
    }
    return undefined;
  }
}
