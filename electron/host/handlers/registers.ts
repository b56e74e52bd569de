import { decode, type Layout } from '../../../core/bits/layout.ts';
import { pairUnits } from '../../../core/explain/diff/pair.ts';
import { AMD_REGISTERS } from '../../../core/amdvi/registers.ts';
import { hex, parseHex } from '../../../core/format/hex.ts';
import { parseBdf } from '../../../core/format/bdf.ts';
import type { RegisterDefinition } from '../../../core/iommu/registers.ts';
import type { Unit } from '../../../core/iommu/unit.ts';
import { eventText, type MachineEvent } from '../../../core/machine/events.ts';
import type { Machine } from '../../../core/machine/machine.ts';
import { Failure } from '../../../core/memory/failure.ts';
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
import { loggedRegisters } from './logged-registers.ts';
import type { Workbench } from '../workbench.ts';
import type { World } from '../worlds.ts';

type Values = ReadonlyMap<number, bigint>;

/** What a unit's registers read last, by offset, and what they read before they changed. */
interface Readings {
  readonly now: Values;
  readonly before: Values | undefined;
}

/** A reading that is the same as the last one leaves in sight what had changed before. */
function readingsAfter(old: Readings | undefined, now: Values): Readings {
  if (!old) return { now, before: undefined };
  const same =
    old.now.size === now.size && [...now].every(([offset, value]) => old.now.get(offset) === value);
  return same ? old : { now, before: old.now };
}

/** Registers and the simulated machine. */
export function registerCalls(bench: Workbench): CallHandlers {
  const readings = new Map<string, Readings>();

  const read = (unit: Unit, beside?: Values): RegisterItem[] => {
    const values = registerValues(unit);
    const kept = readingsAfter(
      readings.get(unit.facts.name),
      new Map(
        values.flatMap(({ definition, reading }) =>
          reading ? [[definition.offset, reading.value] as const] : [],
        ),
      ),
    );
    readings.set(unit.facts.name, kept);
    const simulated = unit.facts.from === 'simulated';
    const logged = simulated ? undefined : loggedRegisters(bench, unit);
    return values.map(({ definition, reading }) => {
      const told = reading ? undefined : logged?.get(definition.offset);
      return registerItem(
        definition,
        told === undefined ? reading : { value: told, source: 'console log' },
        beside ? undefined : kept.before?.get(definition.offset),
        beside?.get(definition.offset),
      );
    });
  };

  return {
    'registers.get': ({ unit: name, against }) => {
      const { unit } = bench.worlds.unit(name);
      const beside = against === undefined ? undefined : besideOf(bench, unit, against);
      const registers = read(unit, beside?.values);
      return {
        unit: unitInfo(unit.facts),
        registers,
        note: noteOf(unit, registers),
        beside: beside?.about,
      };
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

/** What the unit of the same hardware reads in another state. @throws Failure for no such state */
function besideOf(
  bench: Workbench,
  unit: Unit,
  id: string,
): {
  readonly values: Values;
  readonly about: { readonly state: string; readonly name: string; readonly note?: string };
} {
  const state = bench.states.get(id);
  const about = { state: state.id, name: state.name };
  const other = pairUnits([unit], state.units).pairs[0]?.b;
  const values = new Map(
    (other ? registerValues(other) : []).flatMap(({ definition, reading }) =>
      reading ? [[definition.offset, reading.value] as const] : [],
    ),
  );
  if (!other)
    return { values, about: { ...about, note: `${state.name} has no unit ${unit.facts.name}.` } };
  const none =
    values.size === 0 ? `No register of ${other.facts.name} is known in ${state.name}.` : undefined;
  return { values, about: none === undefined ? about : { ...about, note: none } };
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
  reading: { readonly value: bigint; readonly source?: RegisterItem['source'] } | undefined,
  before: bigint | undefined,
  beside?: bigint,
): RegisterItem {
  const { layout } = definition;
  const words = registerWords(reading?.value ?? 0n);
  const former = before ?? beside;
  const changed = reading && former !== undefined && former !== reading.value;
  return {
    name: definition.name,
    title: definition.title,
    offset: hex(definition.offset),
    width: layout.width,
    value: reading && hex(reading.value),
    source: reading?.source,
    was: changed ? hex(former) : beside === undefined ? undefined : hex(beside),
    decoded: reading ? summaryOf(decode(layout, words)) : '',
    fields: reading ? fieldItems(layout, words, changed ? registerWords(former) : undefined) : [],
    spec: layout.spec,
    access: accessOf(layout),
  };
}

/** The kinds of access that a register's fields have, in the order of the marks. */
function accessOf({ fields }: Layout): RegisterItem['access'] {
  const meaning = fields.filter(({ kind }) => kind !== 'reserved' && kind !== 'ignored');
  const found = new Set(meaning.map(({ access }) => access));
  return (['RW', 'RW1C', 'WO', 'RO'] as const).filter((access) => found.has(access));
}

const NOT_MEMORY = "Registers aren't memory: this dump doesn't hold them.";

/** Where the values of a unit that no register file was given for come from. */
function noteOf(unit: Unit, registers: readonly RegisterItem[]): string | undefined {
  const { from } = unit.facts;
  if (from !== 'kernel' && from !== 'none') return undefined;
  const sources = new Set(registers.map(({ source }) => source));
  const logged = sources.has('console log');
  if (sources.has('kernel copy'))
    return `${NOT_MEMORY} Values below are the kernel's own copies${logged ? ', or come from the console log' : ''}.`;
  return logged ? `${NOT_MEMORY} Values below come from the console log.` : NOT_MEMORY;
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
