import { z } from 'zod';

/** Bytes in one message, at most; a longer one is refused before it is parsed. */
export const MAX_MESSAGE = 48 << 20;

/** How a failure crosses the border: the three sentences and their kind. */
export const WireFailure = z.object({
  /** `lost`: the road to the engine ended before the answer came. */
  kind: z.enum(['usage', 'unreadable', 'cancelled', 'limit', 'system', 'bug', 'lost']),
  happened: z.string(),
  means: z.string(),
  advice: z.string(),
});
export type WireFailure = z.infer<typeof WireFailure>;

const Number32 = z.number().int().min(0).max(0xffff_ffff);

/** View to engine. `body` is checked against the contract by name. */
export const ClientMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('call'), id: Number32, name: z.string().max(64), body: z.unknown() }),
  z.object({ type: z.literal('cancel'), id: Number32 }),
  z.object({
    type: z.literal('subscribe'),
    id: Number32,
    name: z.string().max(64),
    body: z.unknown(),
    credit: Number32,
  }),
  z.object({ type: z.literal('credit'), id: Number32, more: Number32 }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;

/** Engine to view. */
export const EngineMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('answer'), id: Number32, body: z.unknown() }),
  z.object({ type: z.literal('failure'), id: Number32, failure: WireFailure }),
  z.object({ type: z.literal('item'), id: Number32, body: z.unknown() }),
  z.object({ type: z.literal('end'), id: Number32 }),
]);
export type EngineMessage = z.infer<typeof EngineMessage>;

/** Why one end closes a channel: it maps to a WebSocket close code. */
export interface Closing {
  /** `done`: nothing is wrong. The others are breaches of the protocol by the other end. */
  readonly kind: 'done' | 'malformed' | 'oversized' | 'policy';
  /** One sentence for a person. */
  readonly text: string;
}

/**
 * A two-way road for messages: in memory, a MessagePort, a WebSocket. Messages are plain data
 * that JSON can hold.
 */
export interface Channel {
  send(message: unknown): void;
  /** One receiver; messages that come before it is set are kept. */
  onMessage(receive: (message: unknown) => void): void;
  /** Called once when the road ends, with the reason for a person. */
  onClose(closed: (reason: string) => void): void;
  close(why?: Closing): void;
}
