import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mainPort, type MainPort } from '../../core/protocol/port.ts';
import { EngineKeeper } from './engine-keeper.ts';
import type { FromEngine, ToEngine } from './process-messages.ts';
import { SessionFolder } from './session-folder.ts';

/**
 * The engine as a process of its own: a child of `faultline serve` (views come as numbered texts
 * over the process's channel), or Electron's utility process (views come as MessagePorts). This
 * first thread only relays and holds the serial ports; all decoding is in the engine's own thread.
 */

/** Electron's side of a utility process, by its shape. */
interface ParentPort {
  on(event: 'message', listener: (event: { data: unknown; ports: MainPort[] }) => void): unknown;
  postMessage(message: unknown): void;
}

const parentPort = (process as unknown as { parentPort?: ParentPort }).parentPort;

const { values } = parseArgs({
  options: { session: { type: 'string' }, blame: { type: 'boolean' } },
  strict: false,
});
let session = typeof values.session === 'string' ? values.session : SessionFolder.create().path;

function log(text: string): void {
  appendFileSync(join(session, 'crash.log'), `${new Date().toISOString()} ${text}\n`);
}

// A bug in this thread: its state can't be trusted, and the parent starts a new process.
process.on('uncaughtException', (error) => {
  log(`uncaught: ${error.stack ?? error.message}`);
  process.exit(70);
});

function say(message: FromEngine): void {
  if (parentPort) parentPort.postMessage(message);
  else process.send?.(message);
}

const heap = Number(process.env['FAULTLINE_ENGINE_HEAP_MB']);
const engine = new EngineKeeper({
  session,
  shell: parentPort ? 'electron' : 'browser',
  blame: values.blame === true,
  ...(heap > 0 ? { heap } : {}),
  ready: () => say({ type: 'ready', session }),
  moved: (path) => {
    session = path;
    say({ type: 'ready', session });
  },
  ended: log,
  gaveUp: (reason) => {
    log(reason);
    process.exit(70);
  },
});

/** Roads of browser mode, by the parent's number. */
const roads = new Map<number, ReturnType<EngineKeeper['attach']>>();

function receive(message: ToEngine): void {
  if (message.type === 'view') {
    const { view } = message;
    const road = engine.attach('text', {
      send: (data) => say({ type: 'text', view, text: data as string }),
      close: (code, reason) => {
        roads.delete(view);
        say({ type: 'close', view, code, reason });
      },
    });
    roads.set(view, road);
  } else if (message.type === 'text') roads.get(message.view)?.data(message.text);
  else if (message.type === 'gone') {
    roads.get(message.view)?.gone();
    roads.delete(message.view);
  } else if (message.type === 'stop') void stop();
}

async function stop(): Promise<void> {
  await engine.stop();
  process.exit(0);
}

/** A page of Electron: its port's messages pass through as they are. */
function connect(port: MainPort): void {
  const end = mainPort(port);
  const road = engine.attach('structured', {
    send: (data) => end.post(data),
    close: (_code, reason) => {
      end.post({ bye: reason });
      end.close();
    },
  });
  end.listen(
    (data) => road.data(data),
    () => road.gone(),
  );
}

if (parentPort) {
  parentPort.on('message', ({ data, ports }) => {
    for (const port of ports) connect(port);
    if (ports.length === 0) receive(data as ToEngine);
  });
} else {
  process.on('message', (message) => receive(message as ToEngine));
  // The parent has gone: nobody is left to see this engine.
  process.on('disconnect', () => void stop());
}
