import type { CallAnswer, LineMark } from '../../../core/protocol/contract.ts';
import { fit, token } from '../../ui/colours.ts';

/** Width of the overview ruler, and of its marks by severity, px. */
export const RULER_WIDTH = 14;
const WIDTHS: Readonly<Record<LineMark['severity'], number>> = {
  error: 10,
  warning: 6,
  note: 4,
  ok: 4,
};
const COLOURS: Readonly<Record<LineMark['severity'], string>> = {
  error: 'err',
  warning: 'warn',
  note: 'info',
  ok: 'ok',
};
const WORST_LAST: readonly LineMark['severity'][] = ['ok', 'note', 'warning', 'error'];
const LEAST_BOX = 8;

/** Parts that an overview is asked for: one mark a pixel is all that can be seen of a storm. */
export const RULER_PARTS = 1024;

/** Draws where the marked lines are in the whole record, and what part is on the screen. */
export function drawRuler(
  canvas: HTMLCanvasElement,
  height: number,
  lines: number,
  overview: CallAnswer<'console.overview'> | undefined,
  shown: { readonly from: number; readonly to: number },
): void {
  const context = fit(canvas, RULER_WIDTH, height);
  if (!context || lines === 0) return;
  const y = (line: number): number => (Math.max(0, line - 1) / lines) * (height - 2);
  // More lines than the overview knows came meanwhile.
  const share = Math.min(1, (overview?.lines ?? 0) / lines);
  for (const severity of WORST_LAST) {
    context.fillStyle = token(COLOURS[severity]);
    const width = WIDTHS[severity];
    const found = overview?.marks.find((each) => each.severity === severity)?.parts ?? [];
    const rows = found.map((part) => Math.round((part / RULER_PARTS) * share * (height - 2)));
    for (const row of new Set(rows)) context.fillRect(RULER_WIDTH - 2 - width, row, width, 2);
  }
  const top = y(shown.from);
  const box = Math.max(LEAST_BOX, y(shown.to) - top);
  context.fillStyle = token('fg0');
  context.globalAlpha = 0.08;
  context.fillRect(0, top, RULER_WIDTH, box);
  context.globalAlpha = 1;
  context.strokeStyle = token('ctl');
  context.strokeRect(0.5, Math.min(top, height - box) + 0.5, RULER_WIDTH - 1, box - 1);
}
