/** The entry that a path names (see core/iommu/path.ts). */
import type { Words } from '../bits/layout.ts';
import { bits } from '../bits/layout.ts';
import { parseBdf } from '../format/bdf.ts';
import type { PathStep } from '../iommu/path.ts';
import { levelStep, parsePath } from '../iommu/path.ts';
import type { Entry } from '../iommu/unit.ts';
import { readWords } from '../memory/physical.ts';
import type { AmdContext } from './context.ts';
import type { DeviceTableEntry } from './dte.ts';
import { decodeDte, DTE, pointsToInterruptTable } from './dte.ts';
import { GCR3_ENTRY, GCR3_LEVEL_BITS, guestEntryLayout } from './guest-page-table.ts';
import { gcr3Path, maxPasid } from './guest-walk.ts';
import { hostLookup } from './host-lookup.ts';
import { isMissing } from './host-walk.ts';
import { readIrte } from './interrupts.ts';
import { irteLayout, irteSize } from './irte.ts';
import { hostEntryLayout } from './page-table.ts';
import type { QueueName } from './queues.ts';
import { queueEntry, QUEUES } from './queues.ts';

const ADDRESS = 0x000f_ffff_ffff_f000n;

/** Undefined when the path names no entry of this unit, or its page is not known. */
export function unitEntry(context: AmdContext, path: string): Entry | undefined {
  const steps = parsePath(path);
  if (!steps || steps[0].kind !== 'unit' || steps[0].name !== context.facts.name) return undefined;
  const [, second, ...rest] = steps;
  if (second?.kind === 'device') return deviceEntry(context, second.bdf, rest);
  if (second?.kind !== 'word') return undefined;
  if (second.name === 'irq') return interruptEntry(context, rest);
  const queue = QUEUES.find((name) => name === second.name);
  return queue && indexed(context, queue, rest);
}

function indexed(
  context: AmdContext,
  queue: QueueName,
  rest: readonly PathStep[],
): Entry | undefined {
  if (rest.length !== 1 || rest[0].kind !== 'index') return undefined;
  const entry = queueEntry(context, queue, rest[0].index);
  return entry && 'layout' in entry ? entry : undefined;
}

function readDte(
  context: AmdContext,
  bdf: string,
): { entry: Entry; dte: DeviceTableEntry } | undefined {
  const parsed = parseBdf(bdf);
  if (!parsed || parsed.segment !== context.facts.segment) return undefined;
  const place = context.dteAddress(parsed.id);
  const words = place && readWords(context.memory, place.address, 4);
  if (!place || !words || isMissing(words)) return undefined;
  const path = context.path(context.bdf(parsed.id), 'dte');
  return { entry: { path, address: place.address, words, layout: DTE }, dte: decodeDte(words) };
}

function deviceEntry(
  context: AmdContext,
  bdf: string,
  steps: readonly PathStep[],
): Entry | undefined {
  const found = readDte(context, bdf);
  const first = steps[0];
  if (!found || !first) return undefined;
  const { dte } = found;
  const at = context.path(bdf);
  if (first.kind === 'word' && first.name === 'dte')
    return steps.length === 1 ? found.entry : undefined;
  if (first.kind === 'word' && first.name === 'gcr3')
    return gcr3Entry(context, dte, at, steps.slice(1));
  if (first.kind === 'level')
    return dte.mode >= 1 && dte.mode <= 6
      ? hostEntry(context, at, context.plain(dte.hostPageTable), dte.mode, steps)
      : undefined;
  if (first.kind !== 'pasid' || !dte.guestValid) return undefined;
  const root = pasidEntry(context, dte, at, first.pasid);
  if (!root || steps.length === 1) return root;
  return guestEntry(context, dte, root, steps.slice(1));
}

function word(context: AmdContext, table: bigint, index: number): Words | undefined {
  const words = readWords(context.memory, table + BigInt(8 * index), 1);
  return isMissing(words) ? undefined : words;
}

function hostEntry(
  context: AmdContext,
  at: string,
  root: bigint,
  mode: number,
  steps: readonly PathStep[],
): Entry | undefined {
  let table = root;
  let level = mode;
  let path = at;
  for (const [depth, step] of steps.entries()) {
    if (step.kind !== 'level' || step.level !== level || step.index > 511) return undefined;
    const words = word(context, table, step.index);
    if (!words) return undefined;
    path = `${path}/${levelStep(level, step.index)}`;
    if (depth === steps.length - 1)
      return {
        path,
        address: table + BigInt(8 * step.index),
        words,
        layout: hostEntryLayout(words),
      };
    const next = Number(bits(words, 11, 9));
    if ((words[0] & 1n) === 0n || next === 0 || next >= level) return undefined;
    table = context.plain(words[0] & ADDRESS);
    level = next;
  }
  return undefined;
}

