import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveSpans, spanBelow, SpanList } from '../../../core/dump/spans.ts';

interface Span {
  readonly start: number;
  readonly end: number;
  readonly rank: number;
}

function resolve(spans: readonly Span[]): { start: number; end: number; owner: number }[] {
  const list = new SpanList();
  for (const { start, end, rank } of spans) list.add(start, end, rank);
  const resolved = resolveSpans(list);
  return Array.from({ length: resolved.length }, (_, index) => ({
    start: resolved.starts[index],
    end: resolved.ends[index],
    owner: resolved.owners[index],
  }));
}

/** The plain way: who owns each address. */
function painted(spans: readonly Span[], size: number): (number | undefined)[] {
  return Array.from({ length: size }, (_, at) => {
    let owner: number | undefined;
    spans.forEach(({ start, end, rank }, index) => {
      if (at >= start && at < end && (owner === undefined || rank >= spans[owner].rank))
        owner = index;
    });
    return owner;
  });
}

describe('spans that overlap', () => {
  it('leaves disjoint ones as they are', () => {
    expect(
      resolve([
        { start: 10, end: 20, rank: 0 },
        { start: 0, end: 5, rank: 0 },
      ]),
    ).toEqual([
      { start: 0, end: 5, owner: 1 },
      { start: 10, end: 20, owner: 0 },
    ]);
  });

  it('lets a higher rank hold, and between equals the later', () => {
    expect(
      resolve([
        { start: 0, end: 30, rank: 1 },
        { start: 10, end: 20, rank: 2 },
        { start: 5, end: 25, rank: 1 },
        { start: 0, end: 30, rank: 0 },
      ]),
    ).toEqual([
      { start: 0, end: 5, owner: 0 },
      { start: 5, end: 10, owner: 2 },
      { start: 10, end: 20, owner: 1 },
      { start: 20, end: 25, owner: 2 },
      { start: 25, end: 30, owner: 0 },
    ]);
  });

  it('drops empty ones', () => {
    expect(resolve([{ start: 5, end: 5, rank: 3 }])).toEqual([]);
  });

  it('is what painting one over the other gives, for any spans', () => {
    const span = fc
      .tuple(fc.nat(60), fc.nat(20), fc.nat(3))
      .map(([start, length, rank]): Span => ({ start, end: start + length, rank }));
    fc.assert(
      fc.property(fc.array(span, { maxLength: 25 }), (spans) => {
        const resolved = resolve(spans);
        const owners: (number | undefined)[] = Array(90).fill(undefined);
        let last = -1;
        for (const { start, end, owner } of resolved) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(start);
          last = end;
          for (let at = start; at < end; at++) owners[at] = owner;
        }
        expect(owners).toEqual(painted(spans, 90));
      }),
      { numRuns: 1000 },
    );
  });

  it('finds the span at or below an address', () => {
    const list = new SpanList();
    for (let index = 0; index < 100; index++) list.add(index * 10, index * 10 + 5, 0);
    const spans = resolveSpans(list);
    expect(spanBelow(spans, -1)).toBe(-1);
    expect(spanBelow(spans, 0)).toBe(0);
    expect(spanBelow(spans, 9)).toBe(0);
    expect(spanBelow(spans, 995)).toBe(99);
  });
});
