import { knowledgeTexts } from '../../../core/explain/knowledge.ts';
import { LogTexts } from '../../../core/explain/log-texts.ts';
import type { LogStory } from '../../../core/explain/story.ts';
import { crashKernelDrivers, DriverLines } from '../../../core/log/driver-lines.ts';
import type { KernelRecord, LogNote, PhaseRecord } from '../../../core/log/records.ts';
import type { PhaseItem } from '../../../core/protocol/contract.ts';
import { lowerBoundText, type LowerBound } from '../../../core/session/lower-bounds.ts';
import { stageOf } from '../../../core/session/stages.ts';
import { knowledgeBase } from '../knowledge.ts';

/** What a console's log tells beside its faults, as it grows. */
interface Story {
  readonly kernels: KernelRecord[];
  readonly phases: PhaseRecord[];
  readonly notes: LogNote[];
  /** Where each stage of a boot begins, neighbours of one name joined. */
  readonly stages: { readonly line: number; readonly kernel: number; readonly name: string }[];
  /** The first sign of each kind that counts are a lower bound. */
  readonly bounds: Map<string, LowerBound>;
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
    this.#stories.set(console, {
      kernels: [],
      phases: [],
      notes: [],
      stages: [],
      bounds: new Map(),
      found,
      drivers: new DriverLines(),
    });
  }

  delete(console: string): void {
    this.#stories.delete(console);
  }

  clear(): void {
    this.#stories.clear();
  }

  phase(console: string, record: PhaseRecord): void {
    const story = this.#stories.get(console);
    if (!story) return;
    story.phases.push(record);
    const { line, kernel } = record;
    const name = stageOf(record);
    const last = story.stages.at(-1);
    if (name !== undefined && (last?.name !== name || last.kernel !== kernel))
      story.stages.push({ line, kernel, name });
    bound(story, record.event, { console, line });
  }

  kernel(console: string, record: KernelRecord): void {
    const story = this.#stories.get(console);
    if (story) story.kernels[record.kernel] = record;
  }

  note(console: string, note: LogNote): void {
    const story = this.#stories.get(console);
    if (!story) return;
    story.notes.push(note);
    bound(story, note.id, { console, line: note.line });
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
      phases.map(({ line, time, kernel, phase, event, text }) => ({
        line,
        time,
        kernel,
        phase,
        stage: stageOf({ phase, event }),
        text,
        at: at(id, kernel, time),
      })),
    );
  }

  /** The stage of the boot that a line of a console's log stands in. */
  stageAt(
    console: string | undefined,
    { line, kernel }: { readonly line: number; readonly kernel: number },
  ): string | undefined {
    const stages = this.#stories.get(console ?? '')?.stages ?? [];
    let low = 0;
    let high = stages.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (stages[middle].line <= line) low = middle + 1;
      else high = middle;
    }
    const last = stages[low - 1];
    return last?.kernel === kernel ? last.name : undefined;
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

  /** Why there were more faults than the logs tell; empty when there is no sign of that. */
  lowerBounds(): LowerBound[] {
    return [...this.#stories.values()].flatMap(({ bounds }) => [...bounds.values()]);
  }
}

function bound(story: Story, sign: string, where: Omit<LowerBound, 'text'>): void {
  const text = lowerBoundText(sign);
  if (text !== undefined && !story.bounds.has(sign)) story.bounds.set(sign, { text, ...where });
}
