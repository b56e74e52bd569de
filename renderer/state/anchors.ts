/** The row that is first on the screen of a list: by its identity, which outlives its place. */
export interface Anchor {
  /** Absent when the row was not here yet. */
  readonly id?: string;
  /** Where it was. */
  readonly index: number;
}

/** Lists of which the place is kept: the ones that were scrolled last. */
const KEPT = 64;
/** Rows on either side of where a row was in which it is looked for. */
const NEAR = 4096;

/** Where lists were scrolled to. */
export class Anchors {
  readonly #lists = new Map<string, Anchor>();

  get(list: string): Anchor | undefined {
    return this.#lists.get(list);
  }

  /** @returns whether it is another one than before */
  set(list: string, anchor: Anchor): boolean {
    const old = this.#lists.get(list);
    if (old?.id === anchor.id && old?.index === anchor.index) return false;
    this.#lists.delete(list);
    this.#lists.set(list, anchor);
    if (this.#lists.size > KEPT) {
      const [oldest] = this.#lists.keys();
      this.#lists.delete(oldest);
    }
    return true;
  }

  toJSON(): Record<string, Anchor> {
    return Object.fromEntries(this.#lists);
  }

  /** Takes what a saved view holds under `anchors`; anything else leaves none. */
  read(state: string | undefined): void {
    this.#lists.clear();
    for (const [list, anchor] of savedIn(state)) this.set(list, anchor);
  }
}

function savedIn(state: string | undefined): [string, Anchor][] {
  try {
    const saved: unknown = JSON.parse(state ?? '{}');
    const { anchors } = Object(saved) as { anchors?: unknown };
    return Object.entries(Object(anchors) as Record<string, unknown>).flatMap(([list, raw]) => {
      const { id, index } = Object(raw) as { id?: unknown; index?: unknown };
      if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0) return [];
      return [[list, typeof id === 'string' ? { id, index } : { index }]];
    });
  } catch {
    return [];
  }
}

/**
 * Where an anchor's row is now: at its old index, or near it among the rows that are here.
 * @returns undefined while its row may still come, -1 when it is not here any more
 */
export function findAnchor(
  { id, index }: Anchor,
  count: number,
  idOf: (index: number) => string | undefined,
): number | undefined {
  if (id === undefined) return index < count ? index : undefined;
  const here = index < count ? idOf(index) : undefined;
  if (here === id) return index;
  for (let away = 1; away <= NEAR; away++) {
    const [above, below] = [index - away, index + away];
    if (above >= 0 && above < count && idOf(above) === id) return above;
    if (below < count && idOf(below) === id) return below;
    if (above < 0 && below >= count) break;
  }
  return here === undefined ? undefined : -1;
}
