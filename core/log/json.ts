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
 * One fault as `faults` writes it. Field by field, because a storm has millions.
 * @param segments write the PCI segment even when it is 0, where the log says it.
 */
export function faultJson(record: FaultRecord, segments = false): JsonObject {
  const out: Record<string, JsonValue> = { line: record.line };
  if (record.time !== undefined) out['time'] = record.time;
  out['kernel'] = record.kernel;
  out['vendor'] = record.vendor;
  out['type'] = record.type;
  if (record.access !== undefined) out['access'] = record.access;
  const bdf = bdfText(record, segments);
  if (bdf !== undefined) out['bdf'] = bdf;
  if (record.pasid !== undefined) out['pasid'] = record.pasid;
  if (record.address !== undefined) out['address'] = hex(record.address);
  if (record.reason !== undefined) out['reason'] = record.reason;
  if (record.reasonName !== undefined) out['reasonName'] = record.reasonName;
  if (record.event !== undefined) out['event'] = record.event;
  if (record.domain !== undefined) out['domain'] = record.domain;
  if (record.flags !== undefined) out['flags'] = hex(record.flags);
  if (record.flagNames !== undefined) out['flagNames'] = record.flagNames;
  if (record.index !== undefined) out['index'] = record.index;
  if (record.raw !== undefined) out['raw'] = record.raw.map(hex);
  if (record.status !== undefined) out['status'] = hex(record.status);
  if (record.unit !== undefined) out['unit'] = record.unit;
  return out;
}

/** Words of the tables in JSON; only those of tables come here. */
const quoted = new Map<string, string>();

function quote(words: string): string {
  let text = quoted.get(words);
  if (text === undefined) quoted.set(words, (text = JSON.stringify(words)));
  return text;
}

/**
 * One fault as a line of NDJSON, its newline included: the text of `faultJson`, made without the
 * object in between, for logs with millions of them.
 */
export function faultNdjson(record: FaultRecord, segments = false): string {
  const { time, access, pasid, address, reason, reasonName, event, domain, flags } = record;
  const stamp = time === undefined ? '' : `,"time":${time}`;
  const way = access === undefined ? '' : `,"access":"${access}"`;
  let text = `{"line":${record.line}${stamp},"kernel":${record.kernel},"vendor":"${record.vendor}","type":"${record.type}"${way}`;
  const bdf = bdfText(record, segments);
  if (bdf !== undefined) text += `,"bdf":"${bdf}"`;
  if (pasid !== undefined) text += `,"pasid":${pasid}`;
  if (address !== undefined) text += `,"address":"${hex(address)}"`;
  if (reason !== undefined) text += `,"reason":${reason}`;
  if (reasonName !== undefined) text += `,"reasonName":${quote(reasonName)}`;
  if (event !== undefined) text += `,"event":${quote(event)}`;
  if (domain !== undefined) text += `,"domain":${domain}`;
  if (flags !== undefined) text += `,"flags":"${hex(flags)}"`;
  if (record.flagNames !== undefined) text += `,"flagNames":${JSON.stringify(record.flagNames)}`;
  if (record.index !== undefined) text += `,"index":${record.index}`;
  if (record.raw !== undefined) text += `,"raw":${JSON.stringify(record.raw.map(hex))}`;
  if (record.status !== undefined) text += `,"status":"${hex(record.status)}"`;
  if (record.unit !== undefined) text += `,"unit":${JSON.stringify(record.unit)}`;
  return `${text}}\n`;
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

/** A kernel of a log, as `phases --json` writes it. */
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

/** A note about a log, as `faults --json` and `phases --json` write it. */
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

/** A row of `faults --count --json`. */
export function countJson(count: FaultCount): JsonObject {
  return without({ ...count });
}

function detailJson(value: Detail): JsonValue {
  if (typeof value === 'bigint') return hex(value);
  if (typeof value === 'object') return value.map((each) => detailJson(each));
  return value;
}

function without(object: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const out: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(object)) if (value !== undefined) out[key] = value;
  return out;
}
