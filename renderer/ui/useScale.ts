import { useEffect, useState } from 'react';
import { useWorkbench } from '../state/context.ts';
import { useStore } from '../state/store.ts';
import { screenScale } from './colours.ts';

/**
 * Pixels of the screen for one of the layout, which canvases are drawn for: it changes with the
 * zoom, and when the window comes to another screen.
 */
export function useScale(): number {
  const { view } = useWorkbench();
  useStore(view.state, ({ zoom }) => zoom);
  const [ratio, setRatio] = useState(devicePixelRatio);
  useEffect(() => {
    const query = matchMedia(`(resolution: ${ratio}dppx)`);
    const look = (): void => setRatio(devicePixelRatio);
    query.addEventListener('change', look);
    return () => query.removeEventListener('change', look);
  }, [ratio]);
  return screenScale();
}
