import { isAbsolute } from 'node:path';
import { Failure } from '../../core/memory/failure.ts';
import { identify, type SourceKind } from '../../core/session/identify.ts';
import type { Investigation } from '../../core/session/investigation.ts';
import { openInvestigation } from '../../core/session/open-investigation.ts';
import { fileSource, nodePlatform } from './platform.ts';

/** What was asked to be opened, by what becomes of it. */
export interface Sorted {
  /** Dumps, register files and pasted texts: the parts of one investigation. */
  readonly sources: readonly string[];
  readonly logs: readonly string[];
  readonly recordings: readonly string[];
}

/**
 * Sorts files by their content.
 * @param raw they are raw memory, whatever they look like
 * @throws Failure when a path is not plain or can't be read
 */
export function sortFiles(paths: readonly string[], raw = false): Sorted {
  const sources: string[] = [];
  const logs: string[] = [];
  const recordings: string[] = [];
  for (const path of paths) {
    checkPath(path);
    const kind = raw ? 'dump' : kindOf(path);
    if (kind === 'log') logs.push(path);
    else if (kind === 'recording') recordings.push(path);
    else sources.push(path);
  }
  return { sources, logs, recordings };
}

function kindOf(path: string): SourceKind {
  const source = fileSource(path);
  try {
    return identify(source);
  } finally {
    source.close();
  }
}

/**
 * Opens dumps and register files as one case.
 * @param raw those of the paths that are raw memory, whatever they look like
 * @throws Failure with what they are not
 */
export function investigate(paths: readonly string[], raw: ReadonlySet<string>): Investigation {
  const sources = paths.map((path) => fileSource(path));
  try {
    return openInvestigation(sources, {
      platform: nodePlatform,
      isRaw: ({ name }) => raw.has(name),
    });
  } catch (error) {
    for (const source of sources) source.close();
    throw error;
  }
}

/**
 * A path that a view names is absolute and has no step upwards: what is shown is what is opened.
 * @throws Failure otherwise
 */
export function checkPath(path: string): void {
  if (isAbsolute(path) && !path.split(/[\\/]/).includes('..') && !path.includes('\0')) return;
  throw new Failure(
    'usage',
    `${path} is not a plain absolute path.`,
    'Nothing was opened.',
    'Give the path from the root, without "..".',
  );
}
