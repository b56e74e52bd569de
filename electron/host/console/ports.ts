import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

export interface PortInfo {
  readonly path: string;
  /** What a person knows it by. */
  readonly name: string;
}

export interface PortList {
  readonly ports: readonly PortInfo[];
  /** Why the list may be short. */
  readonly note?: string;
}

/**
 * The machine's serial ports. On Linux they are read from the kernel's own lists, since
 * serialport asks `udevadm` there and ends the process where that is missing; elsewhere it asks
 * the system itself.
 */
export async function listPorts(platform: NodeJS.Platform = process.platform): Promise<PortList> {
  return platform === 'linux' ? linuxPorts() : await askedPorts();
}

/** Ports with hardware behind them (`device` links in sysfs), newest names under /dev/serial. */
export function linuxPorts(sys = '/sys/class/tty', dev = '/dev'): PortList {
  if (!existsSync(sys)) return { ports: [], note: `${sys} is not there: ports can't be listed` };
  const known = byId(join(dev, 'serial/by-id'));
  const ports: PortInfo[] = [];
  for (const name of readdirSync(sys).sort(natural)) {
    const path = join(dev, name);
    if (!existsSync(join(sys, name, 'device')) || !existsSync(path)) continue;
    if (driver(join(sys, name)) === 'serial8250' && !/^ttyS[0-3]$/.test(name)) continue;
    ports.push({ path, name: known.get(path) ?? name });
  }
  return { ports, note: ports.length === 0 ? 'this machine has no serial port' : undefined };
}

/** `ttyS2` before `ttyS10`. */
function natural(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function driver(folder: string): string {
  try {
    return realpathSync(join(folder, 'device/driver')).split('/').at(-1) ?? '';
  } catch {
    return '';
  }
}

/** Names of USB adapters by the device that they point to. */
function byId(folder: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  try {
    for (const name of readdirSync(folder)) names.set(realpathSync(join(folder, name)), name);
  } catch {
    // The folder is made by udev, and only when there is such a port.
  }
  return names;
}

async function askedPorts(): Promise<PortList> {
  try {
    const { SerialPort } = await import('serialport');
    const ports = (await SerialPort.list()) as {
      path: string;
      friendlyName?: string;
      manufacturer?: string;
    }[];
    return {
      ports: ports.map(({ path, friendlyName, manufacturer }) => ({
        path,
        name: friendlyName ?? manufacturer ?? path,
      })),
    };
  } catch (error) {
    return { ports: [], note: `ports can't be listed: ${(error as Error).message}` };
  }
}
