/** The interrupt remapping table (VT-d §5.1, §9.10, §9.11). */
import type { Words } from '../bits/layout.ts';
import { valueOf } from '../bits/layout.ts';
import { formatBdf } from '../format/bdf.ts';
import type { IntelFacts, IntelInterruptFacts } from '../iommu/facts.ts';
import type { Incomplete } from '../iommu/finding.ts';
import type { Entry, InterruptEntry, InterruptTable } from '../iommu/unit.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { pfnOf } from '../memory/physical.ts';
import { missingPage } from './findings.ts';
import { IRTE_POSTED, IRTE_REMAPPED_EXTENDED, interruptEntryLayout } from './interrupt-entries.ts';
import { entryWords, tableWords, wordsAt } from './reader.ts';

/** Bytes in an entry, and entries in a page. */
const ENTRY = 16;
const PER_PAGE = 4096 / ENTRY;
/** IRTA's size field cannot say more. */
const MAX_ENTRIES = 65536;

/** `dmar0/irq/42`. */
export function interruptPath(facts: IntelFacts, index: number): string {
  return `${facts.name}/irq/${index}`;
}

/** The unit's table, or nothing where none is known. */
export function listInterrupts(
  facts: IntelFacts,
  memory: PhysicalMemory,
  all: boolean,
): InterruptTable[] {
  const { interrupts } = facts;
  if (!interrupts) return [];
  const capacity = Math.min(interrupts.capacity, MAX_ENTRIES);
  const entries: InterruptEntry[] = [];
  const incomplete: Incomplete[] = [];
  let present = 0;
  for (let first = 0; first < capacity; first += PER_PAGE) {
    const address = interrupts.table + BigInt(ENTRY * first);
    const page = tableWords(memory, pfnOf(address));
    if (typeof page === 'string') {
      const at = `${facts.name}/irq`;
      incomplete.push(missingPage('interrupt remapping table', at, address, page));
      continue;
    }
    for (let slot = 0; slot < PER_PAGE && first + slot < capacity; slot++) {
      const valid = (page[4 * slot] & 1) !== 0;
      if (valid) present++;
      if (!valid && !all) continue;
      const entry = interruptAt(facts, interrupts, first + slot, wordsAt(page, 2 * slot, 2));
      entries.push(interruptRowOf(facts, first + slot, entry));
    }
  }
  return [{ table: interrupts.table, capacity, devices: [], entries, present, incomplete }];
}

/** One entry by its index; undefined beyond the table or where its page is not known. */
export function interruptEntry(
  facts: IntelFacts,
  memory: PhysicalMemory,
  index: number,
): Entry | undefined {
  const { interrupts } = facts;
  if (!interrupts || index >= Math.min(interrupts.capacity, MAX_ENTRIES)) return undefined;
  const words = entryWords(memory, interrupts.table + BigInt(ENTRY * index), 2);
  return typeof words === 'string' ? undefined : interruptAt(facts, interrupts, index, words);
}

function interruptAt(
  facts: IntelFacts,
  interrupts: IntelInterruptFacts,
  index: number,
  words: Words,
): Entry {
  return {
    path: interruptPath(facts, index),
    address: interrupts.table + BigInt(ENTRY * index),
    words,
    layout: interruptEntryLayout(words, interrupts.extended),
  };
}

/** What an entry says, as the vendor-neutral row. */
export function interruptRowOf(facts: IntelFacts, index: number, entry: Entry): InterruptEntry {
  const { layout, words } = entry;
  const posted = layout === IRTE_POSTED;
  return {
    index,
    entry,
    present: (words[0] & 1n) === 1n,
    vector: Number(valueOf(layout, words, posted ? 'VV' : 'V')),
    destination: posted ? undefined : destinationOf(entry, facts.interrupts?.extended),
    source: sourceOf(facts, entry),
    posted,
  };
}

/** The APIC ID; its width, and with it the value, is unknown while EIME is. */
function destinationOf(entry: Entry, extended: boolean | undefined): number | undefined {
  if (extended !== undefined) return Number(valueOf(entry.layout, entry.words, 'DST'));
  const wide = Number(valueOf(IRTE_REMAPPED_EXTENDED, entry.words, 'DST'));
  return wide === 0 ? 0 : undefined;
}

/** The requester that the entry allows; undefined when it checks none. */
function sourceOf(facts: IntelFacts, entry: Entry): string | undefined {
  const type = Number(valueOf(entry.layout, entry.words, 'SVT'));
  if (type === 0) return undefined;
  return formatBdf(Number(valueOf(entry.layout, entry.words, 'SID')), facts.segment);
}
