import type { Device, DeviceList, Entry, Unit } from '../../core/iommu/unit.ts';
import type { Machine } from '../../core/machine/machine.ts';
import { Failure } from '../../core/memory/failure.ts';
import type { Change } from '../../core/memory/overlay.ts';
import type { PhysicalMemory, UnknownPage } from '../../core/memory/physical.ts';
import { parseBdf } from '../../core/format/bdf.ts';
import type { Investigation } from '../../core/session/investigation.ts';
import { servingUnit } from '../../core/session/walk-document.ts';

/** Memory that can be changed here: the overlay of a capture, or a simulated machine's own. */
export interface ChangeableMemory extends PhysicalMemory {
  readonly generation: number;
  write(address: bigint, bytes: Uint8Array, text: string): Change | UnknownPage;
}

/** One memory with the units in front of it. */
export interface World {
  /** `captured`, or a simulated unit's name. */
  readonly name: string;
  readonly memory: ChangeableMemory;
  readonly machine: Machine | undefined;
  /** Units over the memory as it is now. */
  makeUnits(): readonly Unit[];
}

/** The world of a capture; undefined when it has no memory. */
export function capturedWorld(investigation: Investigation): World | undefined {
  const { memory } = investigation;
  return (
    memory && {
      name: 'captured',
      memory,
      machine: undefined,
      makeUnits: () => investigation.makeUnits(),
    }
  );
}

/** The world of a simulated machine. */
export function simulatedWorld(machine: Machine): World {
  return {
    name: machine.unit.name,
    memory: machine.memory,
    machine,
    makeUnits: () => [machine.unit.view()],
  };
}

interface Made {
  readonly generation: number;
  readonly units: readonly Unit[];
  readonly devices: Map<Unit, DeviceList>;
}

/** The worlds of a session, and what was made of each for its memory's present state. */
export class Worlds {
  readonly #worlds: World[] = [];
  readonly #made = new Map<World, Made>();

  /** The worlds of now, as a list of its own. */
  all(): readonly World[] {
    return [...this.#worlds];
  }

  /** The captured world comes first, whenever it was opened. */
  add(world: World): void {
    if (world.machine) this.#worlds.push(world);
    else this.#worlds.unshift(world);
  }

  remove(name: string): void {
    const index = this.#worlds.findIndex((world) => world.name === name);
    if (index >= 0) this.#made.delete(this.#worlds.splice(index, 1)[0]);
  }

  /** Forgets what was made of a world: its registers changed, though its memory did not. */
  touch(world: World): void {
    this.#made.delete(world);
  }

  units(): Unit[] {
    return this.#worlds.flatMap((world) => [...this.#of(world).units]);
  }

  captured(): readonly Unit[] {
    const world = this.#worlds.find((each) => each.machine === undefined);
    return world ? this.#of(world).units : [];
  }

  /** A world's units; other objects as soon as its memory or registers changed. */
  unitsOf(world: World): readonly Unit[] {
    return this.#of(world).units;
  }

  unitNames(world: World): string[] {
    return this.#of(world).units.map((unit) => unit.facts.name);
  }

  /** The unit of a name and its world. @throws Failure when there is none. */
  unit(name: string): { readonly unit: Unit; readonly world: World } {
    for (const world of this.#worlds) {
      const unit = this.#of(world).units.find((each) => each.facts.name === name);
      if (unit) return { unit, world };
    }
    const names = this.units().map((unit) => unit.facts.name);
    throw new Failure(
      'usage',
      `There is no unit ${name}.`,
      names.length > 0 ? `There are ${names.join(', ')}.` : 'No unit was found in what is open.',
      'Choose a unit of this session.',
    );
  }

  /** The entry of a path. @throws Failure when the path names none. */
  entry(path: string): { readonly entry: Entry; readonly unit: Unit; readonly world: World } {
    const { unit, world } = this.unit(path.split('/')[0]);
    const entry = unit.entry(path);
    if (entry) return { entry, unit, world };
    throw new Failure(
      'unreadable',
      `No entry stands at ${path}.`,
      'The tables above it end before, or their page is not known.',
      'Look at the entries above it.',
    );
  }

  devices(unit: Unit): DeviceList {
    const made = [...this.#made.values()].find((each) => each.units.includes(unit));
    let list = made?.devices.get(unit);
    if (!list) {
      list = unit.devices();
      made?.devices.set(unit, list);
    }
    return list;
  }

  /** A unit's row for a requester; without a PASID the first of its rows. */
  device(unit: Unit, id: number, pasid: number | undefined): Device | undefined {
    const rows = this.devices(unit).devices.filter((device) => device.id === id);
    return pasid === undefined ? rows[0] : rows.find((device) => device.pasid === pasid);
  }

  /** The unit that serves a requester, captured ones first. */
  serving(bdf: string): Unit | undefined {
    const parsed = parseBdf(bdf);
    return parsed && servingUnit(this.units(), parsed);
  }

  #of(world: World): Made {
    const { generation } = world.memory;
    const made = this.#made.get(world);
    if (made?.generation === generation) return made;
    const fresh: Made = { generation, units: world.makeUnits(), devices: new Map() };
    this.#made.set(world, fresh);
    return fresh;
  }
}
