/** Rows that are looked at for the parent of one. */
const MAX_ABOVE = 20_000;

/** What a list with levels can do by keys, when its panel has no better way. */
interface Leveled {
  readonly count: number;
  readonly aria?: (index: number) => { readonly level?: number; readonly expanded?: boolean };
  readonly onSelect: (index: number) => void;
  readonly onToggle?: (index: number) => void;
}

/**
 * Up to the parent (U), and expand (*).
 * @returns whether the key was one of these
 */
export function treeKey(stroke: string, index: number, list: Leveled): boolean {
  const { aria, count, onSelect, onToggle } = list;
  if (!aria || index < 0 || index >= count || (stroke !== 'U' && stroke !== '*')) return false;
  const { level, expanded } = aria(index);
  if (level === undefined) return false;
  if (stroke === '*' && expanded === false) onToggle?.(index);
  if (stroke === 'U')
    for (let above = index - 1; above >= Math.max(0, index - MAX_ABOVE); above--)
      if ((aria(above).level ?? level) < level) {
        onSelect(above);
        break;
      }
  return true;
}
