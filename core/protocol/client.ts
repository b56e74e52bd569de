import type {
  CallAnswer,
  CallName,
  CallRequest,
  FeedItem,
  FeedName,
  FeedRequest,
} from './contract.ts';
import { calls, feeds } from './contract.ts';
import {
  brokenContract,
  cancelled,
  connectionEnded,
  EngineFailure,
  misuse,
  toWireFailure,
} from './failure.ts';
import type { Channel, WireFailure } from './wire.ts';
import { EngineMessage } from './wire.ts';

export interface CallOptions {
  /** Aborting it tells the engine to stop, and rejects the call at once. */
  readonly signal?: AbortSignal;
}

export interface FeedOptions extends CallOptions {
  /** Items that the engine may send before one is consumed (default 8). */
  readonly credit?: number;
}

/** A running subscription. Iterate it, or give a listener to `listen`. */
export interface Feed<Item> extends AsyncIterable<Item> {
  /** Ends it; what is still on its way is dropped. */
  cancel(): void;
  /** Resolves when the feed has ended, also by `cancel`; rejects with its failure. */
  readonly done: Promise<void>;
}

interface Pending {
  answer(body: unknown): void;
  fail(failure: EngineFailure): void;
}

interface Subscribed {
  item(body: unknown): void;
  end(failure?: EngineFailure): void;
}

const DEFAULT_CREDIT = 8;

/** A view's end of the contract. Requests, answers and items are checked against the schemas. */
export class EngineClient {
  readonly #channel: Channel;
  readonly #calls = new Map<number, Pending>();
  readonly #feeds = new Map<number, Subscribed>();
  readonly #closeListeners: ((reason: string) => void)[] = [];
  #nextId = 1;
  #closed: string | undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
    channel.onMessage((message) => this.#receive(message));
    channel.onClose((reason) => this.#end(reason));
  }

  /** Called once when the connection has ended, with the reason for a person. */
  onClose(listener: (reason: string) => void): void {
    if (this.#closed === undefined) this.#closeListeners.push(listener);
    else listener(this.#closed);
  }

  close(): void {
    this.#channel.close();
    this.#end('closed by this view');
  }

  /** Asks the engine. @throws EngineFailure with what happened, what it means, what to do. */
  call<N extends CallName>(
    name: N,
    request: CallRequest<N>,
    options: CallOptions = {},
  ): Promise<CallAnswer<N>> {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      if (signal?.aborted) return reject(new EngineFailure(cancelled(`"${name}"`)));
      const id = this.#nextId++;
      const settle = (): void => {
        this.#calls.delete(id);
        signal?.removeEventListener('abort', abort);
      };
      const fail = (failure: EngineFailure): void => {
        settle();
        reject(failure);
      };
      const abort = (): void => {
        fail(new EngineFailure(cancelled(`"${name}"`)));
        this.#trySend({ type: 'cancel', id });
      };
      this.#calls.set(id, {
        fail,
        answer(body) {
          settle();
          const answer = calls[name].answer.safeParse(body);
          if (answer.success) resolve(answer.data as CallAnswer<N>);
          else reject(new EngineFailure(brokenContract(issue(`The answer to "${name}"`, answer))));
        },
      });
      signal?.addEventListener('abort', abort, { once: true });
      const failure = this.#request({ type: 'call', id, name, body: request }, calls[name].request);
      if (failure) fail(failure);
    });
  }

  /** Subscribes; credit goes back to the engine as items are taken out of the iteration. */
  subscribe<N extends FeedName>(
    name: N,
    request: FeedRequest<N>,
    options: FeedOptions = {},
  ): Feed<FeedItem<N>> {
    const id = this.#nextId++;
    const credit = options.credit ?? DEFAULT_CREDIT;
    const queue = new ItemQueue<FeedItem<N>>(credit, (more) =>
      this.#trySend({ type: 'credit', id, more }),
    );
    const { signal } = options;
    const stop = (failure?: EngineFailure): void => {
      if (!this.#feeds.delete(id)) return;
      signal?.removeEventListener('abort', cancel);
      queue.end(failure);
    };
    const cancel = (): void => {
      if (!this.#feeds.has(id)) return;
      this.#trySend({ type: 'cancel', id });
      queue.drop();
      stop();
    };
    this.#feeds.set(id, {
      end: stop,
      item(body) {
        const item = feeds[name].item.safeParse(body);
        if (item.success) return queue.put(item.data as FeedItem<N>);
        cancelWith(new EngineFailure(brokenContract(issue(`An item of "${name}"`, item))));
      },
    });
    const cancelWith = (failure: EngineFailure): void => {
      this.#trySend({ type: 'cancel', id });
      stop(failure);
    };
    if (signal?.aborted) stop(new EngineFailure(cancelled(`"${name}"`)));
    else {
      signal?.addEventListener('abort', cancel, { once: true });
      const failure = this.#request(
        { type: 'subscribe', id, name, body: request, credit },
        feeds[name].request,
      );
      if (failure) stop(failure);
    }
    return { cancel, done: queue.done, [Symbol.asyncIterator]: () => queue.iterate(cancel) };
  }

  /**
   * Subscribes with a listener; credit goes back when the listener (or its promise) is done. An
   * error of the listener ends the feed and rejects `done`.
   */
  listen<N extends FeedName>(
    name: N,
    request: FeedRequest<N>,
    listener: (item: FeedItem<N>) => void | Promise<void>,
    options: FeedOptions = {},
  ): Pick<Feed<FeedItem<N>>, 'cancel' | 'done'> {
    const feed = this.subscribe(name, request, options);
    const pump = async (): Promise<void> => {
      for await (const item of feed) await listener(item);
    };
    const done = pump();
    done.catch(() => {});
    return { cancel: () => feed.cancel(), done };
  }

  /** Checks and sends a request; the failure when it may not or can't be sent. */
  #request(
    message: { name: string; body: unknown } & Record<string, unknown>,
    schema: { safeParse(value: unknown): Checked },
  ): EngineFailure | undefined {
    if (this.#closed !== undefined) return new EngineFailure(connectionEnded(this.#closed));
    const checked = schema.safeParse(message.body);
    if (!checked.success) return new EngineFailure(misuse(issue(`"${message.name}"`, checked)));
    try {
      this.#channel.send({ ...message, body: checked.data });
    } catch (error) {
      return new EngineFailure(toWireFailure(error));
    }
  }

  #trySend(message: unknown): void {
    if (this.#closed === undefined) this.#channel.send(message);
  }

  #receive(raw: unknown): void {
    const parsed = EngineMessage.safeParse(raw);
    if (!parsed.success) {
      this.#channel.close({
        kind: 'malformed',
        text: 'the engine sent a message of no known form',
      });
      return this.#end('the engine sent a message of no known form');
    }
    const message = parsed.data;
    // What was cancelled here may still be answered: its id is no longer known.
    if (message.type === 'answer') this.#calls.get(message.id)?.answer(message.body);
    else if (message.type === 'item') this.#feeds.get(message.id)?.item(message.body);
    else if (message.type === 'end') this.#feeds.get(message.id)?.end();
    else this.#fail(message.id, message.failure);
  }

  #fail(id: number, failure: WireFailure): void {
    this.#calls.get(id)?.fail(new EngineFailure(failure));
    this.#feeds.get(id)?.end(new EngineFailure(failure));
  }

  #end(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    for (const pending of this.#calls.values())
      pending.fail(new EngineFailure(connectionEnded(reason)));
    for (const feed of this.#feeds.values()) feed.end(new EngineFailure(connectionEnded(reason)));
    for (const listener of this.#closeListeners) listener(reason);
  }
}

