/** What a feed's handler pushes into. */
export interface FeedSink<Item> {
  /** Aborted when the view cancels the feed, or has gone. */
  readonly signal: AbortSignal;
  /**
   * Sends an item within the view's credit. A coalescing feed keeps the newest item while there
   * is no credit and resolves at once; any other resolves when the item has gone, and a handler
   * waits for that before it makes the next.
   */
  push(item: Item): Promise<void>;
  /** Resolves when an item can go at once, or when the feed is over: look at `signal`. */
  ready(): Promise<void>;
  /** Resolves when the feed is over. */
  readonly over: Promise<void>;
}

/** Items that a handler may push without waiting; more is a fault of the handler. */
const MAX_QUEUED = 64;

interface Queued<Item> {
  readonly item: Item;
  readonly gone: () => void;
}

export class ServerFeed<Item> implements FeedSink<Item> {
  readonly signal: AbortSignal;
  readonly over: Promise<void>;
  readonly #coalesce: boolean;
  readonly #check: (item: Item) => Item;
  readonly #send: (item: Item) => void;
  #credit: number;
  #queue: Queued<Item>[] = [];
  #waiting: (() => void)[] = [];

  /**
   * @param check what it throws, `push` throws
   * @param send takes an item that was checked, and never throws
   */
  constructor(
    signal: AbortSignal,
    options: { readonly coalesce: boolean; readonly credit: number },
    check: (item: Item) => Item,
    send: (item: Item) => void,
  ) {
    this.signal = signal;
    this.#coalesce = options.coalesce;
    this.#credit = options.credit;
    this.#check = check;
    this.#send = send;
    this.over = new Promise((resolve) => {
      signal.addEventListener(
        'abort',
        () => {
          this.#release();
          resolve();
        },
        { once: true },
      );
    });
  }

  async push(unchecked: Item): Promise<void> {
    if (this.signal.aborted) return;
    const item = this.#check(unchecked);
    if (this.#open) {
      this.#credit--;
      this.#send(item);
    } else if (this.#coalesce) {
      this.#queue = [{ item, gone: () => {} }];
    } else {
      if (this.#queue.length >= MAX_QUEUED)
        throw new Error('a feed was pushed to without waiting for its credit');
      await new Promise<void>((resolve) => this.#queue.push({ item, gone: resolve }));
    }
  }

  async ready(): Promise<void> {
    while (!this.#open && !this.signal.aborted) await this.#turn();
  }

  /** Resolves when everything pushed has gone, or the feed is over. */
  async drained(): Promise<void> {
    while (this.#queue.length > 0 && !this.signal.aborted) await this.#turn();
  }

  /** The view consumed items and grants more. */
  grant(more: number): void {
    if (this.signal.aborted) return;
    this.#credit += more;
    while (this.#credit > 0 && this.#queue.length > 0) {
      const { item, gone } = this.#queue.shift()!;
      this.#credit--;
      this.#send(item);
      gone();
    }
    this.#wake();
  }

  get #open(): boolean {
    return this.#credit > 0 && this.#queue.length === 0;
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #release(): void {
    for (const { gone } of this.#queue) gone();
    this.#queue = [];
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
