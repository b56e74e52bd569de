import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { networkInterfaces, hostname } from 'node:os';

/** Bytes of a token: beyond guessing. */
const TOKEN_BYTES = 24;

/**
 * Who may speak to the server: who came by the URL that was printed, from a page of the server's
 * own. The URL's token works once and is exchanged for a cookie that scripts can't read.
 */
export class Access {
  readonly token = randomBytes(TOKEN_BYTES).toString('base64url');
  readonly #secret = randomBytes(TOKEN_BYTES).toString('base64url');
  #used = false;
  #hosts: ReadonlySet<string> = new Set();
  #cookieName = '';

  /** Sets the names under which the server is reached, once its port is known. */
  listensOn(address: string, port: number): void {
    const names = isLoopback(address)
      ? ['127.0.0.1', 'localhost', '[::1]']
      : [...ownAddresses(address), hostname().toLowerCase()];
    this.#hosts = new Set(names.map((name) => `${name}:${port}`));
    // Cookies know no ports: two servers of one machine must not overwrite each other's.
    this.#cookieName = `faultline-${port}`;
  }

  /** The Host header names this server: no foreign name was pointed at its address. */
  hostAllowed(request: IncomingMessage): boolean {
    return this.#hosts.has((request.headers.host ?? '').toLowerCase());
  }

  /** The request comes from a page of this very server. */
  originAllowed(request: IncomingMessage): boolean {
    const { origin, host } = request.headers;
    return origin !== undefined && origin.toLowerCase() === `http://${(host ?? '').toLowerCase()}`;
  }

  /** Takes the URL's token; right only once. */
  redeem(token: string): boolean {
    if (this.#used || !same(token, this.token)) return false;
    this.#used = true;
    return true;
  }

  /** The Set-Cookie header for who redeemed the token. */
  cookie(): string {
    return `${this.#cookieName}=${this.#secret}; HttpOnly; SameSite=Strict; Path=/`;
  }

  cookieAllowed(request: IncomingMessage): boolean {
    return (request.headers.cookie ?? '')
      .split(';')
      .map((pair) => pair.trim().split('='))
      .some(([name, value]) => name === this.#cookieName && same(value ?? '', this.#secret));
  }
}

export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127\.\d+\.\d+\.\d+$/.test(address);
}

/** The addresses by which a listener is reached: its own, or all of the machine's. */
function ownAddresses(address: string): string[] {
  const bracketed = (each: string): string => (each.includes(':') ? `[${each}]` : each);
  if (address !== '0.0.0.0' && address !== '::') return [bracketed(address.toLowerCase())];
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return [...all.map((each) => bracketed(each.address.toLowerCase())), 'localhost'];
}

/** Compares secrets in a time that does not tell where they differ. */
function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
