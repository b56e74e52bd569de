/** Devices that appeared, vanished or changed, by their decoded fields. */
import { decodeDte, DTE } from '../../amdvi/dte.ts';
import { translationOf } from '../../amdvi/devices.ts';
import { parseBdf } from '../../format/bdf.ts';
import { byteDigits, hex } from '../../format/hex.ts';
import { rightsText } from '../../iommu/leaves.ts';
import { parsePath } from '../../iommu/path.ts';
import type { Device, DeviceList, Entry, Unit } from '../../iommu/unit.ts';
import { CONTEXT_ENTRY, PASID_TABLE_ENTRY } from '../../vtd/tables.ts';
import { devicePath } from '../mappings/tables.ts';
import {
  compareFields,
  layoutFields,
  type Change,
  type DiffValue,
  type MissingPart,
} from './change.ts';
import type { UnitPair } from './pair.ts';

/** Fields that a row has under the contract's names, so that the layout's are left out. */
const COVERED = new Map([
  [CONTEXT_ENTRY, new Set(['P', 'TT', 'SSPTPTR', 'AW', 'DID'])],
  [PASID_TABLE_ENTRY, new Set(['P', 'PGTT', 'SSPTPTR', 'AW', 'DID', 'FSPM', 'FSPTPTR'])],
  [
    DTE,
    new Set([
      'V',
      'TV',
      'Mode',
      'HostPageTableRoot',
      'DomainID',
      'IR',
      'IW',
      'IV',
      'IntTabRoot',
      'IntTabLen',
      'GCR3TableRoot',
    ]),
  ],
]);

export interface DevicesDiff {
  readonly changes: readonly Change[];
  readonly missing: readonly MissingPart[];
  /** Rows that both states have. */
  readonly both: readonly { readonly a: Device; readonly b: Device }[];
}

/** Compares the rows of one unit in two states. */
export function diffDevices(pair: UnitPair): DevicesDiff {
  const [listA, listB] = [pair.a.devices(), pair.b.devices()];
  const [rowsA, rowsB] = [rowsOf(listA), rowsOf(listB)];
  const changes: Change[] = [];
  const missing: MissingPart[] = [];
  const both: { a: Device; b: Device }[] = [];
  const keys = [...new Set([...rowsA.keys(), ...rowsB.keys()])].sort((a, b) => a - b);
  for (const key of keys) {
    const [a, b] = [rowsA.get(key), rowsB.get(key)];
    const row = (a ?? b)!;
    const path = devicePath(pair.a, row);
    if (a && b) {
      both.push({ a, b });
      changes.push(...compareFields(path, rowFields(a), rowFields(b)));
      continue;
    }
    const side = a ? 'b' : 'a';
    const why = gapFor(a ? pair.b : pair.a, a ? listB : listA, row.id);
    if (why !== undefined) missing.push({ side, path, text: why });
    else changes.push(...appeared(pair, path, a, b));
  }
  changes.push(...diffOthers(pair, listA, listB));
  return { changes, missing, both };
}

/** Rows by requester and PASID. */
function rowsOf(list: DeviceList): Map<number, Device> {
  return new Map(list.devices.map((row) => [row.id * 2 ** 21 + 1 + (row.pasid ?? -1), row]));
}

function rowFields(device: Device): Map<string, DiffValue> {
  const { entry, translation, domain, levels, pageTable } = device;
  const fields = new Map<string, DiffValue>([
    ['translation', translation],
    ['domain', domain ?? null],
    ['levels', levels ?? null],
    ['pageTable', pageTable === undefined ? null : hex(pageTable)],
  ]);
  if (device.amd) addDteFields(fields, entry);
  for (const [name, value] of layoutFields(entry.layout, entry.words, COVERED.get(entry.layout)))
    fields.set(name, value);
  return fields;
}

function addDteFields(fields: Map<string, DiffValue>, entry: Entry): void {
  const dte = decodeDte(entry.words);
  fields.set('valid', dte.valid);
  fields.set('translationValid', dte.translationValid);
  fields.set('mode', dte.mode);
  fields.set('rights', rightsText(dte.rights));
  fields.set('interruptMapValid', dte.interruptValid);
  fields.set('interruptTable', hex(dte.interruptTable));
  fields.set('interruptCapacity', dte.interruptCapacity);
  if (dte.guestValid) fields.set('guestCr3Table', hex(dte.gcr3Table));
}

