/** What a strip is drawn on: a canvas for the eye, or an SVG text to take along. */
export interface Sheet {
  rect(
    x: number,
    y: number,
    width: number,
    height: number,
    look: {
      readonly fill?: string;
      readonly stroke?: string;
      readonly lineWidth?: number;
      readonly dash?: readonly number[];
    },
  ): void;
  /** Unreadable: lines of 45 degrees. */
  hatch(x: number, y: number, width: number, height: number): void;
  line(
    points: readonly (readonly [number, number])[],
    stroke: string,
    lineWidth?: number,
    dash?: readonly number[],
  ): void;
  text(
    x: number,
    y: number,
    text: string,
    look: {
      readonly fill: string;
      readonly align?: 'left' | 'center' | 'right';
      readonly mono?: boolean;
      /** Text is cut at this width. */
      readonly most?: number;
    },
  ): void;
}

/** The theme's colours by token. */
export type Colours = (token: string) => string;

const HATCH_STEP = 6;
const UI = '11px "Inter Variable", Inter, system-ui, sans-serif';
const MONO = '10px "JetBrains Mono", ui-monospace, monospace';

/** Draws on a canvas. */
export class CanvasSheet implements Sheet {
  readonly #context: CanvasRenderingContext2D;
  readonly #colour: Colours;

  constructor(context: CanvasRenderingContext2D, colour: Colours) {
    this.#context = context;
    this.#colour = colour;
  }

  rect(...[x, y, width, height, look]: Parameters<Sheet['rect']>): void {
    const context = this.#context;
    if (look.fill !== undefined) {
      context.fillStyle = this.#colour(look.fill);
      context.fillRect(x, y, width, height);
    }
    if (look.stroke === undefined) return;
    const line = look.lineWidth ?? 1;
    context.strokeStyle = this.#colour(look.stroke);
    context.lineWidth = line;
    context.setLineDash([...(look.dash ?? [])]);
    context.strokeRect(
      x + line / 2,
      y + line / 2,
      Math.max(0, width - line),
      Math.max(0, height - line),
    );
    context.setLineDash([]);
  }

  hatch(x: number, y: number, width: number, height: number): void {
    const context = this.#context;
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    context.strokeStyle = this.#colour('line');
    context.lineWidth = 3;
    context.beginPath();
    for (let at = x - height; at < x + width; at += HATCH_STEP * Math.SQRT2) {
      context.moveTo(at, y + height);
      context.lineTo(at + height, y);
    }
    context.stroke();
    context.restore();
  }

  line(...[points, stroke, lineWidth = 1, dash = []]: Parameters<Sheet['line']>): void {
    const context = this.#context;
    context.strokeStyle = this.#colour(stroke);
    context.lineWidth = lineWidth;
    context.setLineDash([...dash]);
    context.beginPath();
    for (const [index, [x, y]] of points.entries())
      if (index === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    context.stroke();
    context.setLineDash([]);
  }

  text(...[x, y, text, look]: Parameters<Sheet['text']>): void {
    const context = this.#context;
    context.font = look.mono ? MONO : UI;
    context.fillStyle = this.#colour(look.fill);
    context.textAlign = look.align ?? 'left';
    if (look.most !== undefined && context.measureText(text).width > look.most) return;
    context.fillText(text, x, y);
  }
}

/** A character of the small fonts is about that wide, px: nothing measures text without a screen. */
const CHARACTER = 6;

/** Collects the same as the elements of an SVG. */
export class SvgSheet implements Sheet {
  readonly #colour: Colours;
  readonly #parts: string[] = [];
  /** Where the next strip stands. */
  x = 0;
  y = 0;

  constructor(colour: Colours) {
    this.#colour = colour;
  }

  rect(...[x, y, width, height, look]: Parameters<Sheet['rect']>): void {
    const line = look.stroke === undefined ? 0 : (look.lineWidth ?? 1);
    this.#parts.push(
      `<rect x="${this.#x(x + line / 2)}" y="${this.#y(y + line / 2)}" width="${round(Math.max(0, width - line))}" height="${round(Math.max(0, height - line))}" fill="${look.fill === undefined ? 'none' : this.#colour(look.fill)}"${look.stroke === undefined ? '' : ` stroke="${this.#colour(look.stroke)}" stroke-width="${line}"`}${dashes(look.dash)}/>`,
    );
  }

  hatch(x: number, y: number, width: number, height: number): void {
    this.#parts.push(
      `<rect x="${this.#x(x)}" y="${this.#y(y)}" width="${round(width)}" height="${round(height)}" fill="url(#unreadable)"/>`,
    );
  }

  line(...[points, stroke, lineWidth = 1, dash]: Parameters<Sheet['line']>): void {
    const list = points.map(([x, y]) => `${this.#x(x)},${this.#y(y)}`).join(' ');
    this.#parts.push(
      `<polyline points="${list}" fill="none" stroke="${this.#colour(stroke)}" stroke-width="${lineWidth}"${dashes(dash)}/>`,
    );
  }

  text(...[x, y, text, look]: Parameters<Sheet['text']>): void {
    if (look.most !== undefined && text.length * CHARACTER > look.most) return;
    const anchor = { left: 'start', center: 'middle', right: 'end' }[look.align ?? 'left'];
    this.#parts.push(
      `<text x="${this.#x(x)}" y="${this.#y(y)}" fill="${this.#colour(look.fill)}" text-anchor="${anchor}" font-family="${look.mono ? 'JetBrains Mono, monospace' : 'Inter, sans-serif'}" font-size="${look.mono ? 10 : 11}">${escaped(text)}</text>`,
    );
  }

  /** The whole picture. */
  svg(width: number, height: number, title: string): string {
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
      `<title>${escaped(title)}</title>`,
      `<defs><pattern id="unreadable" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0v6" stroke="${this.#colour('line')}" stroke-width="3"/></pattern></defs>`,
      `<rect width="${width}" height="${height}" fill="${this.#colour('bg1')}"/>`,
      ...this.#parts,
      '</svg>',
    ].join('\n');
  }

  #x(x: number): number {
    return round(this.x + x);
  }

  #y(y: number): number {
    return round(this.y + y);
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;

const dashes = (dash: readonly number[] | undefined): string =>
  dash === undefined || dash.length === 0 ? '' : ` stroke-dasharray="${dash.join(' ')}"`;

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (each) => `&#${each.charCodeAt(0)};`);
}
