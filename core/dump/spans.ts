/**
 * Spans of an address space that may overlap, resolved to disjoint ones. PT_LOADs that cover the
 * same memory and records of a flattened stream that overwrite each other are both of this kind.
 * Numbers are bytes, exact up to 2^53; columns and not objects, for there can be millions.
 */
export class SpanList {
  starts = new Float64Array(16);
  ends = new Float64Array(16);
  /** Where two spans overlap the higher rank holds; between equals the later one. */
  ranks = new Float64Array(16);
  length = 0;

  add(start: number, end: number, rank: number): void {
    if (this.length === this.starts.length) {
      this.starts = grown(this.starts);
      this.ends = grown(this.ends);
      this.ranks = grown(this.ranks);
    }
    this.starts[this.length] = start;
    this.ends[this.length] = end;
    this.ranks[this.length] = rank;
    this.length++;
  }
}

/** Disjoint spans in ascending order; `owner` is the index of the span that holds there. */
export interface ResolvedSpans {
  readonly length: number;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  readonly owners: Uint32Array;
}

/** Makes the spans disjoint: every address belongs to the highest-ranking span over it. */
export function resolveSpans(spans: SpanList): ResolvedSpans {
  const order = ascendingOrder(spans);
  const out = new SpanList();
  const active = new RankHeap(spans);
  let next = 0;
  let at = 0;
  let lastOwner = -1;
  while (next < order.length || active.size > 0) {
    if (active.size === 0) at = spans.starts[order[next]];
    while (next < order.length && spans.starts[order[next]] <= at) active.push(order[next++]);
    while (active.size > 0 && spans.ends[active.top] <= at) active.pop();
    if (active.size === 0) continue;
    const owner = active.top;
    const stop =
      next < order.length
        ? Math.min(spans.ends[owner], spans.starts[order[next]])
        : spans.ends[owner];
    if (owner === lastOwner && out.ends[out.length - 1] === at) out.ends[out.length - 1] = stop;
    else out.add(at, stop, owner);
    lastOwner = owner;
    at = stop;
  }
  return {
    length: out.length,
    starts: out.starts.slice(0, out.length),
    ends: out.ends.slice(0, out.length),
    owners: Uint32Array.from(out.ranks.subarray(0, out.length)),
  };
}

/** Index of the last resolved span that starts at or below `address`; -1 when there is none. */
export function spanBelow(spans: ResolvedSpans, address: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (spans.starts[middle] <= address) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Indices of the non-empty spans by ascending start. Sorted input, the usual case, costs one pass. */
function ascendingOrder(spans: SpanList): Uint32Array {
  const order = new Uint32Array(spans.length);
  let count = 0;
  let sorted = true;
  let previous = -Infinity;
  for (let index = 0; index < spans.length; index++) {
    const start = spans.starts[index];
    if (spans.ends[index] <= start) continue;
    if (start < previous) sorted = false;
    previous = start;
    order[count++] = index;
  }
  const used = order.subarray(0, count);
  if (!sorted) used.sort((a, b) => spans.starts[a] - spans.starts[b] || a - b);
  return used;
}

/** A binary heap of span indices, the highest rank (then the highest index) on top. */
class RankHeap {
  readonly #spans: SpanList;
  readonly #items: number[] = [];

  constructor(spans: SpanList) {
    this.#spans = spans;
  }

  get size(): number {
    return this.#items.length;
  }

  get top(): number {
    return this.#items[0];
  }

  push(index: number): void {
    const items = this.#items;
    let at = items.push(index) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#above(items[at], items[parent])) break;
      [items[at], items[parent]] = [items[parent], items[at]];
      at = parent;
    }
  }

  pop(): void {
    const items = this.#items;
    const last = items.pop();
    if (last === undefined || items.length === 0) return;
    items[0] = last;
    let at = 0;
    for (;;) {
      let best = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < items.length && this.#above(items[child], items[best])) best = child;
      if (best === at) return;
      [items[at], items[best]] = [items[best], items[at]];
      at = best;
    }
  }

  #above(a: number, b: number): boolean {
    const ranks = this.#spans.ranks;
    return ranks[a] > ranks[b] || (ranks[a] === ranks[b] && a > b);
  }
}

function grown(column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const wider = new Float64Array(column.length * 2);
  wider.set(column);
  return wider;
}
