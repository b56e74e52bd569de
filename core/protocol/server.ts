import type { z } from 'zod';
import type { CallName, Calls, FeedName, Feeds } from './contract.ts';
import { calls, feeds } from './contract.ts';
import { cancelled, EngineFailure, misuse, toWireFailure, tooLong } from './failure.ts';
import { heavierThan } from './plain.ts';
import { ServerFeed } from './server-feed.ts';
import type { FeedSink } from './server-feed.ts';
import type { Channel, Closing, EngineMessage } from './wire.ts';
import { ClientMessage, MAX_MESSAGE } from './wire.ts';

/** One connected view. Handlers tie to it what dies with it. */
export interface View {
  readonly id: number;
  /** Aborted when the view has gone. */
  readonly signal: AbortSignal;
}

export interface CallContext {
  readonly view: View;
  /** Aborted when the view cancels the call, or has gone. */
  readonly signal: AbortSignal;
}

export type CallInput<N extends CallName> = z.output<Calls[N]['request']>;
export type CallOutput<N extends CallName> = z.input<Calls[N]['answer']>;
export type FeedInput<N extends FeedName> = z.output<Feeds[N]['request']>;
export type FeedOutput<N extends FeedName> = z.input<Feeds[N]['item']>;

export type CallHandler<N extends CallName> = (
  request: CallInput<N>,
  context: CallContext,
) => CallOutput<N> | Promise<CallOutput<N>>;

/** Feeds items until it returns; the feed then ends. It should return when its signal aborts. */
export type FeedHandler<N extends FeedName> = (
  request: FeedInput<N>,
  sink: FeedSink<FeedOutput<N>>,
  context: CallContext,
) => Promise<void>;

export type CallHandlers = { [N in CallName]?: CallHandler<N> };
export type FeedHandlers = { [N in FeedName]?: FeedHandler<N> };

export interface ServerOptions {
  /** Gets every exception that is no Failure, for the crash log. */
  readonly onBug?: (error: unknown, where: string) => void;
}

/** Calls and feeds that one view may have open at a time. */
const MAX_OPEN = 1024;

type AnyCall = (request: unknown, context: CallContext) => unknown;
type AnyFeed = (request: unknown, sink: FeedSink<unknown>, context: CallContext) => Promise<void>;

/** The engine's end of the contract: one server, any number of views. */
export class EngineServer {
  readonly #calls: CallHandlers;
  readonly #feeds: FeedHandlers;
  readonly #onBug: (error: unknown, where: string) => void;
  readonly #connections = new Set<Connection>();
  #nextView = 1;

  constructor(calls: CallHandlers, feeds: FeedHandlers, options: ServerOptions = {}) {
    this.#calls = calls;
    this.#feeds = feeds;
    this.#onBug = options.onBug ?? (() => {});
  }

