import { EngineClient } from '../../core/protocol/client.ts';
import { eventPort, portChannel } from '../../core/protocol/port.ts';
import type { Bridge } from '../../core/protocol/shell.ts';
import { BRIDGE, ENGINE_PATH, PORT_MESSAGE } from '../../core/protocol/shell.ts';
import { socketChannel } from '../../core/protocol/socket.ts';

/** What the desktop shell offers; undefined in a browser. */
export function bridge(): Bridge | undefined {
  return (globalThis as unknown as Record<string, Bridge | undefined>)[BRIDGE];
}

/** Opens a road to the engine: a message port of the desktop shell, or the server's WebSocket. */
export function openEngine(): Promise<EngineClient> {
  const shell = bridge();
  return shell ? overPort(shell) : overSocket();
}

function overPort(shell: Bridge): Promise<EngineClient> {
  return new Promise((resolve) => {
    const take = (event: MessageEvent): void => {
      const data: unknown = event.data;
      const [port] = event.ports;
      if (event.source !== globalThis.window || !port || !isPortMessage(data)) return;
      globalThis.removeEventListener('message', take);
      resolve(new EngineClient(portChannel(eventPort(port))));
    };
    globalThis.addEventListener('message', take);
    shell.connect();
  });
}

function isPortMessage(data: unknown): boolean {
  return (
    typeof data === 'object' && data !== null && (data as { type?: unknown }).type === PORT_MESSAGE
  );
}

function overSocket(): Promise<EngineClient> {
  const url = new URL(ENGINE_PATH, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.addEventListener('open', () => resolve(new EngineClient(socketChannel(socket))), {
      once: true,
    });
    socket.addEventListener(
      'error',
      () => reject(new Error('the server does not answer; start faultline serve again')),
      { once: true },
    );
  });
}
