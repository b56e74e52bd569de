import { isAbsolute, resolve } from 'node:path';
import { LINK_SCHEME, type ShellCommand } from '../../core/protocol/shell.ts';

/** Longest path of a link: as the contract's. */
const MAX_PATH = 400;

/** `npm start` has the app begin with the sample. */
export const SAMPLE_SWITCH = '--sample';

/**
 * What a start asks for: files, a link, the sample. Electron's own switches and its program's folder are
 * left out; `--` ends them.
 * @param argv as the process got it, its program and (unpackaged) the app's folder in front
 */
export function commandsOf(
  argv: readonly string[],
  about: { readonly packaged: boolean; readonly folder: string },
): ShellCommand[] {
  const rest = argv.slice(about.packaged ? 1 : 2);
  const named = rest.filter((each) => !each.startsWith('-'));
  const link = named.map(linkPath).find((path) => path !== undefined);
  const files = named.filter((each) => !isLink(each));
  const paths = files.map((each) => (isAbsolute(each) ? each : resolve(about.folder, each)));
  return [
    ...(rest.includes(SAMPLE_SWITCH)
      ? [{ kind: 'action', action: 'target.replaySample' } as const]
      : []),
    ...(paths.length > 0 ? [{ kind: 'open', paths } as const] : []),
    ...(link === undefined ? [] : [{ kind: 'link', path: link } as const]),
  ];
}

function isLink(text: string): boolean {
  return text.toLowerCase().startsWith(`${LINK_SCHEME}:`);
}

/** The path in a `faultline://SESSION/PATH` link; undefined when it is no such link. */
export function linkPath(text: string): string | undefined {
  if (!isLink(text) || text.length > MAX_PATH * 3) return undefined;
  const match = /^faultline:\/\/[^/]*\/(.+)$/i.exec(text);
  if (!match) return undefined;
  try {
    const path = decodeURIComponent(match[1]).replace(/\/$/, '');
    return /^[\w:.[\]/-]{1,400}$/.test(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
