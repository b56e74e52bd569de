import type { ExplainContext } from '../../core/explain/judgement.ts';
import type { PhysicalMap } from '../../core/explain/physical-map.ts';
import type { LogStory } from '../../core/explain/story.ts';
import { explainContext } from '../../core/session/explain-document.ts';
import { bareMap, physicalMapOf } from '../../core/session/physical-map.ts';
import type { Capture } from './capture.ts';
import type { ConsoleHub } from './console/hub.ts';
import { knowledgeBase } from './knowledge.ts';
import type { World, Worlds } from './worlds.ts';

export interface EvidenceParts {
  readonly capture: Capture;
  readonly worlds: Worlds;
  readonly hub: ConsoleHub;
}

/** What faults and addresses are judged by: the capture and the logs of a session, joined. */
export class Evidence {
  readonly #parts: EvidenceParts;

  constructor(parts: EvidenceParts) {
    this.#parts = parts;
  }

  /** What the session's log tells beside its faults: of several consoles the first's. */
  story(): LogStory | undefined {
    const { hub } = this.#parts;
    const [console] = hub.infos();
    return console && hub.story(console.id);
  }

  /** Drivers by device that speak in the crash kernel's part of that log. */
  crashDrivers(): ReadonlyMap<string, string> | undefined {
    const { hub } = this.#parts;
    const [console] = hub.infos();
    return console && hub.crashDrivers(console.id);
  }

  /** What stands where in a world's physical memory, by its kernel, the firmware and the log. */
  physicalMap(world: World): PhysicalMap {
    const { investigation } = this.#parts.capture;
    if (world.machine !== undefined || !investigation) return bareMap(world.memory);
    return physicalMapOf(investigation, this.story());
  }

  /** What the faults of a console are explained by; undefined for faults that no console told. */
  explainContext(console: string | undefined): ExplainContext {
    const { capture, worlds, hub } = this.#parts;
    const about = {
      knowledge: knowledgeBase(),
      story: console === undefined ? undefined : hub.story(console),
    };
    const captured = worlds.captured();
    const units = captured.length > 0 ? captured : worlds.units();
    const { investigation } = capture;
    return investigation
      ? explainContext(investigation, units, about)
      : { ...about, units, tablesOf: undefined, driverOf: (bdf) => capture.driver(bdf) };
  }
}
