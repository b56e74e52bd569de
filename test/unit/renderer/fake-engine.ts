import { EngineClient } from '../../../core/protocol/client.ts';
import { directPair } from '../../../core/protocol/direct.ts';
import type { CallHandlers, FeedHandlers } from '../../../core/protocol/server.ts';
import { EngineServer } from '../../../core/protocol/server.ts';
import type { FaultItem } from '../../../core/protocol/schema.ts';
import { Connection } from '../../../renderer/engine/connection.ts';

/**
 * An engine of a few handlers behind the real protocol, so that what a model asks for and what it
 * is answered obey the contract.
 */
export class FakeEngine {
  readonly connection: Connection;
  readonly #server: EngineServer;
  #open: EngineClient | undefined;

  constructor(calls: CallHandlers, feeds: FeedHandlers = {}) {
    this.#server = new EngineServer(calls, feeds);
    this.connection = new Connection(() => {
      const [view, engine] = directPair();
      this.#server.serve(engine);
      this.#open = new EngineClient(view);
      return Promise.resolve(this.#open);
    });
  }

  /** Breaks the road, as an engine does that was killed. */
  breakRoad(): void {
    this.#server.close('killed by a test');
  }
}

/** Lets everything that is on its way arrive. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** The first fault of the capture intel-6.1, with changes. */
export function fault(change: Partial<FaultItem> = {}): FaultItem {
  return {
    n: 1,
    line: 512,
    console: 'c1',
    time: 16.11387,
    kernel: 0,
    vendor: 'intel',
    type: 'dma',
    access: 'read',
    bdf: '00:06.0',
    address: '0x1f00000',
    reason: 6,
    reasonName: 'PTE Read access is not set',
    verdict: { id: 'not-mapped', title: 'Not mapped', severity: 'error' },
    ...change,
  };
}