/** Items that have come and were not taken yet: at most as many as were granted. */
class ItemQueue<Item> {
  readonly done: Promise<void>;
  readonly #grant: (more: number) => void;
  readonly #batch: number;
  #items: Item[] = [];
  #consumed = 0;
  #ended = false;
  #failure: EngineFailure | undefined;
  #wake: (() => void) | undefined;
  #finish!: (failure?: EngineFailure) => void;

  constructor(credit: number, grant: (more: number) => void) {
    this.#grant = grant;
    this.#batch = Math.max(1, Math.floor(credit / 2));
    this.done = new Promise((resolve, reject) => {
      this.#finish = (failure) => (failure ? reject(failure) : resolve());
    });
    // A view that only iterates learns of the failure there.
    this.done.catch(() => {});
  }

  put(item: Item): void {
    this.#items.push(item);
    this.#wake?.();
  }

  drop(): void {
    this.#items = [];
  }

  end(failure?: EngineFailure): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#finish(failure);
    this.#wake?.();
  }

  async *iterate(cancel: () => void): AsyncGenerator<Item> {
    try {
      for (;;) {
        const item = this.#items.shift();
        if (item !== undefined) {
          yield item;
          this.#taken();
        } else if (this.#ended) {
          if (this.#failure) throw this.#failure;
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          this.#wake = undefined;
        }
      }
    } finally {
      cancel();
    }
  }

  /** Credit goes back in batches of half of what was granted. */
  #taken(): void {
    this.#consumed++;
    if (this.#consumed < this.#batch || this.#ended) return;
    this.#grant(this.#consumed);
    this.#consumed = 0;
  }
}

interface Checked {
  readonly success: boolean;
  readonly data?: unknown;
  readonly error?: { readonly issues: readonly { path: PropertyKey[]; message: string }[] };
}

/** `"walk": bdf: Invalid string`. */
function issue(what: string, checked: Checked): string {
  const first = checked.error?.issues[0];
  const where = first?.path.map(String).join('.');
  return `${what} does not fit the contract${where ? ` at ${where}` : ''}: ${first?.message ?? 'no reason known'}.`;
}
