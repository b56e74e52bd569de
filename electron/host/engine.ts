import { EngineClient } from '../../core/protocol/client.ts';
import type { CallName } from '../../core/protocol/contract.ts';
import { directPair } from '../../core/protocol/direct.ts';
import type { CallHandlers, FeedHandlers, View } from '../../core/protocol/server.ts';
import { EngineServer } from '../../core/protocol/server.ts';
import type { Channel } from '../../core/protocol/wire.ts';
import { ownPorts } from './console/port-opener.ts';
import { auditCalls } from './handlers/audit.ts';
import { compareCalls } from './handlers/compare.ts';
import { consoleCalls, consoleFeeds } from './handlers/console.ts';
import { driveCalls } from './handlers/drive.ts';
import { faultCalls } from './handlers/faults.ts';
import { jobCalls } from './handlers/jobs.ts';
import { jumpCalls } from './handlers/jump.ts';
import { labCalls, scripts } from './handlers/lab.ts';
import { mapCalls } from './handlers/map.ts';
import { noteCalls } from './handlers/notes.ts';
import { memorySearchCalls } from './handlers/memory-search.ts';
import { memoryTableCalls } from './handlers/memory-tables.ts';
import { memoryCalls } from './handlers/memory.ts';
import { preferencesCalls } from './handlers/preferences.ts';
import { registerCalls } from './handlers/registers.ts';
import { scanCalls } from './handlers/scan.ts';
import { sessionCalls, sessionFeeds } from './handlers/session.ts';
import { stateCalls } from './handlers/states.ts';
import { tableCalls } from './handlers/tables.ts';
import { timelineCalls } from './handlers/timeline.ts';
import { translateCalls } from './handlers/translate.ts';
import { SessionFolder } from './session-folder.ts';
import { Workbench, type WorkbenchOptions } from './workbench.ts';

export type EngineOptions = Partial<WorkbenchOptions>;

/** The engine: one session, and the contract's answers about it. */
export class Engine {
  readonly bench: Workbench;
  readonly #server: EngineServer;
  readonly #own: EngineClient;
  readonly #dispose: () => Promise<void>;

  /** @param options without a folder the session is a temporary one, and goes with the engine */
  constructor(options: EngineOptions = {}) {
    const onBug = options.onBug ?? (() => {});
    const temporary = options.folder ? undefined : SessionFolder.temporary();
    this.bench = new Workbench({
      folder: options.folder ?? temporary!,
      shell: options.shell ?? 'direct',
      onBug,
      ports: options.ports ?? ownPorts,
    });
    const script = scripts((name, body, signal) => this.#ask(name, body, signal));
    const calls: CallHandlers = {
      ...sessionCalls(this.bench),
      ...tableCalls(this.bench),
      ...faultCalls(this.bench),
      ...consoleCalls(this.bench),
      ...registerCalls(this.bench),
      ...memoryCalls(this.bench),
      ...memorySearchCalls(this.bench),
      ...memoryTableCalls(this.bench),
      ...mapCalls(this.bench),
      ...noteCalls(this.bench),
      ...preferencesCalls(this.bench),
      ...jobCalls(this.bench),
      ...jumpCalls(this.bench),
      ...driveCalls(this.bench),
      ...timelineCalls(this.bench),
      ...translateCalls(this.bench),
      ...auditCalls(this.bench),
      ...stateCalls(this.bench),
      ...compareCalls(this.bench),
      ...scanCalls(this.bench),
      ...labCalls,
      ...script.calls,
    };
    const feeds: FeedHandlers = {
      ...sessionFeeds(this.bench),
      ...consoleFeeds(this.bench),
      ...script.feeds,
    };
    this.#server = new EngineServer(calls, feeds, { onBug });
    this.#dispose = async () => {
      await script.dispose();
      await this.bench.dispose();
      temporary?.remove();
    };
    this.#own = this.client();
  }

  /** Serves a view over a channel until it ends. */
  serve(channel: Channel): View {
    return this.#server.serve(channel);
  }

  /** A view in this process: the command line's and the tests'. */
  client(): EngineClient {
    const [view, engine] = directPair();
    this.serve(engine);
    return new EngineClient(view);
  }

  /** Takes up the session that an engine before this one left in the folder. */
  async restore(): Promise<void> {
    await this.bench.openings.restore();
  }

  /** Ends all connections, ports and workers; the session stays on disk. */
  async dispose(reason = 'the engine was stopped'): Promise<void> {
    this.#server.close(reason);
    await this.#dispose();
  }

  /** What a script asks: the same door as a view's, with a name that is known at run time only. */
  #ask(name: CallName, body: unknown, signal: AbortSignal): Promise<unknown> {
    return this.#own.call(name, body as never, { signal });
  }
}

/** An engine in this process, with a client to it. */
export function directEngine(options: EngineOptions = {}): {
  readonly engine: Engine;
  readonly client: EngineClient;
} {
  const engine = new Engine(options);
  return { engine, client: engine.client() };
}
