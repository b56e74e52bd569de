/** One part of a path, and the path up to it. */
export interface Crumb {
  readonly label: string;
  readonly path: string;
}

/** A path's parts, each of which names an entry by itself. */
export function crumbs(path: string): readonly Crumb[] {
  const parts = path.split('/');
  return parts.map((label, index) => ({ label, path: parts.slice(0, index + 1).join('/') }));
}
