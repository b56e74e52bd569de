/** Reads the theme's tokens for what is drawn on canvas. */
export function token(name: string): string {
  const value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  // The build may shorten a colour; a canvas writes it out as six digits again.
  probe ??= document.createElement('canvas').getContext('2d');
  if (!probe) return value;
  probe.fillStyle = value;
  return probe.fillStyle;
}

let probe: CanvasRenderingContext2D | null | undefined;

/** Pixels of the screen for one of the layout: the screen's own, times the zoom. */
export function screenScale(): number {
  const zoom = Number(document.documentElement.style.getPropertyValue('--zoom')) || 1;
  return (devicePixelRatio || 1) * zoom;
}

/** Most pixels that browsers give a canvas in one direction. */
const MAX_SIDE = 16_384;

/**
 * Sizes a canvas for the screen's pixels.
 * @param scale of them for one of the layout
 * @returns its context, in px of the layout
 */
export function fit(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  scale = screenScale(),
): CanvasRenderingContext2D | null {
  const ratio = Math.min(scale, MAX_SIDE / Math.max(1, width, height));
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}
