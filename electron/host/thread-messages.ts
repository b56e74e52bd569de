import type { LineSettings } from './console/line-settings.ts';
import type { ConsoleInfo } from '../../core/protocol/contract.ts';

/**
 * Between the engine process's two threads. The first thread holds what must outlive a decoder
 * that ends (serial ports, the views' roads); the second is the engine, with all decoding.
 */

/** A view's wire messages are JSON texts (a relayed WebSocket) or structured (a MessagePort). */
export type ViewKind = 'text' | 'structured';

export type ToThread =
  | { readonly type: 'view'; readonly view: number; readonly kind: ViewKind }
  | { readonly type: 'data'; readonly view: number; readonly data: unknown }
  | { readonly type: 'gone'; readonly view: number }
  | { readonly type: 'port'; readonly event: PortEvent }
  | { readonly type: 'ping' }
  | { readonly type: 'stop' };

export type FromThread =
  | { readonly type: 'ready' }
  /** Folder of the session that it went over to. */
  | { readonly type: 'session'; readonly session: string }
  | { readonly type: 'data'; readonly view: number; readonly data: unknown }
  | {
      readonly type: 'close';
      readonly view: number;
      readonly code: number;
      readonly reason: string;
    }
  | { readonly type: 'port'; readonly request: PortRequest }
  | { readonly type: 'pong' }
  | { readonly type: 'stopped' };

/** What the engine asks of a port; each is answered by its number. */
export type PortRequest = { readonly console: string; readonly call: number } & PortDemand;

export type PortDemand =
  /** @property recorded bytes of the console's record: the offset that the next byte gets */
  | { readonly ask: 'open'; readonly settings: LineSettings; readonly recorded: number }
  /** Takes up a port that stayed open. Bytes of its record that are on disk are not sent again. */
  | { readonly ask: 'attach'; readonly recorded: number }
  | { readonly ask: 'write'; readonly bytes: Uint8Array }
  | { readonly ask: 'break' }
  | { readonly ask: 'close' }
  /** The record holds everything up to here. */
  | { readonly ask: 'recorded'; readonly recorded: number };

export type PortEvent =
  | {
      readonly kind: 'answer';
      readonly call: number;
      /** Of `attach`: the settings of the port that is open, if one is. */
      readonly settings?: string;
      readonly failure?: FailureText;
    }
  | {
      readonly kind: 'data';
      readonly console: string;
      readonly bytes: Uint8Array;
      /** Seconds since the port was opened. */
      readonly at: number;
      /** Offset in the console's record behind the last of these bytes. */
      readonly end: number;
    }
  | {
      readonly kind: 'state';
      readonly console: string;
      readonly state: ConsoleInfo['state'];
      readonly status: string;
    };

/** A failure of the host as it crosses between threads. */
export interface FailureText {
  readonly happened: string;
  readonly means: string;
  readonly advice: string;
}

/** What the engine's thread is started with. */
export interface ThreadData {
  /** Folder of the session to take up. */
  readonly session: string;
  readonly shell: ConsoleShell;
  /** It ended again and again: what is open is to blame. */
  readonly blame: boolean;
}

type ConsoleShell = 'electron' | 'browser';
