import { decode } from '../../../core/bits/layout.ts';
import { AMD_REGISTERS } from '../../../core/amdvi/registers.ts';
import { hex, parseHex } from '../../../core/format/hex.ts';
import { parseBdf } from '../../../core/format/bdf.ts';
import type { RegisterDefinition } from '../../../core/iommu/registers.ts';
import type { Unit } from '../../../core/iommu/unit.ts';
import { eventText, type MachineEvent } from '../../../core/machine/events.ts';
import type { Machine } from '../../../core/machine/machine.ts';
import { Failure } from '../../../core/memory/failure.ts';
import type { RegisterReading } from '../../../core/memory/mmio.ts';
import type { MachineEvent as EventItem, RegisterItem } from '../../../core/protocol/contract.ts';
import type { CallHandlers } from '../../../core/protocol/server.ts';
import { registerValues, summaryOf } from '../../../core/session/registers-document.ts';
import { fieldItems } from '../../../core/session/view-fields.ts';
import {
  FIXED_REGISTERS,
  faultRecordRegisters,
  invalidationRegisters,
  registerWords,
} from '../../../core/vtd/registers.ts';
import { unitInfo } from '../session-items.ts';
import type { Workbench } from '../workbench.ts';
import type { World } from '../worlds.ts';

/** Registers and the simulated machine. */
export function registerCalls(bench: Workbench): CallHandlers {
  /** What each unit's registers read last, by offset: a reading is shown beside it. */
  const last = new Map<string, ReadonlyMap<number, bigint>>();

  const read = (unit: Unit): RegisterItem[] => {
    const values = registerValues(unit);
    const before = last.get(unit.facts.name);
    last.set(
      unit.facts.name,
      new Map(
        values.flatMap(({ definition, reading }) =>
          reading ? [[definition.offset, reading.value] as const] : [],
        ),
      ),
    );
    return values.map(({ definition, reading }) =>
      registerItem(definition, reading, before?.get(definition.offset)),
    );
  };

  return {
    'registers.get': ({ unit: name }) => {
      const { unit } = bench.worlds.unit(name);
      return { unit: unitInfo(unit.facts), registers: read(unit), note: noteOf(unit) };
    },
    'registers.write': ({ unit: name, offset, width, value }) => {
      const { unit, world } = bench.worlds.unit(name);
      const { registers } = machineOf(world).unit;
      bench.acts.did(world.name, { act: 'register', offset, width, value });
      bench.changes.keepActs();
      const events = during(machineOf(world), () =>
        registers.write(Number(BigInt(offset)), width, BigInt(value)),
      );
      bench.worlds.touch(world);
      bench.touched();
      return { registers: read(unit), events };
    },
    'registers.decode': ({ vendor, name, value }) => {
      const definition = definitions(vendor).find((each) =>
        [each.name, each.title].some((known) => known.toLowerCase() === name.toLowerCase()),
      );
      const parsed = parseHex(value);
      if (!definition || parsed === undefined)
        throw new Failure(
          'usage',
          definition ? `${value} is not a register value.` : `There is no register "${name}".`,
          'There is nothing to decode.',
          'Give a register by the name of its specification, and up to 16 hexadecimal digits.',
        );
      return { register: registerItem(definition, { value: parsed }, undefined) };
    },
    'machine.add': () => {
      bench.changes.addMachine();
      bench.touched();
      return bench.info();
    },
    'machine.dma': ({ unit: name, bdf, address, length, access }) => {
      const { world } = bench.worlds.unit(name);
      const machine = machineOf(world);
      const { id } = parseBdf(bdf)!;
      bench.acts.did(world.name, { act: 'dma', bdf, address, length, access });
      bench.changes.keepActs();
      let result: ReturnType<Machine['dma']> | undefined;
      const events = during(machine, () => {
        result = machine.dma({ id, address: BigInt(address), length, access });
      });
      bench.touched();
      return { outcome: result!.text, ok: result!.ok, events };
    },
  };
}

/** Events of one answer; a DMA of many pages has more, and the rest is said. */
const MAX_EVENTS = 2000;

function during(machine: Machine, act: () => void): EventItem[] {
  const from = machine.log.last;
  act();
  const made = machine.log.since(from);
  const shown = made.slice(0, MAX_EVENTS).map(eventItem);
  if (made.length > MAX_EVENTS)
    shown.push({ n: from + made.length, kind: 'more', text: `${made.length - MAX_EVENTS} more` });
  return shown;
}

function eventItem(event: MachineEvent): EventItem {
  return { n: event.n, kind: event.kind, text: eventText(event) };
}

function machineOf(world: World): Machine {
  if (world.machine) return world.machine;
  throw new Failure(
    'usage',
    'A captured unit can not be acted on.',
    'Its registers and its DMA lie in the past; only its tables can be changed, in a copy.',
    'Choose a simulated unit.',
  );
}

function registerItem(
  definition: RegisterDefinition,
  reading: (Pick<RegisterReading, 'value'> & Partial<RegisterReading>) | undefined,
  before: bigint | undefined,
): RegisterItem {
  const { layout } = definition;
  const words = registerWords(reading?.value ?? 0n);
  const changed = reading && before !== undefined && before !== reading.value;
  return {
    name: definition.name,
    title: definition.title,
    offset: hex(definition.offset),
    width: layout.width,
    value: reading && hex(reading.value),
    source: reading?.source,
    was: changed ? hex(before) : undefined,
    decoded: reading ? summaryOf(decode(layout, words)) : '',
    fields: reading ? fieldItems(layout, words, changed ? registerWords(before) : undefined) : [],
    spec: layout.spec,
  };
}

function noteOf(unit: Unit): string | undefined {
  switch (unit.facts.from) {
    case 'kernel':
      return "Registers aren't memory: this dump doesn't hold them. Values below are the kernel's own copies.";
    case 'none':
      return "Registers aren't memory: this dump doesn't hold them.";
    default:
      return undefined;
  }
}

/** Registers by vendor: the fixed ones, and one of each kind whose place the unit tells. */
function definitions(vendor: 'intel' | 'amd'): readonly RegisterDefinition[] {
  return vendor === 'amd'
    ? AMD_REGISTERS
    : [...FIXED_REGISTERS, ...invalidationRegisters(0n), ...faultRecordRegisters(0n)];
}

/** Registers whose name a text is, for jumps. */
export function registersNamed(unit: Unit, text: string): readonly RegisterDefinition[] {
  return registerValues(unit)
    .map(({ definition }) => definition)
    .filter(({ name }) => name.toLowerCase() === text.toLowerCase());
}
