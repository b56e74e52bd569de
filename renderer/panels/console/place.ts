import type { Anchor } from '../../state/anchors.ts';
import type { Selection } from '../../state/selection.ts';
import type { ViewModel } from '../../state/view.ts';
import type { Place } from './terminal.ts';

/** What the anchor of a console that is followed is known by. */
const END = 'end';
/** Selections that nobody made just now. */
const NOT_NOW = new Set(['start', 'session', 'auto']);

/** What was selected when a place was kept last: that is no reason to leave it. */
const selectedThen = new WeakMap<ViewModel, Map<string, Selection>>();

/** Whether a person made a selection just now. */
export function madeNow({ from }: Selection): boolean {
  return !NOT_NOW.has(from);
}

/** Keeps with the session where a console stands. */
export function keepPlace(view: ViewModel, list: string, place: Place, now: Selection): void {
  const then = selectedThen.get(view) ?? new Map<string, Selection>();
  selectedThen.set(view, then.set(list, now));
  view.keepAnchor(list, anchorOf(place));
}

/**
 * Where a console stood; undefined where nothing is kept, or when another thing was selected since:
 * then that leads.
 */
export function keptPlace(view: ViewModel, list: string, now: Selection): Place | undefined {
  const anchor = view.anchor(list);
  const leads = madeNow(now) && selectedThen.get(view)?.get(list) !== now;
  return anchor === undefined || leads ? undefined : placeOf(anchor);
}

function anchorOf(place: Place): Anchor {
  return place === 'end' ? { id: END, index: 0 } : { index: place };
}

function placeOf({ id, index }: Anchor): Place {
  return id === END ? 'end' : Math.max(1, index);
}
