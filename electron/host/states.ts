import { basename } from 'node:path';
import type { Words } from '../../core/bits/layout.ts';
import { pairUnits } from '../../core/explain/diff/pair.ts';
import type { Entry, Unit } from '../../core/iommu/unit.ts';
import { Failure } from '../../core/memory/failure.ts';
import type { PhysicalMemory } from '../../core/memory/physical.ts';
import type { SourceInfo } from '../../core/protocol/contract.ts';
import type { StateInfo } from '../../core/protocol/contract-states.ts';
import type { Investigation } from '../../core/session/investigation.ts';
import type { KeptState } from '../../core/session/session-file.ts';
import { dumpDetail } from '../../core/session/source-rows.ts';
import type { Journal } from './journal.ts';
import type { Worlds } from './worlds.ts';

/** One state of the tables: units over a memory at one moment. */
export interface State {
  readonly id: string;
  readonly name: string;
  readonly kind: StateInfo['kind'];
  readonly detail: string;
  readonly units: readonly Unit[];
  readonly memory: PhysicalMemory;
  /** What it was opened as; absent for a simulated machine. */
  readonly investigation: Investigation | undefined;
}

/** What another state has in the place of an entry. */
export interface Beside {
  readonly state: string;
  readonly name: string;
  /** Its words where they differ. */
  readonly words?: Words;
  /** Why the two can't be compared. */
  readonly note?: string;
}

/** A further capture, opened beside the session's own. */
interface Second {
  readonly kept: KeptState;
  readonly investigation: Investigation;
}

export interface StateParts {
  readonly worlds: Worlds;
  readonly journal: Journal;
  readonly investigation: () => Investigation | undefined;
  /** Name of the session's own capture. */
  readonly name: () => string;
}

/** Further captures that may be open at a time. */
const MAX_SECONDS = 8;

/**
 * The states that can be looked at and compared: the capture with the changes made here, the
 * capture as it was read, further captures, simulated machines.
 */
export class States {
  readonly #parts: StateParts;
  readonly #seconds: Second[] = [];
  readonly #unopened: KeptState[] = [];
  #original: { readonly of: Investigation; readonly units: readonly Unit[] } | undefined;

  constructor(parts: StateParts) {
    this.#parts = parts;
  }

