/** The command queue of a unit: where it stands, and what waits in it. */
import { decode } from '../bits/layout.ts';
import { hex } from '../format/hex.ts';
import type { QueueFacts } from '../iommu/facts.ts';
import type { Entry, Unit } from '../iommu/unit.ts';
import { fieldsJson, summaryOf } from './registers-document.ts';

/** Descriptors that one answer lists. */
const LIST_LIMIT = 256;

export interface QueueJson {
  /** `invalidation queue` of VT-d, `command buffer` of AMD-Vi. */
  readonly what: string;
  readonly base: string;
  /** Entries that it has room for. */
  readonly capacity: number;
  /** Entry numbers; null where no register was read. */
  readonly head: number | null;
  readonly tail: number | null;
  /** From head to tail: what the unit has not fetched yet. Null where head or tail is not known. */
  readonly waiting: readonly QueueEntryJson[] | null;
  /** The entry before the head: the last one that the unit fetched. */
  readonly last: QueueEntryJson | null;
}

export interface QueueEntryJson {
  readonly index: number;
  readonly path: string;
  readonly what: string;
  readonly raw: readonly string[];
  readonly fields: Readonly<Record<string, string>>;
  readonly summary: string;
}

/** A unit's queue of commands; undefined where nothing tells of one. */
export function queueJson(unit: Unit): QueueJson | undefined {
  const { facts } = unit;
  const queue = facts.vendor === 'intel' ? facts.queue : facts.commandBuffer;
  if (!queue || queue.descriptor === 0) return undefined;
  const capacity = Math.floor(queue.length / queue.descriptor);
  const [head, tail] = [indexOf(queue, queue.head), indexOf(queue, queue.tail)];
  const at = (index: number): QueueEntryJson | undefined => {
    const entry = unit.entry(
      `${facts.name}/${facts.vendor === 'intel' ? 'queue' : 'cmd'}/${index}`,
    );
    return entry && entryJson(index, entry);
  };
  const known = head !== null && tail !== null && head < capacity && tail < capacity;
  const count = known ? Math.min((tail - head + capacity) % capacity, LIST_LIMIT) : 0;
  return {
    what: facts.vendor === 'intel' ? 'invalidation queue' : 'command buffer',
    base: hex(queue.base),
    capacity,
    head,
    tail,
    waiting: known
      ? Array.from({ length: count }, (_, step) => at((head + step) % capacity)).filter(
          (entry) => entry !== undefined,
        )
      : null,
    last: known ? (at((head - 1 + capacity) % capacity) ?? null) : null,
  };
}

function indexOf(queue: QueueFacts, offset: number | undefined): number | null {
  return offset === undefined ? null : Math.floor(offset / queue.descriptor);
}

function entryJson(index: number, { path, layout, words }: Entry): QueueEntryJson {
  const fields = decode(layout, words);
  return {
    index,
    path,
    what: layout.name,
    raw: words.map(hex),
    fields: fieldsJson(fields),
    summary: summaryOf(fields),
  };
}
