import type { CallAnswer } from '../../../core/protocol/contract.ts';
import type { EngineApi } from '../../engine/api.ts';
import { RULER_PARTS, drawRuler } from './ruler.ts';

/** Least time between two drawings of the ruler, ms: 4 Hz at most. */
const RULER_EVERY = 250;
/** Least time between two looks at where the marks of the record are, ms. */
const OVERVIEW_EVERY = 1000;

/** What of the record is on the screen. */
export interface Screen {
  /** Height of the ruler, px. */
  readonly height: number;
  /** Lines of the whole record. */
  readonly lines: number;
  /** The first and the last line on the screen. */
  readonly from: number;
  readonly to: number;
}

interface Parts {
  readonly engine: EngineApi;
  readonly console: string;
  readonly canvas: HTMLCanvasElement;
  readonly screen: () => Screen;
  /** Kernel starts are known anew. */
  readonly known: () => void;
}

/**
 * The ruler beside a console: where the marks of the whole record are, of which the engine knows
 * many more than were read here.
 */
export class TerminalOverview {
  readonly #parts: Parts;
  #answer: CallAnswer<'console.overview'> | undefined;
  #drawing: ReturnType<typeof setTimeout> | undefined;
  #asking: ReturnType<typeof setTimeout> | undefined;
  #askedAt = -OVERVIEW_EVERY;
  #over = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Whether the marks are known, if only as they were. */
  get known(): boolean {
    return this.#answer !== undefined;
  }

  /** Lines at which a kernel starts. */
  get starts(): CallAnswer<'console.overview'>['starts'] {
    return this.#answer?.starts ?? [];
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#drawing);
    clearTimeout(this.#asking);
  }

  /** The record was emptied. */
  forget(): void {
    this.#answer = undefined;
  }

  drawSoon(): void {
    this.#drawing ??= setTimeout(() => {
      this.#drawing = undefined;
      this.draw();
    }, RULER_EVERY);
  }

  draw(): void {
    const { height, lines, from, to } = this.#parts.screen();
    drawRuler(this.#parts.canvas, height, lines, this.#answer, { from, to });
  }

  /** Asks where the marks are, as often as that may be. */
  askSoon(): void {
    const wait = Math.max(0, this.#askedAt + OVERVIEW_EVERY - performance.now());
    this.#asking ??= setTimeout(() => {
      this.#askedAt = performance.now();
      const { engine, console } = this.#parts;
      engine
        .call('console.overview', { console, parts: RULER_PARTS })
        .then(
          (answer) => {
            if (this.#over) return;
            this.#answer = answer;
            this.#parts.known();
            this.drawSoon();
          },
          // The engine went: the next one's console is another terminal.
          () => {},
        )
        .finally(() => {
          this.#asking = undefined;
        });
    }, wait);
  }
}
