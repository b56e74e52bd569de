import type { EngineClient } from '../../core/protocol/client.ts';
import type {
  CallAnswer,
  CallName,
  CallRequest,
  FeedItem,
  FeedName,
  FeedRequest,
} from '../../core/protocol/contract.ts';
import { EngineFailure, connectionEnded } from '../../core/protocol/failure.ts';
import type { WireFailure } from '../../core/protocol/wire.ts';
import type { Store } from '../state/store.ts';
import { createStore } from '../state/store.ts';
import type { EngineApi } from './api.ts';
import { asFailure, isCancelled } from './failure.ts';

export interface LinkState {
  readonly state: 'connecting' | 'open' | 'lost';
  /** Why it was lost, for a person. */
  readonly reason: string;
  /** Grows with every new connection: what was asked of an older one is asked again. */
  readonly epoch: number;
}

const FIRST_WAIT = 250;
const LONGEST_WAIT = 4000;

/**
 * The road to the engine, laid again when it breaks (the engine was killed by a dump, the server
 * went away). While it is broken, calls fail with the reason.
 */
export class Connection implements EngineApi {
  readonly link: Store<LinkState> = createStore<LinkState>({
    state: 'connecting',
    reason: '',
    epoch: 0,
  });
  readonly #open: () => Promise<EngineClient>;
  #client: EngineClient | undefined;
  #wait = FIRST_WAIT;

  /** @param open lays a new road; it rejects when that is not possible now. */
  constructor(open: () => Promise<EngineClient>) {
    this.#open = open;
    void this.#connect();
  }

  call<N extends CallName>(
    name: N,
    request: CallRequest<N>,
    signal?: AbortSignal,
  ): Promise<CallAnswer<N>> {
    const client = this.#client;
    if (!client) return Promise.reject(this.#broken());
    return client.call(name, request, { signal });
  }

  subscribe<N extends FeedName>(
    name: N,
    request: FeedRequest<N>,
    receive: (item: FeedItem<N>) => void | Promise<void>,
    ended?: (failure: WireFailure | undefined) => void,
  ): () => void {
    const client = this.#client;
    if (!client) {
      ended?.(asFailure(this.#broken()));
      return () => {};
    }
    const feed = client.listen(name, request, receive);
    feed.done.then(
      () => ended?.(undefined),
      (error: unknown) => ended?.(isCancelled(error) ? undefined : asFailure(error)),
    );
    return () => feed.cancel();
  }

  #broken(): EngineFailure {
    return new EngineFailure(connectionEnded(this.link.get().reason || 'it is not open yet'));
  }

  async #connect(): Promise<void> {
    try {
      const client = await this.#open();
      this.#client = client;
      this.#wait = FIRST_WAIT;
      this.link.set(({ epoch }) => ({ state: 'open', reason: '', epoch: epoch + 1 }));
      client.onClose((reason) => this.#lost(reason));
    } catch (error) {
      this.#lost(error instanceof Error ? error.message : String(error));
    }
  }

  #lost(reason: string): void {
    this.#client = undefined;
    this.link.set(({ epoch }) => ({ state: 'lost', reason, epoch }));
    setTimeout(() => void this.#connect(), this.#wait);
    this.#wait = Math.min(LONGEST_WAIT, this.#wait * 2);
  }
}
