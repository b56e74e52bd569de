import type {
  CallAnswer,
  CallName,
  CallRequest,
  FeedItem,
  FeedName,
  FeedRequest,
} from '../../core/protocol/contract.ts';
import type { WireFailure } from '../../core/protocol/wire.ts';

/**
 * The engine as panels see it: calls and feeds of the contract, whatever road the messages take.
 */
export interface EngineApi {
  /**
   * Asks the engine. A failure is thrown as EngineFailure; aborting the signal cancels the work
   * there too.
   */
  call<N extends CallName>(
    name: N,
    request: CallRequest<N>,
    signal?: AbortSignal,
  ): Promise<CallAnswer<N>>;
  /**
   * Subscribes to a feed. Credit for another item is granted when `receive` is done with one, so
   * that a slow panel slows the feed and nothing piles up.
   * @returns a function that ends it.
   */
  subscribe<N extends FeedName>(
    name: N,
    request: FeedRequest<N>,
    receive: (item: FeedItem<N>) => void | Promise<void>,
    ended?: (failure: WireFailure | undefined) => void,
  ): () => void;
}
