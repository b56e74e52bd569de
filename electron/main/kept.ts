import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Bounds {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What the shell keeps between starts: where the window stood, and what was opened. */
export interface Kept {
  readonly bounds?: Bounds;
  readonly maximized?: boolean;
  readonly recent: readonly string[];
}

const MAX_RECENT = 12;

/** A small file of the shell's own. A damaged one is an empty one. */
export class KeptFile {
  readonly #path: string;
  #kept: Kept;

  constructor(path: string) {
    this.#path = path;
    this.#kept = read(path);
  }

  get value(): Kept {
    return this.#kept;
  }

  change(change: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...change };
    mkdirSync(dirname(this.#path), { recursive: true });
    writeFileSync(`${this.#path}.part`, JSON.stringify(this.#kept));
    renameSync(`${this.#path}.part`, this.#path);
  }

  /** Puts files in front of the recent ones. */
  opened(paths: readonly string[]): void {
    const recent = [...new Set([...paths, ...this.#kept.recent])].slice(0, MAX_RECENT);
    this.change({ recent });
  }
}

function read(path: string): Kept {
  try {
    const json = JSON.parse(readFileSync(path, 'utf8')) as Partial<Kept>;
    const recent = Array.isArray(json.recent)
      ? json.recent.filter((each) => typeof each === 'string')
      : [];
    return {
      recent,
      bounds: isBounds(json.bounds) ? json.bounds : undefined,
      maximized: json.maximized === true,
    };
  } catch {
    return { recent: [] };
  }
}

function isBounds(value: unknown): value is Bounds {
  const { x, y, width, height } = (value ?? {}) as Partial<Bounds>;
  return [x, y, width, height].every((each) => typeof each === 'number' && Number.isFinite(each));
}

/** The bounds, if a good part of them lies on a screen that is there now. */
export function onScreen(
  bounds: Bounds | undefined,
  screens: readonly Bounds[],
): Bounds | undefined {
  if (!bounds) return undefined;
  const visible = screens.some((screen) => {
    const width =
      Math.min(bounds.x + bounds.width, screen.x + screen.width) - Math.max(bounds.x, screen.x);
    const height =
      Math.min(bounds.y + bounds.height, screen.y + screen.height) - Math.max(bounds.y, screen.y);
    return width >= 200 && height >= 100;
  });
  return visible ? bounds : undefined;
}
