/**
 * The worker that holds a script's sandbox. A call of the script waits here, synchronously, for
 * the engine's answer; ending the worker ends the script whatever it does.
 */
import {
  parentPort,
  receiveMessageOnPort,
  workerData,
  type MessagePort,
} from 'node:worker_threads';
import type { RunMessage, WorkerMessage, WorkerStart } from './messages.ts';
import { Sandbox } from './sandbox.ts';

const { limits, answered, port } = workerData as WorkerStart & { port: MessagePort };
const flag = new Int32Array(answered);
const tell = (message: WorkerMessage): void => parentPort!.postMessage(message);

function door(name: string, body: string): string {
  Atomics.store(flag, 0, 0);
  tell({ type: 'call', name, body });
  for (;;) {
    Atomics.wait(flag, 0, 0);
    const answer = receiveMessageOnPort(port) as { message: string } | undefined;
    if (answer) return answer.message;
  }
}

const sandbox = await Sandbox.create(limits, door, (json) => tell({ type: 'output', json }));

parentPort!.on('message', (message: RunMessage) => {
  const start = performance.now();
  let state: string;
  try {
    state = sandbox.run(message.code, message.repl);
  } catch (error) {
    // A heap that is out of memory can fail in the wrapper itself.
    tell({
      type: 'output',
      json: JSON.stringify({
        kind: 'error',
        text: `The sandbox gave up: ${String(error).slice(0, 500)}`,
      }),
    });
    state = 'limit';
  }
  tell({
    type: 'output',
    json: JSON.stringify({ kind: 'done', state, seconds: (performance.now() - start) / 1000 }),
  });
});
tell({ type: 'ready' });
