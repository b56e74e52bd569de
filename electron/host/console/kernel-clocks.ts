/**
 * Every kernel of a log counts its seconds from its own start. To show two of them on one axis,
 * a kernel's clock is set to begin where the one before it was seen last.
 */
export class KernelClocks {
  /** Latest time of each kernel of each console. */
  readonly #latest = new Map<string, number[]>();

  seen(console: string, kernel: number, time: number | undefined): void {
    let latest = this.#latest.get(console);
    if (!latest) this.#latest.set(console, (latest = []));
    latest[kernel] = Math.max(latest[kernel] ?? 0, time ?? 0);
  }

  /** A time on the axis; without a time stamp, where its kernel begins. */
  at(console: string | undefined, kernel: number, time: number | undefined): number {
    const latest = this.#latest.get(console ?? '') ?? [];
    let base = 0;
    for (let each = 0; each < kernel; each++) base += latest[each] ?? 0;
    return base + (time ?? 0);
  }

  clear(console: string): void {
    this.#latest.delete(console);
  }
}
