/**
 * Kernel versions, as a hint for notes only: vendors backport, so that messages are recognised by
 * their shape and never by the version.
 */
export type Release = readonly [major: number, minor: number];

/** `6.1.0-50-amd64` as `[6, 1]`. */
export function parseRelease(text: string | undefined): Release | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})/.exec(text ?? '');
  return match ? [Number(match[1]), Number(match[2])] : undefined;
}

/** Whether a release lies between two others, both included. */
export function within(release: Release, first: Release, last: Release): boolean {
  return compare(release, first) >= 0 && compare(release, last) <= 0;
}

function compare(a: Release, b: Release): number {
  return a[0] - b[0] || a[1] - b[1];
}
