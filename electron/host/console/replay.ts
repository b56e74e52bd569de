import type { CastEvent, Recording } from './recording.ts';
import type { ConsoleSource, ReplayAction, ReplayControl, SourceSink } from './source.ts';

/** Bytes delivered in one turn, so that other work gets its own. */
const TURN = 256 * 1024;
/** Longest sleep of the player, ms: the position that a view shows moves on. */
const TICK = 250;

/** Where a recording stands when it is opened: it plays from its start, from its first fault, or has played. */
export type ReplayBegin = 'start' | 'fault' | 'end';

/** Plays a recording with its own timing. */
export class Replay implements ConsoleSource, ReplayControl {
  readonly settings: string;
  readonly replay: ReplayControl = this;
  readonly #recording: Recording;
  readonly #onRestart: () => void;
  #sink: SourceSink | undefined;
  #events: Generator<CastEvent>;
  #next: CastEvent | undefined;
  #position = 0;
  #speed: number;
  #playing: boolean;
  #skip: number;
  /** Whether it still runs ahead, without waiting for what is due. */
  #ahead: (() => boolean) | undefined;
  /** When the position was last brought up to date, ms. */
  #then = 0;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;

  /**
   * @param options.skip bytes that were delivered before: they are not delivered again
   * @param options.ahead while this answers true, nothing waits for its time
   * @param onRestart empties what was recorded so far
   */
  constructor(
    recording: Recording,
    options: {
      readonly speed: number;
      readonly playing: boolean;
      readonly skip?: number;
      readonly ahead?: () => boolean;
    },
    onRestart: () => void,
  ) {
    this.#recording = recording;
    this.#speed = options.speed;
    this.#playing = options.playing;
    this.#skip = options.skip ?? 0;
    this.#ahead = options.ahead;
    this.#onRestart = onRestart;
    this.#events = recording.events();
    this.settings = 'recording';
  }

  async start(sink: SourceSink): Promise<void> {
    this.#sink = sink;
    this.#advance();
    while (this.#next && this.#skip >= this.#next.bytes.length) {
      this.#skip -= this.#next.bytes.length;
      this.#position = this.#next.at;
      this.#advance();
    }
    this.#then = performance.now();
    this.#report();
    this.#run();
  }

  async close(): Promise<void> {
    this.#halt();
    this.#sink = undefined;
    this.#recording.close();
  }

  get state(): ReplayControl['state'] {
    return {
      position: Math.min(this.#position, this.#recording.duration),
      duration: this.#recording.duration,
      speed: this.#speed,
      playing: this.#playing && this.#next !== undefined,
    };
  }

  act(action: ReplayAction, speed: number | undefined): void {
    this.#catchUp();
    this.#halt();
    this.#ahead = undefined;
    if (speed !== undefined) this.#speed = speed;
    if (action === 'play') this.#playing = true;
    else if (action === 'pause') this.#playing = false;
    else if (action === 'restart') this.#restart();
    else if (action === 'end') {
      this.#playing = true;
      this.#position = Infinity;
    }
    this.#report();
    this.#run();
  }

  #restart(): void {
    this.#onRestart();
    this.#events = this.#recording.events();
    this.#skip = 0;
    this.#advance();
    this.#position = 0;
    this.#playing = true;
  }

  #advance(): void {
    const { value } = this.#events.next();
    this.#next = value ?? undefined;
  }

  #halt(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#timer = undefined;
    this.#turn = undefined;
  }

  /** Moves the position by the time that has passed. */
  #catchUp(): void {
    const now = performance.now();
    if (this.#playing && this.#next) this.#position += ((now - this.#then) / 1000) * this.#speed;
    this.#then = now;
  }

  /** Delivers what is due, then sleeps until the next is. */
  #run(): void {
    if (!this.#sink || !this.#playing || !this.#next) return;
    let delivered = 0;
    while (this.#next && this.#isDue(this.#next) && delivered < TURN) {
      const { at, bytes }: CastEvent = this.#next;
      const fresh = bytes.subarray(this.#skip);
      this.#skip = 0;
      this.#sink.data(fresh, at);
      delivered += bytes.length;
      this.#advance();
    }
    if (!this.#next) {
      this.#position = this.#recording.duration;
      this.#report();
      return;
    }
    const again = (): void => {
      this.#catchUp();
      this.#run();
    };
    if (this.#isDue(this.#next)) this.#turn = setImmediate(again);
    else {
      const wait = ((this.#next.at - this.#position) / this.#speed) * 1000;
      this.#timer = setTimeout(again, Math.min(TICK, Math.max(0, wait)));
    }
  }

  #isDue(event: CastEvent): boolean {
    if (this.#ahead?.() === true) this.#position = Math.max(this.#position, event.at);
    else this.#ahead = undefined;
    return event.at <= this.#position;
  }

  #report(): void {
    if (!this.#next) this.#sink?.state('ended', 'replay, ended');
    else if (this.#playing) this.#sink?.state('live', 'replay');
    else this.#sink?.state('paused', 'replay, paused');
  }
}
