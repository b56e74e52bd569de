/** What an arrow key moves a splitter by, px of the layout. */
const STEP = 16;
/** When the tabs of a new layout show their names, ms. */
const FACES_AFTER = 120;
/** Further than any window is wide. */
const FAR = 100_000;

/**
 * Makes the dock's splitters what they are for everybody: separators with a name and a value,
 * moved by arrow keys, Home and End; and keeps them under the pointer where the window is zoomed,
 * for dockview takes px of the screen for px of its layout.
 *
 * @param zoom px of the screen for one of the layout
 * @returns `update`, to be called when the layout changed, and `stop`
 */
export function watchSplitters(
  root: HTMLElement,
  zoom: () => number,
): { readonly update: () => void; readonly stop: () => void } {
  const view = root.ownerDocument.defaultView ?? globalThis.window;
  let held: { readonly x: number; readonly y: number; readonly scale: number } | undefined;

  const onPointerDown = (event: PointerEvent): void => {
    const scale = zoom();
    if (!event.isTrusted || scale === 1 || !sashOf(event.target)) return;
    held = { x: event.clientX, y: event.clientY, scale };
  };
  const onPointerMove = (event: PointerEvent): void => {
    if (!held || !event.isTrusted) return;
    event.stopImmediatePropagation();
    send(root.ownerDocument, 'pointermove', {
      x: held.x + (event.clientX - held.x) / held.scale,
      y: held.y + (event.clientY - held.y) / held.scale,
    });
  };
  /** What is dragged does not take the focus from where a person works. */
  const onMouseDown = (event: MouseEvent): void => {
    if (sashOf(event.target)) event.preventDefault();
  };
  const onPointerUp = (): void => {
    held = undefined;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const sash = sashOf(event.target);
    if (!sash || event.altKey || event.ctrlKey || event.metaKey) return;
    const by = moveOf(event.key, isUpright(sash));
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const { left, top } = sash.getBoundingClientRect();
    send(sash, 'pointerdown', { x: left, y: top });
    send(root.ownerDocument, 'pointermove', { x: left + by, y: top + by });
    send(root.ownerDocument, 'pointerup', { x: left + by, y: top + by });
    update();
  };
  let later = 0;
  const describeAll = (): void => {
    for (const sash of root.querySelectorAll<HTMLElement>('.dv-sash')) describe(sash);
  };
  const update = (): void => {
    describeAll();
    // The faces of tabs are drawn after the layout.
    clearTimeout(later);
    later = view.setTimeout(describeAll, FACES_AFTER);
  };

  root.addEventListener('pointerdown', onPointerDown, true);
  root.addEventListener('mousedown', onMouseDown);
  root.addEventListener('keydown', onKeyDown);
  view.addEventListener('pointermove', onPointerMove, true);
  view.addEventListener('pointerup', onPointerUp, true);
  view.addEventListener('pointercancel', onPointerUp, true);
  return {
    update,
    stop: () => {
      clearTimeout(later);
      root.removeEventListener('pointerdown', onPointerDown, true);
      root.removeEventListener('mousedown', onMouseDown);
      root.removeEventListener('keydown', onKeyDown);
      view.removeEventListener('pointermove', onPointerMove, true);
      view.removeEventListener('pointerup', onPointerUp, true);
      view.removeEventListener('pointercancel', onPointerUp, true);
    },
  };
}

/** How far a key moves a splitter; undefined when it does not. */
export function moveOf(key: string, upright: boolean): number | undefined {
  if (key === 'Home') return -FAR;
  if (key === 'End') return FAR;
  if (key === (upright ? 'ArrowLeft' : 'ArrowUp')) return -STEP;
  return key === (upright ? 'ArrowRight' : 'ArrowDown') ? STEP : undefined;
}

/** Says what a splitter parts, and where it stands: per cent of what it can move over. */
function describe(sash: HTMLElement): void {
  const container = sash.parentElement?.parentElement;
  const views = container?.querySelector(':scope > .dv-view-container')?.children;
  if (!container || !views) return;
  const at = [...(sash.parentElement?.children ?? [])].indexOf(sash);
  const upright = isUpright(sash);
  const whole = upright ? container.clientWidth : container.clientHeight;
  const part = upright ? sash.offsetLeft : sash.offsetTop;
  const set = (name: string, value: string): void => {
    if (sash.getAttribute(name) !== value) sash.setAttribute(name, value);
  };
  set('role', 'separator');
  set('tabindex', '0');
  set('aria-orientation', upright ? 'vertical' : 'horizontal');
  set('aria-label', `Between ${nameOf(views[at])} and ${nameOf(views[at + 1])}`);
  set('aria-valuemin', '0');
  set('aria-valuemax', '100');
  set('aria-valuenow', String(whole > 0 ? Math.round((100 * (part + 3)) / whole) : 0));
}

/** A splitter between columns stands upright. */
function isUpright(sash: HTMLElement): boolean {
  return sash.parentElement?.parentElement?.classList.contains('dv-horizontal') ?? false;
}

/** A part of the dock by the tab in front of its first group. */
function nameOf(view: Element | undefined): string {
  const face = view?.querySelector('.dv-active-tab .tab-face');
  // What follows the name is a count.
  return face?.firstChild?.textContent?.trim() || 'a group';
}

function sashOf(target: EventTarget | null): HTMLElement | undefined {
  return target instanceof HTMLElement && target.classList.contains('dv-sash') ? target : undefined;
}

function send(target: EventTarget, type: string, { x, y }: { x: number; y: number }): void {
  target.dispatchEvent(
    new PointerEvent(type, { bubbles: true, clientX: x, clientY: y, pointerId: 1 }),
  );
}
