import { copyPlain } from './plain.ts';
import type { Channel, Closing } from './wire.ts';

/** One end of a channel in memory. */
class DirectEnd implements Channel {
  peer: DirectEnd | undefined;
  #receive: ((message: unknown) => void) | undefined;
  #closed: ((reason: string) => void) | undefined;
  #early: unknown[] = [];
  #reason: string | undefined;

  send(message: unknown): void {
    const { peer } = this;
    if (!peer || this.#reason !== undefined) return;
    const copy = copyPlain(message);
    void Promise.resolve().then(() => peer.arrive(copy));
  }

  onMessage(receive: (message: unknown) => void): void {
    this.#receive = receive;
    const early = this.#early;
    this.#early = [];
    for (const message of early) receive(message);
  }

  onClose(closed: (reason: string) => void): void {
    this.#closed = closed;
    if (this.#reason !== undefined) closed(this.#reason);
  }

  close(why?: Closing): void {
    const { peer } = this;
    this.end(why?.text ?? 'closed at this end');
    // After the messages that are still on their way.
    void Promise.resolve().then(() => peer?.end(why?.text ?? 'closed at the other end'));
  }

  arrive(message: unknown): void {
    if (this.#reason !== undefined) return;
    if (this.#receive) this.#receive(message);
    else this.#early.push(message);
  }

  end(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#closed?.(reason);
  }
}

/**
 * Two ends in one process, for the command line and for tests. Messages are copied and arrive
 * later, as over any other road, so that nothing works here that would fail elsewhere.
 */
export function directPair(): [Channel, Channel] {
  const left = new DirectEnd();
  const right = new DirectEnd();
  left.peer = right;
  right.peer = left;
  return [left, right];
}
