import { formatCount } from '../../../core/format/size.ts';

/** More lines in a second than a person can be read out are summed up. */
const READ_OUT = 5;
const SECOND = 1000;
/** How often they are, ms (ui.md, section 6). */
const SUMMARY_EVERY = 5000;
const LONGEST = 300;

/** Control sequences of a terminal, and control characters. */
// oxlint-disable-next-line no-control-regex
const CONTROLS =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.)|[\u0000-\u001f]/g;

/** What a screen reader says of a console: its lines, or in a storm how many there were. */
export class Announcer {
  readonly #say: (text: string) => void;
  /** Lines of the second that goes on, and when that began. */
  #lines: string[] = [];
  #count = 0;
  #marked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param say replaces what was said before */
  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  /**
   * Lines came.
   * @param data their bytes, a character each
   * @param marked how many of them are marked
   */
  take(data: string, marked: number): void {
    const lines = data.split('\n').slice(0, -1);
    this.#count += lines.length;
    this.#marked += marked;
    for (const line of lines.slice(0, READ_OUT + 1 - this.#lines.length)) {
      const text = line.replace(CONTROLS, '').trim();
      if (text !== '') this.#lines.push(text.slice(0, LONGEST));
    }
    if (this.#count > 0) this.#timer ??= setTimeout(() => this.#second(), SECOND);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The second is over: a few lines are said, many are summed up with those that follow. */
  #second(): void {
    if (this.#count <= READ_OUT) return this.#tell(this.#lines.join('\n'));
    this.#timer = setTimeout(
      () =>
        this.#tell(
          `${formatCount(this.#count)} lines${this.#marked > 0 ? `, ${formatCount(this.#marked)} marked` : ''}`,
        ),
      SUMMARY_EVERY - SECOND,
    );
  }

  #tell(text: string): void {
    this.#timer = undefined;
    this.#lines = [];
    this.#count = 0;
    this.#marked = 0;
    this.#say(text);
  }
}