/** A row that one state has. An AMD-Vi entry is always there: its fields say what became of it. */
function appeared(
  pair: UnitPair,
  path: string,
  a: Device | undefined,
  b: Device | undefined,
): Change[] {
  const present: Change = {
    path,
    field: 'present',
    a: a !== undefined,
    b: b !== undefined,
  };
  const row = (a ?? b)!;
  if (!row.amd || row.pasid !== undefined)
    return [
      present,
      { path, field: 'translation', a: a?.translation ?? null, b: b?.translation ?? null },
    ];
  const [left, right] = [pair.a, pair.b].map((unit) =>
    unit.entry(`${unit.facts.name}/${row.bdf}/dte`),
  );
  if (!left || !right) return [present];
  return [present, ...compareFields(path, dteFields(left), dteFields(right))];
}

function dteFields(entry: Entry): Map<string, DiffValue> {
  const dte = decodeDte(entry.words);
  const fields = new Map<string, DiffValue>([
    ['translation', translationOf(dte)],
    ['domain', dte.domain],
    ['pageTable', dte.mode === 0 ? null : hex(dte.hostPageTable)],
  ]);
  addDteFields(fields, entry);
  for (const [name, value] of layoutFields(DTE, entry.words, COVERED.get(DTE)))
    fields.set(name, value);
  return fields;
}

/** AMD-Vi: entries that are no device's own in either state, by value. */
function diffOthers(pair: UnitPair, listA: DeviceList, listB: DeviceList): Change[] {
  if (pair.a.facts.vendor !== 'amd') return [];
  const own = new Set([...listA.devices, ...listB.devices].map(({ bdf }) => bdf));
  const [valuesA, valuesB] = [listA, listB].map(
    ({ same }) =>
      new Map(
        same.flatMap(({ words, bdfs }) => bdfs.map((bdf) => [bdf, words.map(hex).join(' ')])),
      ),
  );
  const groups = new Map<string, { a: string; b: string; bdfs: string[] }>();
  for (const bdf of new Set([...valuesA.keys(), ...valuesB.keys()])) {
    const [a, b] = [valuesA.get(bdf) ?? '0x0', valuesB.get(bdf) ?? '0x0'];
    if (own.has(bdf) || a === b) continue;
    const group = groups.get(`${a}|${b}`) ?? { a, b, bdfs: [] };
    groups.set(`${a}|${b}`, group);
    group.bdfs.push(bdf);
  }
  return [...groups.values()].flatMap(({ a, b, bdfs }) => {
    const known = bdfs.filter(
      (bdf) =>
        gapFor(pair.a, listA, parseBdf(bdf)!.id) === undefined &&
        gapFor(pair.b, listB, parseBdf(bdf)!.id) === undefined,
    );
    if (known.length === 0) return [];
    const path =
      known.length === 1
        ? `${pair.name}/${known[0]}`
        : `${pair.name}/devices (${known.length} unused entries from ${known[0]})`;
    return [{ path, field: 'raw', a, b }];
  });
}

/** Why a list may lack a requester: a page of root, context, PASID or device table is missing. */
function gapFor(unit: Unit, list: DeviceList, id: number): string | undefined {
  const found = list.incomplete.find(({ at, address }) => concerns(unit, at, address, id));
  return found?.text;
}

function concerns(unit: Unit, at: string, address: bigint | undefined, id: number): boolean {
  const { facts } = unit;
  if (facts.vendor === 'amd') {
    if (facts.deviceTable === undefined || address === undefined) return true;
    const first = Number(address - (facts.deviceTable & ~facts.smeMask)) / 32;
    // Pages outside of the first segment (or guest tables) may be anybody's.
    return first < 0 || first >= 65_536 || (id >= first && id < first + 128);
  }
  const step = parsePath(at)?.[1];
  if (step?.kind === 'device') return parseBdf(step.bdf)?.id === id;
  const bus = step?.kind === 'word' ? /^bus\.([0-9a-f]{2})$/.exec(step.name) : null;
  return bus ? Number.parseInt(bus[1], 16) === id >> 8 : true;
}

/** Root entries, and context entries of scalable mode: where tables were moved. */
export function diffUpperEntries(pair: UnitPair, both: DevicesDiff['both']): Change[] {
  if (pair.a.facts.vendor !== 'intel') return [];
  const changes: Change[] = [];
  const compare = (suffix: string): void => {
    const [a, b] = [pair.a, pair.b].map((unit) => unit.entry(`${unit.facts.name}/${suffix}`));
    if (!a || !b || a.layout !== b.layout) return;
    const fields = [a, b].map((entry) => layoutFields(entry.layout, entry.words));
    changes.push(...compareFields(`${pair.name}/${suffix}`, fields[0], fields[1]));
  };
  for (const bus of new Set(both.map(({ a }) => a.id >> 8))) compare(`bus.${byteDigits(bus)}`);
  if (
    pair.a.facts.mode === 'scalable' &&
    'mode' in pair.b.facts &&
    pair.b.facts.mode === 'scalable'
  )
    for (const bdf of new Set(both.map(({ a }) => a.bdf))) compare(`${bdf}/context`);
  return changes;
}
