import { formatBdf, parseBdf } from '../format/bdf.ts';
import { hex } from '../format/hex.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import type { Detail, KernelRecord, LogNote, PhaseRecord } from './records.ts';

/** JSON of the command line's contract; absent fields are left out. */
export type JsonValue = string | number | boolean | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/**
 * One fault as `faults` writes it.
 * @param segments write the PCI segment even when it is 0, where the log says it.
 */
export function faultJson(record: FaultRecord, segments = false): JsonObject {
  return without({
    line: record.line,
    time: record.time,
    kernel: record.kernel,
    vendor: record.vendor,
    type: record.type,
    access: record.access,
    bdf: bdfText(record, segments),
    pasid: record.pasid,
    address: optionalHex(record.address),
    reason: record.reason,
    reasonName: record.reasonName,
    event: record.event,
    domain: record.domain,
    flags: optionalHex(record.flags),
    flagNames: record.flagNames,
    index: record.index,
    raw: record.raw?.map(hex),
    status: record.status === undefined ? undefined : hex(record.status),
    unit: record.unit,
  });
}

function bdfText(record: FaultRecord, segments: boolean): string | undefined {
  if (!segments || record.segment === undefined || record.bdf === undefined) return record.bdf;
  const bdf = parseBdf(record.bdf);
  return bdf ? formatBdf(bdf.id, bdf.segment, true) : record.bdf;
}

/** One phase as `phases` writes it: what the message tells stands beside the common fields. */
export function phaseJson(record: PhaseRecord, clock: string): JsonObject {
  const details = Object.entries(record.details).map(([name, value]): [string, JsonValue] => [
    name,
    detailJson(value),
  ]);
  return without({
    line: record.line,
    time: record.time,
    kernel: record.kernel,
    clock,
    phase: record.phase,
    event: record.event,
    unit: record.unit,
    ...Object.fromEntries(details),
    text: record.text,
  });
}

export function kernelJson(record: KernelRecord): JsonObject {
  return without({
    kernel: record.kernel,
    line: record.line,
    role: record.role,
    clock: record.clock,
    release: record.release,
    commandLine: record.commandLine,
    panic: record.panic,
  });
}

export function noteJson(note: LogNote): JsonObject {
  return without({
    line: note.line,
    time: note.time,
    kernel: note.kernel,
    severity: note.severity,
    id: note.id,
    text: note.text,
  });
}

/** Faults of one device for one reason. */
export interface FaultCount {
  readonly bdf: string | undefined;
  readonly reason: number | undefined;
  readonly reasonName: string | undefined;
  readonly event: string | undefined;
  count: number;
}

/** Counts faults by device and reason (VT-d) or event (AMD-Vi), for `faults --count`. */
export class FaultCounter {
  readonly #counts = new Map<string, FaultCount>();

  add(record: FaultRecord): void {
    const { bdf, reason, reasonName, event } = record;
    const key = `${bdf ?? ''} ${reason ?? ''} ${event ?? ''}`;
    const count = this.#counts.get(key);
    if (count) count.count++;
    else this.#counts.set(key, { bdf, reason, reasonName, event, count: 1 });
  }

  /** Most frequent first. */
  rows(): FaultCount[] {
    return [...this.#counts.values()].sort((a, b) => b.count - a.count);
  }
}

export function countJson(count: FaultCount): JsonObject {
  return without({ ...count });
}

function detailJson(value: Detail): JsonValue {
  if (typeof value === 'bigint') return hex(value);
  if (typeof value === 'object') return value.map((each) => detailJson(each));
  return value;
}

function optionalHex(value: bigint | undefined): string | undefined {
  return value === undefined ? undefined : hex(value);
}

function without(object: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const out: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(object)) if (value !== undefined) out[key] = value;
  return out;
}