  /** Serves a view until its channel ends. */
  serve(channel: Channel): View {
    const connection = new Connection(
      this.#nextView++,
      channel,
      { calls: this.#calls, feeds: this.#feeds, onBug: this.#onBug },
      () => this.#connections.delete(connection),
    );
    this.#connections.add(connection);
    return connection.view;
  }

  /** Views that are connected. */
  get views(): number {
    return this.#connections.size;
  }

  /** Ends every connection. */
  close(text: string): void {
    for (const connection of this.#connections) connection.close({ kind: 'done', text });
  }
}

interface Handlers {
  readonly calls: CallHandlers;
  readonly feeds: FeedHandlers;
  readonly onBug: (error: unknown, where: string) => void;
}

interface Open {
  readonly abort: AbortController;
  readonly feed?: ServerFeed<unknown>;
}

class Connection {
  readonly view: View;
  readonly #channel: Channel;
  readonly #handlers: Handlers;
  readonly #open = new Map<number, Open>();
  readonly #gone = new AbortController();
  readonly #ended: () => void;
  #over = false;

  constructor(id: number, channel: Channel, handlers: Handlers, ended: () => void) {
    this.view = { id, signal: this.#gone.signal };
    this.#channel = channel;
    this.#handlers = handlers;
    this.#ended = ended;
    channel.onMessage((message) => this.#receive(message));
    channel.onClose(() => this.#end());
  }

  close(why: Closing): void {
    this.#channel.close(why);
    this.#end();
  }

  #receive(raw: unknown): void {
    if (this.#over) return;
    if (heavierThan(raw, MAX_MESSAGE))
      return this.close({ kind: 'oversized', text: 'a message was longer than a message may be' });
    const parsed = ClientMessage.safeParse(raw);
    if (!parsed.success)
      return this.close({ kind: 'malformed', text: 'a message had no form of the protocol' });
    const message = parsed.data;
    if (message.type === 'cancel') this.#open.get(message.id)?.abort.abort();
    else if (message.type === 'credit') this.#open.get(message.id)?.feed?.grant(message.more);
    else if (this.#open.has(message.id))
      // An answer to the second would settle the first: there is no sound way to go on.
      this.close({ kind: 'policy', text: `message id ${message.id} is already in use` });
    else if (this.#open.size >= MAX_OPEN)
      this.#fail(message.id, `${MAX_OPEN} requests are open already, which is the most.`);
    else if (message.type === 'call') this.#call(message.id, message.name, message.body);
    else this.#subscribe(message.id, message.name, message.body, message.credit);
  }

  #call(id: number, name: string, body: unknown): void {
    if (!isCall(name)) return this.#fail(id, `There is no call "${name}".`);
    const request = calls[name].request.safeParse(body);
    if (!request.success) return this.#fail(id, describe(`"${name}"`, request.error.issues));
    const handler = this.#handlers.calls[name] as AnyCall | undefined;
    if (!handler) return this.#fail(id, `This engine has no answer to "${name}".`);
    const abort = new AbortController();
    this.#open.set(id, { abort });
    const context: CallContext = { view: this.view, signal: abort.signal };
    const run = async (): Promise<void> => {
      try {
        const made = await handler(request.data, context);
        const answer = calls[name].answer.safeParse(made);
        if (!answer.success)
          throw new Error(describe(`The answer to "${name}"`, answer.error.issues));
        this.#settle(id, { type: 'answer', id, body: answer.data });
      } catch (error) {
        const failure =
          abort.signal.aborted && !isFailure(error)
            ? cancelled(`"${name}"`)
            : toWireFailure(error, (bug) => this.#handlers.onBug(bug, name));
        this.#settle(id, { type: 'failure', id, failure });
      }
    };
    void run();
  }

  #subscribe(id: number, name: string, body: unknown, credit: number): void {
    if (!isFeed(name)) return this.#fail(id, `There is no feed "${name}".`);
    const request = feeds[name].request.safeParse(body);
    if (!request.success) return this.#fail(id, describe(`"${name}"`, request.error.issues));
    const handler = this.#handlers.feeds[name] as AnyFeed | undefined;
    if (!handler) return this.#fail(id, `This engine has no feed "${name}".`);
    const { item: schema, coalesce } = feeds[name];
    const abort = new AbortController();
    const check = (made: unknown): unknown => {
      const item = schema.safeParse(made);
      if (item.success) return item.data;
      throw new Error(describe(`An item of "${name}"`, item.error.issues));
    };
    const feed = new ServerFeed<unknown>(abort.signal, { coalesce, credit }, check, (item) =>
      this.#send({ type: 'item', id, body: item }),
    );
    this.#open.set(id, { abort, feed });
    const run = async (): Promise<void> => {
      try {
        await handler(request.data, feed, { view: this.view, signal: abort.signal });
        await feed.drained();
        this.#settle(id, { type: 'end', id });
      } catch (error) {
        const failure =
          abort.signal.aborted && !isFailure(error)
            ? cancelled(`"${name}"`)
            : toWireFailure(error, (bug) => this.#handlers.onBug(bug, name));
        abort.abort();
        this.#settle(id, { type: 'failure', id, failure });
      }
    };
    void run();
  }

  #fail(id: number, happened: string): void {
    this.#send({ type: 'failure', id, failure: misuse(happened) });
  }

  #settle(id: number, message: EngineMessage): void {
    this.#open.delete(id);
    this.#send(message);
  }

  #send(message: EngineMessage): void {
    if (this.#over) return;
    try {
      if (message.type === 'answer' && heavierThan(message, MAX_MESSAGE))
        throw new EngineFailure(tooLong(MAX_MESSAGE + 1));
      this.#channel.send(message);
    } catch (error) {
      const failure = toWireFailure(error, (bug) => this.#handlers.onBug(bug, 'send'));
      this.#channel.send({ type: 'failure', id: message.id, failure });
    }
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    for (const { abort } of this.#open.values()) abort.abort();
    this.#gone.abort();
    this.#ended();
  }
}

function isCall(name: string): name is CallName {
  return Object.hasOwn(calls, name);
}

function isFeed(name: string): name is FeedName {
  return Object.hasOwn(feeds, name);
}

function isFailure(error: unknown): boolean {
  return error instanceof Error && error.name === 'Failure';
}

function describe(
  what: string,
  issues: readonly { path: PropertyKey[]; message: string }[],
): string {
  const where = issues[0]?.path.map(String).join('.');
  return `${what} does not fit the contract${where ? ` at ${where}` : ''}: ${issues[0]?.message}.`;
}
