import { formatCount, formatSize } from '../../core/format/size.ts';
import type { Workbench } from '../state/workbench.ts';

/** Bytes of the window's own heap, where the browser tells them. */
export function heapOf(): { readonly used: number; readonly limit: number } | undefined {
  const { memory } = performance as {
    memory?: { usedJSHeapSize: number; jsHeapSizeLimit: number };
  };
  return memory && { used: memory.usedJSHeapSize, limit: memory.jsHeapSizeLimit };
}

/** Registers the action of the status bar's heap. */
export function registerMemoryAction({ actions, notices }: Workbench): void {
  actions.add({
    id: 'view.memory',
    title: 'Memory of this window',
    run: () => {
      const heap = heapOf();
      const elements = formatCount(document.getElementsByTagName('*').length);
      notices.show({
        severity: 'note',
        text: heap
          ? `This window’s heap holds ${formatSize(heap.used)} of at most ${formatSize(heap.limit)}, in ${elements} elements. Dumps and logs are the engine’s and not part of it.`
          : `This window has ${elements} elements. The browser does not tell its heap.`,
      });
    },
  });
}