/** Where a table stands that guest structures point to: through the host table where there is one. */
function located(context: AmdContext, dte: DeviceTableEntry, address: bigint): bigint | undefined {
  return dte.mode === 0 ? address : hostLookup(context, dte, address);
}

/** An entry of an upper level of the guest CR3 table: `gcr3/L3[0]`, `gcr3/L3[0]/L2[1]`. */
function gcr3Entry(
  context: AmdContext,
  dte: DeviceTableEntry,
  at: string,
  steps: readonly PathStep[],
): Entry | undefined {
  let pasid = 0;
  let level = dte.gcr3Levels + 1;
  for (const step of steps) {
    if (step.kind !== 'level' || step.level !== level - 1 || step.index > 511) return undefined;
    level = step.level;
    pasid |= step.index << (GCR3_LEVEL_BITS * (level - 1));
  }
  if (level < 2 || level > dte.gcr3Levels) return undefined;
  return gcr3At(context, dte, pasid, level, gcr3Path(at, dte.gcr3Levels, level, pasid));
}

function pasidEntry(
  context: AmdContext,
  dte: DeviceTableEntry,
  at: string,
  pasid: number,
): Entry | undefined {
  return gcr3At(context, dte, pasid, 1, `${at}/pasid.${pasid}`);
}

/** The guest CR3 table entry at `wanted` level on the way to a PASID. */
function gcr3At(
  context: AmdContext,
  dte: DeviceTableEntry,
  pasid: number,
  wanted: number,
  path: string,
): Entry | undefined {
  if (!dte.guestValid || dte.gcr3Levels > 3 || pasid > maxPasid(dte.gcr3Levels)) return undefined;
  const guestRoot = context.control('GCR3TRPMode') === 1;
  let table = context.plain(dte.gcr3Table);
  for (let level = dte.gcr3Levels; ; level--) {
    const base = guestRoot ? located(context, dte, table) : table;
    if (base === undefined) return undefined;
    const index = (pasid >> (GCR3_LEVEL_BITS * (level - 1))) & 0x1ff;
    const words = word(context, base, index);
    if (!words) return undefined;
    if (level === wanted)
      return { path, address: base + BigInt(8 * index), words, layout: GCR3_ENTRY };
    if ((words[0] & 1n) === 0n) return undefined;
    table = context.plain(words[0] & ADDRESS);
  }
}

function guestEntry(
  context: AmdContext,
  dte: DeviceTableEntry,
  root: Entry,
  steps: readonly PathStep[],
): Entry | undefined {
  if ((root.words[0] & 1n) === 0n) return undefined;
  let table = context.plain(root.words[0] & ADDRESS);
  let level: number = dte.guestLevels ?? 4;
  let { path } = root;
  for (const [depth, step] of steps.entries()) {
    if (step.kind !== 'level' || step.level !== level || step.index > 511) return undefined;
    const base = located(context, dte, table);
    const words = base === undefined ? undefined : word(context, base, step.index);
    if (base === undefined || !words) return undefined;
    path = `${path}/${levelStep(level, step.index)}`;
    if (depth === steps.length - 1)
      return {
        path,
        address: base + BigInt(8 * step.index),
        words,
        layout: guestEntryLayout(words, level),
      };
    const page = level > 1 && bits(words, 7, 7) === 1n;
    if ((words[0] & 1n) === 0n || page || level === 1) return undefined;
    table = context.plain(words[0] & ADDRESS);
    level--;
  }
  return undefined;
}

function interruptEntry(context: AmdContext, steps: readonly PathStep[]): Entry | undefined {
  const [device, index] = steps;
  const format = context.facts.interruptFormat;
  if (steps.length !== 2 || device.kind !== 'device' || index.kind !== 'index' || !format)
    return undefined;
  const found = readDte(context, device.bdf);
  if (!found || !pointsToInterruptTable(found.dte)) return undefined;
  if (index.index >= found.dte.interruptCapacity) return undefined;
  const address = context.plain(found.dte.interruptTable) + BigInt(index.index * irteSize(format));
  const words = readIrte(context.memory, address, format);
  if (isMissing(words)) return undefined;
  return {
    path: context.path('irq', device.bdf, String(index.index)),
    address,
    words,
    layout: irteLayout(words, format),
  };
}
