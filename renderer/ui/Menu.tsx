import type { KeyboardEvent, ReactNode } from 'react';
import { useEffect, useLayoutEffect, useRef } from 'react';
import { strokeOf } from '../keys.ts';
import { useWorkbench } from '../state/context.ts';
import { useStore } from '../state/store.ts';
import type { MenuRequest } from '../state/workbench.ts';
import { Keys } from './Keys.tsx';

/** The one menu of the window, wherever it was asked for. */
export function MenuHost(): ReactNode {
  const { menu } = useWorkbench();
  const request = useStore(menu);
  return request ? <Menu request={request} onClose={() => menu.set(undefined)} /> : null;
}

function Menu({
  request,
  onClose,
}: {
  readonly request: MenuRequest;
  readonly onClose: () => void;
}): ReactNode {
  const { view } = useWorkbench();
  const root = useRef<HTMLDivElement>(null);
  const opener = useRef<Element | null>(null);

  useLayoutEffect(() => {
    const element = root.current;
    if (!element) return;
    opener.current = document.activeElement;
    // The menu stays inside the window. Its place is asked for in px of the screen.
    const { width, height } = element.getBoundingClientRect();
    const scale = view.state.get().zoom / 100;
    const place = (at: number, size: number, room: number): string =>
      `${Math.max(4, Math.min(at, room - size - 4)) / scale}px`;
    element.style.left = place(request.at.x, width, innerWidth);
    element.style.top = place(request.at.y, height, innerHeight);
    items(element)[0]?.focus();
  }, [request, view]);

  useEffect(() => {
    const outside = (event: MouseEvent): void => {
      if (!root.current?.contains(event.target as Node)) onClose();
    };
    globalThis.addEventListener('mousedown', outside, true);
    return () => globalThis.removeEventListener('mousedown', outside, true);
  }, [onClose]);

  const close = (): void => {
    onClose();
    if (opener.current instanceof HTMLElement && opener.current.isConnected) opener.current.focus();
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const stroke = strokeOf(event);
    const all = items(root.current);
    const at = all.indexOf(document.activeElement as HTMLElement);
    if (stroke === 'Down') all[(at + 1) % all.length]?.focus();
    else if (stroke === 'Up') all[(at - 1 + all.length) % all.length]?.focus();
    else if (stroke === 'Home') all[0]?.focus();
    else if (stroke === 'End') all.at(-1)?.focus();
    else if (stroke === 'Esc' || stroke === 'Tab') close();
    else if (stroke === 'Enter' || stroke === 'Space') return event.stopPropagation();
    else if (stroke?.length === 1) {
      // The next item that begins with the letter.
      const begins = (item: HTMLElement): boolean =>
        item.textContent.trim().toUpperCase().startsWith(stroke);
      [...all.slice(at + 1), ...all.slice(0, at + 1)].find(begins)?.focus();
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      ref={root}
      className="popover menu"
      role="menu"
      tabIndex={-1}
      aria-label={request.label}
      onKeyDown={onKeyDown}
      onBlur={(event) => {
        // The focus went elsewhere by a key: the menu is over.
        const to = event.relatedTarget;
        if (to instanceof Node && !root.current?.contains(to)) onClose();
      }}
    >
      {request.items.map((item) => (
        <button
          type="button"
          key={item.title}
          className="menu-item"
          role={item.checked === undefined ? 'menuitem' : 'menuitemradio'}
          aria-checked={item.checked}
          tabIndex={-1}
          onClick={() => {
            close();
            item.run();
          }}
        >
          {item.title}
          {item.detail !== undefined && <span className="menu-detail muted">{item.detail}</span>}
          {item.keys !== undefined && <Keys keys={item.keys} />}
        </button>
      ))}
    </div>
  );
}

function items(root: HTMLElement | null): HTMLElement[] {
  return [...(root?.querySelectorAll<HTMLElement>('.menu-item') ?? [])];
}
