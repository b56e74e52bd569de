import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { protocol } from 'electron';
import { APP_ORIGIN, APP_SCHEME, CONTENT_SECURITY_POLICY } from '../../core/protocol/shell.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ttf': 'font/ttf',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/** Makes the scheme like https for the page: with an origin, storage and fetch. Before `ready`. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** Serves the window's files, and nothing beside them. */
export function servePages(folder: string): void {
  protocol.handle(APP_SCHEME, (request) => answer(folder, request));
}

/** The answer to one request of the page. */
async function answer(folder: string, request: { url: string; method: string }): Promise<Response> {
  const path = request.method === 'GET' ? fileOf(folder, request.url) : undefined;
  if (path === undefined) return refused(404);
  try {
    const bytes = await readFile(path);
    return new Response(new Uint8Array(bytes), {
      headers: {
        'Content-Type': TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream',
        'Content-Security-Policy': CONTENT_SECURITY_POLICY,
        'X-Content-Type-Options': 'nosniff',
      },
    });
  } catch {
    return refused(404);
  }
}

/** The file of an address of the app's own origin; undefined when it is none of the folder. */
function fileOf(folder: string, address: string): string | undefined {
  if (!address.startsWith(`${APP_ORIGIN}/`)) return undefined;
  let path: string;
  try {
    path = decodeURIComponent(address.slice(APP_ORIGIN.length).split(/[?#]/)[0]);
  } catch {
    return undefined;
  }
  if (path.includes('\0') || path.split(/[\\/]/).includes('..')) return undefined;
  const whole = normalize(join(folder, path === '/' ? 'index.html' : path));
  return whole.startsWith(folder + sep) ? whole : undefined;
}

function refused(status: number): Response {
  return new Response('', {
    status,
    headers: { 'Content-Security-Policy': CONTENT_SECURITY_POLICY },
  });
}
