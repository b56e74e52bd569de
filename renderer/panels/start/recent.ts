import type { SessionInfo } from '../../../core/protocol/contract.ts';
import { formatCount } from '../../../core/format/size.ts';

/** A file that was opened from this window. */
export interface Recent {
  readonly path: string;
  readonly title: string;
  /** ISO 8601. */
  readonly time: string;
  /** What it held: `vmcore · 3 faults`. */
  readonly contents: string;
  readonly worst?: 'error' | 'warning' | 'note';
}

const KEY = 'faultline.recent';
const KEPT = 8;

/** Recent files, the newest first; what is no such list is forgotten. */
export function recentFiles(): readonly Recent[] {
  try {
    const raw: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(raw) ? raw.filter(isRecent) : [];
  } catch {
    return [];
  }
}

export function rememberRecent(path: string, info: SessionInfo): void {
  const { faults, findings } = info.counts;
  const entry: Recent = {
    path,
    title: info.title,
    time: new Date().toISOString(),
    contents: [
      info.sources.map((source) => source.kind).join(', '),
      `${formatCount(faults)} faults`,
      `${formatCount(findings)} findings`,
    ].join(' · '),
    worst: faults > 0 ? 'error' : info.worstFinding,
  };
  const others = recentFiles().filter((each) => each.path !== path);
  localStorage.setItem(KEY, JSON.stringify([entry, ...others].slice(0, KEPT)));
}

function isRecent(value: unknown): value is Recent {
  if (typeof value !== 'object' || value === null) return false;
  const { path, title, time, contents } = value as Partial<Record<keyof Recent, unknown>>;
  return [path, title, time, contents].every((each) => typeof each === 'string');
}
