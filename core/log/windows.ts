/** Which nine bytes of an anchor are looked for. */

/** Bytes of a window, of one of its grams, and from one place that is looked at to the next. */
export const WINDOW = 9;
export const GRAM = 4;
export const STRIDE = WINDOW - GRAM + 1;

/** The pairs that are most frequent in consoles of real boots, the most frequent first. */
const FREQUENT_PAIRS =
  '00  : ]  0[ ff0:in0xer.0e re0. 1edte0]:0or pes 2s d t atleus a A rmeon t0 1.st,  [ngntemdetirig ' +
  ' ix0ablibl cser CP2. P0-alta f-0 sci01I:isiom itPI bfe20ve d IroAC10en (ce u mma02 Snd epc las 3ouur[m';
const RANKS: ReadonlyMap<string, number> = new Map(
  Array.from({ length: FREQUENT_PAIRS.length / 2 }, (_, rank) => [
    FREQUENT_PAIRS.slice(rank * 2, rank * 2 + 2),
    rank,
  ]),
);

/** Roughly how often a pair of characters occurs, in thousandths of all pairs. */
function pairFrequency(pair: string): number {
  const rank = RANKS.get(pair);
  if (rank !== undefined) return 240 / (rank + 20);
  return /^[a-z0-9 .:]{2}$/.test(pair) ? 0.3 : 0.03;
}

/** Roughly how often each gram of a text occurs in a console, in thousandths of all grams. */
function frequencies(text: string): number[] {
  const pairs = Array.from({ length: text.length - 1 }, (_, at) =>
    pairFrequency(text.slice(at, at + 2)),
  );
  return pairs.slice(2).map((pair, at) => (pair * pairs[at] * pairs[at + 1]) / 60);
}

/** What plain words cost as a window: they stand in lines of no interest, too. */
const WORDS = 1;

/**
 * A window of each anchor, chosen so that few places have one of its grams. Anchors with a text
 * in common share a window.
 * @throws RangeError when an anchor is too short.
 */
export function chooseWindows(anchors: readonly string[]): string[] {
  const taken = new Set<string>();
  const chosen = new Map<string, string>();
  for (const anchor of [...anchors].sort((a, b) => a.length - b.length)) {
    if (anchor.length < WINDOW)
      throw new RangeError(`anchor "${anchor}" is shorter than ${WINDOW} characters`);
    if (chosen.has(anchor)) continue;
    const costs = frequencies(anchor).map((cost, at) =>
      taken.has(anchor.slice(at, at + GRAM)) ? 0 : cost,
    );
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let at = 0; at + WINDOW <= anchor.length; at++) {
      let sum = /^[a-z ]+$/.test(anchor.slice(at, at + WINDOW)) ? WORDS : 0;
      for (let gram = at; gram < at + STRIDE; gram++) sum += costs[gram];
      if (sum >= least) continue;
      least = sum;
      best = at;
    }
    chosen.set(anchor, anchor.slice(best, best + WINDOW));
    for (let at = best; at < best + STRIDE; at++) taken.add(anchor.slice(at, at + GRAM));
  }
  return anchors.map((anchor) => chosen.get(anchor)!);
}
