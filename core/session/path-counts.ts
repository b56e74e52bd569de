import { pathsAbove, pathsOfRun, rowAbove } from './tree-paths.ts';

/** Entries by their paths, each counted at every row of the tree that can stand above it. */
export class PathCounts {
  readonly #paths = new Set<string>();
  readonly #rolled = new Map<string, number>();
  #byRow: Map<string, string[]> | undefined;

  constructor(paths: Iterable<string> = []) {
    for (const path of paths) this.add(path);
  }

  get paths(): ReadonlySet<string> {
    return this.#paths;
  }

  add(path: string): void {
    if (this.#paths.has(path)) return;
    this.#paths.add(path);
    this.#byRow = undefined;
    for (const above of pathsAbove(path)) this.#rolled.set(above, this.at(above) + 1);
  }

  /** Entries at a path and below it. */
  at(path: string): number {
    return this.#rolled.get(path) ?? 0;
  }

  /** Entries below the row of a path; of a run of entries those below each. The row's own is not counted. */
  below(path: string): number {
    let count = this.at(path) - (this.#paths.has(path) ? 1 : 0);
    for (const each of pathsOfRun(path)) count += this.at(each);
    return count;
  }

  /** Paths of the entries whose rows stand right under a row. */
  under(row: string): readonly string[] {
    if (!this.#byRow) {
      this.#byRow = new Map();
      for (const path of this.#paths)
        for (const above of rowAbove(path)) {
          const list = this.#byRow.get(above);
          if (list) list.push(path);
          else this.#byRow.set(above, [path]);
        }
    }
    return this.#byRow.get(row) ?? [];
  }
}
