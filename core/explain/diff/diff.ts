/** Two captured states of the same machine, compared on decoded fields. */
import { amdRegisters } from '../../amdvi/registers.ts';
import { hex } from '../../format/hex.ts';
import type { Incomplete } from '../../iommu/finding.ts';
import type { Budget, Unit } from '../../iommu/unit.ts';
import { readRegisters, registerWords } from '../../vtd/registers.ts';
import { devicePath, distinctTables, requesterText } from '../mappings/tables.ts';
import { finish, type Progress, type Steps } from '../../memory/steps.ts';
import {
  compareFields,
  layoutFields,
  type Change,
  type DiffValue,
  type MissingPart,
} from './change.ts';
import { diffDevices, diffUpperEntries, type DevicesDiff } from './devices.ts';
import { diffInterrupts } from './interrupts.ts';
import { diffTablesInSlices, type TableDiff } from './mappings.ts';
import { pairUnits, type UnitPair } from './pair.ts';

/** What differs in the mappings of one page table. */
export interface MappingDiff extends TableDiff {
  /** Path of the first of the devices. */
  readonly path: string;
  /** Everybody whose requests go through it in both states. */
  readonly devices: readonly string[];
}

export interface StateDiff {
  readonly changes: readonly Change[];
  readonly mappings: readonly MappingDiff[];
  readonly missing: readonly MissingPart[];
  readonly incomplete: readonly Incomplete[];
  /** What was compared. */
  readonly compared: { readonly units: number; readonly devices: number; readonly leaves: number };
}

export interface DiffOptions {
  readonly budget?: Budget;
  readonly step?: (done: number, all: number) => void;
}

/** Compares two states. What one of them does not hold is missing there, not removed. */
export function diffStates(
  a: readonly Unit[],
  b: readonly Unit[],
  options: DiffOptions = {},
): StateDiff {
  return finish(diffSteps(a, b, options.budget), options.step);
}

/** The same, step by step: page tables done and page tables in all. */
export function* diffSteps(
  a: readonly Unit[],
  b: readonly Unit[],
  budget?: Budget,
): Steps<StateDiff> {
  const { pairs, missing } = pairUnits(a, b);
  const changes: Change[] = [];
  const gaps: MissingPart[] = [...missing];
  const mappings: MappingDiff[] = [];
  const incomplete: Incomplete[] = [];
  let [devices, leaves] = [0, 0];
  for (const pair of pairs) {
    changes.push(...unitChanges(pair), ...registerChanges(pair));
    const rows = diffDevices(pair);
    const irq = diffInterrupts(pair);
    changes.push(...diffUpperEntries(pair, rows.both), ...rows.changes, ...irq.changes);
    gaps.push(...rows.missing, ...irq.missing);
    devices += rows.both.length;
    for (const unit of [pair.a, pair.b]) incomplete.push(...unit.devices().incomplete);
    for (const each of yield* diffAllTables(pair, rows.both, budget)) {
      leaves += each.leaves;
      incomplete.push(...each.incomplete);
      if (each.added.count + each.removed.count + each.changed.count + each.unknown.count > 0)
        mappings.push(each);
    }
  }
  return {
    changes,
    mappings,
    missing: gaps,
    incomplete,
    compared: { units: pairs.length, devices, leaves },
  };
}

/** Each pair of page tables once, however many devices share them. */
function* diffAllTables(
  pair: UnitPair,
  both: DevicesDiff['both'],
  budget: Budget | undefined,
): Generator<Progress, MappingDiff[]> {
  const [tablesA, tablesB] = [pair.a, pair.b].map((unit) => {
    const byRow = new Map<string, number>();
    for (const [index, table] of distinctTables([unit]).entries())
      for (const user of table.users) byRow.set(requesterText(user), index);
    return byRow;
  });
  const groups = new Map<string, { rows: DevicesDiff['both'][number][] }>();
  for (const row of both) {
    const name = requesterText(row.a);
    const [left, right] = [tablesA.get(name), tablesB.get(name)];
    // A translation without tables, or of another kind, has no mappings to compare.
    if (left === undefined || right === undefined) continue;
    const group = groups.get(`${left} ${right}`) ?? { rows: [] };
    groups.set(`${left} ${right}`, group);
    group.rows.push(row);
  }
  const diffs: MappingDiff[] = [];
  for (const { rows } of groups.values()) {
    if (budget?.signal?.aborted) break;
    const progress = { done: diffs.length, all: groups.size };
    yield progress;
    const [{ a, b }] = rows;
    const slices = diffTablesInSlices(
      { unit: pair.a, device: a },
      { unit: pair.b, device: b },
      budget,
    );
    let slice = slices.next();
    for (; !slice.done; slice = slices.next()) yield progress;
    diffs.push({
      ...slice.value,
      path: devicePath(pair.a, a),
      devices: rows.map((row) => requesterText(row.a)),
    });
  }
  return diffs;
}

/** What the units themselves are: only what both states tell is compared. */
function unitChanges({ name, a, b }: UnitPair): Change[] {
  const [left, right] = [unitFields(a), unitFields(b)];
  for (const field of left.keys())
    if (left.get(field) === null || right.get(field) === null) {
      left.delete(field);
      right.delete(field);
    }
  return compareFields(name, left, right);
}

function unitFields({ facts }: Unit): Map<string, DiffValue> {
  const address = (value: bigint | undefined): DiffValue =>
    value === undefined ? null : hex(value);
  const fields = new Map<string, DiffValue>([
    ['translationEnabled', facts.translationEnabled ?? null],
  ]);
  if (facts.vendor === 'intel') {
    fields.set('mode', facts.mode ?? null);
    fields.set('rootTable', address(facts.rootTable));
    fields.set('queue', address(facts.queue?.base));
  } else {
    fields.set('deviceTable', address(facts.deviceTable));
    fields.set('capacity', facts.capacity ?? null);
    fields.set('interruptFormat', facts.interruptFormat ?? null);
    fields.set('commandBuffer', address(facts.commandBuffer?.base));
    fields.set('eventLog', address(facts.eventLog?.base));
  }
  return fields;
}

/** Register fields where both states read the register. */
function registerChanges({ name, a, b }: UnitPair): Change[] {
  const registers = (unit: Unit) =>
    unit.facts.vendor === 'intel'
      ? readRegisters(unit.facts.registers)
      : amdRegisters(unit.facts.registers);
  const others = new Map(registers(b).map((each) => [each.definition.offset, each]));
  return registers(a).flatMap(({ definition, reading }) => {
    const other = others.get(definition.offset);
    if (!reading || !other?.reading || reading.value === other.reading.value) return [];
    // A register that both read as two different ones is compared by the first's layout.
    // What can only be written reads as zero: a kernel's own copy of it is no reading of hardware.
    const writeOnly = new Set(
      definition.layout.fields.filter(({ access }) => access === 'WO').map(({ name }) => name),
    );
    const fields = [reading.value, other.reading.value].map((value) =>
      layoutFields(definition.layout, registerWords(value), writeOnly),
    );
    return compareFields(`${name}/registers/${definition.name}`, fields[0], fields[1]);
  });
}

/** Whether anything differs. */
export function differs({ changes, mappings }: StateDiff): boolean {
  return (
    changes.length > 0 ||
    mappings.some(({ added, removed, changed }) => added.count + removed.count + changed.count > 0)
  );
}
