import type { KeyboardEvent, ReactNode, Ref } from 'react';
import { useEffect, useRef } from 'react';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { fit, token } from '../../ui/colours.ts';
import { CanvasSheet, type Sheet } from '../../ui/sheet.ts';
import { useScale } from '../../ui/useScale.ts';

export interface PlotPoint {
  readonly x: number;
  /** The pointer's place in the window, for menus. */
  readonly at: { readonly x: number; readonly y: number };
}

interface PlotProps {
  readonly width: number;
  readonly height: number;
  /** Absent where what stands around it says all. */
  readonly label?: string;
  /** Draws; a new function draws again. */
  readonly paint: (sheet: Sheet) => void;
  readonly onHover?: (x: number | undefined) => void;
  readonly onPick?: (point: PlotPoint) => void;
  readonly onOpen?: (point: PlotPoint) => void;
  readonly onMenu?: (point: PlotPoint) => void;
  /** The wheel turned: up is negative. */
  readonly onWheel?: (delta: number, x: number) => void;
  /** The picture is pulled by that many pixels. */
  readonly onDrag?: (by: number) => void;
}

/** A strip's canvas. What it shows is said by `label`, and by what stands beside it in words. */
export function Plot(props: PlotProps): ReactNode {
  const { view } = useWorkbench();
  const theme = useStore(view.theme);
  // Other colours: another canvas.
  return <PlotCanvas key={theme} {...props} />;
}

function PlotCanvas({
  width,
  height,
  label,
  paint,
  onHover,
  onPick,
  onOpen,
  onMenu,
  onWheel,
  onDrag,
}: PlotProps): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drag = useRef<{ x: number; moved: boolean }>(undefined);
  const scale = useScale();

  useEffect(() => {
    const context = canvas.current && width > 0 ? fit(canvas.current, width, height, scale) : null;
    const colours = new Map<string, string>();
    const colour = (name: string): string => {
      let value = colours.get(name);
      if (value === undefined) colours.set(name, (value = token(name)));
      return value;
    };
    if (context) paint(new CanvasSheet(context, colour));
  }, [paint, width, height, scale]);

  useWheel(canvas, onWheel);
  const point = (event: { nativeEvent: MouseEvent; clientX: number; clientY: number }) => ({
    x: event.nativeEvent.offsetX,
    at: { x: event.clientX, y: event.clientY },
  });
  return (
    <canvas
      ref={canvas}
      role={label === undefined ? undefined : 'img'}
      aria-label={label}
      aria-hidden={label === undefined}
      style={{ width, height, display: 'block' }}
      onPointerDown={(event) => {
        if (event.button !== 0 || !onDrag) return;
        drag.current = { x: event.nativeEvent.offsetX, moved: false };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        const { offsetX } = event.nativeEvent;
        const held = drag.current;
        if (!held) onHover?.(offsetX);
        else if (Math.abs(offsetX - held.x) > (held.moved ? 0 : 3)) {
          onDrag?.(offsetX - held.x);
          drag.current = { x: offsetX, moved: true };
        }
      }}
      onPointerLeave={() => onHover?.(undefined)}
      onPointerUp={(event) => {
        const moved = drag.current?.moved ?? false;
        drag.current = undefined;
        if (event.button === 0 && !moved) onPick?.(point(event));
      }}
      onPointerCancel={() => {
        drag.current = undefined;
      }}
      onDoubleClick={(event) => onOpen?.(point(event))}
      onContextMenu={(event) => {
        if (!onMenu) return;
        event.preventDefault();
        event.stopPropagation();
        onMenu(point(event));
      }}
    />
  );
}

/** React listens to the wheel passively: here the panel must not scroll with it. */
function useWheel(
  element: Ref<HTMLCanvasElement> & { current: HTMLCanvasElement | null },
  onWheel: ((delta: number, x: number) => void) | undefined,
): void {
  const latest = useRef(onWheel);
  useEffect(() => {
    latest.current = onWheel;
  });
  const wanted = onWheel !== undefined;
  useEffect(() => {
    const target = element.current;
    if (!target || !wanted) return;
    const listen = (event: WheelEvent): void => {
      event.preventDefault();
      latest.current?.(event.deltaY, event.offsetX);
    };
    target.addEventListener('wheel', listen, { passive: false });
    return () => target.removeEventListener('wheel', listen);
  }, [element, wanted]);
}

/** A keyboard event that a strip took. */
export function taken(event: KeyboardEvent): void {
  event.preventDefault();
  event.stopPropagation();
}
