/** Physical pages that the tables of more than one domain map. */
import type { IndexedTable } from '../reverse.ts';

/** Ranges that are gone through before a caller may do something else. */
const A_TURN = 1 << 17;

/** One range on its way through the merge. */
interface Cursor {
  /** Place of the table. */
  readonly table: number;
  readonly domain: number;
  readonly pa: Float64Array;
  readonly order: Uint32Array;
  /** Place in `order`. */
  at: number;
}

/** The furthest end (or lowest start) seen, and the one of any other domain. */
interface Reached {
  domain: number;
  value: number;
  other: number;
}

/**
 * For each table a flag for each of its ranges: 1 where another domain maps a page of it too.
 * Going up marks a range that begins within an earlier one, going down one that reaches into a
 * later one; nothing is compared pair by pair.
 */
export function* overlaps(
  tables: readonly IndexedTable[],
): Generator<undefined, readonly Uint8Array<ArrayBuffer>[]> {
  const flags = tables.map(({ ranges }) => new Uint8Array(ranges.count));
  const domains = domainsOf(tables);
  if (new Set(domains).size < 2) return flags;
  for (const up of [true, false]) {
    const seen: Reached = up
      ? { domain: -1, value: -1, other: -1 }
      : { domain: -1, value: Infinity, other: Infinity };
    let turn = 0;
    for (const { table, domain, at } of inOrder(tables, domains, up)) {
      const { pa, pages } = tables[table].ranges;
      const reached = seen.domain === domain ? seen.other : seen.value;
      const hit = up ? reached > pa[at] : reached < pa[at] + pages[at];
      if (hit) flags[table][at] = 1;
      take(seen, domain, up ? pa[at] + pages[at] : pa[at], up ? Math.max : Math.min);
      if (++turn % A_TURN === 0) yield;
    }
  }
  return flags;
}

function take(
  seen: Reached,
  domain: number,
  value: number,
  better: (a: number, b: number) => number,
): void {
  if (seen.domain === domain) seen.value = better(seen.value, value);
  else if (better(seen.value, value) === value) {
    seen.other = seen.value;
    seen.domain = domain;
    seen.value = value;
  } else seen.other = better(seen.other, value);
}

/** A number for each table's domain; a table without one is a domain of its own. */
function domainsOf(tables: readonly IndexedTable[]): number[] {
  const numbers = new Map<string, number>();
  return tables.map(({ table }, place) => {
    const { domain } = table.device;
    const key = domain === undefined ? `table ${place}` : `${table.unit.facts.name} ${domain}`;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size);
    return numbers.size - 1;
  });
}

/** All ranges of all tables by physical address, through a heap of one cursor a table. */
function* inOrder(
  tables: readonly IndexedTable[],
  domains: readonly number[],
  up: boolean,
): Generator<{ readonly table: number; readonly domain: number; readonly at: number }> {
  const heap: Cursor[] = [];
  const address = ({ pa, order, at }: Cursor): number => pa[order[at]];
  // Equal addresses go by their table, so that one way is exactly the other reversed.
  const above = (a: Cursor, b: Cursor): number => address(a) - address(b) || a.table - b.table;
  const before = (a: Cursor, b: Cursor): boolean => (up ? above(a, b) < 0 : above(a, b) > 0);
  const sink = (place: number): void => {
    for (;;) {
      const left = 2 * place + 1;
      let best = place;
      if (left < heap.length && before(heap[left], heap[best])) best = left;
      if (left + 1 < heap.length && before(heap[left + 1], heap[best])) best = left + 1;
      if (best === place) return;
      [heap[place], heap[best]] = [heap[best], heap[place]];
      place = best;
    }
  };
  for (const [table, { ranges, order }] of tables.entries())
    if (ranges.count > 0)
      heap.push({
        table,
        domain: domains[table],
        pa: ranges.pa,
        order,
        at: up ? 0 : ranges.count - 1,
      });
  for (let place = heap.length >> 1; place >= 0; place--) sink(place);
  while (heap.length > 0) {
    const [cursor] = heap;
    yield { table: cursor.table, domain: cursor.domain, at: cursor.order[cursor.at] };
    cursor.at += up ? 1 : -1;
    if (cursor.at < 0 || cursor.at >= cursor.order.length) {
      const last = heap.pop()!;
      if (heap.length > 0) heap[0] = last;
    }
    sink(0);
  }
}
