import { formatBdf } from '../format/bdf.ts';
import { hex } from '../format/hex.ts';
import type { AmdFacts, IntelFacts } from '../iommu/facts.ts';
import type { Incomplete } from '../iommu/finding.ts';
import { leafLineBytes } from '../iommu/leaf-lines.ts';
import { DEFAULT_BUDGET, type Budget, type Device, type Unit } from '../iommu/unit.ts';
import { toldAddress } from '../imports/stated/pages.ts';
import { rightsText } from '../iommu/leaves.ts';
import type { Platform } from '../memory/platform.ts';
import { deviceJson } from './device-names.ts';
import { findingJson, incompleteJson, type IncompleteJson } from './json.ts';
import type { Investigation } from './investigation.ts';

/** The JSON of `faultline tables`: the shape that the command line's contract fixes. */
export interface TablesDocument {
  readonly schema: 'faultline.tables/1';
  readonly source: SourceJson;
  readonly units: readonly UnitJson[];
  readonly incomplete: readonly IncompleteJson[];
}

export interface SourceJson {
  readonly format: string;
  readonly compression: readonly string[];
  readonly release: string | null;
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type UnitJson = { readonly [key: string]: Json };

export interface TablesOptions {
  /** Walk every page table and count. */
  readonly leaves: boolean;
  readonly segments: boolean;
  readonly budget?: Budget;
  /** Called before each device's sweep; a promise lets the caller breathe. */
  readonly step?: (done: number, all: number) => Promise<void> | void;
}

/** What a sweep of one device's leaves adds to its row. */
async function sweepFields(
  unit: Unit,
  device: Device,
  platform: Platform,
  budget: Budget,
  incomplete: Incomplete[],
): Promise<Record<string, Json>> {
  const digest = platform.sha256();
  const result = unit.sweep(device, (batch) => digest.update(leafLineBytes(batch)), budget);
  incomplete.push(...result.incomplete);
  const sizes = [...result.leafSizes].sort((a, b) => a[0] - b[0]);
  return {
    leaves: result.leaves,
    mappedBytes: result.mappedBytes,
    leafSizes: Object.fromEntries(sizes.map(([size, count]) => [hex(size), count])),
    tablePages: result.tablePages,
    leafHash: digest.hex(),
    findings: [...device.findings, ...result.findings].map(findingJson),
    ...(result.incomplete.length > 0 ? { incomplete: true } : {}),
  };
}

function intelRow(device: Device): Record<string, Json> {
  return {
    bdf: device.bdf,
    ...(device.pasid === undefined ? {} : { pasid: device.pasid }),
    raw: device.entry.words.map(hex),
    translation: device.translation,
    domain: device.domain ?? null,
    ...(device.levels === undefined ? {} : { levels: device.levels }),
    ...(device.pageTable === undefined ? {} : { pageTable: hex(device.pageTable) }),
  };
}

function amdRow(device: Device): Record<string, Json> {
  const amd = device.amd!;
  return {
    bdf: device.bdf,
    ...(device.pasid === undefined ? {} : { pasid: device.pasid }),
    raw: device.entry.words.map(hex),
    translation: device.translation,
    domain: device.domain ?? null,
    valid: amd.valid,
    translationValid: amd.translationValid,
    mode: amd.mode,
    rights: rightsText(amd.rights),
    interruptMapValid: amd.interruptMapValid,
    interruptTable: amd.interruptTable === undefined ? null : hex(amd.interruptTable),
    interruptCapacity: amd.interruptCapacity ?? null,
    ...(device.pageTable === undefined ? {} : { pageTable: hex(device.pageTable) }),
  };
}

function commonUnit(unit: Unit): Record<string, Json> {
  const { facts } = unit;
  return {
    vendor: facts.vendor,
    name: facts.name,
    segment: facts.segment,
    base: facts.base === undefined ? null : hex(facts.base),
  };
}

const hexOrNull = (value: bigint | undefined): string | null =>
  value === undefined ? null : hex(value);
const placeOrNull = (address: bigint | undefined): string | null => hexOrNull(toldAddress(address));

function intelUnitHead(unit: Unit, facts: IntelFacts): Record<string, Json> {
  return {
    ...commonUnit(unit),
    mode: facts.mode ?? null,
    rootTable: placeOrNull(facts.rootTable),
    cap: hexOrNull(facts.cap),
    ecap: hexOrNull(facts.ecap),
    registersFrom: facts.from,
    translationEnabled: facts.translationEnabled ?? null,
  };
}

function amdUnitHead(unit: Unit, facts: AmdFacts): Record<string, Json> {
  return {
    ...commonUnit(unit),
    deviceTable: placeOrNull(facts.deviceTable),
    capacity: facts.capacity ?? null,
    extendedFeatures: hexOrNull(facts.extendedFeatures),
    control: hexOrNull(facts.control),
    registersFrom: facts.from,
    translationEnabled: facts.translationEnabled ?? null,
  };
}

function interruptsJson(unit: Unit, incomplete: Incomplete[]): Json {
  const tables = unit.interrupts(false);
  for (const table of tables) incomplete.push(...table.incomplete);
  if (unit.facts.vendor === 'amd')
    return {
      format: unit.facts.interruptFormat ?? null,
      tables: tables.map((table) => ({
        table: placeOrNull(table.table),
        capacity: table.capacity,
        present: table.present,
        ...(table.incomplete.length > 0 ? { incomplete: true } : {}),
      })),
    };
  const table = tables[0];
  if (!table) return null;
  return {
    table: placeOrNull(table.table),
    capacity: table.capacity,
    extended: unit.facts.interrupts?.extended ?? null,
    present: table.present,
    ...(table.incomplete.length > 0 ? { incomplete: true } : {}),
  };
}

/** One unit with all its devices, as the contract writes it. */
async function unitJson(
  unit: Unit,
  investigation: Investigation,
  options: TablesOptions,
  incomplete: Incomplete[],
): Promise<UnitJson> {
  const list = unit.devices();
  incomplete.push(...list.incomplete);
  const rows: Record<string, Json>[] = [];
  for (const [index, device] of list.devices.entries()) {
    await options.step?.(index, list.devices.length);
    if (options.budget?.signal?.aborted) break;
    const row = {
      ...(device.amd ? amdRow(device) : intelRow(device)),
      bdf: formatBdf(device.id, unit.facts.segment, options.segments || unit.facts.segment !== 0),
      ...deviceJson(investigation, device.bdf),
    };
    const walks = device.pageTable !== undefined && options.leaves;
    rows.push({
      ...row,
      ...(walks
        ? await sweepFields(
            unit,
            device,
            investigation.platform,
            options.budget ?? DEFAULT_BUDGET,
            incomplete,
          )
        : { findings: device.findings.map(findingJson) }),
    });
  }
  const head =
    unit.facts.vendor === 'intel' ? intelUnitHead(unit, unit.facts) : amdUnitHead(unit, unit.facts);
  return {
    ...head,
    devices: rows,
    ...(unit.facts.vendor === 'amd'
      ? {
          same: list.same.map((group) => ({
            raw: group.words.map(hex),
            bdfs: [...group.bdfs],
            count: group.count,
          })),
        }
      : {}),
    interrupts: interruptsJson(unit, incomplete),
    findings: list.findings.map(findingJson),
  };
}

/** Where an answer comes from, for the head of every document. */
export function sourceJson(investigation: Investigation): SourceJson {
  return {
    format:
      investigation.dump?.format ??
      (investigation.hexDump ? 'hexdump' : investigation.memory ? 'debugfs' : 'none'),
    compression: investigation.dump?.compression ?? [],
    release: investigation.registers ? null : (investigation.kernel()?.release ?? null),
  };
}

/** Every unit, every device with its translation; with leaves counted when asked. */
export async function tablesDocument(
  investigation: Investigation,
  units: readonly Unit[],
  options: TablesOptions,
): Promise<TablesDocument> {
  const incomplete: Incomplete[] = [...investigation.incomplete()];
  const answers: UnitJson[] = [];
  for (const unit of units) answers.push(await unitJson(unit, investigation, options, incomplete));
  if (options.budget?.signal?.aborted)
    incomplete.push({ address: undefined, at: '', text: 'interrupted: devices are missing' });
  return {
    schema: 'faultline.tables/1',
    source: sourceJson(investigation),
    units: answers,
    incomplete: incompleteJson(incomplete),
  };
}
