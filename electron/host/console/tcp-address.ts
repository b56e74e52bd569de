import { Failure } from '../../../core/memory/failure.ts';

/** Where a console's bytes come from over a socket. */
export type SocketAddress =
  | { readonly host: string; readonly port: number }
  /** A socket of this machine, as QEMU's `-serial unix:` makes it. */
  | { readonly path: string };

/** What may stand in front: as QEMU, telnet and ser2net write such addresses. */
const SCHEME = /^(?:tcp|telnet|raw|unix):(?:\/\/)?/i;
/** QEMU's options behind an address (`,server,nowait`) say nothing to who connects. */
const OPTIONS = /,.*$/;
const BRACKETED = /^\[([\da-f:.%\w]+)\](?::|\s+)(\d{1,5})$/i;
const PLAIN = /^([\w.-]+)(?::|\s+)(\d{1,5})$/;

/**
 * Reads `host:port`, `[::1]:4000`, `host port`, or the absolute path of a socket.
 * @throws Failure when it is none
 */
export function socketAddress(text: string): SocketAddress {
  const plain = text.trim().replace(SCHEME, '').replace(OPTIONS, '').replace(/\/+$/, '');
  if (plain.startsWith('/')) {
    if (!plain.includes('\0') && !plain.split('/').includes('..')) return { path: plain };
  } else {
    const [, host, digits] = BRACKETED.exec(plain) ?? PLAIN.exec(plain) ?? [];
    const port = Number(digits);
    if (host !== undefined && port >= 1 && port <= 65_535) return { host, port };
  }
  throw new Failure(
    'usage',
    `Not an address: "${text.trim().slice(0, 100)}".`,
    'A connection needs a host and a port, or the path of a socket.',
    'Write it as host:port, such as lab7:2001.',
  );
}

/** The address as a target's name: `lab7:2001`, `[::1]:4000`, `/run/console.sock`. */
export function addressText(address: SocketAddress): string {
  if ('path' in address) return address.path;
  const { host, port } = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
