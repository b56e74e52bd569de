import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { ENGINE_PATH, UPLOAD_HEADER, UPLOAD_PATH } from '../../core/protocol/shell.ts';
import { CLOSE_CODES } from '../../core/protocol/socket.ts';
import { MAX_MESSAGE } from '../../core/protocol/wire.ts';
import type { EngineProcess } from '../host/engine-process.ts';
import { Access } from './access.ts';
import { fileOf, sendFile, sendPage } from './pages.ts';
import { Uploads } from './upload.ts';

/** Path that carries the one-time token. */
const ENTER = '/enter';

const ENTERED =
  '<meta http-equiv="refresh" content="0;url=/"></head><body><p><a href="/">Open Faultline</a></p></body>';
const REFUSED =
  '</head><body><h1>Faultline</h1><p>This address works once, in one browser. Use the address that <code>faultline serve</code> printed, or start it again for a new one.</p></body>';
const NOT_BUILT =
  '</head><body><h1>Faultline</h1><p>The window is not built. Run <code>npm run build</code>.</p></body>';
const NOT_FOUND = '</head><body><h1>Faultline</h1><p>There is nothing here.</p></body>';

export interface WebServerOptions {
  readonly engine: Pick<EngineProcess, 'attach'>;
  /** Folder of the built window. */
  readonly pages: string;
  readonly listen: string;
  readonly port: number;
  /** Where sessions are kept, and files that pages sent; the usual folder without it. */
  readonly state?: string;
}

/** The window as a web page, and the engine as a WebSocket of the same origin. */
export class WebServer {
  readonly #options: WebServerOptions;
  readonly #access = new Access();
  readonly #uploads: Uploads;
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    perMessageDeflate: false,
  });

  constructor(options: WebServerOptions) {
    this.#options = options;
    this.#uploads = new Uploads(options.state);
    this.#http = createServer((request, response) => this.#answer(request, response));
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Begins to listen. @returns the address to open, with the token in it. */
  async start(): Promise<string> {
    const { listen, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, listen, () => resolve());
    });
    const { port: chosen } = this.#http.address() as AddressInfo;
    this.#access.listensOn(listen, chosen);
    const host = listen.includes(':') ? `[${listen}]` : listen;
    return `http://${host}:${chosen}${ENTER}?token=${this.#access.token}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.close(1001, 'the server was stopped');
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
    this.#uploads.clear();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#access.hostAllowed(request)) return sendPage(response, 403, REFUSED);
    const url = new URL(request.url ?? '/', 'http://local');
    if (request.method === 'POST' && url.pathname === UPLOAD_PATH)
      return this.#upload(request, response, url);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return sendPage(response, 405, NOT_FOUND, { Allow: 'GET, HEAD' });
    if (url.pathname === ENTER) return this.#enter(request, response, url);
    if (!this.#access.cookieAllowed(request)) return sendPage(response, 401, REFUSED);
    // The URL class has resolved `..` already: what it hid is refused as it was sent.
    const path = fileOf(this.#options.pages, (request.url ?? '/').split(/[?#]/)[0]);
    if (path) return sendFile(response, path, request.method === 'HEAD');
    if (!existsSync(join(this.#options.pages, 'index.html')))
      return sendPage(response, 503, NOT_BUILT);
    sendPage(response, 404, NOT_FOUND);
  }

  /**
   * Exchanges the token for the cookie. The page that follows is asked for by this one and not by
   * a redirect, so that a strict cookie is sent wherever the address was clicked.
   */
  #enter(request: IncomingMessage, response: ServerResponse, url: URL): void {
    if (this.#access.redeem(url.searchParams.get('token') ?? ''))
      return sendPage(response, 200, ENTERED, { 'Set-Cookie': this.#access.cookie() });
    if (this.#access.cookieAllowed(request)) return sendPage(response, 200, ENTERED);
    sendPage(response, 401, REFUSED);
  }

  #upload(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const allowed =
      this.#access.cookieAllowed(request) &&
      this.#access.originAllowed(request) &&
      request.headers[UPLOAD_HEADER] !== undefined;
    if (!allowed) return sendPage(response, 403, REFUSED);
    void this.#uploads.take(request, response, url.searchParams.get('name') ?? '');
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refuse = (status: string): void => {
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    };
    if (!this.#access.hostAllowed(request) || !this.#access.originAllowed(request))
      return refuse('403 Forbidden');
    if (!this.#access.cookieAllowed(request)) return refuse('401 Unauthorized');
    if ((request.url ?? '').split('?')[0] !== ENGINE_PATH) return refuse('404 Not Found');
    this.#sockets.handleUpgrade(request, socket, head, (client) => this.#relay(client));
  }

  #relay(client: WebSocket): void {
    const road = this.#options.engine.attach({
      send: (text) => client.send(text),
      close: (code, reason) => client.close(code, reason),
    });
    client.on('message', (data: Buffer, binary) => {
      if (binary) client.close(CLOSE_CODES.malformed, 'a message was not text');
      else road.text(data.toString('utf8'));
    });
    // Too long a message or bad UTF-8: ws closes with the code for it, and the road ends here.
    client.on('error', () => {});
    client.on('close', () => road.gone());
  }
}
