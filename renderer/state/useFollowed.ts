import { startTransition, useEffect, useState } from 'react';
import { usePanelId } from '../ui/Panel.tsx';
import { useWorkbench } from './context.ts';
import { inNextFrame } from './paced.ts';
import type { Selection } from './selection.ts';

/**
 * A part of the selection as this panel follows it: while its link is off, or when the selection
 * says nothing of that part, the last value stays.
 */
export function useFollowed<T>(pick: (selection: Selection) => T | undefined): T | undefined {
  const { selection, view } = useWorkbench();
  const id = usePanelId();
  const [value, setValue] = useState<T | undefined>(() => selection.last(pick));
  useEffect(() => {
    let over = false;
    const take = (): void => {
      if (over || !view.linked(id)) return;
      const next = pick(selection.current);
      // Who follows may lag behind the panel that leads, and leave out what was passed quickly.
      if (next !== undefined) startTransition(() => setValue(next));
    };
    take();
    const stop = selection.store.subscribe(() => inNextFrame(take));
    return () => {
      over = true;
      stop();
    };
    // `pick` is a plain reading of the selection and the same at every call.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [selection, view, id]);
  return value;
}
