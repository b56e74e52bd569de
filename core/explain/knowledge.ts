import { parseBdf } from '../format/bdf.ts';
import { parseHex } from '../format/hex.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import { parseRelease } from '../log/release.ts';
import type { KnownFunction } from './functions.ts';
import { flagNames } from './meaning.ts';
import { captureKernel, handOffBefore, type LogStory } from './story.ts';
import type { VerdictId } from './verdicts.ts';

/**
 * A known cause with its fix, one file each in `resources/knowledge`. `when` holds conditions that
 * must all hold; a condition that is left out always holds. What a condition asks for and nobody
 * knows does not hold.
 */
export interface KnowledgeEntry {
  readonly id: string;
  /** What happens, why, and what is done about it in which versions. */
  readonly text: string;
  /** Kernel commit and version, or the thread. */
  readonly source: string;
  readonly when: KnowledgeConditions;
}

export interface KnowledgeConditions {
  /** The entry is about what the log says, with or without a fault. */
  readonly about?: 'fault' | 'log';
  readonly vendor?: 'intel' | 'amd';
  readonly verdicts?: readonly VerdictId[];
  /** VT-d fault reasons. */
  readonly reasons?: readonly number[];
  /** AMD-Vi event names. */
  readonly events?: readonly string[];
  /** Flags of the event that must be set. */
  readonly flags?: readonly string[];
  readonly access?: 'read' | 'write';
  /** Printed by a crash kernel (true) or by another one (false). */
  readonly crashKernel?: boolean;
  /** Requesters, as a regular expression on the BDF. */
  readonly bdf?: string;
  /** The function is one that the upper half of a scalable-mode root entry serves. */
  readonly upperHalf?: boolean;
  /** Lowest and highest address of the request. */
  readonly address?: { readonly from?: string; readonly to?: string };
  /** The domain that an AMD-Vi event names. */
  readonly domain?: number;
  /** Seconds of the kernel's clock before which the fault came. */
  readonly before?: number;
  /** Texts of which each must stand in the log of the fault's kernel, before the fault. */
  readonly log?: readonly string[];
  /** Texts of which one must. */
  readonly logAny?: readonly string[];
  /** Texts of which none may stand anywhere in the log. */
  readonly logNone?: readonly string[];
  /** Release of the kernel: from this one on, and before that one. */
  readonly releases?: { readonly from?: string; readonly before?: string };
  readonly drivers?: readonly string[];
  /**
   * `vendor:device` (or `vendor:*`) of the requester, or of another function in its slot: a device
   * that sends requests in the name of a function that it has not.
   */
  readonly devices?: readonly string[];
  /** The same of any function on the requester's bus. */
  readonly onBus?: readonly string[];
  /** The same of any function of the machine. */
  readonly inMachine?: readonly string[];
  /** Class of the requester: the leading digits, `0c03` for USB. */
  readonly classes?: readonly string[];
  /** No function of this BDF is known, while others are. */
  readonly unknownFunction?: boolean;
}

export interface KnowledgeCase {
  readonly fault: FaultRecord;
  readonly verdict: VerdictId;
  readonly context: KnowledgeContext;
}

/** What is known beside the fault. */
export interface KnowledgeContext {
  readonly story?: LogStory;
  /** Every PCI function of the machine, when somebody knows. */
  readonly functions?: readonly KnownFunction[];
  /** The driver bound to a device, when a kernel told. */
  readonly driverOf: (bdf: string) => string | undefined;
}

/** The entries whose conditions hold for a fault, in the order given. */
export function matchKnowledge(
  entries: readonly KnowledgeEntry[],
  found: KnowledgeCase,
): KnowledgeEntry[] {
  return entries.filter(({ when }) => when.about !== 'log' && holds(when, found));
}

/** Entries about what a log says by itself; each with the line that says it. */
export function matchLog(
  entries: readonly KnowledgeEntry[],
  story: LogStory,
): { readonly entry: KnowledgeEntry; readonly line: number }[] {
  return entries.flatMap((entry) => {
    const { when } = entry;
    if (when.about !== 'log') return [];
    const texts = [...(when.log ?? []), ...(when.logAny ?? [])];
    const all = (when.log ?? []).every((text) => linesOf(story, text).length > 0);
    const lines = texts.flatMap((text) => linesOf(story, text));
    if (!all || lines.length === 0) return [];
    if (when.logAny && !when.logAny.some((text) => linesOf(story, text).length > 0)) return [];
    if (when.logNone?.some((text) => linesOf(story, text).length > 0)) return [];
    const line = Math.min(...lines);
    const kernel = story.kernels.findLast((each) => each !== undefined && each.line <= line);
    if (when.crashKernel !== undefined && when.crashKernel !== (kernel?.role === 'capture'))
      return [];
    return releaseFits(when, kernel?.release) ? [{ entry, line }] : [];
  });
}

/** Every text that some entry looks for in a log. */
export function knowledgeTexts(entries: readonly KnowledgeEntry[]): string[] {
  return [
    ...new Set(
      entries.flatMap(({ when }) => [
        ...(when.log ?? []),
        ...(when.logAny ?? []),
        ...(when.logNone ?? []),
      ]),
    ),
  ];
}

