/** The command buffer, the event log and the PPR log, entry by entry (48882 §2.4-§2.6). */
import type { Layout, Words } from '../bits/layout.ts';
import { fieldValue } from '../bits/layout.ts';
import { hex } from '../format/hex.ts';
import type { QueueFacts } from '../iommu/facts.ts';
import type { Entry } from '../iommu/unit.ts';
import type { UnknownPage } from '../memory/physical.ts';
import { isKnown, readWords } from '../memory/physical.ts';
import { commandLayout } from './commands.ts';
import type { AmdContext } from './context.ts';
import { decodeEvent, eventLayout } from './events.ts';
import { isMissing } from './host-walk.ts';
import { pprLayout } from './logs.ts';

/** Words of path steps: `ivhd0/cmd/3`. */
export const QUEUES = ['cmd', 'event', 'ppr'] as const;
export type QueueName = (typeof QUEUES)[number];

const LAYOUTS: Readonly<Record<QueueName, (words: Words) => Layout>> = {
  cmd: commandLayout,
  event: eventLayout,
  ppr: pprLayout,
};

/** What people call a queue. */
export const QUEUE_TITLES: Readonly<Record<QueueName, string>> = {
  cmd: 'Command buffer',
  event: 'Event log',
  ppr: 'PPR log',
};

/** Where a queue stands and how long it is; undefined where no register told. */
export function queueFacts(context: AmdContext, name: QueueName): QueueFacts | undefined {
  const { commandBuffer, eventLog, pprLog } = context.facts;
  return { cmd: commandBuffer, event: eventLog, ppr: pprLog }[name];
}

/** Entry `index` of a queue; undefined beyond its end, the missing page where it is not known. */
export function queueEntry(
  context: AmdContext,
  name: QueueName,
  index: number,
): Entry | { readonly address: bigint; readonly why: UnknownPage } | undefined {
  const queue = queueFacts(context, name);
  if (!queue || index < 0 || index >= queue.length / queue.descriptor) return undefined;
  const address = context.plain(queue.base) + BigInt(index * queue.descriptor);
  const words = readWords(context.memory, address, 2);
  if (isMissing(words)) return words;
  return {
    path: context.path(name, String(index)),
    address,
    words,
    layout: LAYOUTS[name](words),
  };
}

/** Indexes of entries that are not zero, and the pages that are not known, by first index. */
export function usedEntries(
  context: AmdContext,
  queue: QueueFacts,
): { readonly used: number[]; readonly missing: Map<number, UnknownPage> } {
  const used: number[] = [];
  const missing = new Map<number, UnknownPage>();
  const base = context.plain(queue.base);
  const wordsInEntry = queue.descriptor / 4;
  for (let offset = 0; offset < queue.length; offset += 4096) {
    const first = offset / queue.descriptor;
    const page = context.memory.page(Number((base + BigInt(offset)) >> 12n));
    if (!isKnown(page)) {
      missing.set(first, page);
      continue;
    }
    const words = new Uint32Array(page.buffer, page.byteOffset, 1024);
    const count = Math.min(4096, queue.length - offset) / queue.descriptor;
    for (let index = 0; index < count; index++)
      for (let word = 0; word < wordsInEntry; word++)
        if (words[index * wordsInEntry + word] !== 0) {
          used.push(first + index);
          break;
        }
  }
  return { used, missing };
}

/** What an entry says, short: its name, its fields that are not zero, flags by name. */
export function queueText(context: AmdContext, name: QueueName, entry: Entry): string {
  const parts = [entry.layout.name];
  const event = name === 'event' ? decodeEvent(entry.words) : undefined;
  for (const field of entry.layout.fields) {
    if (field.kind === 'reserved' || field.kind === 'enum' || field.name === 'EventCode') continue;
    if (event && field.width === 1) continue;
    const value = fieldValue(entry.words, field);
    if (value === 0n) continue;
    if (field.kind === 'bdf') parts.push(context.bdf(Number(value)));
    else if (field.kind === 'flag') parts.push(field.name);
    else if (field.kind === 'address') parts.push(hex(value << BigInt(field.shift)));
    else parts.push(`${field.name} ${field.width > 32 ? hex(value) : value}`);
  }
  if (event && event.flagNames.length > 0) parts.push(event.flagNames.join(' '));
  return parts.join(' · ');
}
