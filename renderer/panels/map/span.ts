/** Addresses that a strip shows; both ends included. */
export interface Span {
  readonly from: bigint;
  readonly to: bigint;
}

/** The widest span, and the least. */
export const WHOLE: Span = { from: 0n, to: (1n << 64n) - 1n };
export const LEAST = 4096n;
const FOUR_GIB = 1n << 32n;
/** Ranges below it are shown with room around them. */
const ROOMY = 1n << 30n;
/** Steps of a zoom: the span halves or doubles. */
export type Zoom = 'in' | 'out';

export const sizeOf = ({ from, to }: Span): bigint => to - from + 1n;

/** A span of that size as near to `from` as the address space allows, whole pages. */
export function spanAt(from: bigint, size: bigint): Span {
  const whole = sizeOf(WHOLE);
  const room = size < LEAST ? LEAST : size > whole ? whole : size;
  const pages = ((room + LEAST - 1n) / LEAST) * LEAST;
  const start = from < 0n ? 0n : (from / LEAST) * LEAST;
  const last = whole - pages;
  const at = start > last ? last : start;
  return { from: at, to: at + pages - 1n };
}

/** Halves or doubles a span; what stood at `at` (0 the left edge, 1 the right) stays there. */
export function zoomed(span: Span, zoom: Zoom, at = 0.5): Span {
  const size = sizeOf(span);
  const next = zoom === 'in' ? size / 2n : size * 2n;
  const bounded = next < LEAST ? LEAST : next;
  const weight = BigInt(Math.round(Math.min(1, Math.max(0, at)) * 1024));
  return spanAt(span.from + ((size - bounded) * weight) / 1024n, bounded);
}

/** Moves a span by a part of its own width. */
export function panned(span: Span, part: number): Span {
  const size = sizeOf(span);
  return spanAt(span.from + (size * BigInt(Math.round(part * 1024))) / 1024n, size);
}

/** The least span of a power of two that shows a range with some room around it. */
export function around(range: Span): Span {
  const wanted = sizeOf(range) + (sizeOf(range) < ROOMY ? sizeOf(range) / 8n : 0n);
  let size = LEAST;
  while (size < wanted) size *= 2n;
  return spanAt(range.from - (size - sizeOf(range)) / 2n, size);
}

/** The same size, moved so that a range is in view; a range that is larger is shown as a whole. */
export function showing(span: Span, range: Span): Span {
  if (range.from >= span.from && range.to <= span.to) return span;
  const size = sizeOf(span);
  if (sizeOf(range) > size) return around(range);
  return spanAt(range.from - (size - sizeOf(range)) / 2n, size);
}

/** The overview's span: all addresses up to the last that matters, at least 4 GiB. */
export function overview(last: bigint): Span {
  let size = FOUR_GIB;
  while (size <= last && size < sizeOf(WHOLE)) size *= 2n;
  return { from: 0n, to: size - 1n };
}

/** Where an address stands in a strip of that width; outside of it for addresses outside. */
export function xOf(address: bigint, span: Span, width: number): number {
  return (Number(address - span.from) / Number(sizeOf(span))) * width;
}

/** The address at a place of a strip. */
export function addressAt(x: number, span: Span, width: number): bigint {
  const part = BigInt(Math.round((Math.min(Math.max(x, 0), width) / Math.max(1, width)) * 2 ** 40));
  const address = span.from + (sizeOf(span) * part) / (1n << 40n);
  return address > span.to ? span.to : address;
}

/** Round addresses within a span, at most as many as asked for. */
export function ticks(span: Span, most: number): bigint[] {
  let step = LEAST;
  while (sizeOf(span) / step > BigInt(Math.max(1, most))) step *= 2n;
  const found: bigint[] = [];
  for (let at = ((span.from + step - 1n) / step) * step; at <= span.to; at += step) found.push(at);
  return found;
}
