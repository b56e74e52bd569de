/**
 * Plain data: what JSON can hold, and nothing else. A channel in memory copies it, so that
 * nothing is shared between the two ends; the engine weighs it before it looks inside.
 */

/** Arrays and objects inside each other, at most; the contract needs 10. */
const MAX_DEPTH = 64;

/**
 * A deep copy with JSON's meaning: properties that are undefined are left out.
 * @throws TypeError on what JSON can't hold: bigint, function, symbol, a loop.
 */
export function copyPlain(value: unknown, depth = 0): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (depth > MAX_DEPTH) throw new TypeError(`a message is nested deeper than ${MAX_DEPTH}`);
  if (Array.isArray(value))
    return value.map((each: unknown) => (each === undefined ? null : copyPlain(each, depth + 1)));
  if (typeof value !== 'object') throw new TypeError(`a message can't hold a ${typeof value}`);
  const out: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(value))
    if (each !== undefined) out[key] = copyPlain(each, depth + 1);
  return out;
}

/**
 * Whether a message weighs more than `limit` (characters of its strings and keys, and 8 for
 * every value). It stops looking as soon as that is known, and at a depth that no message has.
 */
export function heavierThan(value: unknown, limit: number): boolean {
  let weight = 0;
  const visit = (each: unknown, depth: number): boolean => {
    weight += typeof each === 'string' ? each.length + 8 : 8;
    if (weight > limit || depth > MAX_DEPTH) return true;
    if (typeof each !== 'object' || each === null) return false;
    if (Array.isArray(each)) return each.some((item) => visit(item, depth + 1));
    for (const [key, item] of Object.entries(each)) {
      weight += key.length;
      if (visit(item, depth + 1)) return true;
    }
    return false;
  };
  return visit(value, 0);
}
