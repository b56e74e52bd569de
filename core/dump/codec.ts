/** Compressed bytes that break the rules of their format; the page that they stand for is lost. */
export class DamagedData extends Error {
  override readonly name = 'DamagedData';
}

/** Runs longer than this are copied by the engine's own block copy, which has a cost to start. */
const BLOCK_COPY = 48;

/** Copies literals: `length` bytes of `from` at `at` to `into` at `out`. Bounds are the caller's. */
export function copyLiterals(
  from: Uint8Array,
  at: number,
  into: Uint8Array,
  out: number,
  length: number,
): void {
  if (length > BLOCK_COPY) into.set(from.subarray(at, at + length), out);
  else for (let index = 0; index < length; index++) into[out + index] = from[at + index];
}

/**
 * Copies a match: `length` bytes from `distance` bytes back to `out`. A match may reach into
 * what it writes, and then repeats. Bounds are the caller's.
 */
export function copyMatch(into: Uint8Array, out: number, distance: number, length: number): void {
  if (distance >= length && length > BLOCK_COPY) {
    into.copyWithin(out, out - distance, out - distance + length);
  } else if (distance === 1 && length > BLOCK_COPY) {
    into.fill(into[out - 1], out, out + length);
  } else {
    const end = out + length;
    for (let to = out, from = out - distance; to < end; to++, from++) into[to] = into[from];
  }
}
