import type { RefObject } from 'react';
import { useEffect } from 'react';

const ITEMS = 'button:not(:disabled)';

/**
 * One tab stop for a row or column of buttons: arrows, Home and End move inside it, Tab leads on.
 * Fields among them keep tab stops of their own.
 */
export function useRoving(
  container: RefObject<HTMLElement | null>,
  direction: 'horizontal' | 'vertical',
): void {
  useEffect(() => {
    const root = container.current;
    if (!root) return;
    const items = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>(ITEMS)];
    const stopAt = (stop: Element | null | undefined): void => {
      const all = items();
      const one = all.includes(stop as HTMLElement) ? stop : all[0];
      for (const item of all) item.tabIndex = item === one ? 0 : -1;
    };
    const [back, on] =
      direction === 'horizontal' ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
    const onKeyDown = (event: KeyboardEvent): void => {
      const all = items();
      const at = all.indexOf(event.target as HTMLElement);
      if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
      const to =
        event.key === back
          ? at - 1
          : event.key === on
            ? at + 1
            : event.key === 'Home'
              ? 0
              : event.key === 'End'
                ? all.length - 1
                : undefined;
      const next = to === undefined ? undefined : all[(to + all.length) % all.length];
      if (!next) return;
      event.preventDefault();
      event.stopPropagation();
      next.focus();
    };
    // Until somebody was here, the first item is the stop.
    let visited = false;
    const onFocus = (event: FocusEvent): void => {
      visited = true;
      stopAt(event.target as Element | null);
    };
    const current = (): Element | null => root.querySelector(`${ITEMS}[tabindex="0"]`);
    stopAt(current());
    // Items come and go with the session.
    const observer = new MutationObserver(() => stopAt(visited ? current() : undefined));
    observer.observe(root, { childList: true, subtree: true });
    root.addEventListener('keydown', onKeyDown);
    root.addEventListener('focusin', onFocus);
    return () => {
      observer.disconnect();
      root.removeEventListener('keydown', onKeyDown);
      root.removeEventListener('focusin', onFocus);
    };
  }, [container, direction]);
}
