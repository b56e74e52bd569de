import { useMemo } from 'react';
import { useWorkbench } from '../state/context.ts';
import { textsOf } from '../state/saved.ts';
import { useStore } from '../state/store.ts';

/** Folds that are kept of one panel: the ones that were changed last. */
const KEPT = 1000;

interface Folds {
  readonly folds?: unknown;
}

/** The rows of a panel that are not folded, or open, as they are at first; kept with the session. */
export function useFolds(
  panel: string,
): readonly [ReadonlySet<string>, (folds: ReadonlySet<string>) => void] {
  const { view } = useWorkbench();
  const saved = useStore(view.state, () => view.panel<Folds>(panel, {}).folds);
  const folds = useMemo(() => new Set(textsOf(saved)), [saved]);
  return [
    folds,
    (next) => view.remember(panel, { ...view.panel(panel, {}), folds: [...next].slice(-KEPT) }),
  ];
}
