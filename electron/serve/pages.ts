import { createReadStream, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { CONTENT_SECURITY_POLICY } from '../../core/protocol/shell.ts';

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
};

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.ttf': 'font/ttf',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
};

/** The type of a file by its name; unknown ones are never run or shown by a browser. */
function contentType(path: string): string {
  return TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream';
}

/**
 * The file of a URL's path under a folder.
 * @returns undefined when it would leave the folder, or is no file of it
 */
export function fileOf(folder: string, urlPath: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(urlPath);
  } catch {
    return undefined;
  }
  if (decoded.includes('\0') || decoded.split(/[\\/]/).includes('..')) return undefined;
  const path = normalize(join(folder, decoded === '/' ? 'index.html' : decoded));
  if (!path.startsWith(folder + sep)) return undefined;
  try {
    return statSync(path).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}

/** Answers with a file. Names with a hash in them never change and may be kept. */
export function sendFile(response: ServerResponse, path: string, head: boolean): void {
  const hashed = /-[\w-]{8,}\.\w+$/.test(path);
  response.writeHead(200, {
    ...HEADERS,
    'Content-Type': contentType(path),
    'Content-Length': statSync(path).size,
    'Cache-Control': hashed ? 'private, max-age=31536000, immutable' : 'no-cache',
  });
  if (head) response.end();
  else
    createReadStream(path)
      .on('error', () => response.destroy())
      .pipe(response);
}

/** Answers with a short page of words. `html` is markup of this module's callers, never input. */
export function sendPage(
  response: ServerResponse,
  status: number,
  html: string,
  more: Readonly<Record<string, string>> = {},
): void {
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Faultline</title>${html}</html>\n`;
  response.writeHead(status, {
    ...HEADERS,
    ...more,
    'Content-Type': TYPES['.html'],
    'Cache-Control': 'no-store',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}
