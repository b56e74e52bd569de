import { hex } from '../format/hex.ts';
import type { QueueFacts } from '../iommu/facts.ts';
import type { Unit } from '../iommu/unit.ts';
import { Failure } from '../memory/failure.ts';
import { PAGE_SIZE, readBytes, type PhysicalMemory } from '../memory/physical.ts';
import type { Platform } from '../memory/platform.ts';
import { acpiDocument } from './acpi-document.ts';
import { inspectDocument } from './inspect-document.ts';
import type { Investigation } from './investigation.ts';
import { tablesDocument, type TablesOptions } from './tables-document.ts';

/** Answers by name, each as a text that can be compared. */
export type Answers = ReadonlyMap<string, string>;

/** A queue is at most 128 pages (VT-d IQA.QS); what claims more is damage. */
const MAX_QUEUE = 128 * PAGE_SIZE;

export interface AnswerOptions {
  readonly signal?: AbortSignal;
  /** Called before each device's sweep. */
  readonly step?: TablesOptions['step'];
}

/** Everything that a trimmed kernel must still answer: inspect, tables, irq, dmesg, acpi. */
export async function kernelAnswers(
  investigation: Investigation,
  options: AnswerOptions,
): Promise<Answers> {
  const kernel = investigation.kernel();
  const inspect = inspectDocument(investigation);
  const plain = {
    release: kernel?.release,
    commandLine: inspect.commandLine,
    panic: inspect.panic,
    crashkernel: inspect.crashkernel,
    units: inspect.units,
    notPossible: inspect.notPossible,
  };
  const tables = await tableAnswers(investigation, investigation.units(), options);
  return new Map([
    ['inspect', text(plain)],
    ...tables,
    ['dmesg', text(kernel?.dmesg())],
    ['acpi', acpi(investigation)],
    ['devices', text([kernel?.devices(), kernel?.domains()])],
    ['resources', text(kernel?.resources())],
    ['checks', text(kernel?.checks())],
    ['kernel, what is missing', text(places(kernel?.incomplete ?? []))],
  ]);
}

/** What the IOMMU's tables and queues alone answer. */
export async function tableAnswers(
  investigation: Investigation,
  units: readonly Unit[],
  options: AnswerOptions,
): Promise<Answers> {
  const { signal, step } = options;
  const tables = await tablesDocument(investigation, units, {
    leaves: true,
    segments: true,
    budget: { tablePages: 1 << 25, signal },
    step,
  });
  signal?.throwIfAborted();
  const memory = investigation.memory!;
  return new Map([
    ['tables', text([tables.units, places(tables.incomplete)])],
    ['irq', text(units.map((unit) => interrupts(unit)))],
    ['queues', text(units.map((unit) => queues(unit, memory, investigation.platform)))],
  ]);
}

interface Missing {
  readonly address: bigint | string | null | undefined;
  readonly at: string;
  readonly text: string;
}

/** Where something was missing; why a page was is the dump's own affair. */
function places(incomplete: readonly Missing[]): unknown {
  return incomplete.map(({ address, at, text }) =>
    address === undefined || address === null ? [at, text] : [at, address],
  );
}

function acpi(investigation: Investigation): string {
  try {
    const document = acpiDocument(investigation);
    return text([document.tables, places(document.incomplete)]);
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}

function interrupts(unit: Unit): unknown {
  return unit.interrupts(false).map((table) => ({
    table: hex(table.table),
    devices: table.devices,
    entries: table.entries.map((entry) => [entry.index, entry.entry.words.map(hex)]),
  }));
}

/** A digest of each queue's pages: they belong to the unit's state as its tables do. */
function queues(unit: Unit, memory: PhysicalMemory, platform: Platform): unknown {
  const { facts } = unit;
  const all =
    facts.vendor === 'intel' ? [facts.queue] : [facts.commandBuffer, facts.eventLog, facts.pprLog];
  const mask = facts.vendor === 'amd' ? ~facts.smeMask : -1n;
  return all
    .filter((queue) => queue !== undefined)
    .map((queue) => queuePages(queue, mask, memory, platform));
}

function queuePages(
  queue: QueueFacts,
  mask: bigint,
  memory: PhysicalMemory,
  platform: Platform,
): unknown {
  const digest = platform.sha256();
  const missing: string[] = [];
  for (let at = 0; at < Math.min(queue.length, MAX_QUEUE); at += PAGE_SIZE) {
    const bytes = readBytes(memory, (queue.base & mask) + BigInt(at), PAGE_SIZE);
    if (bytes instanceof Uint8Array) digest.update(bytes);
    else missing.push(hex(bytes.address));
  }
  return [hex(queue.base), digest.hex(), missing];
}

function text(value: unknown): string {
  return JSON.stringify(value ?? null, (_, each: unknown) =>
    typeof each === 'bigint' ? hex(each) : each,
  );
}