function holds(when: KnowledgeConditions, { fault, verdict, context }: KnowledgeCase): boolean {
  const has = <T>(wanted: readonly T[] | undefined, value: T | undefined): boolean =>
    wanted === undefined || (value !== undefined && wanted.includes(value));
  return (
    (when.vendor === undefined || when.vendor === fault.vendor) &&
    has(when.verdicts, verdict) &&
    has(when.reasons, fault.reason) &&
    has(when.events, fault.event) &&
    (when.flags ?? []).every((flag) => flagNames(fault).includes(flag)) &&
    (when.access === undefined || when.access === fault.access) &&
    (when.domain === undefined || when.domain === fault.domain) &&
    (when.before === undefined || (fault.time !== undefined && fault.time < when.before)) &&
    (when.crashKernel === undefined ||
      when.crashKernel === fromCrashKernel(fault, context.story)) &&
    (when.bdf === undefined || (fault.bdf !== undefined && new RegExp(when.bdf).test(fault.bdf))) &&
    upperHalfFits(when, fault.bdf) &&
    addressFits(when, fault.address) &&
    logFits(when, fault, context.story) &&
    releaseFits(when, context.story?.kernels[fault.kernel]?.release) &&
    deviceFits(when, fault, context)
  );
}

function fromCrashKernel(fault: FaultRecord, story: LogStory | undefined): boolean {
  if (!story || story.kernels.length === 0) return fault.kernel > 0;
  const { capture } = handOffBefore(story, fault);
  // A crash kernel's log by itself, without the lines that tell what it is.
  return capture || (fault.kernel > 0 && captureKernel(story) === undefined);
}

/** Functions from 10.0 up use the upper half of a scalable-mode root entry. */
function upperHalfFits({ upperHalf }: KnowledgeConditions, text: string | undefined): boolean {
  if (upperHalf === undefined) return true;
  const bdf = text === undefined ? undefined : parseBdf(text);
  return bdf !== undefined && upperHalf === ((bdf.id & 0x80) !== 0);
}

function addressFits(when: KnowledgeConditions, address: bigint | undefined): boolean {
  if (!when.address) return true;
  if (address === undefined) return false;
  const { from, to } = when.address;
  return (
    (from === undefined || address >= (parseHex(from) ?? 0n)) &&
    (to === undefined || address <= (parseHex(to) ?? 0n))
  );
}

function linesOf(story: LogStory | undefined, text: string): readonly number[] {
  return story?.texts.find((each) => each.text === text)?.lines ?? [];
}

function logFits(
  when: KnowledgeConditions,
  fault: FaultRecord,
  story: LogStory | undefined,
): boolean {
  const start = story?.kernels[fault.kernel]?.line ?? 0;
  const before = (text: string): boolean =>
    linesOf(story, text).some((line) => line >= start && line <= fault.line);
  return (
    (when.log ?? []).every(before) &&
    (when.logAny === undefined || when.logAny.some(before)) &&
    !(when.logNone ?? []).some((text) => linesOf(story, text).length > 0)
  );
}

function releaseFits(when: KnowledgeConditions, text: string | undefined): boolean {
  if (!when.releases) return true;
  const release = parseRelease(text);
  if (!release) return false;
  const from = parseRelease(when.releases.from);
  const before = parseRelease(when.releases.before);
  const order = (a: readonly [number, number], b: readonly [number, number]): number =>
    a[0] - b[0] || a[1] - b[1];
  return (!from || order(release, from) >= 0) && (!before || order(release, before) < 0);
}

function deviceFits(
  when: KnowledgeConditions,
  fault: FaultRecord,
  context: KnowledgeCase['context'],
): boolean {
  const { drivers, devices, onBus, inMachine, classes, unknownFunction } = when;
  if (!(drivers ?? devices ?? onBus ?? inMachine ?? classes) && unknownFunction === undefined)
    return true;
  const bdf = fault.bdf === undefined ? undefined : parseBdf(fault.bdf);
  if (!bdf) return false;
  const functions = (context.functions ?? []).filter(({ segment }) => segment === bdf.segment);
  const own = functions.find(({ id }) => id === bdf.id);
  const driver = fault.driver ?? own?.driver ?? context.driverOf(fault.bdf!);
  if (drivers && !(driver !== undefined && drivers.includes(driver))) return false;
  if (unknownFunction !== undefined) {
    if (functions.length === 0 || unknownFunction !== (own === undefined)) return false;
  }
  if (classes && !(own && classes.some((digits) => classText(own).startsWith(digits))))
    return false;
  const among = (
    wanted: readonly string[] | undefined,
    where: (each: KnownFunction) => boolean,
  ): boolean =>
    wanted === undefined ||
    wanted.some((pattern) => functions.some((each) => where(each) && isDevice(each, pattern)));
  return (
    among(devices, ({ id }) => id >> 3 === bdf.id >> 3) &&
    among(onBus, ({ id }) => id >> 8 === bdf.id >> 8) &&
    among(inMachine, () => true)
  );
}

const four = (value: number): string => value.toString(16).padStart(4, '0');

function classText({ class: code }: KnownFunction): string {
  return code === undefined ? '' : code.toString(16).padStart(6, '0');
}

function isDevice({ vendor, device }: KnownFunction, pattern: string): boolean {
  const [wantedVendor, wantedDevice] = pattern.split(':');
  if (vendor === undefined || four(vendor) !== wantedVendor) return false;
  return wantedDevice === '*' || (device !== undefined && four(device) === wantedDevice);
}