  all(): State[] {
    const { worlds, journal, investigation, name } = this.#parts;
    const states: State[] = [];
    const own = investigation();
    for (const world of worlds.all()) {
      if (world.machine) continue;
      states.push({
        id: world.name,
        name: name(),
        kind: 'captured',
        detail: own?.dump ? dumpDetail(own.dump) : 'captured',
        units: worlds.captured(),
        memory: world.memory,
        investigation: own,
      });
      const changes = journal.items().filter((change) => change.world === world.name).length;
      if (own?.original && changes > 0)
        states.push({
          id: 'original',
          name: `${name()} as read`,
          kind: 'original',
          detail: `without the ${changes} ${changes === 1 ? 'change' : 'changes'} made here`,
          units: this.#originalUnits(own, own.original),
          memory: own.original,
          investigation: own,
        });
    }
    for (const { kept, investigation: second } of this.#seconds)
      states.push({
        id: kept.id,
        name: basename(kept.files[0].path),
        kind: 'second',
        detail: second.dump ? dumpDetail(second.dump) : 'a capture',
        units: second.units(),
        memory: second.memory!,
        investigation: second,
      });
    for (const world of worlds.all())
      if (world.machine)
        states.push({
          id: world.name,
          name: world.name,
          kind: 'simulated',
          detail: 'simulated machine',
          units: [world.machine.unit.view()],
          memory: world.memory,
          investigation: undefined,
        });
    return states;
  }

  list(): StateInfo[] {
    return this.all().map(({ id, name, kind, detail, units }) => ({
      id,
      name,
      kind,
      detail,
      units: units.map(({ facts }) => facts.name),
    }));
  }

  /** The session's own capture. */
  captured(): State | undefined {
    return this.all().find(({ kind }) => kind === 'captured');
  }

  /** The state of an id; without one the captured one. @throws Failure when there is none. */
  get(id: string | undefined): State {
    const all = this.all();
    const state = id === undefined ? all[0] : all.find((each) => each.id === id);
    if (state) return state;
    throw new Failure(
      'usage',
      id === undefined ? 'No tables are open.' : `There is no state ${id}.`,
      id === undefined ? 'There is nothing to look at.' : 'It may have been closed.',
      'Open a dump, or choose a state that is open.',
    );
  }

  /** What a state has in the place of an entry, by the unit of the same hardware. */
  beside(state: State, unit: Unit, entry: Entry): Beside {
    const about = { state: state.id, name: state.name };
    const [pair] = pairUnits([unit], state.units).pairs;
    if (!pair) return { ...about, note: `${state.name} has no unit ${unit.facts.name}.` };
    const rest = entry.path.slice(entry.path.split('/', 1)[0].length);
    const other = pair.b.entry(`${pair.b.facts.name}${rest}`);
    if (!other)
      return {
        ...about,
        note: `${state.name} has no entry there: its tables end before, or their page is not known.`,
      };
    if (other.layout !== entry.layout)
      return { ...about, note: `In ${state.name} a ${other.layout.name} stands there.` };
    const same = other.words.every((word, index) => word === entry.words[index]);
    return { ...about, words: same ? undefined : other.words };
  }

  /** Whether an id is a further capture's. */
  has(id: string): boolean {
    return this.#seconds.some(({ kept }) => kept.id === id);
  }

  /** Further captures as the session keeps them; those that could not be opened again too. */
  kept(): KeptState[] {
    return [...this.#seconds.map(({ kept }) => kept), ...this.#unopened];
  }

  /** A further capture of the session that could not be opened: it stays in its file. */
  leaveOut(kept: KeptState): void {
    this.#unopened.push(kept);
  }

  /** An id that no further capture has. @throws Failure when too many are open */
  freeId(): string {
    if (this.#seconds.length >= MAX_SECONDS)
      throw new Failure(
        'limit',
        `${MAX_SECONDS} further states are open already.`,
        'No further one was opened.',
        'Close one that is not needed.',
      );
    const taken = new Set(this.kept().map(({ id }) => id));
    let number = 0;
    while (taken.has(`second${number}`)) number++;
    return `second${number}`;
  }

  /** Takes a further capture. @throws Failure when it holds no memory; it is closed then */
  add(kept: KeptState, investigation: Investigation): void {
    if (investigation.memory) {
      this.#seconds.push({ kept, investigation });
      return;
    }
    investigation.close();
    throw noMemory(basename(kept.files[0].path));
  }

  /** Closes a further capture. */
  remove(id: string): void {
    const index = this.#seconds.findIndex(({ kept }) => kept.id === id);
    if (index >= 0) this.#seconds.splice(index, 1)[0].investigation.close();
  }

  clear(): void {
    for (const { investigation } of this.#seconds.splice(0)) investigation.close();
    this.#unopened.splice(0);
  }

  /** Further captures among the session's sources. */
  sources(): SourceInfo[] {
    return this.all()
      .filter(({ kind }) => kind === 'second')
      .map(({ id, name, detail, investigation }) => ({
        id,
        name,
        kind: 'dump',
        detail: `second state, ${detail}`,
        state: investigation?.dump?.incomplete ? 'partial' : 'ready',
      }));
  }

  #originalUnits(of: Investigation, memory: PhysicalMemory): readonly Unit[] {
    if (this.#original?.of !== of) this.#original = { of, units: of.makeUnits(memory) };
    return this.#original.units;
  }
}

/** What was opened as a state is none. */
export function noMemory(name: string): Failure {
  return new Failure(
    'unreadable',
    `${name} holds no memory.`,
    'A state is the memory of one moment, and the units in front of it.',
    'Choose a dump, and its register values with it when it has no kernel.',
  );
}
