/** Bounds of one script. */
export interface ScriptLimits {
  /** Seconds of running, calls included. */
  readonly seconds: number;
  /** Bytes of the sandbox's heap. */
  readonly memory: number;
  /** Bytes of the sandbox's stack. */
  readonly stack: number;
  /** Characters of output altogether. */
  readonly output: number;
}

export const DEFAULT_LIMITS: ScriptLimits = {
  seconds: 60,
  memory: 256 << 20,
  stack: 512 << 10,
  output: 16 << 20,
};

/** What the worker is started with. */
export interface WorkerStart {
  readonly limits: ScriptLimits;
  /** Set to 1 and notified when the answer to a call is on the port. */
  readonly answered: SharedArrayBuffer;
}

/** From the engine to the worker. Answers to calls are plain strings (JSON). */
export interface RunMessage {
  readonly type: 'run';
  /** JavaScript: types already taken out. */
  readonly code: string;
  readonly repl: boolean;
}

/** From the worker to the engine. */
export type WorkerMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'call'; readonly name: string; readonly body: string }
  | { readonly type: 'output'; readonly json: string };
