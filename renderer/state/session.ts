import type { SessionInfo } from '../../core/protocol/contract.ts';
import type { WireFailure } from '../../core/protocol/wire.ts';
import type { Connection } from '../engine/connection.ts';
import { asFailure, isCancelled } from '../engine/failure.ts';
import type { Store } from './store.ts';
import { createStore } from './store.ts';

/** The session as the engine last told it. */
export class SessionModel {
  readonly info: Store<SessionInfo | undefined> = createStore<SessionInfo | undefined>(undefined);
  /** Grows whenever answers may differ: tables or sources changed, or the engine is a new one. */
  readonly version: Store<number> = createStore(0);
  /** Why the session could not be had. */
  readonly failure: Store<WireFailure | undefined> = createStore<WireFailure | undefined>(
    undefined,
  );
  readonly #connection: Connection;
  #seen = '';
  #stop: (() => void) | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.link.subscribe(() => this.#relink());
    this.#relink();
  }

  get empty(): boolean {
    return this.info.get()?.empty ?? true;
  }

  /** What is opened next belongs to what is open; only the sample makes room for it. */
  get takesMore(): boolean {
    return !this.empty && !this.info.get()?.sample;
  }

  /** Takes a session that a call answered; feeds may tell it again. */
  take(info: SessionInfo): void {
    const seen = [
      this.#connection.link.get().epoch,
      info.generation,
      ...info.sources.map((source) => source.id),
      ...info.units.map((unit) => unit.name),
    ].join(' ');
    this.failure.set(undefined);
    this.info.set(info);
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.version.set((old) => old + 1);
  }

  #relink(): void {
    this.#stop?.();
    this.#stop = undefined;
    if (this.#connection.link.get().state !== 'open') return;
    this.#connection.call('session.get', {}).then(
      (info) => this.take(info),
      (error: unknown) => {
        if (!isCancelled(error)) this.failure.set(asFailure(error));
      },
    );
    this.#stop = this.#connection.subscribe('session.changes', {}, (info) => this.take(info));
  }
}
