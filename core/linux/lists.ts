import { hex } from '../format/hex.ts';
import type { VirtualMemory } from './paging.ts';
import type { StructReader } from './structs.ts';

/** Entries of a list that are followed at most. */
const MAX_ENTRIES = 65_536;

/**
 * Addresses of the structures on a `list_head`, in order. Ends, with a finding, at a pointer that
 * leads back into the list or nowhere.
 *
 * @param head address of the list's head
 * @param offset bytes from a structure's start to its own list_head
 */
export function listEntries(
  memory: VirtualMemory,
  head: bigint,
  offset: number,
  limit: number = MAX_ENTRIES,
): bigint[] {
  const entries: bigint[] = [];
  const seen = new Set<bigint>([head]);
  let at = memory.u64(head);
  // A head that was never initialised is an empty list.
  if (at === 0n) return entries;
  while (at !== undefined && at !== head) {
    if (seen.has(at) || entries.length >= limit || !memory.isKernelAddress(at)) {
      const why = seen.has(at)
        ? 'leads back into itself'
        : entries.length >= limit
          ? `has more than ${limit} entries`
          : `leads to ${hex(at)}, which is no kernel address`;
      memory.notes.finding(
        'warning',
        'bad-list',
        `The kernel's list at ${hex(head)} ${why}; ${entries.length} entries were read.`,
      );
      break;
    }
    seen.add(at);
    entries.push(at - BigInt(offset));
    at = memory.u64(at);
  }
  return entries;
}

/** Addresses of `struct` structures linked through `member` on the list at `head`. */
export function structsOnList(
  reader: StructReader,
  head: bigint,
  struct: string,
  member: string,
  limit?: number,
): bigint[] {
  const offset = reader.offsetOf(struct, member);
  return offset === undefined ? [] : listEntries(reader.memory, head, offset, limit);
}
