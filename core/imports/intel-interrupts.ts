/** `ir_translation_struct` and `invalidation_queue` of Linux's Intel debugfs. */
import { parseBdf, type Bdf } from '../format/bdf.ts';
import { descriptorLayout } from '../vtd/descriptors.ts';
import { interruptEntryLayout } from '../vtd/interrupt-entries.ts';
import type { ImportedEntry } from './entries.ts';
import { hexWord, numberedLines } from './text-lines.ts';

export interface InterruptRow {
  readonly index: number;
  readonly source: Bdf;
  readonly vector: number;
  /** Destination of a remapped interrupt. */
  readonly destination: bigint | undefined;
  /** Address of a posted interrupt's descriptor. */
  readonly postedDescriptor: bigint | undefined;
  readonly entry: ImportedEntry;
}

/** The present entries of a unit's interrupt remapping table, remapped and posted. */
export interface InterruptUnit {
  readonly name: string;
  /** Undefined where the kernel says that interrupt remapping is off. */
  readonly table: bigint | undefined;
  readonly rows: readonly InterruptRow[];
}

export const INTERRUPT_HEAD = /^\s*(Remapped|Posted) Interrupt supported on IOMMU: (\S{1,32})\s*$/i;
const TABLE = /^\s*IR table address:\s*(?:0x)?([0-9a-f]{1,16})\s*$/i;
const REMAPPED =
  /^\s*(\d{1,5})\s+([0-9a-f:.]{7})\s+([0-9a-f]{8})\s+([0-9a-f]{2})\s+([0-9a-f]{16})\s+([0-9a-f]{16})\s*$/i;
const POSTED =
  /^\s*(\d{1,5})\s+([0-9a-f:.]{7})\s+([0-9a-f]{8})\s+([0-9a-f]{8})\s+([0-9a-f]{2})\s+([0-9a-f]{16})\s+([0-9a-f]{16})\s*$/i;

/**
 * Reads `ir_translation_struct`. Index is decimal; identities, destinations and vectors are
 * hexadecimal without 0x. A unit's posted entries come in a second part of the text and join
 * its remapped ones here.
 * @param extended whether the unit is in extended interrupt mode (IRTA.EIME), where it is known
 */
export function parseInterruptTranslation(text: string, extended?: boolean): InterruptUnit[] {
  const units = new Map<
    string,
    { name: string; table: bigint | undefined; rows: InterruptRow[] }
  >();
  let unit: { name: string; table: bigint | undefined; rows: InterruptRow[] } | undefined;
  for (const [line, content] of numberedLines(text)) {
    const head = INTERRUPT_HEAD.exec(content);
    if (head) {
      unit = units.get(head[2]) ?? { name: head[2], table: undefined, rows: [] };
      units.set(head[2], unit);
      continue;
    }
    if (!unit) continue;
    const table = TABLE.exec(content);
    if (table) {
      unit.table = hexWord(table[1]);
      continue;
    }
    const row = REMAPPED.exec(content) ?? POSTED.exec(content);
    const source = row && parseBdf(row[2]);
    if (!row || !source) continue;
    const posted = row.length === 8;
    const index = Number(row[1]);
    const words = [hexWord(row.at(-1)!), hexWord(row.at(-2)!)];
    unit.rows.push({
      index,
      source,
      vector: Number.parseInt(row.at(-3)!, 16),
      destination: posted ? undefined : hexWord(row[3]),
      postedDescriptor: posted ? (hexWord(row[3]) << 32n) | hexWord(row[4]) : undefined,
      entry: {
        layout: interruptEntryLayout(words, extended),
        words,
        address: unit.table === undefined ? undefined : unit.table + BigInt(index * 16),
        line,
      },
    });
  }
  return [...units.values()];
}

export interface QueueRow {
  readonly index: number;
  readonly entry: ImportedEntry;
  /** The driver's own note of what became of the descriptor. */
  readonly status: bigint;
}

export interface ImportedQueue {
  readonly name: string;
  readonly base: bigint | undefined;
  /** Entry numbers, not bytes. */
  readonly head: number | undefined;
  readonly tail: number | undefined;
  readonly rows: readonly QueueRow[];
}

export const QUEUE_HEAD = /^\s*Invalidation queue on IOMMU: (\S{1,32})\s*$/i;
const QUEUE_BASE =
  /^\s*Base:\s*(?:0x)?([0-9a-f]{1,16})\s+Head:\s*(\d{1,9})\s+Tail:\s*(\d{1,9})\s*$/i;
const QUEUE_ROW =
  /^\s*(\d{1,5})\s+([0-9a-f]{16})\s+([0-9a-f]{16})(?:\s+([0-9a-f]{16})\s+([0-9a-f]{16}))?\s+([0-9a-f]{16})\s*$/i;

/** Reads `invalidation_queue`: two words a descriptor, or four where the unit has scalable mode. */
export function parseInvalidationQueue(text: string): ImportedQueue[] {
  const queues: {
    name: string;
    base: bigint | undefined;
    head: number | undefined;
    tail: number | undefined;
    rows: QueueRow[];
  }[] = [];
  for (const [line, content] of numberedLines(text)) {
    const head = QUEUE_HEAD.exec(content);
    if (head) {
      queues.push({ name: head[1], base: undefined, head: undefined, tail: undefined, rows: [] });
      continue;
    }
    const queue = queues.at(-1);
    if (!queue) continue;
    const base = QUEUE_BASE.exec(content);
    if (base) {
      queue.base = hexWord(base[1]);
      queue.head = Number(base[2]);
      queue.tail = Number(base[3]);
      continue;
    }
    const row = QUEUE_ROW.exec(content);
    if (!row) continue;
    const words = [row[2], row[3], row[4], row[5]]
      .filter((digits) => digits !== undefined)
      .map(hexWord);
    const bytes = words.length * 8;
    const index = Number(row[1]);
    queue.rows.push({
      index,
      status: hexWord(row[6]),
      entry: {
        layout: descriptorLayout(words, bytes),
        words,
        address: queue.base === undefined ? undefined : queue.base + BigInt(index * bytes),
        line,
      },
    });
  }
  return queues;
}
