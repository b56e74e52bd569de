import { useEffect, useRef } from 'react';
import type { Anchor } from '../state/anchors.ts';
import { findAnchor } from '../state/anchors.ts';
import { useWorkbench } from '../state/context.ts';

/** Selections that nobody made just now. */
const NOT_NOW = new Set(['start', 'session', 'auto', 'history']);

interface Rows {
  readonly count: number;
  readonly idOf: ((index: number) => string | undefined) | undefined;
  /** The first row on the screen. */
  readonly first: number;
  /** Height of a row, px. */
  readonly height: number;
  /** Scrolls so that a row is the first one, if it is not. */
  readonly scrollTo: (index: number) => void;
}

interface Kept {
  readonly list: string | undefined;
  /** The place that the list is to have again. */
  readonly wanted: Anchor | undefined;
  /** The selected row was not chosen since the place is kept. */
  readonly quiet: boolean;
  /** The list's own selection, which it may find when it comes back, was seen. */
  readonly own: boolean;
}

/** What a list does about its place. */
export interface Place {
  /** A person moves here now: what was looked for is no longer of interest. */
  readonly touched: () => void;
  /** Whether the selected row is to be scrolled to: not where a place is kept and nobody chose. */
  readonly leads: () => boolean;
}

/**
 * Keeps the first row on the screen of a list with the session, by its identity, and finds it
 * again when the list comes back: in a new page, from a new engine, behind another tab.
 */
export function useAnchor(list: string | undefined, rows: Rows): Place {
  const { view, selection } = useWorkbench();
  const { count, first, height, idOf, scrollTo } = rows;
  const kept = useRef<Kept>({ list: undefined, wanted: undefined, quiet: false, own: false });
  const last = useRef<Anchor | undefined>(undefined);
  const sized = useRef(height);

  // After each drawing: rows come one after the other, and each time one more may be known.
  useEffect(() => {
    const state = kept.current;
    if (list === undefined) return;
    if (state.list !== list) {
      const wanted = view.anchor(list);
      // Another list in the same place begins at its top.
      if (state.list !== undefined && !wanted) scrollTo(0);
      kept.current = { list, wanted, quiet: wanted !== undefined, own: false };
      last.current = wanted;
    } else if (count === 0 && last.current && !state.wanted) {
      // The rows went, and with them the place; they may come again.
      kept.current = { list, wanted: last.current, quiet: true, own: false };
    }
    const { wanted } = kept.current;
    if (wanted === undefined) {
      if (count === 0) return;
      if (sized.current !== height) scrollTo(last.current?.index ?? first);
      else {
        const id = idOf?.(first);
        last.current = id === undefined ? { index: first } : { id, index: first };
        view.keepAnchor(list, last.current);
      }
      sized.current = height;
      return;
    }
    sized.current = height;
    if (count === 0) return;
    const found = findAnchor(wanted, count, (index) => idOf?.(index));
    const target = found === undefined || found < 0 ? wanted.index : found;
    scrollTo(Math.min(target, count - 1));
    if (found !== undefined) kept.current = { ...kept.current, wanted: undefined };
  });

  return {
    touched: () => {
      kept.current = { ...kept.current, wanted: undefined, quiet: false };
    },
    leads: () => {
      const { quiet, own } = kept.current;
      if (!quiet) return true;
      const { from } = selection.current;
      if (NOT_NOW.has(from)) return false;
      const known = !own && from === list?.split(' ')[0];
      kept.current = { ...kept.current, quiet: known, own: true };
      return !known;
    },
  };
}
