/** Elements that are gone through before a caller may do something else. */
const A_TURN = 1 << 18;

const DIGIT_BITS = 13;
const DIGITS = 1 << DIGIT_BITS;

/**
 * The places of a column's values in ascending order, equal ones as they stand: a radix sort,
 * whose time does not depend on what a hostile table holds, and which can pause at every yield.
 * @param column integers below 2^53
 */
export function* ascending(column: Float64Array): Generator<undefined, Uint32Array> {
  const count = column.length;
  let order = new Uint32Array(count);
  let sorted = true;
  let highest = 0;
  for (let at = 0; at < count; at++) {
    order[at] = at;
    if (at > 0 && column[at] < column[at - 1]) sorted = false;
    if (column[at] > highest) highest = column[at];
    if (at % A_TURN === A_TURN - 1) yield;
  }
  if (sorted) return order;
  let other = new Uint32Array(count);
  for (let weight = 1; weight <= highest; weight *= DIGITS) {
    const starts = new Uint32Array(DIGITS);
    for (let at = 0; at < count; at++) {
      starts[Math.floor(column[at] / weight) % DIGITS]++;
      if (at % A_TURN === A_TURN - 1) yield;
    }
    let sum = 0;
    for (let digit = 0; digit < DIGITS; digit++) {
      const here = starts[digit];
      starts[digit] = sum;
      sum += here;
    }
    for (let at = 0; at < count; at++) {
      const place = order[at];
      other[starts[Math.floor(column[place] / weight) % DIGITS]++] = place;
      if (at % A_TURN === A_TURN - 1) yield;
    }
    [order, other] = [other, order];
  }
  return order;
}

/**
 * The first place whose value is above `limit` in an ascending column.
 * @param from where to begin; every value before it is not above
 */
export function firstAbove(
  column: Float64Array,
  limit: number,
  from = 0,
  to = column.length,
): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (column[middle] > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
