import type { ConsoleInfo } from '../../../core/protocol/contract.ts';

/** Where a console's bytes go. */
export interface SourceSink {
  /** @param at seconds since the console's start */
  data(bytes: Uint8Array, at: number): void;
  /** The source's state changed; `status` is what a person reads. */
  state(state: ConsoleInfo['state'], status: string): void;
}

/** Where a console's bytes come from: a port, a recording, a log file. */
export interface ConsoleSource {
  /** Settings for the bar: `115200 8n1`. */
  readonly settings: string;
  /** Begins to deliver. @throws Failure when it can't be opened. */
  start(sink: SourceSink): Promise<void>;
  /** Sends what a person typed; absent where nothing can be sent. */
  write?(bytes: Uint8Array): Promise<void>;
  /** Holds the line in the break state for a moment; absent where there is no line. */
  sendBreak?(): Promise<void>;
  /** Has the other end wait, where it can: what came is not recorded as fast as it comes. */
  pause?(paused: boolean): void;
  /** Ends it; nothing is delivered after that. */
  close(): Promise<void>;
  /** Control of a recording that is played. */
  readonly replay?: ReplayControl;
}

export type ReplayAction = 'play' | 'pause' | 'restart' | 'end' | 'speed';

export interface ReplayControl {
  act(action: ReplayAction, speed: number | undefined): void;
  readonly state: NonNullable<ConsoleInfo['replay']>;
}
