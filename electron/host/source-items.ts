import { basename } from 'node:path';
import type { ConsoleInfo, SourceInfo } from '../../core/protocol/contract.ts';
import { Failure } from '../../core/memory/failure.ts';
import type { Investigation } from '../../core/session/investigation.ts';
import type { SourceRow } from '../../core/session/source-rows.ts';
import type { KeptConsole, KeptSource, SessionFile } from '../../core/session/session-file.ts';
import { checkPath } from './opening.ts';
import { fileSource } from './platform.ts';
import type { World } from './worlds.ts';

/** What the list of sources is made of. */
export interface SourceParts {
  readonly kept: SessionFile;
  readonly investigation: Investigation | undefined;
  /** What the investigation's files are. */
  readonly rows: readonly SourceRow[];
  /** Files of the session that are not where they were. */
  readonly missing: readonly KeptSource[];
  readonly missingLogs: readonly KeptConsole[];
  readonly consoles: readonly ConsoleInfo[];
  readonly worlds: readonly World[];
  /** Further captures, opened to be compared. */
  readonly states: readonly SourceInfo[];
}

/** Everything that a session is made of, as its chips show it. */
export function sourceItems(parts: SourceParts): SourceInfo[] {
  const { kept, investigation } = parts;
  const gone = new Set(parts.missing.map(({ path }) => path));
  const files = kept.sources
    .filter(({ path }) => !gone.has(path))
    .map(({ path }, index): SourceInfo => {
      const row = parts.rows.find(({ name }) => name === path);
      const dump = row?.kind === 'dump' || row?.kind === 'raw';
      return {
        id: index === 0 ? 'investigation' : `investigation-${index}`,
        name: basename(path),
        kind: dump ? 'dump' : row?.kind === 'registers' ? 'registers' : 'other',
        detail: row?.detail ?? '',
        state: dump && investigation?.dump?.incomplete ? 'partial' : 'ready',
        bytes: sizeOf(path),
      };
    });
  const missing = [
    ...parts.missing.map(({ path }, index) => ({ id: `missing-${index}`, path })),
    ...parts.missingLogs.map(({ id, path }) => ({ id, path })),
  ].map(({ id, path }): SourceInfo => ({
    id,
    name: basename(path),
    kind: 'other',
    detail: `File not found: ${path}`,
    state: 'failed',
    missing: path,
  }));
  const blamed = kept.blamed.map((path, index): SourceInfo => ({
    id: `blamed-${index}`,
    name: basename(path),
    kind: 'other',
    detail: 'the engine ended with it open, and was started again without it',
    state: 'failed',
    blamed: path,
  }));
  const consoles = parts.consoles.map((info): SourceInfo => ({
    id: info.id,
    name: info.name,
    kind: info.kind === 'log' ? 'log' : 'console',
    detail: info.status,
    state: info.state === 'failed' ? 'failed' : info.state === 'ended' ? 'ended' : 'live',
    bytes: info.bytes,
  }));
  const simulated = parts.worlds
    .filter((world) => world.machine)
    .map((world): SourceInfo => ({
      id: world.name,
      name: world.name,
      kind: 'simulated',
      detail: 'simulated machine',
      state: 'ready',
    }));
  return [...files, ...missing, ...blamed, ...parts.states, ...consoles, ...simulated];
}

function sizeOf(path: string): number | undefined {
  try {
    checkPath(path);
    const source = fileSource(path);
    source.close();
    return source.size;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
