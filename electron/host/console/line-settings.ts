import { basename } from 'node:path';
import type { KeptConsole } from '../session-folder.ts';
import { SerialSource, settingsOf, settingsText, type SerialSettings } from './serial.ts';
import type { ConsoleSource } from './source.ts';
import { addressText, socketAddress } from './tcp-address.ts';
import { TcpSource, tcpSettingsOf, tcpText, type TcpSettings } from './tcp.ts';

/** How a target is reached: over a serial port, or over a socket. */
export type LineSettings = SerialSettings | TcpSettings;

/** The source of a target that is still to be opened. */
export function openLine(settings: LineSettings): ConsoleSource {
  return 'address' in settings ? new TcpSource(settings) : new SerialSource(settings);
}

/** The settings as the console's bar shows them and a session keeps them. */
export function lineText(settings: LineSettings): string {
  return 'address' in settings ? tcpText(settings) : settingsText(settings);
}

/** How a console that a session keeps is reached; undefined when it is no target's. */
export function keptLine({ kind, path, settings }: KeptConsole): LineSettings | undefined {
  if (kind === 'serial') return settingsOf(path, settings);
  return kind === 'tcp' ? tcpSettingsOf(path, settings) : undefined;
}

/** Name, kind and place of a target. @throws Failure when its address is none. */
export function reachedAt(settings: LineSettings): Pick<KeptConsole, 'name' | 'kind' | 'path'> {
  if (!('address' in settings))
    return { name: basename(settings.path), kind: 'serial', path: settings.path };
  const address = socketAddress(settings.address);
  const path = addressText(address);
  return { name: 'path' in address ? basename(path) : path, kind: 'tcp', path };
}
